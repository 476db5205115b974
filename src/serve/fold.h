/* fold - takes what the archive's outbox holds into the records: alerts and counters, once each. */
#ifndef SERVE_FOLD_H
#define SERVE_FOLD_H

#include "records/records.h"

struct fold;

/* archive: the directory. Goes on behind the cursors that stand in the records. */
bool fold_open(const char *archive, struct records *records, struct fold **fold_out,
               struct error *e);
void fold_close(struct fold **fold);

/* Folds the next batches in one transaction with their cursor; *alerts_out new alerts, *more_out
 * whether another step would find more at once. False when one could not be folded: it and those
 * behind it are tried again at the next step. */
bool fold_step(struct fold *fold, unsigned *alerts_out, bool *more_out, struct error *e);

#endif
