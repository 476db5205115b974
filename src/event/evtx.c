#include "event/evtx.h"

#include <endian.h>
#include <libdeflate.h>
#include <stdlib.h>

#include "event/evtx_template.h"

#define RECORDS_AT EVTX_CHUNK_HEAD
#define RECORD_LEAST 28u     /* signature, size, number, time, size again */
#define VALUES_MOST 4096u
#define RECORD_TEXT (64u * 1024)
#define RECORD_CEILING (64u * 1024 * 1024)

struct value { uint8_t type; struct slice bytes; };

struct evtx_reader {
    struct slice chunk;
    struct evtx_templates templates;
    struct arena arena;      /* of one record */
    struct evtx_text text;   /* in block, then in the arena */
    char block[RECORD_TEXT];
    struct event_field fields[EVTX_FIELDS_MOST];
    uint32_t field_count;
    int depth;
};

static uint16_t load16(const char *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return le16toh(value);
}

static uint32_t load32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

/* --- a record becomes fields --- */

struct name { struct slice text; uint32_t id; };

static void put_field(struct evtx_reader *r, const struct name *name, struct slice text,
                      enum event_kind kind)
{
    if (r->field_count < EVTX_FIELDS_MOST && name->text.data)
        r->fields[r->field_count++] = (struct event_field){ .name = name->text, .value = text,
                                                            .kind = kind, .id = name->id };
}

static bool read_fragment(struct evtx_reader *r, struct cursor *c, struct slice prefix);

/* Arrays of strings are several values of one field. */
static void put_strings(struct evtx_reader *r, const struct name *name, struct slice bytes)
{
    size_t from = 0;
    for (size_t i = 0; i + 1 < bytes.len; i += 2) {
        if (bytes.data[i] || bytes.data[i + 1])
            continue;
        put_field(r, name, evtx_utf16(slice_cut(bytes, from, i), &r->text), EVENT_TEXT);
        from = i + 2;
    }
    if (from < bytes.len)
        put_field(r, name, evtx_utf16(slice_after(bytes, from), &r->text), EVENT_TEXT);
}

static void put_single(struct evtx_reader *r, const struct name *name, const struct value *v)
{
    enum event_kind kind;
    if (v->type == EVTX_BINXML) {
        struct cursor c = cursor_over(r->chunk);
        cursor_seek(&c, (size_t)(v->bytes.data - r->chunk.data));
        c.bytes.len = c.at + v->bytes.len;
        if (v->bytes.len)
            read_fragment(r, &c, name->text);
        return;
    }
    if (v->type == (EVTX_STRING | EVTX_ARRAY)) {
        put_strings(r, name, v->bytes);
        return;
    }
    struct slice text = evtx_value(v->type, v->bytes, &r->text, &kind);
    put_field(r, name, text, kind);
}

/* Several pieces: literals and values, one text. */
static struct slice mixed(struct evtx_reader *r, const struct evtx_part *parts, uint32_t part_count,
                          const struct value *values, uint32_t count)
{
    struct slice *pieces = arena_array(&r->arena, part_count, sizeof *pieces), out = SLICE_NONE;
    enum event_kind kind;
    size_t length = 0;
    for (uint32_t i = 0; pieces && i < part_count; i++) {
        uint32_t number = (uint32_t)parts[i].substitution;
        pieces[i] = parts[i].substitution < 0 ? parts[i].text
                    : number < count ? evtx_value(values[number].type, values[number].bytes,
                                                  &r->text, &kind) : SLICE_NONE;
        length += pieces[i].len;
    }
    char *at = pieces ? evtx_text_room(&r->text, length + 1) : NULL;
    if (!at)
        return out;
    out = evtx_text_took(&r->text, length);
    for (uint32_t i = 0; i < part_count; i++) {
        if (pieces[i].len)
            memcpy(at, pieces[i].data, pieces[i].len);
        at += pieces[i].len;
    }
    return out;
}

static void put_output(struct evtx_reader *r, const struct evtx_template *t,
                       const struct evtx_output *o, const struct value *values, uint32_t count)
{
    const struct evtx_part *parts = t->parts + o->first;
    struct name name = { o->name, o->id };
    enum event_kind kind;
    if (o->named_by >= 0 && (uint32_t)o->named_by < count) {
        const struct value *v = &values[o->named_by];
        name.text = evtx_join(&r->text, name.text, SLICE(""),
                              evtx_value(v->type, v->bytes, &r->text, &kind));
    }
    if (!o->count)
        put_field(r, &name, SLICE_NONE, EVENT_NULL);
    else if (o->count > 1)
        put_field(r, &name, mixed(r, parts, o->count, values, count), EVENT_TEXT);
    else if (parts->substitution < 0)
        put_field(r, &name, parts->text, EVENT_TEXT);
    else if ((uint32_t)parts->substitution < count)
        put_single(r, &name, &values[parts->substitution]);
}

