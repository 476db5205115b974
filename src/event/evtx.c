#include "event/evtx.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/cursor.h"
#include "event/evtx_value.h"

#define RECORDS_AT 512u
#define DEPTH_MOST 24
#define PARTS_MOST 4096u
#define FIELDS_MOST 2048u
#define TEMPLATES 256u       /* hash table of one chunk; grows no further */
#define VALUES_MOST 4096u

enum token {
    TOKEN_END = 0x00, TOKEN_OPEN = 0x01, TOKEN_CLOSE_START = 0x02, TOKEN_CLOSE_EMPTY = 0x03,
    TOKEN_CLOSE = 0x04, TOKEN_VALUE = 0x05, TOKEN_ATTRIBUTE = 0x06, TOKEN_CDATA = 0x07,
    TOKEN_CHARACTER = 0x08, TOKEN_ENTITY = 0x09, TOKEN_TARGET = 0x0a, TOKEN_DATA = 0x0b,
    TOKEN_TEMPLATE = 0x0c, TOKEN_NORMAL = 0x0d, TOKEN_OPTIONAL = 0x0e, TOKEN_FRAGMENT = 0x0f
};

/* A stretch of a field's text: literal, or a substitution's number. */
struct part { struct slice text; int substitution; };

/* What one element or attribute becomes. */
struct output {
    struct slice name;
    int named_by;            /* substitution that gives the last part of the name; -1: none */
    uint32_t first, count;   /* of parts */
    bool leaf;               /* an element without children */
};

struct template {
    uint32_t at;             /* chunk offset + 1; 0: free */
    struct output *outputs;
    struct part *parts;
    uint32_t output_count, part_count;
    size_t end;              /* chunk offset behind the definition */
};

struct reader {
    struct slice chunk;
    struct arena keep;       /* templates: for the chunk */
    struct arena arena;      /* of one record */
    struct template templates[TEMPLATES];
    struct event_field *fields;
    uint32_t field_count;
    struct output *outputs;  /* collected while a template is read */
    struct part *parts;
    uint32_t output_count, part_count;
    int depth;
};

struct value { uint8_t type; struct slice bytes; };

/* --- names --- */

/* A name at an offset of the chunk, standing right here when it is met first. */
static struct slice read_name(struct reader *r, struct cursor *c, struct arena *arena)
{
    uint32_t at = cursor_u32(c);
    struct cursor there = cursor_over(r->chunk);
    bool here = at == c->at;
    struct cursor *from = here ? c : &there;
    if (!here)
        cursor_seek(&there, at);
    cursor_u32(from);
    cursor_u16(from);
    uint32_t length = cursor_u16(from);
    struct slice text = cursor_bytes(from, (size_t)length * 2);
    cursor_u16(from);
    if (from->failed) {
        c->failed = true;
        return SLICE("");
    }
    return evtx_utf16(text, arena);
}

static struct slice child_name(struct arena *arena, struct slice parent, struct slice name)
{
    if (!parent.len)
        return name;
    return arena_print(arena, "%.*s.%.*s", SLICE_ARGS(parent), SLICE_ARGS(name));
}

/* --- a definition becomes outputs --- */

static void add_part(struct reader *r, struct slice text, int substitution)
{
    if (r->part_count < PARTS_MOST)
        r->parts[r->part_count++] = (struct part){ text, substitution };
}

static struct output *add_output(struct reader *r, struct slice name)
{
    if (r->output_count == FIELDS_MOST)
        return NULL;
    struct output *o = &r->outputs[r->output_count++];
    *o = (struct output){ .name = name, .named_by = -1, .first = r->part_count };
    return o;
}

