#include "base/json.h"

#include <math.h>

#include "base/clock.h"

const struct json *json_member(const struct json *json, const char *name)
{
    if (!json || json->kind != JSON_OBJECT)
        return NULL;
    for (uint32_t i = json->count; i-- > 0;)
        if (slice_is(json->children[i].name, name))
            return &json->children[i];
    return NULL;
}

const struct json *json_element(const struct json *json, uint32_t index)
{
    if (!json || json->kind != JSON_ARRAY || index >= json->count)
        return NULL;
    return &json->children[index];
}

struct slice json_text(const struct json *json, struct slice fallback)
{
    return json && json->kind == JSON_TEXT ? json->text : fallback;
}

int64_t json_integer(const struct json *json, int64_t fallback)
{
    return json && json->kind == JSON_INTEGER ? json->integer : fallback;
}

bool json_boolean(const struct json *json, bool fallback)
{
    return json && json->kind == JSON_BOOLEAN ? json->boolean : fallback;
}

struct slice json_member_text(const struct json *json, const char *name)
{
    return json_text(json_member(json, name), SLICE_NONE);
}

void json_writer_init(struct json_writer *w, struct buffer *out)
{
    *w = (struct json_writer){ .out = out };
}

/* Before each value or name: the comma that is due. */
static void separate(struct json_writer *w)
{
    if (w->after_name) {
        w->after_name = false;
        return;
    }
    if (w->comma >> w->depth & 1)
        buffer_add_byte(w->out, ',');
    w->comma |= UINT64_C(1) << w->depth;
}

static void open_with(struct json_writer *w, char c)
{
    separate(w);
    buffer_add_byte(w->out, c);
    if (w->depth == 63) { /* deeper than anything of ours: refuse rather than write nonsense */
        w->out->failed = true;
        return;
    }
    w->depth++;
    w->comma &= ~(UINT64_C(1) << w->depth);
}

static void close_with(struct json_writer *w, char c)
{
    if (w->depth)
        w->depth--;
    buffer_add_byte(w->out, c);
}

void json_open_object(struct json_writer *w)
{
    open_with(w, '{');
}

void json_close_object(struct json_writer *w)
{
    close_with(w, '}');
}

void json_open_array(struct json_writer *w)
{
    open_with(w, '[');
}

void json_close_array(struct json_writer *w)
{
    close_with(w, ']');
}

/* Length of the well-formed UTF-8 character at s[0] (Unicode 15, table 3-7), or 0. */
static size_t character(const unsigned char *s, size_t left)
{
    unsigned char c = s[0];
    if (c < 0x80)
        return 1;
    if (c < 0xc2 || c > 0xf4)
        return 0;
    size_t len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (left < len)
        return 0;
    unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

static void add_escaped(struct buffer *out, unsigned char c)
{
    static const char letters[] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
                                    ['\t'] = 't', ['"'] = '"', ['\\'] = '\\' };
    if (c < sizeof letters && letters[c]) {
        buffer_add_byte(out, '\\');
        buffer_add_byte(out, letters[c]);
    } else {
        buffer_print(out, "\\u%04x", c);
    }
}

static void add_quoted(struct buffer *out, struct slice text)
{
    const unsigned char *s = (const unsigned char *)text.data;
    size_t plain = 0; /* start of what is copied as it is */
    buffer_add_byte(out, '"');
    for (size_t i = 0; i < text.len;) {
        unsigned char c = s[i];
        if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
            i++;
            continue;
        }
        size_t len = character(s + i, text.len - i);
        if (len > 1) {
            i += len;
            continue;
        }
        buffer_add(out, slice_cut(text, plain, i));
        if (len == 0)
            buffer_add(out, SLICE("\xef\xbf\xbd"));
        else
            add_escaped(out, c);
        plain = ++i;
    }
    buffer_add(out, slice_after(text, plain));
    buffer_add_byte(out, '"');
}

void json_name_slice(struct json_writer *w, struct slice name)
{
    separate(w);
    add_quoted(w->out, name);
    buffer_add_byte(w->out, ':');
    w->after_name = true;
}

void json_name(struct json_writer *w, const char *name)
{
    json_name_slice(w, slice_of(name));
}

void json_put_text(struct json_writer *w, struct slice text)
{
    separate(w);
    add_quoted(w->out, text);
}

void json_put_integer(struct json_writer *w, int64_t value)
{
    separate(w);
    buffer_print(w->out, "%lld", (long long)value);
}

void json_put_number(struct json_writer *w, double value)
{
    separate(w);
    if (isfinite(value))
        buffer_print(w->out, "%.15g", value);
    else
        buffer_add(w->out, SLICE("null"));
}

void json_put_boolean(struct json_writer *w, bool value)
{
    separate(w);
    buffer_add(w->out, value ? SLICE("true") : SLICE("false"));
}

void json_put_null(struct json_writer *w)
{
    separate(w);
    buffer_add(w->out, SLICE("null"));
}

void json_put_time(struct json_writer *w, int64_t time)
{
    char text[CLOCK_TEXT];
    if (time == 0) {
        json_put_null(w);
        return;
    }
    clock_print(time, text);
    json_put_text(w, slice_of(text));
}

void json_put_raw(struct json_writer *w, struct slice json)
{
    separate(w);
    buffer_add(w->out, json.len ? json : SLICE("null"));
}

void json_text_member(struct json_writer *w, const char *name, struct slice text)
{
    json_name(w, name);
    json_put_text(w, text);
}

void json_integer_member(struct json_writer *w, const char *name, int64_t value)
{
    json_name(w, name);
    json_put_integer(w, value);
}

void json_boolean_member(struct json_writer *w, const char *name, bool value)
{
    json_name(w, name);
    json_put_boolean(w, value);
}

void json_time_member(struct json_writer *w, const char *name, int64_t time)
{
    json_name(w, name);
    json_put_time(w, time);
}

void json_open_object_member(struct json_writer *w, const char *name)
{
    json_name(w, name);
    json_open_object(w);
}

void json_open_array_member(struct json_writer *w, const char *name)
{
    json_name(w, name);
    json_open_array(w);
}

void json_null_member(struct json_writer *w, const char *name)
{
    json_name(w, name);
    json_put_null(w);
}
