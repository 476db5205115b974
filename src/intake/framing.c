#include "intake/framing.h"

#include "intake/limit.h"

enum choice { CHOICE_LINE, CHOICE_OCTETS, CHOICE_UNKNOWN };

/* What begins here? *digits_out: bytes of the length and its blank. */
static enum choice choose(const struct framing *f, struct slice bytes, bool ended, size_t *length,
                          size_t *digits_out)
{
    size_t n = 0;

    *length = 0;
    if (bytes.data[0] < '1' || bytes.data[0] > '9')
        return CHOICE_LINE;
    while (n < bytes.len && n < INTAKE_OCTETS_DIGITS && bytes.data[n] >= '0' &&
           bytes.data[n] <= '9')
        *length = *length * 10 + (size_t)(bytes.data[n++] - '0');
    if (n == bytes.len)
        return ended ? CHOICE_LINE : CHOICE_UNKNOWN;
    if (bytes.data[n] != ' ')
        return CHOICE_LINE;
    *digits_out = n + 1;
    if (f->counted)
        return CHOICE_OCTETS;
    static const char marked[] = "\xef\xbb\xbf<"; /* some write a BOM before the priority */
    struct slice rest = slice_cut(slice_after(bytes, n + 1), 0, sizeof marked - 1);
    if (slice_starts(rest, SLICE("<")) || slice_is(rest, marked))
        return CHOICE_OCTETS;
    return slice_starts(slice_of(marked), rest) && !ended ? CHOICE_UNKNOWN : CHOICE_LINE;
}

static struct slice without_ending(struct slice record)
{
    while (record.len &&
           (record.data[record.len - 1] == '\n' || record.data[record.len - 1] == '\r' ||
            record.data[record.len - 1] == '\0'))
        record.len--;
    return record;
}

static bool next_octets(struct framing *f, struct slice bytes, bool ended,
                        struct framing_record *record, size_t *eaten)
{
    size_t want = f->left < INTAKE_LINE_MOST ? f->left : INTAKE_LINE_MOST;

    if (bytes.len < want && !ended)
        return false;
    if (bytes.len < want)
        want = bytes.len;
    record->cut = f->left > want;
    record->bytes = slice_cut(bytes, 0, want);
    if (!record->cut)
        record->bytes = without_ending(record->bytes); /* some count the line feed */
    f->left = ended && bytes.len == want ? 0 : f->left - want;
    *eaten += want;
    return true;
}

static bool next_line(struct framing *f, struct slice bytes, bool ended,
                      struct framing_record *record, size_t *eaten)
{
    size_t at = f->scanned;

    while (at < bytes.len && at <= INTAKE_LINE_MOST && bytes.data[at] != '\n' &&
           bytes.data[at] != '\0')
        at++;
    if (at == bytes.len && at <= INTAKE_LINE_MOST && !ended) {
        f->scanned = at;
        return false;
    }
    f->scanned = 0;
    if (at > INTAKE_LINE_MOST) {
        record->bytes = slice_cut(bytes, 0, INTAKE_LINE_MOST);
        record->cut = true;
        *eaten += INTAKE_LINE_MOST;
        return true;
    }
    f->line = false;
    record->bytes = without_ending(slice_cut(bytes, 0, at));
    record->cut = false;
    *eaten += at < bytes.len ? at + 1 : at;
    return true;
}

/* Ends and blanks between records. */
static size_t skip_ends(struct slice bytes)
{
    size_t n = 0;

    while (n < bytes.len &&
           (bytes.data[n] == '\n' || bytes.data[n] == '\r' || bytes.data[n] == '\0'))
        n++;
    return n;
}

bool framing_next(struct framing *f, struct slice bytes, bool ended,
                  struct framing_record *record, size_t *eaten_out)
{
    *eaten_out = 0;
    if (!f->line && !f->left) {
        size_t length, digits = 0;
        *eaten_out = skip_ends(bytes);
        bytes = slice_after(bytes, *eaten_out);
        if (bytes.len == 0)
            return false;
        enum choice choice = choose(f, bytes, ended, &length, &digits);
        if (choice == CHOICE_UNKNOWN)
            return false;
        if (choice == CHOICE_OCTETS) {
            f->left = length;
            f->counted = true;
            *eaten_out += digits;
            bytes = slice_after(bytes, digits);
        } else {
            f->line = true;
        }
    }
    if (bytes.len == 0) {
        if (ended)
            f->line = false, f->left = 0;
        return false;
    }
    if (!(f->left ? next_octets(f, bytes, ended, record, eaten_out)
                  : next_line(f, bytes, ended, record, eaten_out)))
        return false;
    record->further = f->cut;
    f->cut = record->cut;
    return true;
}