/* One piece of text content; false when the token is none. */
static bool read_content(struct reader *r, struct cursor *c, uint8_t token, struct arena *arena)
{
    static const struct { const char *name, *text; } entities[] = {
        { "lt", "<" }, { "gt", ">" }, { "amp", "&" }, { "quot", "\"" }, { "apos", "'" } };
    struct slice text;
    char character[8];
    switch (token & 0x3f) {
    case TOKEN_VALUE:
        cursor_u8(c); /* always a string */
        text = cursor_bytes(c, (size_t)cursor_u16(c) * 2);
        add_part(r, evtx_utf16(text, arena), -1);
        return true;
    case TOKEN_CDATA:
        text = cursor_bytes(c, (size_t)cursor_u16(c) * 2);
        add_part(r, evtx_utf16(text, arena), -1);
        return true;
    case TOKEN_CHARACTER: {
        uint16_t unit = cursor_u16(c);
        memcpy(character, &unit, sizeof unit);
        add_part(r, evtx_utf16(slice_from(character, 2), arena), -1);
        return true;
    }
    case TOKEN_ENTITY:
        text = read_name(r, c, arena);
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
            if (slice_is(text, entities[i].name))
                add_part(r, slice_of(entities[i].text), -1);
        return true;
    case TOKEN_NORMAL: case TOKEN_OPTIONAL: {
        int number = cursor_u16(c);
        cursor_u8(c);
        add_part(r, SLICE_NONE, number);
        return true;
    }
    default:
        return false;
    }
}

/* Attributes up to the end of the start tag. A Name gives the element's name its last part: that is
 * how EventData names its values. Returns the closing token. */
static uint8_t read_attributes(struct reader *r, struct cursor *c, struct slice *path,
                               struct slice element, int *named_by, struct arena *arena)
{
    uint8_t token = cursor_u8(c);
    while ((token & 0x3f) == TOKEN_ATTRIBUTE && !c->failed) {
        struct slice name = read_name(r, c, arena);
        struct slice full = arena_print(arena, "%.*s.#attributes.%.*s", SLICE_ARGS(*path),
                                        SLICE_ARGS(name));
        struct output *o = add_output(r, full);
        uint32_t first = r->part_count;
        while (read_content(r, c, token = cursor_u8(c), arena))
            if (c->failed)
                return token;
        if (!o)
            continue;
        o->count = r->part_count - first;
        o->leaf = true;
        if (!slice_is(element, "Data") || !slice_is(name, "Name") || o->count != 1)
            continue;
        *named_by = r->parts[first].substitution;
        size_t parent = path->len - element.len;
        if (*named_by < 0)
            *path = arena_print(arena, "%.*s%.*s", (int)parent, path->data,
                                SLICE_ARGS(r->parts[first].text));
        else
            *path = slice_cut(*path, 0, parent);
        r->output_count--;
        r->part_count = *named_by < 0 ? first : r->part_count;
    }
    return token;
}

static bool read_elements(struct reader *r, struct cursor *c, struct slice path, bool dependency,
                          struct arena *arena, struct output *owner);

static bool read_element(struct reader *r, struct cursor *c, struct slice path, bool attributes,
                         bool dependency, struct arena *arena)
{
    if (dependency)
        cursor_u16(c);
    cursor_u32(c);
    struct slice name = read_name(r, c, arena);
    int named_by = -1;
    if (attributes)
        cursor_u32(c);
    struct slice own = child_name(arena, path, name);
    uint32_t before = r->output_count;
    uint8_t token = read_attributes(r, c, &own, name, &named_by, arena);
    bool has_attributes = r->output_count > before;
    struct output *o = add_output(r, own);
    if (!o || c->failed || !own.data)
        return false;
    o->named_by = named_by;
    o->leaf = !has_attributes;
    if ((token & 0x3f) == TOKEN_CLOSE_EMPTY)
        return true;
    if ((token & 0x3f) != TOKEN_CLOSE_START)
        return false;
    return read_elements(r, c, own, dependency, arena, o);
}

