/* The face of Elasticsearch that shippers need (Beats, Fluent Bit, Logstash, Vector, rsyslog's
 * omelasticsearch, syslog-ng): _bulk, and what they ask before it. Nothing is searched or kept
 * here.
 *
 * The reply's bytes matter: compact JSON, "errors" before "items", one item per operation in
 * order with an integer status. Shippers drop an event for good on an item's 4xx, so an
 * operation that cannot be read is stored raw and answered 201; overload is answered for the
 * whole request before anything is stored. Beats refuse a server older than themselves: the
 * version is theirs (User-Agent). */
#include <stdio.h>

#include "base/json.h"
#include "intake/body.h"
#include "intake/limit.h"
#include "intake/marked.h"

#define VERSION_LEAST "8.19.0"

enum operation { OPERATION_CREATE, OPERATION_INDEX, OPERATION_UPDATE, OPERATION_DELETE };

static const char *const operation_names[] = { "create", "index", "update", "delete" };

/* --- what is asked before --------------------------------------------------------------------- */

static void reply(struct http_request *request, unsigned status, struct slice body)
{
    http_reply_header(request, "X-Elastic-Product", SLICE("Elasticsearch"));
    http_reply_copy(request, status, "application/json", body);
}

/* "Filebeat/8.19.1 (linux; …)" → 8.19.1, when it is newer than ours. */
static struct slice version_for(const struct http_request *request)
{
    struct slice agent = http_header(request, "User-Agent");
    size_t slash = slice_find_byte(agent, '/');
    struct slice text = slice_after(agent, slash + 1);
    unsigned parts[3] = { 0 }, n = 0, len = 0;

    if (!slice_starts(agent, SLICE("Elastic")) && slice_find(agent, SLICE("beat/")) == agent.len)
        return SLICE(VERSION_LEAST);
    while (len < text.len && len < 12 && n < 3) {
        char c = text.data[len];
        if (c >= '0' && c <= '9')
            parts[n] = parts[n] * 10 + (unsigned)(c - '0');
        else if (c != '.' || ++n == 3)
            break;
        len++;
    }
    bool newer = parts[0] > 8 || (parts[0] == 8 && parts[1] > 19) ||
                 (parts[0] == 8 && parts[1] == 19 && parts[2] > 0);
    return n == 2 && parts[0] < 100 && newer ? slice_cut(text, 0, len) : SLICE(VERSION_LEAST);
}

void elastic_root(struct web_request *request)
{
    struct slice body = arena_print(
        request->http->arena,
        "{\"name\":\"haidang\",\"cluster_name\":\"haidang\","
        "\"cluster_uuid\":\"aGFpZGFuZy1ldmVudHMtMQ\",\"version\":{\"number\":\"%.*s\","
        "\"build_flavor\":\"default\",\"build_type\":\"deb\",\"lucene_version\":\"9.12.0\","
        "\"minimum_wire_compatibility_version\":\"7.17.0\","
        "\"minimum_index_compatibility_version\":\"7.0.0\"},"
        "\"tagline\":\"You Know, for Search\"}", SLICE_ARGS(version_for(request->http)));

    reply(request->http, 200, body);
}

void elastic_license(struct web_request *request)
{
    reply(request->http, 200,
          SLICE("{\"license\":{\"status\":\"active\",\"uid\":\"haidang\",\"type\":\"basic\","
                "\"mode\":\"basic\"}}"));
}

void elastic_health(struct web_request *request)
{
    reply(request->http, 200,
          SLICE("{\"cluster_name\":\"haidang\",\"status\":\"green\",\"timed_out\":false,"
                "\"number_of_nodes\":1}"));
}

void elastic_empty(struct web_request *request)
{
    reply(request->http, 200, SLICE("{}"));
}

void elastic_acknowledged(struct web_request *request)
{
    reply(request->http, 200, SLICE("{\"acknowledged\":true}"));
}

/* --- _bulk ------------------------------------------------------------------------------------ */

static void answer(struct load *load, struct buffer *out)
{
    buffer_print(out, "{\"took\":%lld,\"errors\":false,\"items\":[",
                 (long long)(load_took(load) / 1000000));
}

