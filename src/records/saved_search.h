/* saved_search - queries that people keep, and share with colleagues who see the same events.
 *
 * Seen by its owner, and when shared by whoever has the same scope: users of one agency among
 * themselves, those who see everything among themselves. Only the owner changes or drops it.
 */
#ifndef RECORDS_SAVED_SEARCH_H
#define RECORDS_SAVED_SEARCH_H

#include "records/records.h"

#define RECORDS_SAVED_SEARCHES_MOST 200   /* of one owner */

struct records_saved_search {
    int64_t id;
    struct slice owner, agency, name, query;
    int64_t minutes;              /* range: so long, ending now */
    bool shared;
    int64_t changed_at;
};

/* What the actor sees, by name. */
bool records_saved_search_list(struct records *records, const struct actor *actor,
                               struct arena *arena, struct records_saved_search **rows_out,
                               uint32_t *count_out, struct error *e);
bool records_saved_search_get(struct records *records, const struct actor *actor, int64_t id,
                              struct arena *arena, struct records_saved_search *search_out,
                              struct error *e);
/* id 0: a new one, of the actor; else changes it. A second one of the same name of one owner is
 * ERROR_CONFLICT, another's ERROR_FORBIDDEN. */
bool records_saved_search_put(struct records *records, const struct actor *actor,
                              const struct records_saved_search *search, int64_t *id_out,
                              struct error *e);
bool records_saved_search_drop(struct records *records, const struct actor *actor, int64_t id,
                               struct error *e);

#endif
