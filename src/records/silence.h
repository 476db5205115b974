/* silence - sources that no longer send, and clocks that are wrong: noticed, told, and taken back.
 *
 * The hub looks every few seconds. Silent is who pauses longer than it ever does (health.h), or who
 * lets a whole hour of the clock pass that was never empty before (rhythm.h). Then a silence is
 * written down and an alarm raised at its agency; the next event ends both.
 */
#ifndef RECORDS_SILENCE_H
#define RECORDS_SILENCE_H

#include "records/source.h"

struct records_silence_news {
    uint32_t fell_silent, spoke_again, clocks_wrong, clocks_right;
};

/* skew_most: ns that a clock may be wrong; it is told of when that lasted five minutes. */
bool records_silence_watch(struct records *records, int64_t now, int64_t skew_most,
                           struct records_silence_news *news_out, struct error *e);

struct records_silence {
    int64_t began_at, noticed_at, ended_at;   /* ended_at 0: lasts */
};

#define RECORDS_SILENCES_MOST 20

/* The newest of a source, newest first. */
bool records_silence_list(struct records *records, struct slice source, struct arena *arena,
                          struct records_silence **rows_out, uint32_t *count_out, struct error *e);

#endif
