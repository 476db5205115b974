/* organisation - a firm or body outside: monitor, assessor, supplier, CA. */
#ifndef RECORDS_ORGANISATION_H
#define RECORDS_ORGANISATION_H

#include "records/records.h"

struct records_organisation {
    struct slice key, name, kind, tax_code;
    int domestic;   /* 1, 0; -1 not known */
};

struct records_organisation_list {
    struct records_organisation *rows;
    uint32_t count;
    uint64_t total;
    struct slice next;
};

/* Public facts: no scope. Sort: name. words: as for agencies. */
bool records_organisation_list(struct records *records, struct slice words,
                               const struct records_page *page, struct arena *arena,
                               struct records_organisation_list *list_out, struct error *e);
bool records_organisation_put(struct records *records, const struct actor *actor,
                              const struct records_organisation *organisation,
                              enum records_change *change_out, struct error *e);

#endif