static void answer_item(struct buffer *out, uint8_t operation, const char *id, bool first)
{
    buffer_add(out, first ? SLICE("{\"") : SLICE(",{\""));
    buffer_add(out, slice_of(operation_names[operation]));
    buffer_add(out, SLICE("\":{\"_index\":\"events\",\"_id\":\""));
    buffer_add(out, slice_of(id));
    buffer_add(out, SLICE("\",\"_version\":1,\"result\":\"created\",\"status\":201}}"));
}

static void write_error(struct buffer *out, unsigned status, const char *sentence)
{
    const char *type = status == 401 ? "security_exception"
                       : status == 429 || status == 503 ? "es_rejected_execution_exception"
                                                        : "parse_exception";
    struct json_writer w;

    json_writer_init(&w, out);
    json_open_object(&w);
    json_open_object_member(&w, "error");
    json_text_member(&w, "type", slice_of(type));
    json_text_member(&w, "reason", slice_of(sentence));
    json_close_object(&w);
    json_integer_member(&w, "status", status);
    json_close_object(&w);
}

static void refuse_load(struct load *load, unsigned status, const struct error *error,
                        struct buffer *out)
{
    (void)load;
    write_error(out, status, error->sentence);
}

static const struct load_dialect dialect = {
    .protocol = "elastic", .answer = answer, .item = answer_item, .end = "]}",
    .refuse = refuse_load, .status = 200,
};

void elastic_refuse(struct http_request *request, unsigned status, const char *sentence)
{
    BUFFER_AUTO out;

    buffer_init(&out, 4096);
    write_error(&out, status, sentence);
    reply(request, status, buffer_slice(&out));
}

/* {"create":{…}}: which operation? False when the line is no such thing. */
static bool read_operation(struct slice line, struct arena *arena, enum operation *operation)
{
    struct arena_mark mark = arena_mark(arena);
    struct json *json = NULL;
    bool found = false;

    if (line.len < 4096 && json_parse(line, arena, &json, NULL) && json->kind == JSON_OBJECT &&
        json->count == 1)
        for (unsigned i = 0; i < 4; i++)
            if (slice_is(json->children[0].name, operation_names[i])) {
                *operation = (enum operation)i;
                found = true;
            }
    arena_reset(arena, mark);
    return found;
}

/* The next record with its operation; a line that is no operation is a record as it stands, and of a
 * deletion it is kept that it was asked. False at the end. */
static bool next_record(struct slice *rest, struct arena *scratch, struct slice *record,
                        enum operation *operation)
{
    struct slice line;

    while (body_next_line(rest, &line)) {
        *operation = OPERATION_CREATE;
        *record = line;
        if (!read_operation(line, scratch, operation) || *operation == OPERATION_DELETE)
            return true;
        if (body_next_line(rest, record))
            return true;
    }
    return false;
}

static void fill(struct web_request *request, struct load *load, bool stored)
{
    struct slice rest = request->text, record;
    enum operation operation;
    ARENA_AUTO scratch;
    bool well = true;

    arena_init(&scratch, 1024 * 1024);
    http_reply_header(request->http, "X-Elastic-Product", SLICE("Elasticsearch"));
    while (well && next_record(&rest, &scratch, &record, &operation))
        well = stored ? load_add_stored(load, (uint8_t)operation)
                      : load_add(load, record, (uint8_t)operation, SLICE(""));
    load_finish(load);
}

/* An item for each operation, as shippers count them. */
static void say_again(struct web_request *request, const struct repeats_known *known)
{
    struct load *load = load_new(request->listener, request->http, &dialect, &request->source);

    (void)known;
    if (load)
        fill(request, load, true);
    else
        elastic_refuse(request->http, 503, "the server has no memory left");
}

static const struct marked_face face = { &dialect, elastic_refuse, say_again };

static size_t count_lines(struct slice text)
{
    size_t count = 0;

    for (; text.len; count++)
        text = slice_after(text, slice_find_byte(text, '\n') + 1);
    return count;
}

/* The answer cannot be refused any more when all is stored, so it is first seen to that there will be room
 * for what it is made of: a byte for each record. */
void elastic_bulk(struct web_request *request)
{
    size_t lines = count_lines(request->text);

    if (lines > INTAKE_BULK_LINES) {
        web_refuse(request, 413, "the bulk has too many lines");
    } else if (!web_hold(request, request->http->body.len + lines)) {
        web_refuse(request, 429, "too much is arriving at once; send again later");
    } else {
        struct load *load = marked_load(request, &face);
        if (load)
            fill(request, load, false);
    }
}
