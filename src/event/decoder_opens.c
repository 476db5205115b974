#include "event/decoder_set.h"

/* What a decoder reveals that the record's own fields do not show. */
static bool reveals(const struct decoder *d)
{
    return d->payload_message.len || d->inserts.field.len;
}

static bool has_fields(const struct decoder *d, const struct event *event)
{
    for (uint32_t i = 0; i < d->condition_count; i++)
        if (!event_field(event, d->conditions[i].field))
            return false;
    return d->condition_count > 0;
}

bool decoder_opens(const struct decoders *decoders, const struct event *event)
{
    for (uint32_t i = 0; i < decoders->json.count; i++)
        if (reveals(decoders->json.items[i]) && has_fields(decoders->json.items[i], event))
            return true;
    return false;
}
