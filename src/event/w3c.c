#include "event/w3c.h"

#include <stdlib.h>

#define DIRECTIVE_MOST 40u

/* "#Name: value", the name in letters, with '-' or a blank between. */
static bool split_directive(struct slice line, struct slice *name, struct slice *value)
{
    if (slice_starts(line, SLICE("\xef\xbb\xbf")))
        line = slice_after(line, 3);
    if (!slice_starts(line, SLICE("#")))
        return false;
    size_t colon = slice_find_byte(slice_cut(line, 0, DIRECTIVE_MOST), ':');
    if (colon < 2 || colon >= line.len || line.data[colon] != ':')
        return false;
    *name = slice_cut(line, 1, colon);
    *value = slice_trim(slice_after(line, colon + 1));
    for (size_t i = 0; i < name->len; i++) {
        char c = name->data[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter && (i == 0 || (c != '-' && c != ' ')))
            return false;
    }
    return true;
}

static bool is_csv(struct slice fields)
{
    return slice_find_byte(fields, ',') < fields.len;
}

static bool parts_names(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

static bool next_name(struct slice *rest, struct slice *name)
{
    size_t from = 0, to;
    while (from < rest->len && parts_names(rest->data[from]))
        from++;
    for (to = from; to < rest->len && !parts_names(rest->data[to]); to++)
        ;
    *name = slice_cut(*rest, from, to);
    *rest = slice_after(*rest, to);
    return name->len > 0;
}

static uint32_t count_names(struct slice fields)
{
    uint32_t count = 0;
    struct slice name;
    while (count <= W3C_NAMES_MOST && next_name(&fields, &name))
        count++;
    return count;
}

bool w3c_header_line(struct w3c_header *header, struct slice line, bool first)
{
    struct slice name, value;
    bool directive = split_directive(line, &name, &value);

    if (first)
        *header = (struct w3c_header){ SLICE(""), SLICE(""), directive };
    if (!directive || !header->heard)
        return first;
    if (slice_is(name, "Fields"))
        header->fields = value.len <= W3C_HEADER_MOST && count_names(value) <= W3C_NAMES_MOST
                             ? value : SLICE("");
    else if (slice_is(name, "Date"))
        header->date = slice_cut(value, 0, slice_find_byte(value, ' '));
    return true;
}

bool w3c_header_copy(const struct w3c_header *from, struct w3c_header *to, char **memory)
{
    char *fresh = malloc(from->fields.len + from->date.len + 1);
    if (!fresh)
        return false;
    struct w3c_header copy = { { fresh, from->fields.len },
                               { fresh + from->fields.len, from->date.len }, from->heard };
    if (from->fields.len)
        memcpy(fresh, from->fields.data, from->fields.len);
    if (from->date.len)
        memcpy(fresh + from->fields.len, from->date.data, from->date.len);
    free(*memory);
    *memory = fresh;
    *to = copy;
    return true;
}

bool w3c_header_equal(const struct w3c_header *a, const struct w3c_header *b)
{
    return a->heard == b->heard && slice_equal(a->fields, b->fields) && slice_equal(a->date, b->date);
}

bool w3c_names(const struct w3c_header *header, struct slice field)
{
    struct slice rest = header->fields, name;
    while (next_name(&rest, &name))
        if (slice_equal(name, field))
            return true;
    return false;
}

bool w3c_directive(struct slice line, struct field_list *list)
{
    struct slice name, value;
    return split_directive(line, &name, &value) &&
           field_add(list, SLICE("directive"), name, EVENT_TEXT) &&
           field_add(list, SLICE("value"), value, EVENT_TEXT);
}

/* ---- lines ------------------------------------------------------------------------------------- */

/* Behind the quotes of the value that begins at `from`; 0: they do not end before a separator. */
static size_t quotes_end(struct slice line, size_t from, char separator)
{
    size_t at = from + 1;
    while (at < line.len && (line.data[at] != '"' || (at + 1 < line.len && line.data[at + 1] == '"')))
        at += line.data[at] == '"' ? 2 : 1;
    at++;
    return at == line.len || (at < line.len && line.data[at] == separator) ? at : 0;
}

/* How many values; 0: not to be read so. */
static uint32_t cut(struct slice line, char separator, bool quoted, struct slice *values, uint32_t most)
{
    uint32_t count = 0;
    for (size_t at = 0; at <= line.len; at++) {
        while (separator == ' ' && at < line.len && line.data[at] == ' ')
            at++;
        if (separator == ' ' && at == line.len)
            break;
        size_t end = at + slice_find_byte(slice_after(line, at), separator);
        if (quoted && at < line.len && line.data[at] == '"')
            end = quotes_end(line, at, separator);
        if (!end && at < line.len && line.data[at] == '"')
            return 0;
        if (count == most)
            return 0;
        values[count++] = slice_cut(line, at, end);
        at = end;
    }
    return count;
}

static struct slice unquote(struct slice value, struct arena *arena)
{
    if (value.len < 2 || value.data[0] != '"' || value.data[value.len - 1] != '"')
        return value;
    value = slice_cut(value, 1, value.len - 1);
    char *out = memchr(value.data, '"', value.len) ? arena_alloc(arena, value.len) : NULL;
    size_t len = 0;
    for (size_t i = 0; out && i < value.len; i++) {
        out[len++] = value.data[i];
        i += i + 1 < value.len && value.data[i] == '"' && value.data[i + 1] == '"';
    }
    return out ? slice_from(out, len) : value;
}

/* What stands behind the first value parts them all: the first ones are the server's own, in the others a
 * sender may put what he likes. IIS writes quotes as they come, so they are heeded only where the line
 * cannot be read without. */
static bool cut_line(struct slice line, bool csv, struct slice *values, uint32_t names)
{
    char separator = csv ? ',' : slice_find_byte(line, '\t') < slice_find_byte(line, ' ') ? '\t' : ' ';
    return (!csv && cut(line, separator, false, values, names) == names) ||
           cut(line, separator, true, values, names) == names;
}

bool w3c_parse(const struct w3c_header *header, struct slice line, struct field_list *list)
{
    struct slice values[W3C_NAMES_MOST], rest = header->fields, name, value;
    uint32_t names = count_names(rest);

    if (!names || names > W3C_NAMES_MOST || split_directive(line, &name, &value) ||
        !cut_line(line, is_csv(rest), values, names))
        return false;
    if (header->date.len && !w3c_names(header, SLICE("date")))
        field_add(list, SLICE("date"), header->date, EVENT_TEXT);
    for (uint32_t i = 0; i < names && next_name(&rest, &name); i++)
        if (values[i].len && !slice_is(values[i], "-"))
            field_add(list, name, unquote(values[i], list->arena), EVENT_TEXT);
    return true;
}
