/* fold - takes what the archive's outbox holds into the records: alerts and counters, once each. */
#ifndef SERVE_FOLD_H
#define SERVE_FOLD_H

#include "records/records.h"

struct fold;

/* archive: the directory. Goes on behind the cursors that stand in the records. */
bool fold_open(const char *archive, struct records *records, struct fold **fold_out,
               struct error *e);
void fold_close(struct fold **fold);

/* Folds what is there, at most `most` batches; *folded_out how many, *alerts_out new alerts. Each
 * batch is one transaction with its cursor. False when one could not be folded: it is tried again. */
bool fold_step(struct fold *fold, unsigned most, unsigned *folded_out, unsigned *alerts_out,
               struct error *e);

#endif
