#include "event/evtx_template.h"

#define NAME_MOST 2048u              /* units of one name */
#define TEMPLATES_CEILING (64u * 1024 * 1024)
#define IDS_MOST 20000u
#define IDS_CEILING (4u * 1024 * 1024)

void evtx_templates_init(struct evtx_templates *t)
{
    arena_init(&t->arena, TEMPLATES_CEILING);
    arena_init(&t->ids_memory, IDS_CEILING);
}

void evtx_templates_free(struct evtx_templates *t)
{
    arena_free(&t->arena);
    map_free(&t->ids);
    arena_free(&t->ids_memory);
}

void evtx_templates_begin(struct evtx_templates *t, struct slice chunk)
{
    arena_clear(&t->arena);
    t->chunk = chunk;
    t->text = (struct evtx_text){ .arena = &t->arena };
    t->depth = 0;
    memset(t->buckets, 0, sizeof t->buckets);
    memset(t->names, 0, sizeof t->names);
}

/* A name at an offset of the chunk, standing right here when it is met first. */
static struct slice read_name(struct evtx_templates *t, struct cursor *c)
{
    uint32_t at = cursor_u32(c), i = at % EVTX_NAMES;
    bool here = at == c->at;
    if (t->names[i].size && t->names[i].at == at && !c->failed) {
        if (here)
            cursor_skip(c, t->names[i].size);
        return t->names[i].text;
    }
    struct cursor there = cursor_over(t->chunk);
    struct cursor *from = here ? c : &there;
    if (!here)
        cursor_seek(&there, at);
    size_t begin = from->at;
    cursor_skip(from, 6); /* next of the same hash, and the hash */
    uint32_t length = cursor_u16(from);
    struct slice text = cursor_bytes(from, (size_t)length * 2);
    cursor_u16(from);
    if (from->failed || length > NAME_MOST) {
        c->failed = true;
        return SLICE("");
    }
    t->names[i].at = at;
    t->names[i].size = (uint32_t)(from->at - begin);
    return t->names[i].text = evtx_utf16(text, &t->text);
}

struct slice evtx_join(struct evtx_text *text, struct slice parent, struct slice between,
                       struct slice name)
{
    char *out = evtx_text_room(text, parent.len + between.len + name.len + 1);
    if (!out)
        return SLICE_NONE;
    if (parent.len)
        memcpy(out, parent.data, parent.len);
    if (between.len)
        memcpy(out + parent.len, between.data, between.len);
    if (name.len)
        memcpy(out + parent.len + between.len, name.data, name.len);
    return evtx_text_took(text, parent.len + between.len + name.len);
}

static struct slice child_name(struct evtx_templates *t, struct slice parent, struct slice name)
{
    return parent.len ? evtx_join(t->pieces, parent, SLICE("."), name) : name;
}

static void add_part(struct evtx_templates *t, struct slice text, int32_t substitution)
{
    if (t->part_count < EVTX_PARTS_MOST)
        t->parts[t->part_count++] = (struct evtx_part){ text, substitution };
}

static struct evtx_output *add_output(struct evtx_templates *t, struct slice name)
{
    if (t->output_count == EVTX_FIELDS_MOST)
        return NULL;
    struct evtx_output *o = &t->outputs[t->output_count++];
    *o = (struct evtx_output){ .name = name, .named_by = -1, .first = t->part_count };
    return o;
}

/* One piece of text content; false when the token is none. */
static bool read_content(struct evtx_templates *t, struct cursor *c, uint8_t token)
{
    static const struct { const char *name, *text; } entities[] = {
        { "lt", "<" }, { "gt", ">" }, { "amp", "&" }, { "quot", "\"" }, { "apos", "'" } };
    struct slice text;
    char character[2];
    switch (token & 0x3f) {
    case TOKEN_VALUE:
        cursor_u8(c); /* always a string */
        text = cursor_bytes(c, (size_t)cursor_u16(c) * 2);
        add_part(t, evtx_utf16(text, t->pieces), -1);
        return true;
    case TOKEN_CDATA:
        text = cursor_bytes(c, (size_t)cursor_u16(c) * 2);
        add_part(t, evtx_utf16(text, t->pieces), -1);
        return true;
    case TOKEN_CHARACTER: {
        uint16_t unit = cursor_u16(c);
        character[0] = (char)(unit & 0xff);
        character[1] = (char)(unit >> 8);
        add_part(t, evtx_utf16(slice_from(character, 2), t->pieces), -1);
        return true;
    }
    case TOKEN_ENTITY:
        text = read_name(t, c);
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
            if (slice_is(text, entities[i].name))
                add_part(t, slice_of(entities[i].text), -1);
        return true;
    case TOKEN_NORMAL: case TOKEN_OPTIONAL: {
        int32_t number = cursor_u16(c);
        cursor_u8(c);
        add_part(t, SLICE_NONE, number);
        return true;
    }
    default:
        return false;
    }
}

