#include "api/resource.h"
#include "api/shape.h"
#include "records/rhythm.h"
#include "records/silence.h"

bool api_source_list(struct api_call *call)
{
    struct records_page page = api_page(call);
    struct records_source_list list;
    struct json_writer *json = &call->json;
    struct records_source_filter filter = {
        .agency = api_text(call, "agency"),
        .system = api_text(call, "system"),
        .health = api_text(call, "health"),
        .words = api_text(call, "words"),
    };

    if (!api_agency_allowed(call, filter.agency) ||
        !records_source_list(call->records, &call->scope, &filter, &page, call->arena, &list,
                             &call->error))
        return false;
    shape_list_open(json);
    for (uint32_t i = 0; i < list.count; i++) {
        json_open_object(json);
        shape_source(call, &list.rows[i]);
        json_close_object(json);
    }
    shape_list_close(json, list.next, list.total);
    shape_health(json, "counts", &list.counts);
    shape_connect(call, "connect", NULL);
    json_close_object(json);
    return true;
}

/* The hours of the spark, as they usually are: the running one is the last. */
static bool usual_put(struct api_call *call, struct slice source)
{
    struct json_writer *json = &call->json;
    struct records_rhythm_hour hours[RECORDS_SPARK];
    int64_t first = call->now / CLOCK_HOUR - RECORDS_SPARK + 1;

    if (!records_rhythm_hours(call->records, source, first, RECORDS_SPARK, hours, &call->error))
        return false;
    json_open_array_member(json, "usual");
    for (int i = 0; i < RECORDS_SPARK; i++)
        if (hours[i].usual < 0)
            json_put_null(json);
        else
            json_put_integer(json, hours[i].usual);
    json_close_array(json);
    json_name(json, "usual_per_minute");
    if (hours[RECORDS_SPARK - 1].usual < 0)
        json_put_null(json);
    else
        json_put_number(json, (double)hours[RECORDS_SPARK - 1].usual / 60.0);
    return true;
}

static bool silences_put(struct api_call *call, struct slice source)
{
    struct json_writer *json = &call->json;
    struct records_silence *rows;
    uint32_t count;

    if (!records_silence_list(call->records, source, call->arena, &rows, &count, &call->error))
        return false;
    json_open_array_member(json, "silences");
    for (uint32_t i = 0; i < count; i++) {
        json_open_object(json);
        json_time_member(json, "from", rows[i].began_at);
        json_time_member(json, "to", rows[i].ended_at);
        json_close_object(json);
    }
    json_close_array(json);
    return true;
}

/* received = stored + repeated + quarantined + refused, since it was first seen. */
static bool sums_put(struct api_call *call, struct slice source)
{
    struct json_writer *json = &call->json;
    struct records_source_sums sums;

    if (!records_source_sums(call->records, source, &sums, &call->error))
        return false;
    json_open_object_member(json, "sums");
    json_integer_member(json, "received", (int64_t)sums.received);
    json_integer_member(json, "stored", (int64_t)sums.stored);
    json_integer_member(json, "repeated", (int64_t)sums.repeated);
    json_integer_member(json, "quarantined", (int64_t)sums.quarantined);
    json_integer_member(json, "refused", (int64_t)sums.refused);
    json_close_object(json);
    return true;
}

bool api_source_get(struct api_call *call)
{
    struct records_source source;
    struct json_writer *json = &call->json;

    if (!records_source_get(call->records, &call->scope, api_text(call, "source"), call->arena,
                            &source, &call->error))
        return false;
    json_open_object(json);
    shape_source(call, &source);
    json_open_array_member(json, "addresses");
    if (source.network.len)
        json_put_text(json, source.network);
    json_close_array(json);
    shape_text_or_null(json, "hostname", source.hostname);
    json_boolean_member(json, "token", source.token_sha256.len > 0);
    json_boolean_member(json, "by_credential", records_source_by_credential(&source));
    if (!usual_put(call, source.key) || !silences_put(call, source.key) ||
        !sums_put(call, source.key))
        return false;
    shape_connect(call, "connect", &source);
    json_name(json, "lines");
    shape_events_link(json, SLICE(""), call->now - CLOCK_DAY, call->now, source.agency, source.key);
    json_close_object(json);
    return true;
}
