#include "event/stamp.h"

#include "base/clock.h"
#include "event/decoder.h"

struct reading {
    struct slice text;
    size_t at;
    struct clock_date date;
    int64_t offset;
    bool year, zone;
};

static bool digits(struct reading *r, unsigned least, unsigned most, int *out)
{
    unsigned n = 0;
    int value = 0;

    while (n < most && r->at + n < r->text.len) {
        char c = r->text.data[r->at + n];
        if (c < '0' || c > '9')
            break;
        value = value * 10 + (c - '0');
        n++;
    }
    if (n < least)
        return false;
    r->at += n;
    *out = value;
    return true;
}

static bool month_name(struct reading *r)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

    if (r->text.len - r->at < 3)
        return false;
    for (int m = 0; m < 12; m++) {
        const char *s = r->text.data + r->at;
        if ((s[0] | 0x20) == names[m * 3] && (s[1] | 0x20) == names[m * 3 + 1] &&
            (s[2] | 0x20) == names[m * 3 + 2]) {
            r->date.month = m + 1;
            r->at += 3;
            return true;
        }
    }
    return false;
}

static void fraction(struct reading *r)
{
    int32_t unit = 100000000;
    size_t at = r->at;

    if (at + 1 >= r->text.len || (r->text.data[at] != '.' && r->text.data[at] != ',') ||
        r->text.data[at + 1] < '0' || r->text.data[at + 1] > '9')
        return;
    for (at++; at < r->text.len && r->text.data[at] >= '0' && r->text.data[at] <= '9'; at++) {
        r->date.nanosecond += unit * (r->text.data[at] - '0');
        unit /= 10;
    }
    r->at = at;
}

static bool zone_name(struct reading *r)
{
    static const struct {
        const char *name;
        int64_t offset;
    } names[] = {
        { "UTC", 0 }, { "GMT", 0 }, { "ICT", CLOCK_ZONE }, { "Z", 0 },
    };
    struct slice rest = slice_after(r->text, r->at);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_starts(rest, slice_of(names[i].name))) {
            r->at += strlen(names[i].name);
            r->offset = names[i].offset;
            return true;
        }
    return false;
}

