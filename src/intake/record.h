/* record - one received record becomes an event of a batch. */
#ifndef INTAKE_RECORD_H
#define INTAKE_RECORD_H

#include "event/batch.h"
#include "event/decoder.h"
#include "event/roster.h"

struct record {
    struct slice raw;                    /* without framing; copied */
    const struct roster_source *source;  /* NULL: unknown sender */
    struct slice sender;                 /* address as text; "" for files */
    struct slice protocol;               /* static */
    struct slice decoder;                /* the protocol's own, tried first; "": the source's */
    int64_t received;                    /* ns UTC */
    int64_t heard;                       /* when a relay received it; 0: we were the first */
    struct slice relay;                  /* key of the relay that handed it on; "" */
    uint32_t flags;                      /* EVENT_CUT */
    const struct w3c_header *header;     /* in force in its file; NULL: none */
    bool syslog;                         /* by a syslog transport */
};

/* The class of the batch it belongs into. */
const char *record_class(const struct record *record);
/* Copies, decodes (decoders NULL: notes what decoding needs in the fields sender, decoder, syslog,
 * fields, date), counts. False when the batch is full or memory is short: the record is not in
 * it then, and belongs into another. An unknown sender's address stands in the event's field
 * "sender". */
bool record_add(const struct decoders *decoders, struct batch *batch, const struct record *record);

#endif
