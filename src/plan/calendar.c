#include "base/clock.h"
#include "base/text.h"
#include "base/yaml.h"
#include "plan/calendar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- periods ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int months;
} kinds[PERIOD_KINDS] = {   /* order of enum period_kind */
    { "month", 1 },
    { "quarter", 3 },
    { "half", 6 },
    { "year", 12 },
};

const char *period_kind_name(enum period_kind kind)
{
    return kind < PERIOD_KINDS ? kinds[kind].name : "";
}

bool period_kind_parse(struct slice name, enum period_kind *kind_out)
{
    for (int i = 0; i < PERIOD_KINDS; i++)
        if (slice_is(name, kinds[i].name)) {
            *kind_out = (enum period_kind)i;
            return true;
        }
    return false;
}

/* First moment behind the cut-off of a month; month may be 0 (December of the year before). */
static int64_t after_cutoff(int year, int month, int cutoff)
{
    int64_t time = 0;
    if (month < 1) {
        year--;
        month += 12;
    }
    if (cutoff == 0) {  /* calendar months: the first of the next month */
        year += month / 12;
        month = month % 12 + 1;
    }
    struct clock_date date = { .year = year, .month = month, .day = cutoff + 1 };
    clock_join(&date, CLOCK_ZONE, &time);
    return time;
}

static struct period period_make(enum period_kind kind, int year, int index, int cutoff)
{
    struct period p = { .kind = kind, .year = year, .index = index };
    int last = kinds[kind].months * index;

    p.from = after_cutoff(year, last - kinds[kind].months, cutoff);
    p.to = after_cutoff(year, last, cutoff);
    switch (kind) {
    case PERIOD_MONTH:
        snprintf(p.id, sizeof p.id, "%04d-%02d", year % 10000, index % 100);
        break;
    case PERIOD_QUARTER:
        snprintf(p.id, sizeof p.id, "%04d-Q%d", year % 10000, index % 10);
        break;
    case PERIOD_HALF:
        snprintf(p.id, sizeof p.id, "%04d-H%d", year % 10000, index % 10);
        break;
    default:
        snprintf(p.id, sizeof p.id, "%04d", year % 10000);
    }
    return p;
}

bool period_parse(struct slice id, int cutoff, struct period *period_out)
{
    uint64_t year, index = 1;
    enum period_kind kind = PERIOD_YEAR;

    if (id.len < 4 || !slice_to_u64(slice_cut(id, 0, 4), &year) || year < 1900 || year > 2999)
        return false;
    if (id.len > 4) {
        if (id.len != 7 || id.data[4] != '-')
            return false;
        struct slice rest = slice_after(id, 5);
        kind = rest.data[0] == 'Q' ? PERIOD_QUARTER : rest.data[0] == 'H' ? PERIOD_HALF : PERIOD_MONTH;
        if (kind != PERIOD_MONTH)
            rest = slice_after(rest, 1);
        if (!slice_to_u64(rest, &index) || index < 1 || index > (uint64_t)(12 / kinds[kind].months))
            return false;
    }
    *period_out = period_make(kind, (int)year, (int)index, cutoff);
    return true;
}

struct period period_at(enum period_kind kind, int64_t time, int cutoff)
{
    struct clock_date date = clock_split(time, CLOCK_ZONE);
    int month = date.month + (cutoff > 0 && date.day > cutoff);
    int year = date.year;

    if (month > 12) {
        month -= 12;
        year++;
    }
    return period_make(kind, year, (month - 1) / kinds[kind].months + 1, cutoff);
}

struct period period_before(const struct period *period, int cutoff)
{
    return period_at(period->kind, period->from - 1, cutoff);
}

void period_label(const struct period *period, const char *language, char *text)
{
    static const char *const roman[] = { "I", "II", "III", "IV" };

    switch (period->kind) {
    case PERIOD_MONTH:
        snprintf(text, PERIOD_LABEL, text_in(language, "month %d of %d"), period->index,
                 period->year);
        break;
    case PERIOD_QUARTER:
        snprintf(text, PERIOD_LABEL, text_in(language, "quarter %s of %d"),
                 roman[(period->index - 1) & 3], period->year);
        break;
    case PERIOD_HALF:
        snprintf(text, PERIOD_LABEL,
                 period->index == 1 ? text_in(language, "first half of %d")
                                    : text_in(language, "second half of %d"), period->year);
        break;
    default:
        snprintf(text, PERIOD_LABEL, text_in(language, "year %d"), period->year);
    }
}

/* ---- days ------------------------------------------------------------------------------------- */

int64_t calendar_days_between(int64_t a, int64_t b)
{
    int64_t start_a = 0, start_b = 0;
    if (!clock_from_day(clock_day(a, CLOCK_ZONE), CLOCK_ZONE, &start_a) ||
        !clock_from_day(clock_day(b, CLOCK_ZONE), CLOCK_ZONE, &start_b))
        return 0;
    return (start_b - start_a) / CLOCK_DAY;
}

void calendar_day_text(int64_t time, char *text)
{
    struct clock_date date = clock_split(time, CLOCK_ZONE);
    snprintf(text, CALENDAR_DAY, "%04u-%02u-%02u", (unsigned)date.year % 10000,
             (unsigned)date.month % 100, (unsigned)date.day % 100);
}

bool calendar_day_start(struct slice day, int64_t *time_out)
{
    uint64_t y, m, d;
    if (day.len != 10 || day.data[4] != '-' || day.data[7] != '-' ||
        !slice_to_u64(slice_cut(day, 0, 4), &y) || !slice_to_u64(slice_cut(day, 5, 7), &m) ||
        !slice_to_u64(slice_after(day, 8), &d))
        return false;
    struct clock_date date = { .year = (int)y, .month = (int)m, .day = (int)d };
    return clock_join(&date, CLOCK_ZONE, time_out);
}

