/* inserts - names for values that come as a bare list: Fluent Bit writes the data of a Windows event as an
 * array without names ("StringInserts"). Which they are is known by provider, event and number of values.
 *
 * Data of a decoder (decoders/windows-fluentbit.yaml):
 *     inserts:
 *       field: StringInserts
 *       provider: ProviderName          fields that say provider and event
 *       id: EventID
 *       names:
 *         Microsoft-Windows-Sysmon:
 *           - { id: 5, names: RuleName UtcTime ProcessGuid ProcessId Image User }
 * Good: another number of values than a row names leaves all as it is: a wrong name would be worse.
 */
#ifndef EVENT_INSERTS_H
#define EVENT_INSERTS_H

#include "base/error.h"
#include "base/map.h"
#include "base/yaml.h"
#include "event/keyvalue.h"

struct inserts {
    struct slice field, provider, id;
    struct map rows;        /* "provider id count" → names, in the arena of the decoders */
};

/* node NULL: none. False with the place. */
bool inserts_read(const struct yaml *node, struct arena *arena, struct inserts *out, struct error *e);
void inserts_free(struct inserts *inserts);
/* Gives the values of fields[from, …) their names and drops the list. False when no row fits: nothing is
 * changed. */
bool inserts_apply(const struct inserts *inserts, struct field_list *fields, uint32_t from);

#endif
