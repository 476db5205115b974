/* evtx_template - definitions of binary XML, read once and then only filled in (private to event).
 *
 * A definition becomes a flat list of outputs: a field's whole name, and where its text comes from.
 * What stands in front of its names is part of a template: the same definition within two elements
 * is two templates, so that filling in makes no name.
 * Good: one set of templates a chunk; memory of its arena.
 * Never: trusted: offsets, lengths and depths are those of a hostile file.
 */
#ifndef EVENT_EVTX_TEMPLATE_H
#define EVENT_EVTX_TEMPLATE_H

#include "base/cursor.h"
#include "base/map.h"
#include "event/evtx_value.h"

#define EVTX_DEPTH_MOST 24
#define EVTX_PARTS_MOST 4096u
#define EVTX_FIELDS_MOST 2048u

enum evtx_token {
    TOKEN_END = 0x00, TOKEN_OPEN = 0x01, TOKEN_CLOSE_START = 0x02, TOKEN_CLOSE_EMPTY = 0x03,
    TOKEN_CLOSE = 0x04, TOKEN_VALUE = 0x05, TOKEN_ATTRIBUTE = 0x06, TOKEN_CDATA = 0x07,
    TOKEN_CHARACTER = 0x08, TOKEN_ENTITY = 0x09, TOKEN_TARGET = 0x0a, TOKEN_DATA = 0x0b,
    TOKEN_TEMPLATE = 0x0c, TOKEN_NORMAL = 0x0d, TOKEN_OPTIONAL = 0x0e, TOKEN_FRAGMENT = 0x0f
};

/* A stretch of a field's text: literal, or a substitution's number. */
struct evtx_part { struct slice text; int32_t substitution; /* -1: literal */ };

/* What one element or attribute becomes. */
struct evtx_output {
    struct slice name;
    uint32_t id;             /* event_name_id of the name; 0: none */
    int32_t named_by;        /* substitution that gives the last part of the name; -1: none */
    int32_t only;            /* the one substitution that is its text; -1: anything else */
    uint32_t first, count;   /* of parts */
    bool leaf;               /* an element without children */
};

struct evtx_template {
    struct evtx_template *next;   /* of its bucket */
    struct slice prefix;
    uint32_t at;                  /* chunk offset */
    struct evtx_output *outputs;
    struct evtx_part *parts;
    uint32_t output_count, part_count;
    struct slice literals;        /* one behind the other: those that are a field's whole text */
    size_t end;                   /* chunk offset behind the definition */
};

#define EVTX_BUCKETS 64u
#define EVTX_NAMES 256u

struct evtx_templates {
    struct slice chunk;
    struct arena arena;
    struct evtx_text text;        /* names, and literals of definitions, in the arena */
    struct evtx_text *pieces;     /* where literals and joined names are put now */
    struct evtx_template *buckets[EVTX_BUCKETS];
    struct { uint32_t at, size; struct slice text; } names[EVTX_NAMES]; /* size 0: free */
    struct evtx_output outputs[EVTX_FIELDS_MOST]; /* collected while a definition is read */
    struct evtx_part parts[EVTX_PARTS_MOST];
    uint32_t output_count, part_count;
    int depth;
    struct map ids;               /* of names, for all chunks; keys in ids_memory */
    struct arena ids_memory;
};

void evtx_templates_init(struct evtx_templates *t);
void evtx_templates_free(struct evtx_templates *t);
/* A new chunk: what was read of the last one is forgotten. */
void evtx_templates_begin(struct evtx_templates *t, struct slice chunk);
/* The definition at that offset of the chunk, its names behind the prefix; read now or before. NULL
 * when it is damaged or too large. */
const struct evtx_template *evtx_template_at(struct evtx_templates *t, uint32_t at,
                                             struct slice prefix);
/* A fragment that stands in a record without a template; its elements carry no dependency
 * identifier (forwarded and rendered events; libevtx refuses them). Steps over it; false when it is
 * damaged. What it becomes holds until the next call of this or of evtx_template_at; its literals
 * are put into text. */
bool evtx_template_plain(struct evtx_templates *t, struct cursor *c, struct slice prefix,
                         struct evtx_text *text, struct evtx_template *out);
/* "parent.name"; SLICE_NONE when memory is short. */
struct slice evtx_join(struct evtx_text *text, struct slice parent, struct slice between,
                       struct slice name);

#endif
