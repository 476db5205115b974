/* detect_evtx - the event logs of a block, chunk by chunk.
 *
 * Good: the workers read files themselves, so that all cores read one log, and no log is in memory.
 */
#ifndef CLI_DETECT_EVTX_H
#define CLI_DETECT_EVTX_H

#include "cli/detect_input.h"
#include "event/evtx.h"

struct detect_evtx; /* one a thread */

struct detect_evtx *detect_evtx_new(void); /* NULL when memory is short */
void detect_evtx_free(struct detect_evtx **evtx);
/* Hands on every event of the block's chunks. damage: once for each chunk with one, its place with
 * the path. */
void detect_evtx_read(struct detect_evtx *evtx, const struct input_block *block,
                      const struct evtx_sink *sink,
                      void (*damage)(void *owner, const struct error *e));

#endif
