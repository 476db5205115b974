/* marked - a request whose sender gave it an id (X-Batch-Id), on any face that takes events.
 *
 * The header is the sender's own mark (repeats.h): the same id from the same source is the same batch.
 * Good: one call at the head of a face's function; the load it gives knows what was stored before.
 */
#ifndef INTAKE_MARKED_H
#define INTAKE_MARKED_H

#include "intake/web.h"

struct marked_face {
    const struct load_dialect *dialect;
    void (*refuse)(struct http_request *request, unsigned status, const char *sentence);
    /* Answers a request that is stored already; known.answer is what was said then, if it was kept. It
     * was counted as repeated. */
    void (*again)(struct web_request *request, const struct repeats_known *known);
};

/* The load to be filled and finished; NULL: the request was answered (it is stored, it is just on its
 * way, or memory is short). */
struct load *marked_load(struct web_request *request, const struct marked_face *face);

#endif
