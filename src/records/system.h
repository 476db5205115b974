/* system - an information system with an owner, an operator, a security level and a dossier. */
#ifndef RECORDS_SYSTEM_H
#define RECORDS_SYSTEM_H

#include "records/records.h"
#include "records/source.h"

struct records_system {
    struct slice key, name, name_en, kind;
    struct slice agency, agency_name;           /* the owner; the name is read only */
    struct slice operator_agency;               /* empty: the owner */
    struct slice operator_organisation;
    struct slice operator_name;                 /* read only; of either, empty: the owner */
    int level;                                  /* 1..5; 0: not classified */
    struct slice dossier;                       /* none, drafting, submitted, appraised, approved */
    struct slice decision, decided_on;
    struct slice valid_from, valid_to;          /* days, both included; empty: open */

    /* read only */
    struct records_health_counts sources;       /* of its enabled sources, by health */
    enum records_health health;                 /* the best of its sources */
    int64_t last_seen;                          /* 0: never */
};

struct records_system_filter {
    struct slice key, agency;
    int level;               /* 0: any */
    struct slice health;     /* heard, silent, never, unknown; empty: any */
    struct slice words;
    struct slice alive;      /* on this day; empty: whenever */
};

struct records_system_list {
    struct records_system *rows;
    uint32_t count;
    uint64_t total;
    struct slice next;
};

/* Seen by its owner and by its operator. Sorts: agency, name, -name, -level, level, last_seen. */
bool records_system_list(struct records *records, const struct records_scope *scope,
                         const struct records_system_filter *filter,
                         const struct records_page *page, struct arena *arena,
                         struct records_system_list *list_out, struct error *e);
bool records_system_get(struct records *records, const struct records_scope *scope,
                        struct slice key, struct arena *arena,
                        struct records_system *system_out, struct error *e);
bool records_system_put(struct records *records, const struct actor *actor,
                        const struct records_system *system, enum records_change *change_out,
                        struct error *e);

#endif
