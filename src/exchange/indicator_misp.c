/* MISP's JSON: https://github.com/MISP/misp-rfc (misp-core-format). */
#include <stdio.h>

#include "exchange/indicator_read.h"

/* "tlp:amber" among an event's or attribute's tags; -1: none. */
static int tlp_of(const struct json *holder)
{
    const struct json *tags = json_member(holder, "Tag");
    int strictest = -1;
    for (uint32_t i = 0; tags && tags->kind == JSON_ARRAY && i < tags->count; i++) {
        struct slice name = json_member_text(&tags->children[i], "name");
        enum indicator_tlp tlp;
        if (slice_equal_nocase(slice_cut(name, 0, 4), SLICE("tlp:")) &&
            indicator_tlp_parse(name, &tlp) && (int)tlp > strictest)
            strictest = (int)tlp;
    }
    return strictest;
}

/* Types of two values ("filename|sha256", "domain|ip"): each half that is an indicator. */
static void read_halves(struct indicator_reading *r, struct slice type, struct slice value,
                        const struct indicator_item *item, const char *place)
{
    struct slice word;
    bool any = false;
    while (slice_split(&type, '|', &word)) {
        enum indicator_type wanted;
        bool port;
        struct slice half = SLICE_NONE;
        size_t bar = slice_find_byte(value, '|');
        half = slice_cut(value, 0, bar);
        value = slice_after(value, bar + 1);
        if (!word.len || !indicator_word(word, &wanted, &port) || wanted == INDICATOR_TYPE_ANY)
            continue;
        any = true;
        indicator_put(r, half, wanted, *item, place);
    }
    r->count->skipped += !any;
}

static void read_attribute(struct indicator_reading *r, const struct json *attribute, int tlp,
                           struct slice title)
{
    char place[100];
    struct slice id = json_member_text(attribute, "uuid"), note = json_member_text(attribute, "comment");
    const struct json *ids = json_member(attribute, "to_ids");
    int own = tlp_of(attribute);
    struct indicator_item item = { .confidence = -1, .tlp = own >= 0 ? own : tlp,
                                   .note = note.len ? note : title };
    bool wanted = json_boolean(ids, false) || slice_is(json_text(ids, SLICE("")), "1") ||
                  json_integer(ids, 0) == 1;
    snprintf(place, sizeof place, "%.*s", SLICE_ARGS(slice_cut(id, 0, 90)));
    if (!wanted || json_boolean(json_member(attribute, "deleted"), false)) {
        r->count->skipped++;
        return;
    }
    read_halves(r, json_member_text(attribute, "type"), json_member_text(attribute, "value"), &item,
                place);
}

static void read_attributes(struct indicator_reading *r, const struct json *holder, int tlp,
                            struct slice title)
{
    const struct json *list = json_member(holder, "Attribute");
    for (uint32_t i = 0; list && list->kind == JSON_ARRAY && i < list->count && !r->ended; i++)
        read_attribute(r, &list->children[i], tlp, title);
}

static bool read_event(struct indicator_reading *r, const struct json *event)
{
    if (json_member(event, "Event"))
        event = json_member(event, "Event");
    const struct json *objects = json_member(event, "Object");
    struct slice title = json_member_text(event, "info");
    int tlp = tlp_of(event);
    if (!json_member(event, "Attribute") && !objects)
        return false;
    read_attributes(r, event, tlp, title);
    for (uint32_t i = 0; objects && objects->kind == JSON_ARRAY && i < objects->count; i++)
        read_attributes(r, &objects->children[i], tlp, title);
    return true;
}

bool indicator_read_misp(struct indicator_reading *r, const struct json *document)
{
    const struct json *list = json_member(document, "response");
    bool any = false;
    if (!list)
        list = document;
    if (list->kind != JSON_ARRAY)
        return read_event(r, list);
    for (uint32_t i = 0; i < list->count && !r->ended; i++)
        any |= read_event(r, &list->children[i]);
    return any || list->count == 0;
}
