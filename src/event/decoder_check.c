#include <stdio.h>

#include "base/clock.h"
#include "event/decoder_set.h"

/* Samples were received then, unless they say otherwise. */
#define SAMPLE_RECEIVED (INT64_C(1795480262) * CLOCK_SECOND) /* 2026-11-24T00:31:02Z */

static const char *const sample_keys[] = {
    "raw", "decoder", "fields", "time", "received", "logsource", "syslog", "header", NULL,
};

static bool differs(struct error *e, const struct yaml *node, const char *what,
                    struct slice expected, struct slice actual)
{
    yaml_error(e, node, "%s is '%.*s', the sample expects '%.*s'", what,
               SLICE_ARGS(actual), SLICE_ARGS(expected));
    return false;
}

static bool check_logsource(const struct yaml *node, const struct event *event, struct error *e)
{
    const struct {
        const char *name;
        struct slice value;
    } parts[] = {
        { "product", event->logsource.product },
        { "category", event->logsource.category },
        { "service", event->logsource.service },
    };

    for (size_t i = 0; node && i < sizeof parts / sizeof *parts; i++) {
        struct slice expected = yaml_member_text(node, parts[i].name, SLICE(""));
        if (!slice_equal(expected, parts[i].value))
            return differs(e, node, parts[i].name, expected, parts[i].value);
    }
    return true;
}

static bool check_fields(const struct yaml *node, const struct event *event, struct error *e)
{
    for (uint32_t i = 0; node && i < node->count; i++) {
        const struct yaml *row = &node->children[i];
        const struct event_field *field = event_field(event, row->key);
        char name[120];
        snprintf(name, sizeof name, "field '%.*s'", SLICE_ARGS(slice_cut(row->key, 0, 100)));
        if (row->kind == YAML_SCALAR && row->plain && slice_is(row->text, "~")) {
            if (field)
                return differs(e, row, name, SLICE("(absent)"), field->value);
        } else if (!field) {
            return differs(e, row, name, row->text, SLICE("(absent)"));
        } else if (!slice_equal(field->value, row->text)) {
            return differs(e, row, name, row->text, field->value);
        }
    }
    return true;
}

static bool check_time(const struct yaml *node, const struct event *event, struct error *e)
{
    char actual[CLOCK_TEXT];
    int64_t expected;

    if (!node)
        return true;
    if (!clock_parse(node->text, &expected))
        return yaml_error(e, node, "a time such as 2026-11-24T07:31:02+07:00 is expected here");
    if (expected == event->time)
        return true;
    clock_print(event->time, actual);
    return differs(e, node, "the time", node->text, slice_of(actual));
}

static bool check_sample(const struct decoders *set, const struct decoder *d,
                         const struct yaml *sample, struct error *e)
{
    ARENA_AUTO arena;
    struct event event = { .received = SAMPLE_RECEIVED };
    struct w3c_header header;
    struct decoder_hint hint = { .zone = CLOCK_ZONE, .header = &header };
    const struct yaml *received = yaml_member(sample, "received");
    const struct yaml *syslog = yaml_member(sample, "syslog");
    struct slice expected = yaml_member_text(sample, "decoder", d->name);

    arena_init(&arena, ARENA_NO_CEILING);
    if (sample->kind != YAML_MAPPING || !yaml_member(sample, "raw"))
        return yaml_error(e, sample, "a sample has a 'raw' line and what is read from it");
    if (!yaml_known(sample, sample_keys, e))
        return false;
    if (received && !clock_parse(received->text, &event.received))
        return yaml_error(e, received, "a time such as 2026-11-24T07:31:02+07:00 is expected here");
    if (syslog && !yaml_to_boolean(syslog, &hint.syslog))
        return yaml_error(e, syslog, "'syslog' is true or false");
    w3c_header_line(&header, yaml_member_text(sample, "header", SLICE("")), true);
    event.raw = yaml_member_text(sample, "raw", SLICE(""));
    decoder_decode(set, &event, &arena, &hint);
    if (!slice_equal(event.decoder, expected))
        return differs(e, sample, "the decoder", expected, event.decoder);
    return check_fields(yaml_member(sample, "fields"), &event, e) &&
           check_logsource(yaml_member(sample, "logsource"), &event, e) &&
           check_time(yaml_member(sample, "time"), &event, e);
}

bool decoders_check(const struct decoders *decoders, size_t *count_out, struct error *e)
{
    *count_out = 0;
    for (uint32_t i = 0; i < decoders->count; i++) {
        const struct decoder *d = decoders->all[i];
        for (uint32_t s = 0; d->samples && s < d->samples->count; s++) {
            if (!check_sample(decoders, d, &d->samples->children[s], e))
                return false;
            ++*count_out;
        }
    }
    return true;
}
