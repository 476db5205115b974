#include "api/resource.h"
#include "api/shape.h"

static void buckets_put(struct json_writer *json, const uint64_t *buckets, uint32_t count)
{
    json_open_array_member(json, "buckets");
    for (uint32_t i = 0; i < count; i++)
        json_put_integer(json, (int64_t)buckets[i]);
    json_close_array(json);
}

static void sums_put(struct json_writer *json, uint64_t events, uint64_t undecoded, uint64_t recent)
{
    json_integer_member(json, "events", (int64_t)events);
    json_name(json, "per_minute");
    json_put_number(json, (double)recent / 5.0);
    json_integer_member(json, "undecoded", (int64_t)undecoded);
}

static void agency_put(struct api_call *call, const struct records_intake_agency *agency,
                       uint32_t bucket_count)
{
    struct json_writer *json = &call->json;

    json_open_object(json);
    shape_agency(call, "agency", agency->agency);
    sums_put(json, agency->events, agency->undecoded, agency->recent);
    json_time_member(json, "last_seen", agency->last_seen);
    json_integer_member(json, "sources", agency->sources);
    json_integer_member(json, "heard", agency->heard);
    buckets_put(json, agency->buckets, bucket_count);
    json_close_object(json);
}

/* Counters are kept by the minute: the running minute belongs to it. */
bool api_intake(struct api_call *call)
{
    int64_t minutes = api_number(call, "minutes");
    uint32_t buckets = (uint32_t)api_number(call, "buckets");
    int64_t to = (call->now / CLOCK_MINUTE + 1) * CLOCK_MINUTE, from = to - minutes * CLOCK_MINUTE;
    struct records_intake intake;
    struct json_writer *json = &call->json;

    if (!records_intake(call->records, &call->scope, from, to, buckets, call->arena, &intake,
                        &call->error))
        return false;
    json_open_object(json);
    json_time_member(json, "from", from);
    json_time_member(json, "to", to);
    json_name(json, "bucket_seconds");
    json_put_number(json, (double)minutes * 60.0 / (double)buckets);
    sums_put(json, intake.events, intake.undecoded, intake.recent);
    buckets_put(json, intake.buckets, intake.bucket_count);
    json_open_array_member(json, "agencies");
    for (uint32_t i = 0; i < intake.agency_count; i++)
        agency_put(call, &intake.agencies[i], intake.bucket_count);
    json_close_array(json);
    shape_connect(call, "connect", NULL);
    json_close_object(json);
    return true;
}
