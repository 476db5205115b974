/* Threat indicators: feeds with what they hold, a feed looked through before it is taken, the allow-list. */
#include "api/private.h"
#include "api/resource.h"
#include "api/shape.h"
#include "exchange/indicator_allow.h"
#include "exchange/indicator_file.h"
#include "records/indicator.h"

#define ROWS_AT_ONCE 10000u
#define FAULTS_MOST 20u
#define ROWS_MEMORY (32u << 20)

/* ---- one by one ------------------------------------------------------------------------------------- */

static void indicator_put(struct json_writer *json, const struct records_indicator *row)
{
    json_open_object(json);
    json_text_member(json, "type", slice_of(indicator_type_name(row->type)));
    json_text_member(json, "value", row->value);
    json_integer_member(json, "confidence", row->confidence);
    json_text_member(json, "tlp", slice_of(indicator_tlp_name(row->tlp)));
    json_time_member(json, "valid_until", row->valid_until);
    shape_text_or_null(json, "note", row->note);
    json_text_member(json, "source", row->feed);
    json_close_object(json);
}

bool api_indicator_list(struct api_call *call)
{
    enum indicator_type type;
    uint32_t limit = (uint32_t)api_number(call, "limit"), count;
    struct records_indicator_filter filter = { .feed = api_text(call, "source"), .type = -1,
                                               .words = api_text(call, "words"),
                                               .after = api_text(call, "cursor") };
    struct records_indicator *rows;
    struct json_writer *json = &call->json;

    if (api_given(call, "type") && indicator_type_parse(api_text(call, "type"), &type))
        filter.type = (int)type;
    if (!records_indicator_list(call->records, &filter, limit, call->arena, &rows, &count,
                                &call->error))
        return false;
    shape_list_open(json);
    for (uint32_t i = 0; i < count; i++)
        indicator_put(json, &rows[i]);
    json_close_array(json);
    shape_next(json, count == limit ? rows[count - 1].value : SLICE_NONE);
    json_close_object(json);
    return true;
}

/* ---- feeds ------------------------------------------------------------------------------------------ */

static void types_put(struct json_writer *json, const uint64_t types[INDICATOR_TYPES])
{
    json_open_array_member(json, "types");
    for (unsigned i = 0; i < INDICATOR_TYPES; i++) {
        if (!types[i])
            continue;
        json_open_object(json);
        json_text_member(json, "type", slice_of(indicator_type_name((enum indicator_type)i)));
        json_integer_member(json, "count", (int64_t)types[i]);
        json_close_object(json);
    }
    json_close_array(json);
}

static void feed_put(struct json_writer *json, const struct records_indicator_feed *feed)
{
    json_open_object(json);
    json_text_member(json, "source", feed->key);
    shape_text_or_null(json, "license", feed->license);
    shape_text_or_null(json, "format", feed->format);
    shape_text_or_null(json, "file", feed->file);
    json_integer_member(json, "count", (int64_t)feed->count);
    json_integer_member(json, "skipped", (int64_t)feed->skipped);
    json_integer_member(json, "refused", (int64_t)feed->refused);
    json_time_member(json, "imported", feed->imported_at);
    shape_text_or_null(json, "by", feed->imported_by);
    json_close_object(json);
}

bool api_indicator_feeds(struct api_call *call)
{
    struct records_indicator_feed *feeds;
    struct records_indicator_counts counts;
    uint32_t count;
    struct json_writer *json = &call->json;

    if (!records_indicator_feeds(call->records, call->arena, &feeds, &count, &call->error) ||
        !records_indicator_counts(call->records, &counts, &call->error))
        return false;
    shape_list_open(json);
    for (uint32_t i = 0; i < count; i++)
        feed_put(json, &feeds[i]);
    json_close_array(json);
    types_put(json, counts.types);
    json_integer_member(json, "expired", (int64_t)counts.expired);
    json_close_object(json);
    return true;
}

bool api_indicator_feed_remove(struct api_call *call)
{
    if (!records_indicator_feed_remove(call->records, &call->actor, api_text(call, "feed"),
                                       &call->error))
        return false;
    api_changed(call);
    return api_indicator_feeds(call);
}

/* ---- a feed that comes ------------------------------------------------------------------------------ */

struct upload {
    struct api_call *call;
    struct records_indicator_load load;
    bool store;
    int confidence, tlp;
    int64_t valid_until;
    struct records_indicator *rows;
    uint32_t count;
    struct arena arena;            /* texts of the rows */
    uint64_t types[INDICATOR_TYPES];
    struct { struct slice place, sentence; } faults[FAULTS_MOST];
    uint32_t fault_count;
};

static bool send_rows(struct upload *u)
{
    bool sent = !u->store || !u->count ||
                records_indicator_put(u->call->records, &u->load, u->rows, u->count, &u->call->error);

    u->count = 0;
    arena_clear(&u->arena);
    return sent;
}

