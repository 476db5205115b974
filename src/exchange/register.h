/* register - agencies, organisations, systems, sources and people from CSV sheets: all or nothing,
 * with a preview.
 *
 * A row is found again by its key, so the same sheet twice changes nothing. An empty cell means
 * empty; a column that is left out leaves what stands in the records. Several values in one cell
 * are parted by '|'. Days are 2019-08-12 or 12/8/2019; valid_to is the last day.
 *
 *   agencies  key name [short name_en kind code aliases valid_from valid_to predecessors]
 *   organisations  key name kind [tax_code domestic]
 *   systems   key agency name [level operator kind dossier decision decided_on valid_from …]
 *   sources   key system name kind [network hostname class decoder zone cadence enabled …]
 *   people    key name [email phone agency duty title decision from to]  (a row a post)
 */
#ifndef EXCHANGE_REGISTER_H
#define EXCHANGE_REGISTER_H

#include "records/records.h"

enum register_sheet {
    REGISTER_AGENCIES, REGISTER_ORGANISATIONS, REGISTER_SYSTEMS, REGISTER_SOURCES, REGISTER_PEOPLE,
    REGISTER_SHEETS
};

/* "agencies", "organisations", "systems", "sources", "people". */
bool register_sheet_parse(struct slice name, enum register_sheet *sheet_out);

#define REGISTER_ERRORS_MOST 100

struct register_row {
    struct slice key;
    unsigned line;
    enum records_change change;
};

struct register_preview {
    uint32_t fresh, changed, unchanged, wrong;  /* rows */
    struct register_row *rows;                  /* those without an error */
    uint32_t row_count;
    struct error *errors;                       /* each with its place; the first hundred */
    uint32_t error_count;
    struct error *notes;       /* of rows that are new or change, and right: what should be known of them; */
    uint32_t note_count;       /* each with its place; the first hundred */
    bool stored;
};

enum register_mode {
    REGISTER_PREVIEW,   /* does all, shows what it would be, and takes it back */
    REGISTER_STORE      /* stores when no row is wrong; otherwise nothing */
};

/* False when the sheet is wrong (the preview then holds every error, *e the first) or the records
 * failed. */
bool register_import(struct records *records, const struct actor *actor, enum register_sheet sheet,
                     struct slice bytes, const char *file, enum register_mode mode,
                     struct arena *arena, struct register_preview *preview_out, struct error *e);

/* agencies.csv, organisations.csv, systems.csv, sources.csv, people.csv of a folder (those that are
 * there) in one transaction; the preview sums them up. */
bool register_import_folder(struct records *records, const struct actor *actor,
                            const char *folder, enum register_mode mode, struct arena *arena,
                            struct register_preview *preview_out, struct error *e);

#endif