/* Contents of an element, or of a fragment (owner NULL), up to its end. */
static bool read_elements(struct reader *r, struct cursor *c, struct slice path, bool dependency,
                          struct arena *arena, struct output *owner)
{
    uint32_t own = owner ? (uint32_t)(owner - r->outputs) : 0;
    bool fine = ++r->depth <= DEPTH_MOST;
    while (fine && !c->failed) {
        uint8_t token = cursor_u8(c);
        uint32_t first = r->part_count;
        if ((token & 0x3f) == TOKEN_CLOSE || (token & 0x3f) == TOKEN_END)
            break;
        if ((token & 0x3f) == TOKEN_FRAGMENT) {
            cursor_skip(c, 3);
        } else if ((token & 0x3f) == TOKEN_OPEN) {
            if (owner)
                r->outputs[own].leaf = false;
            fine = read_element(r, c, path, token & 0x40, dependency, arena);
        } else if ((token & 0x3f) == TOKEN_TARGET) {
            read_name(r, c, arena);
        } else if ((token & 0x3f) == TOKEN_DATA) {
            cursor_skip(c, (size_t)cursor_u16(c) * 2);
        } else if (read_content(r, c, token, arena)) {
            if (!owner) {
                r->part_count = first;
            } else {
                if (!r->outputs[own].count)
                    r->outputs[own].first = first;
                r->outputs[own].count = r->part_count - r->outputs[own].first;
            }
        } else {
            fine = false;
        }
    }
    r->depth--;
    return fine && !c->failed;
}

static struct template *find_template(struct reader *r, uint32_t at)
{
    uint32_t i = at * 2654435761u % TEMPLATES;
    for (uint32_t n = 0; n < TEMPLATES; n++, i = (i + 1) % TEMPLATES)
        if (!r->templates[i].at || r->templates[i].at == at + 1)
            return &r->templates[i];
    return NULL;
}

/* The definition at that offset of the chunk, read now or before; NULL when it is damaged. */
static struct template *get_template(struct reader *r, uint32_t at)
{
    struct template *t = find_template(r, at);
    if (!t || t->at)
        return t;
    struct cursor c = cursor_over(r->chunk);
    cursor_seek(&c, at);
    cursor_skip(&c, 4 + 16);
    uint32_t size = cursor_u32(&c);
    size_t begin = c.at;
    if (c.failed || size > cursor_left(&c))
        return NULL;
    struct output *outputs = r->outputs;
    struct part *parts = r->parts;
    uint32_t output_count = r->output_count, part_count = r->part_count;
    struct arena_mark mark = arena_mark(&r->arena); /* room to collect in; names go to keep */
    r->outputs = arena_array(&r->arena, FIELDS_MOST, sizeof *r->outputs);
    r->parts = arena_array(&r->arena, PARTS_MOST, sizeof *r->parts);
    r->output_count = r->part_count = 0;
    bool fine = r->outputs && r->parts && read_elements(r, &c, SLICE(""), true, &r->keep, NULL);
    if (fine)
        *t = (struct template){ at + 1, NULL, NULL, r->output_count, r->part_count, begin + size };
    struct output *new_outputs = r->outputs;
    struct part *new_parts = r->parts;
    r->outputs = outputs;
    r->parts = parts;
    r->output_count = output_count;
    r->part_count = part_count;
    if (!fine) {
        arena_reset(&r->arena, mark);
        return NULL;
    }
    t->outputs = malloc((t->output_count + 1) * sizeof *outputs);
    t->parts = malloc((t->part_count + 1) * sizeof *parts);
    if (!t->outputs || !t->parts) {
        t->output_count = 0;
        arena_reset(&r->arena, mark);
        return t;
    }
    memcpy(t->outputs, new_outputs, t->output_count * sizeof *outputs);
    memcpy(t->parts, new_parts, t->part_count * sizeof *parts);
    arena_reset(&r->arena, mark);
    return t;
}

/* --- a record becomes fields --- */

