/* load - the records of one HTTP request on their way, and the answer when all are stored.
 *
 * The records go into batches of the request's own; each batch tells the load of its end, and
 * the last one sends the answer: 200 with what was accepted and the alerts raised, or 503 when
 * any batch could not be stored (then the client sends again).
 */
#ifndef INTAKE_LOAD_H
#define INTAKE_LOAD_H

#include "http/http.h"
#include "intake/inside.h"
#include "intake/record.h"
#include "intake/repeats.h"

struct load;

#define LOAD_CONTINUED 255 /* mark of the further pieces of a record that was cut */

/* What a protocol over HTTP says at the end. */
struct load_dialect {
    const char *protocol;         /* for the counters: http, elastic, splunk */
    /* Everything is stored: writes the answer's body, or its beginning. */
    void (*answer)(struct load *load, struct buffer *out);
    /* Behind that an item for each record, with the mark it was given and the text of its event's id
     * ("repeated" when it was stored before), and the end; made while it is sent. NULL: none. */
    void (*item)(struct buffer *out, uint8_t mark, const char *id, bool first);
    const char *end;
    /* It could not be stored. */
    void (*refuse)(struct load *load, unsigned status, const struct error *error,
                   struct buffer *out);
    unsigned status;              /* of the answer */
    const char *type;             /* of the answer; NULL: application/json */
};

/* NULL when memory is short. source's bytes live as long as the request. */
struct load *load_new(struct listener *listener, struct http_request *request,
                      const struct load_dialect *dialect, const struct roster_source *source);
/* The sender's mark of this request, which it may send again: known.parts of it are stored already and
 * left out (known is taken over and freed); repeats is told of each commit and of the end. Before the
 * first record. */
void load_repeatable(struct load *load, struct repeats *repeats, const struct batch_mark *mark,
                     struct repeats_known *known);
/* Adds a record of whatever source (for requests that hold those of many): source and the time first
 * heard are the record's; received, protocol and pieces are the load's. */
bool load_add_record(struct load *load, struct record *record);
/* Adds a record; mark is kept for the answer's item. False: intake ends, or memory is short. */
bool load_add(struct load *load, struct slice raw, uint8_t mark, struct slice decoder);
/* A record that is stored already, as others tell: it is only answered. */
bool load_add_stored(struct load *load, uint8_t mark);
/* A line of a body that says itself what its lines hold. */
bool load_add_line(struct load *load, struct slice raw, const struct w3c_header *header);
/* A record of which the sender's side left out a part. */
bool load_add_cut(struct load *load, struct slice raw, bool cut);
/* All were added: the request is answered now or later, and load is gone for the caller. */
void load_finish(struct load *load);
/* The sender left before all were there: nobody is answered. What was handed on is stored all the
 * same; the sender sends it again. Gone for the caller. */
void load_abandon(struct load *load);

/* For answer() */
const struct http_request *load_request(const struct load *load);
uint32_t load_count(const struct load *load);
uint32_t load_undecoded(const struct load *load);
/* The alerts as a JSON array. */
struct slice load_alerts(const struct load *load);
/* Nanoseconds from the request to the last commit. */
int64_t load_took(const struct load *load);

#endif
