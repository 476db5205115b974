/* import_line - one line of `archive export` back into an event.
 *
 * The line is what search_event_json writes. What it does not know is refused, so that nothing is
 * lost unseen: a member of another name, a flag of another name, an id that does not fit the receipt.
 */
#ifndef ARCHIVE_IMPORT_LINE_H
#define ARCHIVE_IMPORT_LINE_H

#include "base/arena.h"
#include "base/error.h"
#include "event/event.h"

#define IMPORT_LINE_MAX (16u * 1024 * 1024)

/* The event's bytes are the arena's or stand in the line, which lives as long. Its place in the
 * archive it came from is *id_out. False: the sentence says what is wrong in the line. */
bool import_line_read(struct slice line, struct arena *arena, struct event *event_out,
                      struct event_id *id_out, struct error *e);

#endif
