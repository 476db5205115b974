#include "intake/journal_export.h"

#include "base/json.h"
#include "event/text.h"

void journal_export_init(struct journal_export *journal)
{
    *journal = (struct journal_export){ .count = 0 };
    arena_init(&journal->arena, 4u * 1024 * 1024);
    buffer_init(&journal->line, 8u * 1024 * 1024); /* a byte may become \u0001 */
}

void journal_export_free(struct journal_export *journal)
{
    arena_free(&journal->arena);
    buffer_free(&journal->line);
}

/* Names are capitals, digits and '_' (systemd's journal_field_valid). */
static bool name_valid(struct slice name)
{
    if (name.len == 0 || name.len > JOURNAL_NAME_MOST)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

static void keep(struct journal_export *j, struct slice name, struct slice value)
{
    if (!j->fields)
        j->fields = arena_array(&j->arena, JOURNAL_FIELDS_MOST, sizeof *j->fields);
    if (!j->fields || j->count == JOURNAL_FIELDS_MOST ||
        j->bytes + value.len > JOURNAL_ENTRY_MOST) {
        j->cut = true;
        return;
    }
    value = event_text(value, &j->arena);
    struct slice own_value = arena_copy(&j->arena, value.data ? value : SLICE(""));
    struct slice own_name = arena_copy(&j->arena, name);
    if (!own_name.data || (!own_value.data && value.len)) {
        j->cut = true;
        return;
    }
    j->bytes += value.len;
    j->fields[j->count++] = (struct journal_field){ own_name, own_value, false };
}

static void write_values(struct journal_export *j, struct json_writer *w, uint32_t first)
{
    uint32_t next = first + 1;

    while (next < j->count && !slice_equal(j->fields[next].name, j->fields[first].name))
        next++;
    json_name_slice(w, j->fields[first].name);
    if (next == j->count) {
        json_put_text(w, j->fields[first].value);
        return;
    }
    json_open_array(w);
    json_put_text(w, j->fields[first].value);
    for (uint32_t i = next; i < j->count; i++)
        if (slice_equal(j->fields[i].name, j->fields[first].name)) {
            json_put_text(w, j->fields[i].value);
            j->fields[i].written = true;
        }
    json_close_array(w);
}

static enum journal_step finish(struct journal_export *j, struct slice *entry, bool *cut)
{
    struct json_writer w;

    buffer_clear(&j->line);
    json_writer_init(&w, &j->line);
    json_open_object(&w);
    for (uint32_t i = 0; i < j->count; i++)
        if (!j->fields[i].written)
            write_values(j, &w, i);
    json_close_object(&w);
    *cut = j->cut;
    *entry = buffer_slice(&j->line);
    arena_clear(&j->arena);
    j->fields = NULL;
    j->count = 0;
    j->bytes = 0;
    j->cut = false;
    return j->line.failed ? JOURNAL_BROKEN : JOURNAL_ENTRY;
}

static uint64_t length_at(const char *at)
{
    uint64_t value = 0;

    for (int i = 7; i >= 0; i--)
        value = value << 8 | (unsigned char)at[i];
    return value;
}

/* What a value that is too long leaves behind. How many bytes were eaten of it. */
static size_t skip(struct journal_export *j, struct slice bytes)
{
    if (j->skip) {
        size_t n = j->skip < bytes.len ? (size_t)j->skip : bytes.len;
        j->skip -= n;
        return n;
    }
    size_t end = slice_find_byte(bytes, '\n');
    j->skip_line = end == bytes.len;
    return j->skip_line ? end : end + 1;
}

/* "NAME LF length bytes LF" at the beginning of bytes, name and its LF being `head` bytes. 0: more is
 * needed; SIZE_MAX: broken. */
static size_t take_bytes(struct journal_export *j, struct slice bytes, size_t head)
{
    struct slice name = slice_cut(bytes, 0, head - 1);

    if (!name_valid(name))
        return SIZE_MAX;
    if (bytes.len < head + 8)
        return 0;
    uint64_t length = length_at(bytes.data + head);
    size_t kept = length < JOURNAL_VALUE_MOST ? (size_t)length : JOURNAL_VALUE_MOST;
    if (length > UINT64_MAX / 2)
        return SIZE_MAX;
    if (bytes.len < head + 8 + kept + (length == kept))
        return 0;
    if (length == kept && bytes.data[head + 8 + kept] != '\n')
        return SIZE_MAX;
    keep(j, name, slice_cut(bytes, head + 8, head + 8 + kept));
    if (length == kept)
        return head + 8 + kept + 1;
    j->cut = true;
    j->skip = length - kept + 1;
    return head + 8 + kept;
}

/* A line of text that has no end yet, and is too long already. */
static size_t take_long_line(struct journal_export *j, struct slice bytes)
{
    size_t equal = slice_find_byte(slice_cut(bytes, 0, JOURNAL_NAME_MOST + 1), '=');
    struct slice name = slice_cut(bytes, 0, equal);

    if (equal > JOURNAL_NAME_MOST || !name_valid(name))
        return SIZE_MAX;
    keep(j, name, slice_cut(bytes, equal + 1, equal + 1 + JOURNAL_VALUE_MOST));
    j->cut = j->skip_line = true;
    return equal + 1 + JOURNAL_VALUE_MOST;
}

/* One field. */
static size_t take_field(struct journal_export *j, struct slice bytes)
{
    size_t end = slice_find_byte(bytes, '\n');

    if (end == bytes.len)
        return bytes.len <= JOURNAL_VALUE_MOST + JOURNAL_NAME_MOST + 1 ? 0 : take_long_line(j, bytes);
    struct slice line = slice_cut(bytes, 0, end);
    size_t equal = slice_find_byte(line, '=');
    if (equal == line.len)
        return take_bytes(j, bytes, end + 1);
    if (!name_valid(slice_cut(line, 0, equal)))
        return SIZE_MAX;
    struct slice value = slice_after(line, equal + 1);
    j->cut = j->cut || value.len > JOURNAL_VALUE_MOST;
    keep(j, slice_cut(line, 0, equal), slice_cut(value, 0, JOURNAL_VALUE_MOST));
    return end + 1;
}

enum journal_step journal_export_next(struct journal_export *j, struct slice bytes, bool ended,
                                      size_t *eaten_out, struct slice *entry_out, bool *cut_out)
{
    size_t *at = eaten_out;

    for (*at = 0; *at < bytes.len;) {
        struct slice rest = slice_after(bytes, *at);
        if (j->skip || j->skip_line) {
            *at += skip(j, rest);
            continue;
        }
        if (rest.data[0] == '\n') {
            *at += 1;
            if (j->count)
                return finish(j, entry_out, cut_out);
            continue;
        }
        size_t n = take_field(j, rest);
        if (n == SIZE_MAX)
            return JOURNAL_BROKEN;
        if (n == 0)
            break;
        *at += n;
    }
    if (!ended)
        return JOURNAL_MORE;
    if (*at < bytes.len) /* half a field: it was never whole, the sender has the rest */
        return JOURNAL_BROKEN;
    return j->count ? finish(j, entry_out, cut_out) : JOURNAL_MORE;
}
