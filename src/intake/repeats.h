/* repeats - batches that a sender marked (X-Batch-Id) and may send again.
 *
 * A sender that got no answer sends again; its mark tells that it is the same batch. Two equal
 * lines without a mark may both be true, so nothing else is ever taken for a repeat.
 * Bad: it forgets the oldest of REPEATS_MOST, and all of them when the process ends.
 */
#ifndef INTAKE_REPEATS_H
#define INTAKE_REPEATS_H

#include "base/slice.h"

#define REPEATS_MOST 8192u
#define REPEATS_MARK_MOST 200u          /* bytes of a mark */
#define REPEATS_ANSWER_MOST (4u * 1024)

struct repeats;

enum repeat {
    REPEAT_NEW,       /* never seen: it is noted as on its way, repeats_end must follow */
    REPEAT_ON_ITS_WAY,
    REPEAT_STORED     /* *count_out records of it are stored, *answer_out is what was answered */
};

struct repeats *repeats_new(void);      /* NULL when memory is short */
void repeats_free(struct repeats **repeats);

/* The answer is a copy, freed by the caller (free(3)); NULL data when it was too long to keep. */
enum repeat repeats_begin(struct repeats *repeats, struct slice source, struct slice mark,
                          uint64_t *count_out, struct slice *answer_out);
/* Stored with that answer, or not stored (then it may come again as new). */
void repeats_end(struct repeats *repeats, struct slice source, struct slice mark, bool stored,
                 uint64_t count, struct slice answer);

#endif
