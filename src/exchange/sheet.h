/* sheet - a kind of sheet as a table of columns: what each is called and where its value goes.
 *
 * Private to exchange/. A new column is a row in sheet.c; the walking is register.c's.
 */
#ifndef EXCHANGE_SHEET_H
#define EXCHANGE_SHEET_H

#include "exchange/register.h"
#include "records/agency.h"
#include "records/organisation.h"
#include "records/person.h"
#include "records/source.h"
#include "records/system.h"

enum sheet_kind { SHEET_TEXT, SHEET_LIST, SHEET_DAY, SHEET_NUMBER, SHEET_YES_NO,
                  SHEET_YES_NO_UNKNOWN /* an int: 1, 0, empty -1 */ };

struct sheet_column {
    const char *name;
    bool needed;
    enum sheet_kind kind;
    size_t offset;          /* of the slice, number or bool in union sheet_row */
    size_t count_offset;    /* of a list's count */
};

struct sheet_person {
    struct records_person person;
    struct records_post post;
};

union sheet_row {
    struct records_agency agency;
    struct records_organisation organisation;
    struct records_system system;
    struct records_source source;
    struct sheet_person person;
};

struct sheet {
    const char *name;
    const struct sheet_column *columns;
    unsigned column_count;
    bool key_once;          /* a key stands in one row only */
    /* What stands in the records, so that columns left out stay as they are; ordinal counts rows
     * from 1. */
    bool (*load)(struct records *records, struct slice key, unsigned ordinal, struct arena *arena,
                 union sheet_row *row, struct error *e);
    bool (*put)(struct records *records, const struct actor *actor, union sheet_row *row,
                enum records_change *change_out, struct error *e);
    /* Once all rows are in: what only then can be looked at; NULL: nothing. */
    bool (*after)(struct records *records, const union sheet_row *row, struct error *e);
    /* What whoever gives this row, which is right, should know of it: sets *e then; NULL: nothing. */
    void (*note)(const union sheet_row *row, struct error *e);
};

extern const struct sheet sheets[REGISTER_SHEETS];

#endif
