#include "intake/record.h"

#include <stdlib.h>

#include "base/clock.h"

#define CLASS_UNKNOWN "quarantine"

const char *record_class(const struct record *record)
{
    static _Thread_local char class[sizeof((struct batch *)0)->class];

    if (!record->source)
        return CLASS_UNKNOWN;
    size_t len = record->source->class.len;
    if (len >= sizeof class)
        len = sizeof class - 1;
    memcpy(class, record->source->class.data, len);
    class[len] = '\0';
    return class;
}

/* The roster may be replaced while the batch is on its way, so its keys are copied; the event
 * before has usually the same ones. */
static bool copy_origin(struct batch *batch, struct event *event,
                        const struct roster_source *source)
{
    const struct event *before = event > batch->events ? event - 1 : NULL;

    if (!source) {
        event->source = event->system = event->agency = SLICE("");
        return true;
    }
    if (before && slice_equal(before->source, source->key) &&
        slice_equal(before->system, source->system) &&
        slice_equal(before->agency, source->agency)) {
        event->source = before->source;
        event->system = before->system;
        event->agency = before->agency;
        return true;
    }
    event->source = arena_copy(&batch->arena, source->key);
    event->system = arena_copy(&batch->arena, source->system);
    event->agency = arena_copy(&batch->arena, source->agency);
    return !batch->arena.exhausted;
}

/* kept: in the batch's arena. */
static void put_field(struct batch *batch, struct event *event, struct slice name, struct slice kept)
{
    struct event_field *fields =
        arena_array(&batch->arena, event->field_count + 1u, sizeof *fields);

    if (!fields || !kept.data)
        return;
    if (event->field_count)
        memcpy(fields, event->fields, event->field_count * sizeof *fields);
    fields[event->field_count++] = (struct event_field){ name, kept, EVENT_TEXT };
    event->fields = fields;
}

static void add_field(struct batch *batch, struct event *event, struct slice name,
                      struct slice value)
{
    put_field(batch, event, name, arena_copy(&batch->arena, value));
}

static void count(struct batch_count *c, const struct event *event, int64_t heard)
{
    c->received++;
    if (event->flags & EVENT_QUARANTINED)
        c->quarantined++;
    else
        c->stored++;
    if (event->flags & EVENT_UNDECODED)
        c->undecoded++;
    if (!c->first)
        c->first = event->received;
    c->last = event->received;
    int64_t skew = event->time - heard;
    if (skew == 0) /* the record names no time */
        return;
    if ((event->flags & EVENT_TIME_GUESSED) && skew > 2 * CLOCK_DAY) /* an old line: not this year's */
        return;
    /* Events may be late, but none comes before it happened: the freshest one tells the clock. A time without
     * zone was read in the source's own: if that is not so, somebody has to know it, too. */
    if (!c->skew || skew > c->skew)
        c->skew = skew;
}

static int64_t heard_at(const struct record *record)
{
    return record->heard ? record->heard : record->received;
}

/* The event before has usually the same header, which may be long: then they share it. */
static void share_field(struct batch *batch, struct event *event, struct slice name, struct slice value)
{
    const struct event *before = event > batch->events ? event - 1 : NULL;

    for (uint32_t i = 0; before && i < before->field_count; i++)
        if (slice_equal(before->fields[i].name, name) && slice_equal(before->fields[i].value, value)) {
            put_field(batch, event, name, before->fields[i].value);
            return;
        }
    add_field(batch, event, name, value);
}

/* Without decoders (a relay) the event is handed on raw, with what its decoding will need. */
static void keep_origin(struct batch *batch, struct event *event, const struct record *record)
{
    add_field(batch, event, SLICE("sender"), record->sender);
    add_field(batch, event, SLICE("decoder"), record->decoder);
    if (record->syslog)
        add_field(batch, event, SLICE("syslog"), SLICE("1"));
    if (!record->header || !record->header->fields.len)
        return;
    share_field(batch, event, SLICE("fields"), record->header->fields);
    share_field(batch, event, SLICE("date"), record->header->date);
}

/* Decodes within what memory the batch has left. A record that would need more is tried again in a
 * batch of its own; when even that is too small (a hostile JSON) it stays raw. */
static bool decode(const struct decoders *decoders, struct batch *batch, struct event *event,
                   const struct record *record)
{
    struct decoder_hint hint = { .zone = CLOCK_ZONE, .syslog = record->syslog,
                                 .header = record->header };
    struct arena_mark mark = arena_mark(&batch->arena);

    if (record->source) {
        hint.decoder = record->source->decoder;
        decoder_zone(record->source->zone, &hint.zone);
    }
    if (record->decoder.len)
        hint.decoder = record->decoder;
    if (!decoders) {
        keep_origin(batch, event, record);
    } else {
        event->received = heard_at(record); /* what a time without year or zone is measured by */
        decoder_decode(decoders, event, &batch->arena, &hint);
        event->received = record->received;
        if (!record->source && record->sender.len)
            add_field(batch, event, SLICE("sender"), record->sender);
        if (record->relay.len)
            add_field(batch, event, SLICE("relay"), record->relay);
    }
    if (!batch->arena.exhausted)
        return true;
    if (batch->event_count > 1)
        return false;
    arena_reset(&batch->arena, mark);
    batch->arena.exhausted = false;
    event->fields = NULL;
    event->field_count = 0;
    event->flags |= EVENT_UNDECODED;
    return true;
}

bool record_add(const struct decoders *decoders, struct batch *batch, const struct record *record)
{
    struct event *event = batch_add(batch);

    if (!event)
        return false;
    event->raw = arena_copy(&batch->arena, record->raw);
    event->received = record->received;
    event->flags = record->flags | (record->source ? 0 : EVENT_QUARANTINED);
    bool copied = (event->raw.data || !record->raw.len) &&
                  copy_origin(batch, event, record->source);
    struct batch_count *c = copied ? batch_count(batch, event->source) : NULL;
    if (!c || !decode(decoders, batch, event, record)) {
        batch->event_count--;
        return false;
    }
    c->protocol = record->protocol;
    count(c, event, heard_at(record));
    batch->raw_bytes += record->raw.len;
    return true;
}