static int compare_day(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static bool holds_day(const int32_t *days, uint32_t count, int32_t day)
{
    return count && bsearch(&day, days, count, sizeof *days, compare_day);
}

bool calendar_works(const struct calendar *calendar, int32_t day)
{
    int64_t time = 0;

    if (holds_day(calendar->worked, calendar->worked_count, day))
        return true;
    if (holds_day(calendar->off, calendar->off_count, day) ||
        holds_day(calendar->fixed, calendar->fixed_count, day % 10000))
        return false;
    clock_from_day(day, CLOCK_ZONE, &time);
    return !(calendar->weekend >> clock_weekday(time, CLOCK_ZONE) & 1);
}

#define DAYS_MOST (20 * 366)

int64_t calendar_working_days(const struct calendar *calendar, int64_t from, int64_t to)
{
    int64_t count = 0;
    int32_t last = clock_day(to, CLOCK_ZONE);

    for (int i = 0; i < DAYS_MOST; i++) {
        from += CLOCK_DAY;
        int32_t day = clock_day(from, CLOCK_ZONE);
        if (day > last)
            break;
        count += calendar_works(calendar, day);
    }
    return count;
}

int64_t calendar_after_working_days(const struct calendar *calendar, int64_t time, int n)
{
    int64_t start = time;

    clock_from_day(clock_day(time, CLOCK_ZONE), CLOCK_ZONE, &start);
    for (int i = 0; n > 0 && i < DAYS_MOST; i++) {
        n -= calendar_works(calendar, clock_day(start, CLOCK_ZONE));
        start += CLOCK_DAY;
    }
    return start;
}

/* ---- file ------------------------------------------------------------------------------------- */

static bool read_month_day(const struct yaml *node, int *out, struct error *e)
{
    uint64_t month, day;
    static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    if (node->kind != YAML_SCALAR || node->text.len != 5 || node->text.data[2] != '-' ||
        !slice_to_u64(slice_cut(node->text, 0, 2), &month) ||
        !slice_to_u64(slice_after(node->text, 3), &day) || month < 1 || month > 12 || day < 1 ||
        (int)day > days[month - 1])
        return yaml_error(e, node, "a day of the year is written as month-day, like 09-02");
    *out = (int)(month * 100 + day);
    return true;
}

static bool read_years(const struct yaml *years, struct arena *arena, int32_t **out,
                       uint32_t *count_out, struct error *e)
{
    uint32_t total = 0;

    for (uint32_t i = 0; years && i < years->count; i++)
        total += years->children[i].count;
    *out = arena_array(arena, total ? total : 1, sizeof **out);
    if (!*out)
        return error_set(e, "not enough memory for %s", "the calendar");
    for (uint32_t i = 0; years && i < years->count; i++) {
        const struct yaml *year = &years->children[i];
        uint64_t number;
        if (!slice_to_u64(year->key, &number) || number < 1900 || number > 2999)
            return yaml_error(e, year, "'%.*s' is no year", SLICE_ARGS(year->key));
        for (uint32_t k = 0; k < year->count; k++) {
            int day = 0;
            if (!read_month_day(&year->children[k], &day, e))
                return false;
            (*out)[(*count_out)++] = (int32_t)number * 10000 + day;
        }
    }
    if (*count_out)
        qsort(*out, *count_out, sizeof **out, compare_day);
    return true;
}

static bool read_weekend(const struct yaml *node, uint32_t *out, struct error *e)
{
    static const char *const names[] = { "monday", "tuesday", "wednesday", "thursday", "friday",
                                         "saturday", "sunday" };
    for (uint32_t i = 0; node && i < node->count; i++) {
        int at = 0;
        while (at < 7 && !slice_is(node->children[i].text, names[at]))
            at++;
        if (at == 7)
            return yaml_error(e, &node->children[i], "'%.*s' is no day of the week",
                              SLICE_ARGS(node->children[i].text));
        *out |= 1u << at;
    }
    return true;
}

bool calendar_load(const char *path, struct arena *arena, struct calendar *calendar_out,
                   struct error *e)
{
    static const char *const keys[] = { "calendar", "weekend", "fixed", "years", "worked", "source",
                                        "confirmed", NULL };
    struct yaml *root;
    struct calendar c = { 0 };

    if (!yaml_read(path, arena, &root, e) || !yaml_known(root, keys, e))
        return false;
    c.id = yaml_member_text(root, "calendar", SLICE_NONE);
    c.source = yaml_member_text(root, "source", SLICE_NONE);
    const struct yaml *confirmed = yaml_member(root, "confirmed");
    if (confirmed && !yaml_to_boolean(confirmed, &c.confirmed))
        return yaml_error(e, confirmed, "'%s' is true or false", "confirmed");
    if (!read_weekend(yaml_member(root, "weekend"), &c.weekend, e) ||
        !read_years(yaml_member(root, "years"), arena, &c.off, &c.off_count, e) ||
        !read_years(yaml_member(root, "worked"), arena, &c.worked, &c.worked_count, e))
        return false;
    const struct yaml *fixed = yaml_member(root, "fixed");
    c.fixed = arena_array(arena, fixed && fixed->count ? fixed->count : 1, sizeof *c.fixed);
    if (!c.fixed)
        return error_set(e, "not enough memory for %s", "the calendar");
    for (uint32_t i = 0; fixed && i < fixed->count; i++) {
        int day = 0;
        if (!read_month_day(&fixed->children[i], &day, e))
            return false;
        c.fixed[c.fixed_count++] = day;
    }
    if (c.fixed_count)
        qsort(c.fixed, c.fixed_count, sizeof *c.fixed, compare_day);
    *calendar_out = c;
    return true;
}
