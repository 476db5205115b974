/* What JSON writes, brought to the text that events carry: escapes, numbers, minified containers. */
#include <simdjson.h>

#include <charconv>
#include <cstring>
#include <new>
#include <string>

extern "C" {
#define class class_ /* a field's name in C, a keyword here */
#include "event/json_event.h"
#undef class
}
#include "event/json_text.hh"

namespace {

int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number behind \u, or -1. */
long hex4(const char *s, const char *end)
{
    long value = 0;
    if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex(s[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

size_t put_utf8(long c, char *out)
{
    if (c < 0x80) {
        out[0] = char(c);
        return 1;
    }
    if (c < 0x800) {
        out[0] = char(0xc0 | c >> 6);
        out[1] = char(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = char(0xe0 | c >> 12);
        out[1] = char(0x80 | (c >> 6 & 63));
        out[2] = char(0x80 | (c & 63));
        return 3;
    }
    out[0] = char(0xf0 | c >> 18);
    out[1] = char(0x80 | (c >> 12 & 63));
    out[2] = char(0x80 | (c >> 6 & 63));
    out[3] = char(0x80 | (c & 63));
    return 4;
}

/* What a backslash and that letter stand for; NUL: no escape of two bytes. */
inline char simple_escape(char letter)
{
    static const struct table {
        char text[256] = {};
        constexpr table()
        {
            for (char c : { '"', '\\', '/' })
                text[int(c)] = c;
            text[int('b')] = '\b', text[int('f')] = '\f', text[int('n')] = '\n';
            text[int('r')] = '\r', text[int('t')] = '\t';
        }
    } escapes;
    return escapes.text[static_cast<unsigned char>(letter)];
}

/* One escape at s: its length, its text in out (at most 4 bytes) and *n_out. What is no escape of
 * JSON stays as it is written, and half of a surrogate pair becomes U+FFFD: what attackers and broken
 * senders write must not hide a record. */
size_t one_escape(const char *s, const char *end, char *out, size_t *n_out)
{
    char simple = end - s > 1 ? simple_escape(s[1]) : '\0';
    if (simple) {
        out[0] = simple;
        *n_out = 1;
        return 2;
    }
    long first = hex4(s, end);
    if (first < 0) {
        out[0] = '\\';
        *n_out = 1;
        return 1;
    }
    if (first >= 0xd800 && first < 0xdc00) {
        long second = hex4(s + 6, end);
        if (second >= 0xdc00 && second < 0xe000) {
            *n_out = put_utf8(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), out);
            return 12;
        }
    }
    *n_out = put_utf8(first >= 0xd800 && first < 0xe000 ? 0xfffd : first, out);
    return 6;
}

/* Inside a string of minified text: what has to be escaped is, the shortest way. */
void put_escaped(std::string *out, const char *text, size_t len)
{
    static const char names[] = "btn\0fr"; /* of 8 to 13 */
    for (size_t i = 0; i < len; i++) {
        unsigned char c = static_cast<unsigned char>(text[i]);
        if (c == '"' || c == '\\') {
            *out += '\\';
            *out += char(c);
        } else if (c >= 8 && c <= 13 && c != 11) {
            *out += '\\';
            *out += names[c - 8];
        } else if (c < 32) {
            char code[8];
            snprintf(code, sizeof code, "\\u%04x", c);
            *out += code;
        } else {
            *out += char(c);
        }
    }
}

/* A string with its quotes at s; the byte behind it. */
const char *minify_string(const char *s, const char *end, std::string *out)
{
    *out += *s++;
    while (s < end && *s != '"') {
        if (*s == '\\') {
            char text[4];
            size_t n;
            s += one_escape(s, end, text, &n);
            put_escaped(out, text, n);
        } else {
            *out += *s++;
        }
    }
    *out += '"';
    return s < end ? s + 1 : s;
}

std::string minified(struct slice json)
{
    std::string out;
    const char *s = json.data, *end = json.data + json.len;
    out.reserve(json.len);
    while (s < end) {
        if (*s == '"') {
            s = minify_string(s, end, &out);
        } else if (*s == '-' || (*s >= '0' && *s <= '9')) {
            const char *from = s;
            while (s < end && (strchr("+-.eE", *s) ? *s != 0 : *s >= '0' && *s <= '9'))
                s++;
            char text[JSON_NUMBER_TEXT];
            struct slice number = { from, size_t(s - from) };
            size_t n = json_number_text(number, text);
            out.append(n ? text : from, n ? n : number.len);
        } else if (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n') {
            s++;
        } else {
            out += *s++;
        }
    }
    return out;
}

} // namespace

/* RFC 8259, section 6. */
bool json_number_valid(struct slice s)
{
    size_t i = 0, from;
    auto digits = [&] {
        from = i;
        while (i < s.len && s.data[i] >= '0' && s.data[i] <= '9')
            i++;
        return i > from;
    };
    i += s.len && s.data[0] == '-';
    if (!digits() || (s.data[from] == '0' && i - from > 1))
        return false;
    if (i < s.len && s.data[i] == '.' && (i++, !digits()))
        return false;
    if (i < s.len && (s.data[i] | 32) == 'e') {
        i++;
        i += i < s.len && (s.data[i] == '+' || s.data[i] == '-');
        if (!digits())
            return false;
    }
    return i == s.len;
}

size_t json_number_text(struct slice s, char *out)
{
    double value;
    bool whole = true;
    for (size_t i = 0; i < s.len; i++)
        whole = whole && s.data[i] != '.' && (s.data[i] | 32) != 'e';
    if (whole) {
        if (s.len != 2 || s.data[0] != '-' || s.data[1] != '0')
            return 0;
        out[0] = '0';
        return 1;
    }
    auto end = std::from_chars(s.data, s.data + s.len, value);
    if (end.ec != std::errc() || end.ptr != s.data + s.len)
        return 0; /* beyond what a double holds */
    if (value > -1e15 && value < 1e15 && value == double(int64_t(value)))
        return size_t(snprintf(out, JSON_NUMBER_TEXT, "%lld", (long long)value));
    return size_t(simdjson::internal::to_chars(out, out + JSON_NUMBER_TEXT, value) - out);
}

static_assert(JSON_EVENT_NUMBER >= JSON_NUMBER_TEXT, "room for the digits");

size_t json_event_number(struct slice text, char *out)
{
    return json_number_valid(text) ? json_number_text(text, out) : 0;
}

/* *simple_out: there are no escapes but those that a block can undo (event.h, written). */
static size_t unescape(struct slice s, char *out, bool *simple_out)
{
    const char *from = s.data, *end = s.data + s.len;
    char *to = out;
    bool simple = true;
    while (from < end) {
        uint64_t eight;
        while (end - from >= 8) { /* up to the next backslash, eight bytes at a time */
            memcpy(&eight, from, 8);
            uint64_t other = eight ^ UINT64_C(0x5c5c5c5c5c5c5c5c);
            uint64_t hit = (other - UINT64_C(0x0101010101010101)) & ~other &
                           UINT64_C(0x8080808080808080);
            memcpy(to, &eight, 8);
            int plain = hit ? __builtin_ctzll(hit) / 8 : 8;
            from += plain;
            to += plain;
            if (hit)
                break;
        }
        while (from < end && *from != '\\')
            *to++ = *from++;
        if (from == end)
            break;
        char plain = end - from > 1 ? simple_escape(from[1]) : '\0';
        if (plain) {
            simple = simple && from[1] != '/' && from[1] != 'b' && from[1] != 'f';
            *to++ = plain;
            from += 2;
            continue;
        }
        simple = false;
        char text[4];
        size_t n;
        from += one_escape(from, end, text, &n);
        memcpy(to, text, n);
        to += n;
    }
    *simple_out = simple;
    return size_t(to - out);
}

size_t json_event_unescape(struct slice s, char *out)
{
    bool simple;
    return unescape(s, out, &simple);
}

bool json_event_settle(struct event_field *field, arena *memory)
{
    if (!field->lazy)
        return true;
    if (field->kind == EVENT_TEXT) {
        field->written = field->value.data;
        if (field->value.len && memchr(field->value.data, '\\', field->value.len)) {
            char *out = static_cast<char *>(arena_alloc(memory, field->value.len));
            bool simple;
            if (!out)
                return false;
            field->value = { out, unescape(field->value, out, &simple) };
            field->written = simple ? field->written : nullptr;
        }
    } else {
        try {
            std::string text = minified(field->value);
            struct slice made = arena_copy(memory, { text.data(), text.size() });
            if (!made.data)
                return false;
            field->value = made;
        } catch (...) {
            return false;
        }
    }
    field->lazy = 0;
    return true;
}