/* Attributes up to the end of the start tag. A Name gives the element's name its last part: that is
 * how EventData names its values. Returns the closing token. */
static uint8_t read_attributes(struct evtx_templates *t, struct cursor *c, struct slice *path,
                               struct slice element, int32_t *named_by)
{
    uint8_t token = cursor_u8(c);
    while ((token & 0x3f) == TOKEN_ATTRIBUTE && !c->failed) {
        struct slice name = read_name(t, c);
        bool data = slice_is(element, "Data") && slice_is(name, "Name");
        struct slice full = data ? name
                                 : evtx_join(t->pieces, *path, SLICE(".#attributes."), name);
        struct evtx_output *o = add_output(t, full);
        uint32_t first = t->part_count;
        while (read_content(t, c, token = cursor_u8(c)))
            if (c->failed)
                return token;
        if (!o)
            continue;
        o->count = t->part_count - first;
        o->leaf = true;
        if (!data)
            continue;
        if (o->count != 1) {
            o->name = evtx_join(t->pieces, *path, SLICE(".#attributes."), name);
            continue;
        }
        *named_by = t->parts[first].substitution;
        size_t parent = path->len - element.len;
        *path = *named_by < 0 ? evtx_join(t->pieces, slice_cut(*path, 0, parent), SLICE(""),
                                          t->parts[first].text)
                              : slice_cut(*path, 0, parent);
        t->output_count--;
        t->part_count = *named_by < 0 ? first : t->part_count;
    }
    return token;
}

static bool read_elements(struct evtx_templates *t, struct cursor *c, struct slice path,
                          bool dependency, struct evtx_output *owner);

static bool read_element(struct evtx_templates *t, struct cursor *c, struct slice path,
                         bool attributes, bool dependency)
{
    if (dependency)
        cursor_u16(c);
    cursor_u32(c);
    struct slice name = read_name(t, c);
    int32_t named_by = -1;
    if (attributes)
        cursor_u32(c);
    struct slice own = child_name(t, path, name);
    uint32_t before = t->output_count;
    uint8_t token = read_attributes(t, c, &own, name, &named_by);
    bool has_attributes = t->output_count > before;
    struct evtx_output *o = add_output(t, own);
    if (!o || c->failed || !own.data)
        return false;
    o->named_by = named_by;
    o->leaf = !has_attributes;
    if ((token & 0x3f) == TOKEN_CLOSE_EMPTY)
        return true;
    if ((token & 0x3f) != TOKEN_CLOSE_START)
        return false;
    return read_elements(t, c, own, dependency, o);
}

/* Contents of an element, or of a fragment (owner NULL), up to its end. */
static bool read_elements(struct evtx_templates *t, struct cursor *c, struct slice path,
                          bool dependency, struct evtx_output *owner)
{
    bool fine = ++t->depth <= EVTX_DEPTH_MOST;
    while (fine && !c->failed) {
        uint8_t token = cursor_u8(c);
        uint32_t first = t->part_count;
        if ((token & 0x3f) == TOKEN_CLOSE || (token & 0x3f) == TOKEN_END)
            break;
        if ((token & 0x3f) == TOKEN_FRAGMENT) {
            cursor_skip(c, 3);
        } else if ((token & 0x3f) == TOKEN_OPEN) {
            if (owner)
                owner->leaf = false;
            fine = read_element(t, c, path, token & 0x40, dependency);
        } else if ((token & 0x3f) == TOKEN_TARGET) {
            read_name(t, c);
        } else if ((token & 0x3f) == TOKEN_DATA) {
            cursor_skip(c, (size_t)cursor_u16(c) * 2);
        } else if (read_content(t, c, token)) {
            if (!owner) {
                t->part_count = first;
            } else {
                if (!owner->count)
                    owner->first = first;
                owner->count = t->part_count - owner->first;
            }
        } else {
            fine = false;
        }
    }
    t->depth--;
    return fine && !c->failed;
}

