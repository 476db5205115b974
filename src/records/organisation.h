/* organisation - a firm or body outside: monitor, assessor, supplier, CA. */
#ifndef RECORDS_ORGANISATION_H
#define RECORDS_ORGANISATION_H

#include "records/records.h"

struct records_organisation {
    struct slice key, name, kind, tax_code;
    int domestic;   /* 1, 0; -1 not known */
};

/* Public facts: no scope. ERROR_NOT_FOUND when there is none. */
bool records_organisation_get(struct records *records, struct slice key, struct arena *arena,
                              struct records_organisation *organisation_out, struct error *e);
bool records_organisation_put(struct records *records, const struct actor *actor,
                              const struct records_organisation *organisation,
                              enum records_change *change_out, struct error *e);

#endif
