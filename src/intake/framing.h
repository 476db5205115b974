/* framing - syslog records out of a stream of bytes (RFC 6587, both ways, decided per record).
 *
 * A record that begins with a length ("83 <34>1 …") is counted in octets; any other ends at LF or
 * NUL (a CR before it is dropped). A number that is no length (more than 7 digits, no blank behind,
 * or no '<' behind that, nor BOM and '<', on a connection that never counted) is text. Records longer than
 * INTAKE_LINE_MOST come in pieces, all but the last with `cut`.
 * How the bytes are dealt out to the calls does not matter: the records are the same.
 * Never: memory taken by a length that was only announced.
 */
#ifndef INTAKE_FRAMING_H
#define INTAKE_FRAMING_H

#include "base/slice.h"

struct framing {
    size_t left;       /* octets that the current record still has; 0: none is counted */
    size_t scanned;    /* bytes of the current line in which no end was found */
    bool line;         /* within a line */
    bool counted;      /* some record of this stream was counted in octets */
    bool cut;          /* what was found last goes on in what is found next */
};

struct framing_record {
    struct slice bytes;   /* within the bytes given */
    bool cut;             /* the record goes on in the next one */
    bool further;         /* … and this is where the one before goes on */
};

/* Looks for a record at the beginning of bytes (all that is not eaten yet). True: *record_out is
 * set. False: more bytes are needed. Either way *eaten_out bytes are done with. ended: no more will
 * come, so that what is left is the last record. */
bool framing_next(struct framing *framing, struct slice bytes, bool ended,
                  struct framing_record *record_out, size_t *eaten_out);

#endif
