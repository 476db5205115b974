#include "event/keyvalue.h"

#include "event/text.h"

bool field_add(struct field_list *list, struct slice name, struct slice value, enum event_kind kind)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity ? list->capacity * 2 : 16;
        if (capacity > FIELDS_MOST)
            return false;
        struct event_field *items = arena_alloc(list->arena, capacity * sizeof *items);
        if (!items)
            return false;
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = (struct event_field){ name, value, kind };
    return true;
}

/* --- key=value -------------------------------------------------------------------------------- */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\x1d' || c == '\n' || c == '\r';
}

static bool key_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/' || c == '@';
}

/* Takes the backslash escapes out; the slice itself when there are none. */
static struct slice unescape(struct slice value, struct arena *arena)
{
    if (slice_find_byte(value, '\\') == value.len)
        return value;
    char *out = arena_alloc(arena, value.len);
    size_t len = 0;
    if (!out)
        return value;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];
        if (c == '\\' && i + 1 < value.len) {
            char next = value.data[i + 1];
            if (next == '"' || next == '\\' || next == '\'' || next == '=' || next == '|') {
                c = next;
                i++;
            } else if (next == 'n' || next == 'r') {
                c = next == 'n' ? '\n' : '\r';
                i++;
            }
        }
        out[len++] = c;
    }
    return slice_from(out, len);
}

/* In quotes: the inside, escapes still in. *at steps behind the closing quote. */
static bool quoted_value(struct slice text, size_t *at, struct slice *value)
{
    char quote = text.data[*at];
    size_t end = *at + 1;

    while (end < text.len && text.data[end] != quote)
        end += text.data[end] == '\\' && quote == '"' ? 2 : 1;
    if (end >= text.len)
        return false;
    *value = slice_cut(text, *at + 1, end);
    *at = end + 1;
    return true;
}

size_t keyvalue_parse(struct slice text, struct field_list *list)
{
    size_t at = 0, found = 0;

    while (at < text.len) {
        while (at < text.len && (blank(text.data[at]) || text.data[at] == ',' ||
                                 text.data[at] == ';'))
            at++;
        size_t from = at;
        while (at < text.len && key_byte(text.data[at]))
            at++;
        if (at == from || at >= text.len || text.data[at] != '=') {
            while (at < text.len && !blank(text.data[at])) /* no pair: to the next blank */
                at++;
            continue;
        }
        struct slice name = slice_cut(text, from, at++), value;
        if (at < text.len && (text.data[at] == '"' || text.data[at] == '\'') &&
            quoted_value(text, &at, &value)) {
            value = text.data[at - 1] == '"' ? unescape(value, list->arena) : value;
        } else {
            size_t start = at;
            while (at < text.len && !blank(text.data[at]))
                at++;
            value = slice_cut(text, start, at);
            while (value.len && (value.data[value.len - 1] == ',' ||
                                 value.data[value.len - 1] == ';'))
                value.len--;
        }
        if (!field_add(list, name, value, EVENT_TEXT))
            return found;
        found++;
    }
    return found;
}

/* --- CEF and LEEF ----------------------------------------------------------------------------- */

/* Up to the next '|' that is not escaped; steps over it. False when there is none. */
static bool bar_part(struct slice *rest, struct slice *part)
{
    size_t end = 0;

    while (end < rest->len && rest->data[end] != '|')
        end += rest->data[end] == '\\' ? 2 : 1;
    if (end >= rest->len)
        return false;
    *part = slice_cut(*rest, 0, end);
    *rest = slice_after(*rest, end + 1);
    return true;
}

/* A CEF value ends where a blank and a following key and '=' stand. */
static size_t cef_value_end(struct slice text, size_t from)
{
    size_t equal = from;

    for (;;) {
        while (equal < text.len && text.data[equal] != '=')
            equal += text.data[equal] == '\\' ? 2 : 1;
        if (equal >= text.len)
            return text.len;
        size_t key = equal;
        while (key > from && (key_byte(text.data[key - 1]) || text.data[key - 1] == '[' ||
                              text.data[key - 1] == ']'))
            key--;
        if (key < equal && key > from && text.data[key - 1] == ' ')
            return key - 1;
        equal++;
    }
}

bool cef_parse(struct slice text, struct field_list *list)
{
    static const char *const names[] = {
        "DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID", "Name", "Severity",
    };
    struct slice rest = text, part;

    if (!slice_starts(text, SLICE("CEF:")) || !bar_part(&rest, &part))
        return false;
    struct slice parts[6];
    for (size_t i = 0; i < 6; i++)
        if (!bar_part(&rest, &parts[i]))
            return false;
    for (size_t i = 0; i < 6; i++)
        field_add(list, slice_of(names[i]), unescape(parts[i], list->arena), EVENT_TEXT);
    size_t at = 0;
    while (at < rest.len) {
        while (at < rest.len && blank(rest.data[at]))
            at++;
        size_t equal = at + slice_find_byte(slice_after(rest, at), '=');
        if (equal >= rest.len)
            break;
        size_t end = cef_value_end(rest, equal + 1);
        field_add(list, slice_cut(rest, at, equal),
                  unescape(slice_trim(slice_cut(rest, equal + 1, end)), list->arena), EVENT_TEXT);
        at = end;
    }
    return true;
}

/* LEEF 2.0 declares its delimiter: one character, or x09, 0x09. */
static char leef_delimiter(struct slice part)
{
    size_t x = slice_find_byte(part, 'x');

    if (part.len == 1)
        return part.data[0];
    if (x < part.len && part.len - x == 3) {
        int value = 0;
        for (size_t i = x + 1; i < part.len; i++) {
            char c = part.data[i];
            value = value * 16 + (c >= '0' && c <= '9' ? c - '0' : ((c | 0x20) - 'a' + 10) & 15);
        }
        return (char)value;
    }
    return '\t';
}

bool leef_parse(struct slice text, struct field_list *list)
{
    static const char *const names[] = {
        "DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID",
    };
    struct slice rest = text, version, parts[4], part, delimiter_part;
    char delimiter = '\t';

    if (!slice_starts(text, SLICE("LEEF:")) || !bar_part(&rest, &version))
        return false;
    for (size_t i = 0; i < 4; i++)
        if (!bar_part(&rest, &parts[i]))
            return false;
    if (slice_starts(version, SLICE("LEEF:2")) && bar_part(&rest, &delimiter_part))
        delimiter = leef_delimiter(delimiter_part);
    for (size_t i = 0; i < 4; i++)
        field_add(list, slice_of(names[i]), unescape(parts[i], list->arena), EVENT_TEXT);
    while (slice_split(&rest, delimiter, &part)) {
        size_t equal = slice_find_byte(part, '=');
        if (equal < part.len && equal > 0)
            field_add(list, slice_trim(slice_cut(part, 0, equal)), slice_after(part, equal + 1),
                      EVENT_TEXT);
    }
    return true;
}

/* --- auditd ----------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; /* auditd writes capitals */
}

struct slice hex_text(struct slice value, struct arena *arena)
{
    if (value.len < 2 || value.len % 2)
        return SLICE_NONE;
    for (size_t i = 0; i < value.len; i++)
        if (hex_digit(value.data[i]) < 0)
            return SLICE_NONE;
    char *out = arena_alloc(arena, value.len / 2);
    if (!out)
        return SLICE_NONE;
    for (size_t i = 0; i < value.len / 2; i++) {
        char c = (char)(hex_digit(value.data[2 * i]) * 16 + hex_digit(value.data[2 * i + 1]));
        out[i] = c ? c : ' ';
    }
    return event_text(slice_from(out, value.len / 2), arena);
}