static void put_field(struct reader *r, struct slice name, struct slice text, enum event_kind kind)
{
    if (r->field_count < FIELDS_MOST && name.data)
        r->fields[r->field_count++] = (struct event_field){ name, text, kind };
}

static bool read_fragment(struct reader *r, struct cursor *c, struct slice prefix);

/* Arrays of strings are several values of one field. */
static void put_strings(struct reader *r, struct slice name, struct slice bytes)
{
    size_t from = 0;
    for (size_t i = 0; i + 1 < bytes.len; i += 2) {
        if (bytes.data[i] || bytes.data[i + 1])
            continue;
        put_field(r, name, evtx_utf16(slice_cut(bytes, from, i), &r->arena), EVENT_TEXT);
        from = i + 2;
    }
    if (from < bytes.len)
        put_field(r, name, evtx_utf16(slice_after(bytes, from), &r->arena), EVENT_TEXT);
}

static void put_single(struct reader *r, struct slice name, const struct value *v)
{
    enum event_kind kind;
    if (v->type == EVTX_BINXML) {
        struct cursor c = cursor_over(r->chunk);
        cursor_seek(&c, (size_t)(v->bytes.data - r->chunk.data));
        c.bytes.len = c.at + v->bytes.len;
        if (v->bytes.len)
            read_fragment(r, &c, name);
        return;
    }
    if (v->type == (EVTX_STRING | EVTX_ARRAY)) {
        put_strings(r, name, v->bytes);
        return;
    }
    struct slice text = evtx_value(v->type, v->bytes, &r->arena, &kind);
    put_field(r, name, text, kind);
}

static void put_output(struct reader *r, const struct template *t, const struct output *o,
                       struct slice prefix, const struct value *values, uint32_t count)
{
    const struct part *parts = t->parts + o->first;
    struct slice name = o->name;
    enum event_kind kind;
    if (prefix.len)
        name = child_name(&r->arena, prefix, name);
    if (o->named_by >= 0 && (uint32_t)o->named_by < count) {
        const struct value *v = &values[o->named_by];
        struct slice last = evtx_value(v->type, v->bytes, &r->arena, &kind);
        name = arena_print(&r->arena, "%.*s%.*s", SLICE_ARGS(name), SLICE_ARGS(last));
    }
    if (!o->count) {
        if (o->leaf)
            put_field(r, name, SLICE_NONE, EVENT_NULL);
        return;
    }
    if (o->count == 1) {
        if (parts->substitution < 0)
            put_field(r, name, parts->text, EVENT_TEXT);
        else if ((uint32_t)parts->substitution < count)
            put_single(r, name, &values[parts->substitution]);
        return;
    }
    BUFFER_AUTO text;
    buffer_init(&text, 4u * 1024 * 1024);
    for (uint32_t i = 0; i < o->count; i++) {
        if (parts[i].substitution < 0)
            buffer_add(&text, parts[i].text);
        else if ((uint32_t)parts[i].substitution < count)
            buffer_add(&text, evtx_value(values[parts[i].substitution].type,
                                         values[parts[i].substitution].bytes, &r->arena, &kind));
    }
    put_field(r, name, arena_copy(&r->arena, buffer_slice(&text)), EVENT_TEXT);
}

static bool read_template(struct reader *r, struct cursor *c, struct slice prefix)
{
    cursor_u8(c);
    cursor_u32(c);
    uint32_t at = cursor_u32(c);
    bool here = at == c->at;
    struct template *t = c->failed ? NULL : get_template(r, at);
    if (!t)
        return false;
    if (here)
        cursor_seek(c, t->end);
    uint32_t count = cursor_u32(c);
    if (c->failed || count > VALUES_MOST || count * 4 > cursor_left(c))
        return false;
    struct value *values = arena_array(&r->arena, count + 1, sizeof *values);
    size_t *sizes = arena_array(&r->arena, count + 1, sizeof *sizes);
    if (!values || !sizes)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        sizes[i] = cursor_u16(c);
        values[i].type = cursor_u8(c);
        cursor_u8(c);
    }
    for (uint32_t i = 0; i < count; i++)
        values[i].bytes = cursor_bytes(c, sizes[i]);
    if (c->failed)
        return false;
    for (uint32_t i = 0; i < t->output_count; i++)
        put_output(r, t, &t->outputs[i], prefix, values, count);
    return true;
}

