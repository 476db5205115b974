#include "archive/import_line.h"

#include "base/clock.h"
#include "event/json_event.h"

#define FIELDS "fields."
#define WHOLE "whole."
/* An export's line has the envelope, too, and a list for each name that comes again. */
#define LINE_FIELDS_MOST (4 * JSON_EVENT_FIELDS_MOST)

static bool wrong(struct error *e, const char *name)
{
    return error_set(e, "\"%s\" is missing in this line, or is not what an export writes", name);
}

static bool take_flag(struct event *event, struct slice name, struct error *e)
{
    static const struct { const char *name; enum event_flag flag; } flags[] = {
        { "undecoded", EVENT_UNDECODED }, { "time_guessed", EVENT_TIME_GUESSED },
        { "cut", EVENT_CUT },             { "quarantined", EVENT_QUARANTINED },
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (slice_is(name, flags[i].name)) {
            event->flags |= flags[i].flag;
            return true;
        }
    return error_set(e, "\"%.*s\" is no flag of an event", SLICE_ARGS(name));
}

/* What a line says before the event's own fields, by the names of the export. */
struct envelope {
    struct slice id, time, received;
    bool raw;
};

static struct slice *text_of(struct slice name, struct event *event, struct envelope *envelope)
{
    const struct { const char *name; struct slice *to; } texts[] = {
        { "id", &envelope->id },
        { "time", &envelope->time },
        { "received", &envelope->received },
        { "source", &event->source },
        { "system", &event->system },
        { "agency", &event->agency },
        { "decoder", &event->decoder },
        { "logsource.product", &event->logsource.product },
        { "logsource.category", &event->logsource.category },
        { "logsource.service", &event->logsource.service },
        { "raw", &event->raw },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (slice_is(name, texts[i].name))
            return texts[i].to;
    return NULL;
}

static bool is_whole(const struct event_field *field)
{
    return field->kind == EVENT_OBJECT || field->kind == EVENT_ARRAY;
}

static bool take_member(const struct event_field *field, struct event *event,
                        struct envelope *envelope, struct error *e)
{
    struct slice *to = text_of(field->name, event, envelope);
    if (to && field->kind == EVENT_TEXT) {
        envelope->raw |= to == &event->raw;
        *to = field->value;
        return true;
    }
    if (slice_is(field->name, "flags") && field->kind == EVENT_TEXT)
        return take_flag(event, field->value, e);
    if (is_whole(field) && (slice_is(field->name, "flags") || slice_is(field->name, "fields") ||
                            slice_is(field->name, "whole") || slice_is(field->name, "logsource")))
        return true;
    return error_set(e, "an export has no member \"%.*s\" of this kind", SLICE_ARGS(field->name));
}

/* The event's own: a field, or the text of an object or array. False: it is none of these. */
static bool take_field(struct event_field *field)
{
    bool whole = slice_starts(field->name, SLICE(WHOLE)) && field->kind == EVENT_TEXT;
    if (whole && slice_starts(field->value, SLICE("{")))
        field->kind = EVENT_OBJECT;
    else if (whole && slice_starts(field->value, SLICE("[")))
        field->kind = EVENT_ARRAY;
    else if (!slice_starts(field->name, SLICE(FIELDS)))
        return false;
    field->name = slice_after(field->name, whole ? sizeof WHOLE - 1 : sizeof FIELDS - 1);
    field->id = 0;
    return true;
}

/* Its members stand behind it. */
static bool is_list(const struct event_field *field)
{
    return field->kind == EVENT_ARRAY && (slice_starts(field->name, SLICE(FIELDS)) ||
                                          slice_starts(field->name, SLICE(WHOLE)));
}

static bool place_fits(const struct envelope *envelope, struct event *event,
                       struct event_id *id_out, struct error *e)
{
    if (!event_id_parse(envelope->id, id_out))
        return wrong(e, "id");
    if (!clock_parse(envelope->time, &event->time))
        return wrong(e, "time");
    if (!clock_parse(envelope->received, &event->received))
        return wrong(e, "received");
    if (!envelope->raw)
        return wrong(e, "raw");
    return id_out->day == clock_day(event->received, 0) ||
           error_set(e, "the id names another day (UTC) than \"received\"");
}

bool import_line_read(struct slice line, struct arena *arena, struct event *event_out,
                      struct event_id *id_out, struct error *e)
{
    struct event_field *fields;
    uint32_t count, own = 0;
    struct envelope envelope = { .raw = false };
    *event_out = (struct event){ .flags = 0 };
    if (!json_event_decode_wide(line, LINE_FIELDS_MOST, arena, &fields, &count, e))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct event_field *field = &fields[i];
        if (is_list(field))
            continue;
        if (take_field(field))
            fields[own++] = *field;
        else if (!take_member(field, event_out, &envelope, e))
            return false;
    }
    event_out->fields = fields;
    event_out->field_count = own;
    return place_fits(&envelope, event_out, id_out, e);
}
