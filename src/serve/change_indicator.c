#include "serve/change_indicator.h"

#include "exchange/indicator_allow.h"
#include "records/indicator.h"

static bool wrong(struct error *e)
{
    return error_kind(e, ERROR_INPUT);
}

static struct records_indicator_feed feed_of(const struct json *request)
{
    return (struct records_indicator_feed){
        .key = json_member_text(request, "source"),
        .license = json_text(json_member(request, "license"), SLICE("")),
        .format = json_text(json_member(request, "format"), SLICE("")),
        .file = json_text(json_member(request, "file"), SLICE("")),
        .skipped = (uint64_t)json_integer(json_member(request, "skipped"), 0),
        .refused = (uint64_t)json_integer(json_member(request, "refused"), 0),
    };
}

static struct records_indicator_load load_of(const struct json *request)
{
    return (struct records_indicator_load){ json_integer(json_member(request, "feed"), 0),
                                            json_integer(json_member(request, "round"), 0) };
}

bool change_indicators_begin(struct records *records, const struct json *request,
                             struct arena *arena, struct json_writer *w, struct error *e)
{
    (void)arena;
    struct records_indicator_feed feed = feed_of(request);
    struct records_indicator_load load;
    bool add = json_boolean(json_member(request, "add"), false);
    if (!records_indicator_begin(records, &ACTOR_SYSTEM, &feed, add, &load, e))
        return false;
    json_integer_member(w, "feed", load.feed);
    json_integer_member(w, "round", load.round);
    return true;
}

static int64_t within(const struct json *json, int64_t least, int64_t most)
{
    int64_t value = json_integer(json, least);
    return value < least ? least : value > most ? most : value;
}

static bool row_of(const struct json *row, struct arena *arena, struct records_indicator *out,
                   struct error *e)
{
    struct indicator indicator;
    int64_t type = json_integer(json_element(row, 0), INDICATOR_TYPE_ANY);
    if (type < 0 || type > INDICATOR_TYPE_ANY) {
        error_set(e, "there is no type of indicators with the number %lld", (long long)type);
        return wrong(e);
    }
    if (!indicator_read(json_text(json_element(row, 1), SLICE("")), (enum indicator_type)type, arena,
                        &indicator, e))
        return false;
    *out = (struct records_indicator){
        .type = indicator.type,
        .value = indicator.value,
        .confidence = (int)within(json_element(row, 2), 0, 100),
        .tlp = (enum indicator_tlp)within(json_element(row, 3), 0, TLPS - 1),
        .valid_until = within(json_element(row, 4), 0, INT64_MAX),
        .note = json_text(json_element(row, 5), SLICE("")),
    };
    return true;
}

bool change_indicators_put(struct records *records, const struct json *request,
                           struct arena *arena, struct json_writer *w, struct error *e)
{
    const struct json *rows = json_member(request, "rows");
    struct records_indicator_load load = load_of(request);
    uint32_t count = rows && rows->kind == JSON_ARRAY ? rows->count : 0;
    if (count > CHANGE_INDICATORS_MOST) {
        error_set(e, "at most %u indicators at once", CHANGE_INDICATORS_MOST);
        return wrong(e);
    }
    struct records_indicator *list = arena_array(arena, count + 1u, sizeof *list);
    if (!list)
        return error_set(e, "not enough memory for the indicators");
    for (uint32_t i = 0; i < count; i++)
        if (!row_of(&rows->children[i], arena, &list[i], e))
            return false;
    json_integer_member(w, "rows", count);
    return records_indicator_put(records, &load, list, count, e);
}

bool change_indicators_end(struct records *records, const struct json *request,
                           struct arena *arena, struct json_writer *w, struct error *e)
{
    (void)arena;
    struct records_indicator_feed feed = feed_of(request);
    struct records_indicator_load load = load_of(request);
    json_text_member(w, "source", feed.key);
    return records_indicator_end(records, &ACTOR_SYSTEM, &load, &feed, e);
}

bool change_indicators_remove(struct records *records, const struct json *request,
                              struct arena *arena, struct json_writer *w, struct error *e)
{
    struct slice source = json_member_text(request, "source");
    struct indicator indicator;
    uint64_t removed = 0;
    bool done = source.len
                    ? records_indicator_feed_remove(records, &ACTOR_SYSTEM, source, e)
                    : indicator_read(json_text(json_member(request, "value"), SLICE("")),
                                     INDICATOR_TYPE_ANY, arena, &indicator, e) &&
                          records_indicator_remove(records, &ACTOR_SYSTEM, indicator.value, &removed,
                                                   e);
    json_integer_member(w, "removed", (int64_t)removed);
    return done;
}

bool change_indicators_allow(struct records *records, const struct json *request,
                             struct arena *arena, struct json_writer *w, struct error *e)
{
    struct slice value;
    if (!indicator_allow_value(json_text(json_member(request, "value"), SLICE("")), arena, &value, e))
        return false;
    json_text_member(w, "value", value);
    return records_indicator_allow(records, &ACTOR_SYSTEM, value,
                                   json_text(json_member(request, "reason"), SLICE("")), e);
}

bool change_indicators_disallow(struct records *records, const struct json *request,
                                struct arena *arena, struct json_writer *w, struct error *e)
{
    struct slice value;
    if (!indicator_allow_value(json_text(json_member(request, "value"), SLICE("")), arena, &value, e))
        return false;
    json_text_member(w, "value", value);
    return records_indicator_disallow(records, &ACTOR_SYSTEM, value, e);
}
