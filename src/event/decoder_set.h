/* decoder_set - decoders as they stand in memory. For event/decoder*.c only.
 *
 * Filled by decoder_load.c, frozen, read by decoder.c. All bytes are the set's arena's.
 */
#ifndef EVENT_DECODER_SET_H
#define EVENT_DECODER_SET_H

#include "base/map.h"
#include "base/yaml.h"
#include "event/decoder.h"
#include "event/inserts.h"
#include "event/keyvalue.h"
#include "event/pattern.h"

enum decoder_kind {
    DECODER_PATTERN, DECODER_KEYVALUE, DECODER_JSON, DECODER_CEF, DECODER_LEEF, DECODER_SYSLOG,
    DECODER_EVENT_XML, DECODER_W3C
};

/* What the header of a syslog line says. */
enum envelope_name {
    ENVELOPE_HOST, ENVELOPE_PROGRAM, ENVELOPE_PID, ENVELOPE_FACILITY, ENVELOPE_SEVERITY, ENVELOPE_MSGID,
    ENVELOPE_MESSAGE, ENVELOPE_NAMES
};
extern const char *const decoder_envelope[ENVELOPE_NAMES];

/* The field is there and has one of the values (none given: any value; "*part*": holds the
 * part). */
struct decoder_condition {
    struct slice field;
    struct slice *values;
    uint32_t value_count;
};

/* What a pattern or a case adds besides what it read. */
struct decoder_outcome {
    struct event_field *set;
    uint32_t set_count;
    struct event_logsource logsource; /* empty parts leave what stands */
};

struct decoder_pattern {
    struct pattern pattern;
    struct decoder_outcome outcome;
};

struct decoder_case {
    struct decoder_condition *conditions;
    uint32_t condition_count;
    struct decoder_outcome outcome;
};

#define DECODER_TIME_FIELDS 3u

struct decoder_time {
    struct slice fields[DECODER_TIME_FIELDS]; /* joined by a blank */
    uint32_t field_count;
    struct slice format;
    bool has_zone;            /* of times that carry none: zone instead of the sender's */
    int64_t zone;
};

struct decoder_rename {
    struct slice from, to;    /* of a prefix: without the '*'; to.data NULL drops the field */
};

/* cs-uri at '?' is cs-uri-stem and cs-uri-query: what stands before and behind the first `at`. */
struct decoder_split {
    struct slice field, at, before, after;
};

struct decoder {
    struct slice name, title, title_vi, file;
    enum decoder_kind kind;
    struct decoder_condition *conditions; /* applies.field */
    uint32_t condition_count;
    bool line;                            /* applies to lines without a program */
    struct slice *header;                 /* applies.header: all must stand in it */
    uint32_t header_count;
    bool asked;                           /* applies only when asked for by name */
    struct decoder_outcome outcome;
    struct decoder_pattern *patterns;
    uint32_t pattern_count;
    struct decoder_case *cases;
    uint32_t case_count;
    struct decoder_time *times;
    uint32_t time_count;
    struct map renames;                   /* name → struct slice *: the new name; "" drops */
    uint64_t rename_lengths;              /* bit n: a name of n bytes is among them; 63: or longer */
    struct decoder_rename *prefixes;
    uint32_t prefix_count;
    struct decoder_split *splits;
    uint32_t split_count;
    struct decoder_split *joins;          /* field = before + at + after, when after is not empty */
    uint32_t join_count;
    struct decoder_rename *copies;        /* the same value under a second name */
    uint32_t copy_count;
    struct decoder_rename *extensions;    /* of a path or URL, under another name */
    uint32_t extension_count;
    struct decoder_rename *hosts;         /* of a URL, under another name */
    uint32_t host_count;
    struct map hex;                       /* names */
    struct map nested;                    /* names */
    struct inserts inserts;               /* inserts.field.len 0: none */
    struct slice payload_program, payload_message; /* fields that hold a record within */
    const struct yaml *samples;
};

/* Decoders that share a key, in the order in which they are asked. */
struct decoder_list {
    const struct decoder **items;
    uint32_t count;
};

struct decoder_start {
    struct slice text;
    const struct decoder *decoder;
};

struct decoders {
    struct arena arena;
    struct decoder **all;                 /* by name */
    uint32_t count;
    struct map names;                     /* → struct decoder */
    struct map programs;                  /* → struct decoder_list */
    struct decoder_start *starts;         /* by first byte, longer first */
    uint32_t start_count;
    uint32_t start_at[257];               /* starts of byte b: [start_at[b], start_at[b + 1]) */
    struct decoder_list json;             /* most conditions first */
    struct decoder_list lines;
    struct decoder_list headers;          /* of kind w3c; most names first */
    const struct decoder *syslog;         /* NULL: none was loaded */
    uint32_t envelope[ENVELOPE_NAMES];    /* ids of the names */
};

/* Gives the names in a set that is complete their ids, and says which lengths renames have. */
void decoder_names(struct decoders *set);

#endif
