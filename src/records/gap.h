/* gap - when our own listeners were down, so that nobody is blamed for our deafness. */
#ifndef RECORDS_GAP_H
#define RECORDS_GAP_H

#include "records/records.h"

struct records_gap {
    int64_t id;
    struct slice listener;         /* empty: all */
    int64_t began_at, ended_at;    /* ended_at 0: lasts */
    struct slice reason;
};

/* Begins a gap; nothing when one of that listener is open already. */
bool records_gap_begin(struct records *records, struct slice listener, int64_t at,
                       struct slice reason, struct error *e);
/* Ends the open gap of that listener; fine when there is none. */
bool records_gap_end(struct records *records, struct slice listener, int64_t at, struct error *e);
/* A gap known only afterwards (the program did not run). */
bool records_gap_add(struct records *records, struct slice listener, int64_t began_at,
                     int64_t ended_at, struct slice reason, struct error *e);
/* Those that touch [from, to), oldest first. */
bool records_gap_list(struct records *records, int64_t from, int64_t to, struct arena *arena,
                      struct records_gap **gaps_out, uint32_t *count_out, struct error *e);

#endif