static bool take(void *owner, const struct indicator_item *item)
{
    struct upload *u = owner;
    struct records_indicator *row = &u->rows[u->count];

    u->types[item->indicator.type]++;
    if (!u->store)
        return true;
    *row = (struct records_indicator){
        .type = item->indicator.type,
        .value = arena_copy(&u->arena, item->indicator.value),
        .confidence = item->confidence >= 0 ? item->confidence : u->confidence,
        .tlp = (enum indicator_tlp)(item->tlp >= 0 ? item->tlp : u->tlp),
        .valid_until = item->valid_until ? item->valid_until : u->valid_until,
        .note = item->note.len ? arena_copy(&u->arena, slice_cut(item->note, 0, 500)) : SLICE(""),
    };
    if (!row->value.data || !row->note.data)
        return error_set(&u->call->error, "not enough memory for the indicators");
    return ++u->count < ROWS_AT_ONCE || send_rows(u);
}

static void refused(void *owner, const struct error *e)
{
    struct upload *u = owner;
    struct arena *arena = u->call->arena;

    if (u->fault_count == FAULTS_MOST)
        return;
    u->faults[u->fault_count].place = arena_copy(arena, slice_of(e->place));
    u->faults[u->fault_count++].sentence =
        arena_copy(arena, slice_of(error_sentence(e, u->call->language)));
}

static void result_put(const struct upload *u, const struct indicator_file_count *count)
{
    struct json_writer *json = &u->call->json;

    json_open_object(json);
    json_text_member(json, "source", api_text(u->call, "source"));
    json_text_member(json, "format", slice_of(indicator_format_name(count->format)));
    json_integer_member(json, "taken", (int64_t)count->taken);
    json_integer_member(json, "skipped", (int64_t)count->skipped);
    json_integer_member(json, "refused", (int64_t)count->refused);
    json_boolean_member(json, "stored", u->store);
    types_put(json, u->types);
    json_open_array_member(json, "faults");
    for (uint32_t i = 0; i < u->fault_count; i++) {
        json_open_object(json);
        json_text_member(json, "place", u->faults[i].place);
        json_text_member(json, "sentence", u->faults[i].sentence);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

static bool load_feed(struct upload *u, struct indicator_file_count *count)
{
    struct api_call *call = u->call;
    struct slice name = api_given(call, "file") ? api_text(call, "file") : SLICE("feed");
    struct records_indicator_feed feed = { .key = api_text(call, "source"),
                                           .license = api_text(call, "license"), .file = name };
    struct indicator_file file = { .name = arena_text(call->arena, name), .take = take,
                                   .bytes = api_text(call, "text"), .refused = refused, .owner = u };
    bool add = api_number(call, "add") != 0;

    if (u->store && !records_indicator_begin(call->records, &call->actor, &feed, add, &u->load,
                                             &call->error))
        return false;
    if (!indicator_file_read(&file, count, &call->error) || !send_rows(u))
        return false;
    feed.format = slice_of(indicator_format_name(count->format));
    feed.skipped = count->skipped;
    feed.refused = count->refused;
    return !u->store || records_indicator_end(call->records, &call->actor, &u->load, &feed,
                                              &call->error);
}

bool api_indicator_upload(struct api_call *call)
{
    int64_t days = api_number(call, "days");
    enum indicator_tlp tlp = TLP_CLEAR;
    struct indicator_file_count count = { 0 };
    struct upload u = { .call = call, .store = api_number(call, "preview") == 0,
                        .confidence = (int)api_number(call, "confidence"),
                        .valid_until = days ? call->now + days * CLOCK_DAY : 0,
                        .rows = arena_array(call->arena, ROWS_AT_ONCE, sizeof *u.rows) };

    indicator_tlp_parse(api_text(call, "tlp"), &tlp);
    u.tlp = (int)tlp;
    arena_init(&u.arena, ROWS_MEMORY);
    bool done = u.rows ? load_feed(&u, &count)
                       : error_set(&call->error, "not enough memory for the indicators");
    arena_free(&u.arena);
    if (!done) {
        if (call->error.kind == ERROR_FAILED && !u.store)
            error_kind(&call->error, ERROR_INPUT); /* only the text was read */
        return false;
    }
    if (u.store)
        api_changed(call);
    result_put(&u, &count);
    return true;
}

/* ---- the allow-list --------------------------------------------------------------------------------- */

bool api_indicator_allowed(struct api_call *call)
{
    struct records_indicator_allowed *rows;
    uint32_t count;
    struct json_writer *json = &call->json;

    if (!records_indicator_allowed(call->records, call->arena, &rows, &count, &call->error))
        return false;
    shape_list_open(json);
    for (uint32_t i = 0; i < count; i++) {
        json_open_object(json);
        json_text_member(json, "value", rows[i].value);
        json_text_member(json, "reason", rows[i].reason);
        json_text_member(json, "by", rows[i].by_whom);
        json_time_member(json, "since", rows[i].since);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
    return true;
}

static bool value_of(struct api_call *call, struct slice *value)
{
    if (indicator_allow_value(api_text(call, "value"), call->arena, value, &call->error))
        return true;
    error_place(&call->error, "value");
    return error_kind(&call->error, ERROR_INPUT);
}

bool api_indicator_allow(struct api_call *call)
{
    struct slice value;

    if (!value_of(call, &value) ||
        !records_indicator_allow(call->records, &call->actor, value, api_text(call, "reason"),
                                 &call->error))
        return false;
    api_changed(call);
    return api_indicator_allowed(call);
}

bool api_indicator_disallow(struct api_call *call)
{
    struct slice value;

    if (!value_of(call, &value) ||
        !records_indicator_disallow(call->records, &call->actor, value, &call->error))
        return false;
    api_changed(call);
    return api_indicator_allowed(call);
}
