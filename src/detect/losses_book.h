/* losses_book - keeps the losses of one detector (event/losses.h). The detector's thread notes, any thread
 * reads. New rules do not set it back.
 */
#ifndef DETECT_LOSSES_BOOK_H
#define DETECT_LOSSES_BOOK_H

#include "detect/correlator.h"
#include "event/losses.h"

struct losses_book;

struct losses_book *losses_new(void); /* NULL: memory */
void losses_free(struct losses_book **book);
/* Behind each event: notes the name of its log source where that is not known. The detector's thread. */
void losses_event(struct losses_book *book, const struct scanner *scanner);
/* Behind each batch: what the two counted so far; cut: it raised more than its memory holds. */
void losses_batch(struct losses_book *book, const struct scanner *scanner,
                  const struct correlator *correlator, bool cut);
/* Before scanner and correlator go: what they counted stays. */
void losses_keep(struct losses_book *book, const struct scanner *scanner,
                 const struct correlator *correlator);
/* Any thread. */
struct losses losses_look(struct losses_book *book);

#endif
