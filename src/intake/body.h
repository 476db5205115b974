/* body - what stands in the body of an HTTP request: inflating it, and finding its records.
 *
 * Finding a record is finding its end, no more: a line that is no JSON is a record all the same and
 * stays raw. Nothing here allocates by a size that the sender announced.
 */
#ifndef INTAKE_BODY_H
#define INTAKE_BODY_H

#include "base/buffer.h"
#include "base/error.h"

/* Content-Encoding: "" and identity (no copy), gzip, deflate, zstd. Writes into out when it
 * inflates; *text_out is the text either way. False with kind ERROR_INPUT: unknown encoding,
 * broken data, or more than out's ceiling (*too_large_out). */
bool body_inflate(struct slice body, struct slice encoding, struct buffer *out,
                  struct slice *text_out, bool *too_large_out, struct error *e);

/* The next non-empty line, without LF and CR. False at the end. */
bool body_next_line(struct slice *rest, struct slice *line_out);
/* The next value of a JSON array ("[" is stepped over at the beginning of rest) or of values
 * that simply follow each other, with blanks or commas between. What is not well formed goes on
 * to the end of rest as one record. */
bool body_next_value(struct slice *rest, struct slice *value_out);

#endif
