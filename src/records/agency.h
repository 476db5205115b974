/* agency - a body that has duties under the plan; bodies merge and split, so it has a life span. */
#ifndef RECORDS_AGENCY_H
#define RECORDS_AGENCY_H

#include "records/records.h"

struct records_agency {
    struct slice key, name, short_name, name_en, kind;
    int64_t rank;                     /* the register's own order */
    struct slice valid_from, valid_to;/* "2019-08-12", both days included; empty: open */
    struct slice *codes, *aliases, *predecessors, *successors;  /* successors: read only */
    uint32_t code_count, alias_count, predecessor_count, successor_count;
    uint32_t systems;                 /* read only: alive today */
};

struct records_agency_filter {
    struct slice key;    /* one */
    struct slice kind;
    struct slice words;  /* in name, key, codes, aliases; case and diacritics fold; all must occur */
    struct slice alive;  /* on this day "2026-11-24"; empty: whenever */
};

struct records_agency_list {
    struct records_agency *rows;
    uint32_t count;
    uint64_t total;
    struct slice next;
};

/* Sorts: order (rank, then name), name, -name, events (most in the last 24 hours first). */
bool records_agency_list(struct records *records, const struct records_scope *scope,
                         const struct records_agency_filter *filter,
                         const struct records_page *page, struct arena *arena,
                         struct records_agency_list *list_out, struct error *e);
bool records_agency_get(struct records *records, const struct records_scope *scope,
                        struct slice key, struct arena *arena,
                        struct records_agency *agency_out, struct error *e);
/* Name of an agency for showing beside a key; no scope: names of public bodies are public.
 * SLICE_NONE when there is none. */
struct slice records_agency_name(struct records *records, struct slice key, struct arena *arena);
/* Adds or changes it by its key, codes, aliases and predecessors with it (predecessors may come
 * later in the same transaction). */
bool records_agency_put(struct records *records, const struct actor *actor,
                        const struct records_agency *agency, enum records_change *change_out,
                        struct error *e);

#endif