/* Most outputs are one value each, most values are text or left out. */
static void fill_in(struct evtx_reader *r, const struct evtx_template *t,
                    const struct value *values, uint32_t count)
{
    for (uint32_t i = 0; i < t->output_count; i++) {
        const struct evtx_output *o = &t->outputs[i];
        const struct value *v = o->only >= 0 && (uint32_t)o->only < count ? &values[o->only] : NULL;
        struct name name = { o->name, o->id };
        if (!v)
            put_output(r, t, o, values, count);
        else if (v->type == EVTX_STRING)
            put_field(r, &name, evtx_utf16(v->bytes, &r->text), EVENT_TEXT);
        else if (v->type == EVTX_NULL)
            put_field(r, &name, SLICE_NONE, EVENT_NULL);
        else
            put_single(r, &name, v);
    }
}

/* So that all values of the record stand in its text. */
static void copy_literals(struct evtx_reader *r, struct slice literals)
{
    char *at = evtx_text_room(&r->text, literals.len + 1);
    if (at && literals.len) {
        memcpy(at, literals.data, literals.len);
        evtx_text_took(&r->text, literals.len);
    }
}

/* u32 count; for each value u16 size, u8 type, u8 nothing; then the values themselves. */
static struct value *read_values(struct evtx_reader *r, struct cursor *c, uint32_t *count_out)
{
    uint32_t count = *count_out = cursor_u32(c);
    if (c->failed || count > VALUES_MOST || count * 4 > cursor_left(c))
        return NULL;
    struct value *values = arena_alloc(&r->arena, count * sizeof *values);
    if (!values)
        return NULL;
    const char *sizes = c->bytes.data + c->at, *at = sizes + count * 4;
    size_t left = cursor_left(c) - count * 4;
    for (uint32_t i = 0; i < count; i++) {
        size_t size = load16(sizes + i * 4);
        if (size > left)
            return NULL;
        values[i] = (struct value){ (uint8_t)sizes[i * 4 + 2], { at, size } };
        at += size;
        left -= size;
    }
    cursor_skip(c, (size_t)(at - sizes));
    return values;
}

static bool read_template(struct evtx_reader *r, struct cursor *c, struct slice prefix)
{
    uint32_t count;
    cursor_skip(c, 1 + 4); /* version, identifier */
    uint32_t at = cursor_u32(c);
    bool here = at == c->at;
    const struct evtx_template *t = c->failed ? NULL
                                              : evtx_template_at(&r->templates, at, prefix);
    if (!t)
        return false;
    if (here)
        cursor_seek(c, t->end);
    const struct value *values = read_values(r, c, &count);
    if (!values)
        return false;
    fill_in(r, t, values, count);
    copy_literals(r, t->literals);
    return true;
}

static bool read_plain(struct evtx_reader *r, struct cursor *c, struct slice prefix)
{
    struct evtx_template t;
    bool fine = evtx_template_plain(&r->templates, c, prefix, &r->text, &t);
    if (fine)
        fill_in(r, &t, NULL, 0);
    return fine;
}

