/* event - one log record, parsed into fields.
 *
 * What every room passes on: intake makes it, detect reads it, archive keeps it. All bytes belong
 * to the arena of the batch that carries the event.
 * Good: read fields by event_field(); the raw line always stays.
 * Never: changed after the batch was handed to detect, which itself adds the parts of the log source
 *        that the decoder did not say.
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "base/arena.h"
#include "base/slice.h"

enum event_kind {
    EVENT_TEXT,
    EVENT_NUMBER,
    EVENT_BOOLEAN,
    EVENT_NULL,    /* JSON null: present, but nothing */
    EVENT_OBJECT,  /* the JSON text of an object, besides its members as dotted fields */
    EVENT_ARRAY    /* the JSON text of an array, besides its elements as fields of the same name */
};

struct event_field {
    struct slice name;     /* Sigma taxonomy, or the dotted path in the record */
    struct slice value;    /* text as it stands in the record, unescaped */
    enum event_kind kind;
    /* Set by the JSON reader only. lazy: the value still is as the record writes it (escapes, blanks
     * inside an object): json_event_settle() before use. Whoever is not told that events are lazy
     * never meets one. */
    uint32_t lazy : 1, id : 31; /* id: one for one name while the process lives; 0: none was given */
    /* Where the record has the value as a JSON string, behind its first quotation mark; within it are no
     * escapes but \\ \" \n \r \t. NULL: nobody says so. Who changes a value clears it. */
    const char *written;
};

/* A new id for a name, never given twice while the process lives; 0: all are given. */
uint32_t event_name_id(void);

/* Log source as Sigma names it, set by the decoder; empty where it does not know. What detect adds is
 * for people (one of several categories): rules go by logsources/ *.yaml anew each time. */
struct event_logsource {
    struct slice product, category, service;
};

enum event_flag {
    EVENT_UNDECODED = 1,     /* no decoder read it: raw only */
    EVENT_TIME_GUESSED = 2,  /* no time, or no year or zone, in the record */
    EVENT_CUT = 4,           /* longer than the limit: the rest is in the next event */
    EVENT_QUARANTINED = 8,   /* its sender is not in the roster */
    EVENT_AS_RAW = 16        /* each field stands in raw, a JSON record, digit for digit */
};

struct event {
    struct slice raw;                  /* the record as received, without framing */
    struct slice texts;                /* each field's value stands in it, among other bytes;
                                        * empty: nobody says so */
    struct event_field *fields;
    uint32_t field_count;
    uint32_t flags;                    /* enum event_flag */
    int64_t time;                      /* when it happened, as the record says; ns UTC */
    int64_t received;                  /* when we received it; ns UTC */
    struct event_logsource logsource;
    struct slice decoder;              /* name of the decoder that read it; empty: none */
    struct slice source, system, agency; /* keys by the roster; empty source: quarantined */
};

#ifndef __cplusplus /* the JSON reader needs only what stands above; "class" is a word there */

/* The first field of that name (names compare exactly), or NULL. */
const struct event_field *event_field(const struct event *event, struct slice name);
/* Its value, or SLICE_NONE when absent. */
struct slice event_value(const struct event *event, struct slice name);

/* Where an event stands in the archive for good: given at commit, survives re-packing. */
struct event_id {
    int32_t day;        /* receipt day in UTC, 20261124; 0: none yet */
    char class[16];     /* retention class, as in the day file's name */
    uint64_t sequence;  /* from 1, without gaps within a day file */
};

/* 1–15 small letters, digits and inner '-': a retention class stands in file names. */
bool event_class_valid(struct slice class);

#define EVENT_ID_TEXT 48
/* "20261124.standard.184"; text has EVENT_ID_TEXT bytes. */
void event_id_print(const struct event_id *id, char *text);
bool event_id_parse(struct slice text, struct event_id *id_out);

#endif

#endif