/* May be absent; false only for half a zone. */
static bool zone(struct reading *r)
{
    int hours, minutes = 0;

    if (r->at >= r->text.len)
        return true;
    char sign = r->text.data[r->at];
    if (sign != '+' && sign != '-') {
        r->zone = zone_name(r);
        return true;
    }
    r->at++;
    if (!digits(r, 2, 2, &hours))
        return false;
    if (r->at < r->text.len && r->text.data[r->at] == ':')
        r->at++;
    if (!digits(r, 0, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    r->offset = (sign == '-' ? -1 : 1) * (hours * CLOCK_HOUR + minutes * CLOCK_MINUTE);
    r->zone = true;
    return true;
}

static bool weekday(struct reading *r)
{
    size_t from = r->at;

    while (r->at < r->text.len && ((r->text.data[r->at] | 0x20) >= 'a') &&
           ((r->text.data[r->at] | 0x20) <= 'z'))
        r->at++;
    return r->at - from >= 3;
}

static bool part(struct reading *r, char letter)
{
    switch (letter) {
    case 'Y': return r->year = digits(r, 4, 4, &r->date.year);
    case 'm': return digits(r, 1, 2, &r->date.month);
    case 'b': return month_name(r);
    case 'd': return digits(r, 1, 2, &r->date.day);
    case 'e':
        if (r->at < r->text.len && r->text.data[r->at] == ' ')
            r->at++;
        return digits(r, 1, 2, &r->date.day);
    case 'H': return digits(r, 1, 2, &r->date.hour);
    case 'M': return digits(r, 2, 2, &r->date.minute);
    case 'S': return digits(r, 2, 2, &r->date.second);
    case 'f': fraction(r); return true;
    case 'z': return zone(r);
    case 'a': return weekday(r);
    default: return false;
    }
}

static bool walk(struct reading *r, struct slice format)
{
    for (size_t i = 0; i < format.len; i++) {
        char c = format.data[i];
        if (c == '%' && i + 1 < format.len) {
            if (!part(r, format.data[++i]))
                return false;
        } else if (r->at < r->text.len && r->text.data[r->at] == c) {
            r->at++;
        } else {
            return false;
        }
    }
    return true;
}

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* No year: of last year's, this and next year's, the one closest to the receipt. */
static bool nearest_year(struct reading *r, int64_t received, int64_t *time_out)
{
    int year = clock_split(received, r->offset).year;
    bool found = false;

    for (int y = year - 1; y <= year + 1; y++) {
        int64_t time;
        r->date.year = y;
        if (!clock_join(&r->date, r->offset, &time))
            continue; /* 29 February */
        if (!found || distance(time, received) < distance(*time_out, received))
            *time_out = time;
        found = true;
    }
    return found;
}

static bool read_epoch(struct slice text, int64_t unit, struct stamp *out)
{
    struct reading r = { .text = text };
    uint64_t value;
    size_t n = 0;

    while (n < text.len && text.data[n] >= '0' && text.data[n] <= '9')
        n++;
    if (!slice_to_u64(slice_cut(text, 0, n), &value) || value > (uint64_t)(INT64_MAX / unit))
        return false;
    r.at = n;
    if (unit == CLOCK_SECOND)
        fraction(&r);
    int64_t time = (int64_t)value * unit;
    if (time > INT64_MAX - r.date.nanosecond)
        return false;
    *out = (struct stamp){ .time = time + r.date.nanosecond, .len = r.at };
    return true;
}

static const struct {
    const char *name;
    int64_t unit;
} epochs[] = {
    { "epoch", CLOCK_SECOND }, { "epoch_ms", 1000000 }, { "epoch_us", 1000 }, { "epoch_ns", 1 },
};

#define EPOCHS (sizeof epochs / sizeof *epochs)

bool stamp_read(struct slice text, struct slice format, int64_t received, int64_t zone_offset,
                struct stamp *out)
{
    struct reading r = { .text = text, .offset = zone_offset, .date = { .month = 1, .day = 1 } };
    int64_t time;

    for (size_t i = 0; i < EPOCHS; i++)
        if (slice_is(format, epochs[i].name))
            return read_epoch(text, epochs[i].unit, out);
    if (slice_is(format, "iso8601")) {
        bool blank = text.len > 10 && text.data[10] == ' ';
        format = blank ? SLICE("%Y-%m-%d %H:%M:%S%f%z") : SLICE("%Y-%m-%dT%H:%M:%S%f%z");
    }
    if (!walk(&r, format))
        return false;
    if (r.year ? !clock_join(&r.date, r.offset, &time) : !nearest_year(&r, received, &time))
        return false;
    *out = (struct stamp){ .time = time, .guessed = !r.year || !r.zone, .len = r.at };
    return true;
}

bool stamp_parse(struct slice text, struct slice format, int64_t received, int64_t zone_offset,
                 struct stamp *out)
{
    return stamp_read(text, format, received, zone_offset, out) &&
           slice_trim(slice_after(text, out->len)).len == 0;
}

bool stamp_format_valid(struct slice format)
{
    for (size_t i = 0; i < EPOCHS; i++)
        if (slice_is(format, epochs[i].name))
            return true;
    if (slice_is(format, "iso8601"))
        return true;
    bool any = false;
    for (size_t i = 0; i < format.len; i++)
        if (format.data[i] == '%') {
            if (i + 1 == format.len || !memchr("YmbdeHMSfza", format.data[++i], 11))
                return false;
            any = true;
        }
    return any;
}

/* Zones without daylight saving that senders here may stand in. */
bool decoder_zone(struct slice name, int64_t *offset_out)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {
        { "", 7 }, { "Asia/Ho_Chi_Minh", 7 }, { "Asia/Saigon", 7 }, { "Asia/Bangkok", 7 },
        { "Asia/Jakarta", 7 }, { "Asia/Vientiane", 7 }, { "Asia/Phnom_Penh", 7 },
        { "Asia/Singapore", 8 }, { "Asia/Shanghai", 8 }, { "Asia/Taipei", 8 },
        { "Asia/Hong_Kong", 8 }, { "Asia/Tokyo", 9 }, { "Asia/Seoul", 9 }, { "Etc/UTC", 0 },
    };
    struct reading r = { .text = name };

    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (slice_is(name, zones[i].name)) {
            *offset_out = zones[i].hours * CLOCK_HOUR;
            return true;
        }
    if (!zone(&r) || !r.zone || r.at != name.len)
        return false;
    *offset_out = r.offset;
    return true;
}