static bool read_fragment(struct evtx_reader *r, struct cursor *c, struct slice prefix)
{
    bool fine = ++r->depth <= EVTX_DEPTH_MOST, done = false;
    while (fine && !done && cursor_left(c)) {
        uint8_t token = (uint8_t)r->chunk.data[c->at];
        if (token == TOKEN_FRAGMENT) {
            cursor_skip(c, 4);
        } else if (token == TOKEN_TEMPLATE) {
            cursor_skip(c, 1);
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

static bool read_record(struct evtx_reader *r, size_t at, size_t size, const struct evtx_sink *sink)
{
    struct cursor c = cursor_over(r->chunk);
    struct event event = { .decoder = SLICE("evtx"), .fields = r->fields };
    c.bytes.len = at + size - 4;
    cursor_seek(&c, at + 8);
    uint64_t record = cursor_u64(&c), written = cursor_u64(&c);
    arena_clear(&r->arena);
    r->text = (struct evtx_text){ .arena = &r->arena, .at = r->block, .left = sizeof r->block };
    r->field_count = 0;
    r->depth = 0;
    bool fine = read_fragment(r, &c, SLICE(""));
    if (!r->field_count)
        return false;
    event.field_count = r->field_count;
    if (!r->text.blocks)
        event.texts = slice_from(r->block, (size_t)(r->text.at - r->block));
    event.time = evtx_time(written);
    sink->event(sink->owner, &event, record);
    return fine;
}

/* --- a chunk --- */

static void damage(struct error *e, uint64_t chunk, size_t at, const char *what)
{
    if (e->set)
        return;
    error_kind(e, ERROR_INPUT);
    error_set(e, "the event log is damaged: %s", what);
    error_place(e, "chunk %llu, byte %llu", (unsigned long long)chunk,
                (unsigned long long)(EVTX_HEAD + (uint64_t)chunk * EVTX_CHUNK + at));
}

static uint32_t crc(struct slice s, size_t from, size_t to, uint32_t so_far)
{
    return libdeflate_crc32(so_far, s.data + from, to - from);
}

static bool head_fits(struct slice s)
{
    return crc(s, 128, RECORDS_AT, crc(s, 0, 120, 0)) == load32(s.data + 0x7c);
}

static bool records_fit(struct slice s)
{
    uint32_t free_at = load32(s.data + 0x30);
    return free_at < RECORDS_AT || free_at > s.len ||
           crc(s, RECORDS_AT, free_at, 0) == load32(s.data + 0x34);
}

static void check_sums(const struct evtx_chunk *chunk, struct error *e)
{
    struct slice s = chunk->bytes;
    if (chunk->dirty || chunk->sound || s.len < EVTX_CHUNK)
        return;
    if (!head_fits(s))
        damage(e, chunk->number, 0x7c, "the checksum of a chunk's head does not fit");
    else if (!records_fit(s))
        damage(e, chunk->number, 0x34, "the checksum of a chunk's records does not fit");
}

bool evtx_is_record(struct slice bytes)
{
    return bytes.len >= 4 && memcmp(bytes.data, "\x2a\x2a\0\0", 4) == 0;
}

size_t evtx_used(struct slice head)
{
    uint32_t free_at = head.len >= RECORDS_AT ? load32(head.data + 0x30) : 0;
    return free_at >= RECORDS_AT && free_at < EVTX_CHUNK ? free_at : EVTX_CHUNK;
}

bool evtx_is_sound(struct slice chunk)
{
    return chunk.len >= RECORDS_AT && evtx_used(chunk) <= chunk.len && head_fits(chunk) &&
           records_fit(chunk);
}

/* Where the next record may begin: records are aligned to 8 bytes. */
static size_t next_record(struct slice chunk, size_t at)
{
    for (at = (at + 7) & ~(size_t)7; at + 24 <= chunk.len; at += 8)
        if (evtx_is_record(slice_after(chunk, at)))
            return at;
    return chunk.len;
}

static void read_records(struct evtx_reader *r, uint64_t number, const struct evtx_sink *sink,
                         struct error *e)
{
    size_t free_at = load32(r->chunk.data + 0x30);
    size_t end = free_at >= RECORDS_AT && free_at <= r->chunk.len ? free_at : r->chunk.len;
    for (size_t at = RECORDS_AT; at + RECORD_LEAST <= r->chunk.len;) {
        bool is_record = evtx_is_record(slice_after(r->chunk, at));
        uint32_t size = is_record ? load32(r->chunk.data + at + 4) : 0;
        bool whole = size >= RECORD_LEAST && size <= r->chunk.len - at &&
                     load32(r->chunk.data + at + size - 4) == size;
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

bool evtx_is_file(struct slice head)
{
    return slice_starts(head, SLICE("ElfFile\0"));
}

bool evtx_is_dirty(struct slice head)
{
    return head.len >= 124 && load32(head.data + 120) & 1;
}

bool evtx_is_unused(struct slice chunk)
{
    for (size_t i = 0; i < chunk.len && i < 128; i++)
        if (chunk.data[i])
            return false;
    return true;
}

struct evtx_reader *evtx_reader_new(void)
{
    struct evtx_reader *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    arena_init(&r->arena, RECORD_CEILING);
    evtx_templates_init(&r->templates);
    return r;
}

void evtx_reader_free(struct evtx_reader **reader)
{
    struct evtx_reader *r = *reader;
    *reader = NULL;
    if (!r)
        return;
    evtx_templates_free(&r->templates);
    arena_free(&r->arena);
    free(r);
}

bool evtx_read_chunk(struct evtx_reader *r, const struct evtx_chunk *chunk,
                     const struct evtx_sink *sink, struct error *e)
{
    struct error own = ERROR_NONE;
    struct slice s = r->chunk = chunk->bytes;
    if (evtx_is_unused(s))
        return true;
    if (s.len < RECORDS_AT || memcmp(s.data, "ElfChnk", 8) != 0) {
        damage(&own, chunk->number, 0, "a chunk was expected");
    } else {
        evtx_templates_begin(&r->templates, s);
        if (s.len < EVTX_CHUNK && !chunk->sound)
            damage(&own, chunk->number, s.len, "the file ends within a chunk");
        check_sums(chunk, &own);
        read_records(r, chunk->number, sink, &own);
    }
    if (own.set && e && !e->set)
        *e = own;
    return !own.set;
}
