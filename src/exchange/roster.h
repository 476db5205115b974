/* roster - the records as the pipeline needs them: sources with their senders, rules not to run. */
#ifndef EXCHANGE_ROSTER_H
#define EXCHANGE_ROSTER_H

#include "event/roster.h"
#include "records/records.h"

/* own: a source that stands in no register (the canary's); NULL for none. own_certificate: hex of the
 * SHA-256 of a certificate that names it, or NULL.
 * Fills a roster (its arena too: roster_free it) with the enabled sources whose agency and system
 * are alive today, and the disabled rules. The generation grows with every call that finds
 * something else than the last one. The hub saves it with roster_save. */
bool roster_from_records(struct records *records, const struct roster_source *own,
                         const char *own_certificate, struct roster **roster_out, struct error *e);

#endif