/* One id for one name, so that who sees it again need not look at it. */
static uint32_t name_id(struct evtx_templates *t, struct slice name)
{
    uintptr_t known = (uintptr_t)map_get(&t->ids, name);
    if (known || !name.len || t->ids.count >= IDS_MOST)
        return (uint32_t)known;
    uint32_t id = event_name_id();
    struct slice copy = arena_copy(&t->ids_memory, name);
    return id && copy.data && map_put(&t->ids, copy, (void *)(uintptr_t)id) ? id : 0;
}

/* Elements that give no field are left out; the others get what filling them in asks for. */
static void settle(struct evtx_templates *t)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->output_count; i++) {
        struct evtx_output *o = &t->outputs[i];
        if (!o->count && !o->leaf)
            continue;
        o->id = o->named_by < 0 ? name_id(t, o->name) : 0;
        o->only = o->named_by < 0 && o->count == 1 ? t->parts[o->first].substitution : -1;
        t->outputs[kept++] = *o;
    }
    t->output_count = kept;
}

static struct evtx_template collected(struct evtx_templates *t, struct slice prefix)
{
    return (struct evtx_template){ .prefix = prefix, .outputs = t->outputs, .parts = t->parts,
                                   .output_count = t->output_count, .part_count = t->part_count };
}

static bool is_literal(const struct evtx_template *t, const struct evtx_output *o)
{
    return o->count == 1 && t->parts[o->first].substitution < 0;
}

static bool join_literals(struct evtx_template *t, struct evtx_text *text)
{
    size_t length = 0;
    for (uint32_t i = 0; i < t->output_count; i++)
        if (is_literal(t, &t->outputs[i]))
            length += t->parts[t->outputs[i].first].text.len;
    char *at = evtx_text_room(text, length + 1);
    if (!at)
        return false;
    t->literals = evtx_text_took(text, length);
    for (uint32_t i = 0; i < t->output_count; i++) {
        struct slice part = is_literal(t, &t->outputs[i]) ? t->parts[t->outputs[i].first].text
                                                          : SLICE_NONE;
        if (part.len)
            at = (char *)memcpy(at, part.data, part.len) + part.len;
    }
    return true;
}

/* What was collected, kept in the arena. */
static struct evtx_template *keep(struct evtx_templates *t, struct slice prefix)
{
    settle(t);
    struct evtx_template *out = arena_alloc(&t->arena, sizeof *out);
    struct evtx_output *outputs = arena_alloc(&t->arena, t->output_count * sizeof *outputs);
    struct evtx_part *parts = arena_alloc(&t->arena, t->part_count * sizeof *parts);
    if (!out || !outputs || !parts)
        return NULL;
    memcpy(outputs, t->outputs, t->output_count * sizeof *outputs);
    memcpy(parts, t->parts, t->part_count * sizeof *parts);
    *out = collected(t, prefix);
    out->outputs = outputs;
    out->parts = parts;
    return join_literals(out, &t->text) ? out : NULL;
}

const struct evtx_template *evtx_template_at(struct evtx_templates *t, uint32_t at,
                                             struct slice prefix)
{
    struct evtx_template **bucket = &t->buckets[(at ^ at >> 6) % EVTX_BUCKETS], *found;
    for (found = *bucket; found; found = found->next)
        if (found->at == at && slice_equal(found->prefix, prefix))
            return found;
    struct cursor c = cursor_over(t->chunk);
    cursor_seek(&c, at);
    cursor_skip(&c, 4 + 16); /* the next definition, the identifier */
    uint32_t size = cursor_u32(&c);
    size_t begin = c.at;
    if (c.failed || size > cursor_left(&c))
        return NULL;
    t->output_count = t->part_count = 0;
    t->pieces = &t->text;
    prefix = evtx_join(&t->text, prefix, SLICE(""), SLICE(""));
    if (!prefix.data || !read_elements(t, &c, prefix, true, NULL) || !(found = keep(t, prefix)))
        return NULL;
    found->at = at;
    found->end = begin + size;
    found->next = *bucket;
    return *bucket = found;
}

bool evtx_template_plain(struct evtx_templates *t, struct cursor *c, struct slice prefix,
                         struct evtx_text *text, struct evtx_template *out)
{
    t->output_count = t->part_count = 0;
    t->pieces = text;
    if (!read_elements(t, c, prefix, false, NULL))
        return false;
    settle(t);
    *out = collected(t, prefix);
    return true;
}