/* A fragment without a template: its elements are read and put out at once. There an element carries
 * no dependency identifier (forwarded and rendered events; libevtx refuses them). */
static bool read_plain(struct reader *r, struct cursor *c, struct slice prefix)
{
    struct output *old_outputs = r->outputs;
    struct part *old_parts = r->parts;
    r->outputs = arena_array(&r->arena, FIELDS_MOST, sizeof *r->outputs);
    r->parts = arena_array(&r->arena, PARTS_MOST, sizeof *r->parts);
    r->output_count = r->part_count = 0;
    bool fine = r->outputs && r->parts &&
                read_elements(r, c, SLICE(""), false, &r->arena, NULL);
    struct template t = { .outputs = r->outputs, .parts = r->parts };
    for (uint32_t i = 0; fine && i < r->output_count; i++)
        put_output(r, &t, &r->outputs[i], prefix, NULL, 0);
    r->outputs = old_outputs;
    r->parts = old_parts;
    return fine;
}

static bool read_fragment(struct reader *r, struct cursor *c, struct slice prefix)
{
    bool fine = ++r->depth <= DEPTH_MOST, done = false;
    while (fine && !done && cursor_left(c)) {
        uint8_t token = (uint8_t)r->chunk.data[c->at];
        if (token == TOKEN_FRAGMENT) {
            cursor_skip(c, 4);
        } else if (token == TOKEN_TEMPLATE) {
            cursor_u8(c);
            fine = read_template(r, c, prefix);
            done = true;
        } else if (token == TOKEN_END) {
            done = true;
        } else {
            fine = read_plain(r, c, prefix);
            done = true;
        }
    }
    r->depth--;
    return fine && !c->failed;
}

static bool read_record(struct reader *r, size_t at, size_t size, const struct evtx_sink *sink)
{
    struct cursor c = cursor_over(r->chunk);
    struct event event = { .decoder = SLICE("evtx") };
    c.bytes.len = at + size - 4;
    cursor_seek(&c, at + 8);
    uint64_t record = cursor_u64(&c), written = cursor_u64(&c);
    arena_clear(&r->arena);
    r->field_count = 0;
    r->depth = 0;
    r->fields = arena_array(&r->arena, FIELDS_MOST, sizeof *r->fields);
    if (!r->fields)
        return false;
    bool fine = read_fragment(r, &c, SLICE(""));
    if (!r->field_count)
        return false;
    event.fields = r->fields;
    event.field_count = r->field_count;
    event.time = evtx_time(written);
    sink->event(sink->owner, &event, record);
    return fine;
}

static void damage(struct error *e, uint32_t chunk, size_t at, const char *what)
{
    if (e->set)
        return;
    error_kind(e, ERROR_INPUT);
    error_set(e, "the event log is damaged: %s", what);
    error_place(e, "chunk %u, byte %llu", chunk,
                (unsigned long long)(EVTX_HEAD + (uint64_t)chunk * EVTX_CHUNK + at));
}

static uint32_t read_u32(struct slice s, size_t at)
{
    struct cursor c = cursor_over(s);
    cursor_seek(&c, at);
    return cursor_u32(&c);
}

static uint32_t crc(struct slice s, size_t from, size_t to, uint32_t so_far)
{
    return (uint32_t)crc32(so_far, (const Bytef *)s.data + from, (uInt)(to - from));
}

