/* What is known of a set's names once it is complete: ids, so that who looks for a field need not compare
 * names (event.h), and which lengths may be renamed. */
#include "event/decoder_set.h"

const char *const decoder_envelope[ENVELOPE_NAMES] = {
    [ENVELOPE_HOST] = "host", [ENVELOPE_PROGRAM] = "program", [ENVELOPE_PID] = "pid",
    [ENVELOPE_FACILITY] = "facility", [ENVELOPE_SEVERITY] = "severity", [ENVELOPE_MSGID] = "msgid",
    [ENVELOPE_MESSAGE] = "message",
};

/* One for one name; 0 where none can be given: then the name is compared. */
static uint32_t id_of(struct map *ids, struct slice name)
{
    uint32_t id = (uint32_t)(uintptr_t)map_get(ids, name);
    if (!id && (id = event_name_id()))
        map_put(ids, name, (void *)(uintptr_t)id);
    return id;
}

static void name_outcome(struct map *ids, struct decoder_outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->set_count; i++)
        outcome->set[i].id = id_of(ids, outcome->set[i].name) & INT32_MAX;
}

static void name_decoder(struct map *ids, struct decoder *d)
{
    const struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&d->renames, &i));)
        d->rename_lengths |= UINT64_C(1) << (entry->key.len < 63 ? entry->key.len : 63);
    name_outcome(ids, &d->outcome);
    for (uint32_t i = 0; i < d->case_count; i++)
        name_outcome(ids, &d->cases[i].outcome);
    for (uint32_t i = 0; i < d->pattern_count; i++) {
        struct pattern *p = &d->patterns[i].pattern;
        name_outcome(ids, &d->patterns[i].outcome);
        for (uint32_t k = 0; k < p->count; k++)
            if (p->parts[k].kind != PATTERN_LITERAL && p->parts[k].text.len)
                p->parts[k].id = id_of(ids, p->parts[k].text);
    }
}

void decoder_names(struct decoders *set)
{
    MAP_AUTO ids = MAP_EMPTY;
    for (int i = 0; i < ENVELOPE_NAMES; i++)
        set->envelope[i] = id_of(&ids, slice_of(decoder_envelope[i]));
    for (uint32_t i = 0; i < set->count; i++)
        name_decoder(&ids, set->all[i]);
}
