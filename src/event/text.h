/* text - bytes of a record made fit for fields: valid UTF-8, composed (NFC).
 *
 * Old Vietnamese devices and Windows programs send Windows-1258 (a Latin base letter and a
 * combining tone); what is no UTF-8 is read as that, byte by byte, so a line that mixes both loses
 * nothing. The raw record is never changed.
 */
#ifndef EVENT_TEXT_H
#define EVENT_TEXT_H

#include "base/arena.h"

/* The same bytes when they are fine already (the usual case, no copy), else a new text in the
 * arena. A byte order mark at the beginning is dropped. SLICE_NONE when the arena is exhausted. */
struct slice event_text(struct slice raw, struct arena *arena);

#endif