/* Checksums are stale while Windows writes (flag 1): then they say nothing. */
static void check_sums(struct slice chunk, uint32_t number, struct error *e)
{
    uint32_t free_at = read_u32(chunk, 0x30), flags = read_u32(chunk, 0x78);
    if (flags & 1 || chunk.len < EVTX_CHUNK)
        return;
    if (crc(chunk, 128, 512, crc(chunk, 0, 120, 0)) != read_u32(chunk, 0x7c))
        damage(e, number, 0x7c, "the checksum of a chunk's head does not fit");
    else if (free_at >= RECORDS_AT && free_at <= chunk.len &&
             crc(chunk, RECORDS_AT, free_at, 0) != read_u32(chunk, 0x34))
        damage(e, number, 0x34, "the checksum of a chunk's records does not fit");
}

/* Where the next record may begin: records are aligned to 8 bytes. */
static size_t next_record(struct slice chunk, size_t at)
{
    for (at = (at + 7) & ~(size_t)7; at + 24 <= chunk.len; at += 8)
        if (memcmp(chunk.data + at, "\x2a\x2a\0\0", 4) == 0)
            return at;
    return chunk.len;
}

static void read_records(struct reader *r, uint32_t number, const struct evtx_sink *sink,
                         struct error *e)
{
    size_t free_at = read_u32(r->chunk, 0x30);
    size_t end = free_at >= RECORDS_AT && free_at <= r->chunk.len ? free_at : r->chunk.len;
    for (size_t at = RECORDS_AT; at + 28 <= r->chunk.len;) {
        bool is_record = memcmp(r->chunk.data + at, "\x2a\x2a\0\0", 4) == 0;
        uint32_t size = is_record ? read_u32(r->chunk, at + 4) : 0;
        bool whole = size >= 28 && size <= r->chunk.len - at &&
                     read_u32(r->chunk, at + size - 4) == size;
        if (at >= end && !whole)
            break; /* behind what the head counts only whole records of a dirty log are taken */
        if (whole && read_record(r, at, size, sink)) {
            at += size;
            continue;
        }
        if (at >= end)
            break;
        damage(e, number, at, is_record ? "a record cannot be read" : "a record was expected");
        at = next_record(r->chunk, at + 8);
    }
}

bool evtx_open(struct slice file, uint32_t *chunks_out, struct error *e)
{
    if (file.len < EVTX_HEAD || memcmp(file.data, "ElfFile", 8) != 0) {
        error_kind(e, ERROR_INPUT);
        return error_set(e, "this is no Windows event log");
    }
    *chunks_out = (uint32_t)((file.len - EVTX_HEAD + EVTX_CHUNK - 1) / EVTX_CHUNK);
    return true;
}

bool evtx_read_chunk(struct slice file, uint32_t number, const struct evtx_sink *sink,
                     struct error *e)
{
    struct error own = ERROR_NONE;
    struct reader *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(e, "out of memory");
    size_t from = EVTX_HEAD + (size_t)number * EVTX_CHUNK;
    r->chunk = slice_cut(file, from, from + EVTX_CHUNK);
    bool empty = true;
    for (size_t i = 0; i < r->chunk.len && i < 128; i++)
        empty = empty && !r->chunk.data[i];
    if (!empty && (r->chunk.len < RECORDS_AT || memcmp(r->chunk.data, "ElfChnk", 8) != 0)) {
        damage(&own, number, 0, "a chunk was expected");
    } else if (!empty) {
        arena_init(&r->keep, 256u * 1024 * 1024);
        arena_init(&r->arena, 64u * 1024 * 1024);
        if (r->chunk.len < EVTX_CHUNK)
            damage(&own, number, r->chunk.len, "the file ends within a chunk");
        check_sums(r->chunk, number, &own);
        read_records(r, number, sink, &own);
        for (uint32_t i = 0; i < TEMPLATES; i++) {
            free(r->templates[i].outputs);
            free(r->templates[i].parts);
        }
        arena_free(&r->keep);
        arena_free(&r->arena);
    }
    free(r);
    if (own.set && e && !e->set)
        *e = own;
    return !own.set;
}
