/* json - documents in (simdjson behind it) and text out.
 *
 * Reading: json_parse makes a tree in an arena; the accessors fail closed (a missing member or
 * another kind gives the fallback), so nothing from outside is taken for what it is not.
 * Writing: a writer over a buffer that puts commas and escapes; it cannot write broken JSON, only
 * too much of it (buffer ceiling). We write no parser; the writer is ours since no packaged C
 * library streams into a caller's buffer with slices.
 * For the speed of events see event/json_event.h.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

enum json_kind {
    JSON_NULL, JSON_BOOLEAN, JSON_INTEGER, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT
};

struct json {
    enum json_kind kind;
    bool boolean;
    int64_t integer;         /* JSON_INTEGER; JSON_NUMBER: truncated when it fits */
    double number;           /* both number kinds */
    struct slice text;       /* JSON_TEXT, unescaped; SLICE_NONE otherwise */
    struct slice name;       /* of a member within its object */
    struct json *children;   /* members or elements, in order */
    uint32_t count;
};

#define JSON_DEPTH_MOST 64

/* One whole document. False with the byte offset in e's place. The tree is the arena's. */
bool json_parse(struct slice text, struct arena *arena, struct json **out, struct error *e);

/* NULL when json is NULL, no object, or has no such member (the last of equal names wins). */
const struct json *json_member(const struct json *json, const char *name);
/* NULL beyond the end or when no array. */
const struct json *json_element(const struct json *json, uint32_t index);
struct slice json_text(const struct json *json, struct slice fallback);
int64_t json_integer(const struct json *json, int64_t fallback);
bool json_boolean(const struct json *json, bool fallback);
/* Of a member directly: json_member_text(body, "name") → SLICE_NONE when absent or no text. */
struct slice json_member_text(const struct json *json, const char *name);

struct json_writer {
    struct buffer *out;
    uint64_t comma;    /* bit per depth: a comma is due */
    unsigned depth;
    bool after_name;
};

void json_writer_init(struct json_writer *w, struct buffer *out);
void json_open_object(struct json_writer *w);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w);
void json_close_array(struct json_writer *w);
void json_name(struct json_writer *w, const char *name);
void json_name_slice(struct json_writer *w, struct slice name);
/* Bytes that are not UTF-8 become U+FFFD. */
void json_put_text(struct json_writer *w, struct slice text);
void json_put_integer(struct json_writer *w, int64_t value);
void json_put_number(struct json_writer *w, double value);
void json_put_boolean(struct json_writer *w, bool value);
void json_put_null(struct json_writer *w);
void json_put_time(struct json_writer *w, int64_t time); /* ISO 8601, +07:00; 0: null */
/* Text that is JSON already (of ours). */
void json_put_raw(struct json_writer *w, struct slice json);
/* name and value in one */
void json_text_member(struct json_writer *w, const char *name, struct slice text);
void json_integer_member(struct json_writer *w, const char *name, int64_t value);
void json_boolean_member(struct json_writer *w, const char *name, bool value);
void json_time_member(struct json_writer *w, const char *name, int64_t time);
void json_null_member(struct json_writer *w, const char *name);
void json_open_object_member(struct json_writer *w, const char *name);
void json_open_array_member(struct json_writer *w, const char *name);

#endif
