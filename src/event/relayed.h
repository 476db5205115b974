/* relayed - records on their way from a relay to the hub, raw, each with its source.
 *
 * A block is "HDR1" and records until its end; a record is, each text with its u32 length before it:
 * source (key; "" unknown), sender (address), decoder (asked for by the protocol; "" none), u8 flags
 * (1 cut, 2 by a syslog transport, 4 fields follow, 8 date follows), i64 heard (ns UTC), fields and date of
 * the header of its file (event/w3c.h) where they are others than those of the record before in the block
 * (before the first: ""), raw. Little-endian. Blocks may follow each other; each stands for itself.
 * Never: memory by a length that was only announced.
 */
#ifndef EVENT_RELAYED_H
#define EVENT_RELAYED_H

#include "base/buffer.h"
#include "base/cursor.h"
#include "event/w3c.h"

#define RELAYED_RECORDS_MOST 65536u     /* of one request */

struct relayed {
    struct slice source, sender, decoder, raw;
    struct w3c_header header;           /* in force; no fields: none */
    int64_t heard;
    bool cut, syslog;
};

void relayed_begin(struct buffer *out);
/* before: the record put before into this block; NULL: it is the first. */
void relayed_put(struct buffer *out, const struct relayed *record, const struct relayed *before);
/* The next record, within the bytes, in place of the one before (out is the same for all of them). False at
 * the end, and when the bytes are damaged (c->failed). */
bool relayed_next(struct cursor *c, struct relayed *out);
/* Whether all of it can be read; how many records. */
bool relayed_check(struct slice bytes, uint32_t *count_out);

#endif
