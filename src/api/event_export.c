/* event_export - what a query finds as a file: CSV for a spreadsheet, or JSON lines.
 *
 * Written down in the audit log before the first byte goes out, and again with what went: who takes
 * logs along is seen. A file that does not hold everything says so in its last line.
 */
#include <stdio.h>

#include "base/log.h"

#include "api/private.h"
#include "api/resource.h"
#include "api/search.h"
#include "api/shape.h"
#include "records/audit.h"

#define EXPORT_MS 120000
#define SCRATCH_MOST (16u << 20)
#define PIECE (64u << 10)          /* gathered before it is sent */

struct export {
    struct api_call *call;
    bool csv, table;
    struct arena scratch;
    uint64_t rows, bytes, limit, matched;
    const char *cut;               /* why not everything is in it; NULL: it is */
};

static void export_free(struct export *export)
{
    arena_free(&export->scratch);
}

#define EXPORT __attribute__((cleanup(export_free))) struct export

/* ---- bytes ----------------------------------------------------------------------------------- */

static bool flush(struct export *export, size_t least)
{
    struct buffer *body = &export->call->body;

    if (body->len < least || body->len == 0)
        return !body->failed;
    export->bytes += body->len;
    return api_stream_bytes(export->call);
}

/* A cell that begins like a formula would be run by a spreadsheet: an apostrophe goes before it. */
static void put_cell(struct buffer *out, struct slice text, bool number)
{
    bool formula = text.len && !number && memchr("=+-@\t\r", text.data[0], 6);

    buffer_add_byte(out, '"');
    if (formula)
        buffer_add_byte(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"')
            buffer_add_byte(out, '"');
        buffer_add_byte(out, text.data[i]);
    }
    buffer_add_byte(out, '"');
}

static void put_json_cell(struct buffer *out, const struct json *cell)
{
    char text[40] = "";

    if (cell && cell->kind == JSON_INTEGER)
        snprintf(text, sizeof text, "%lld", (long long)cell->integer);
    else if (cell && cell->kind == JSON_NUMBER)
        snprintf(text, sizeof text, "%.15g", cell->number);
    if (text[0])
        put_cell(out, slice_of(text), true);
    else
        put_cell(out, json_text(cell, SLICE("")), false);
}

static void put_row_end(struct export *export)
{
    buffer_add(&export->call->body, export->csv ? SLICE("\r\n") : SLICE("\n"));
    export->rows++;
}

/* ---- events ---------------------------------------------------------------------------------- */

static const char *const columns[] = { "id", "time", "received", "agency", "system", "source",
                                       "decoder", "raw" };

/* The reader's text of the fields: its last member. What stands in quotation marks before it cannot
 * hold these bytes, for its own quotation marks are escaped. */
static struct slice fields_of(struct slice line)
{
    struct slice mark = SLICE(",\"fields\":");

    size_t at = slice_find(line, mark);

    return at < line.len ? slice_cut(line, at + mark.len, line.len - 1) : SLICE("{}");
}

static bool take_event(struct export *export, struct slice line)
{
    struct buffer *out = &export->call->body;
    struct json *event;

    if (!export->csv) {
        buffer_add(out, line);
    } else {
        arena_clear(&export->scratch);
        if (!json_parse(line, &export->scratch, &event, &export->call->error))
            return false;
        for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
            put_cell(out, json_member_text(event, columns[i]), false);
            buffer_add_byte(out, ',');
        }
        put_cell(out, fields_of(line), false);
    }
    put_row_end(export);
    return flush(export, PIECE);
}

/* ---- a table --------------------------------------------------------------------------------- */

static bool take_cells(struct export *export, const struct json *list)
{
    struct buffer *out = &export->call->body;

    for (uint32_t i = 0; list && i < list->count; i++) {
        if (i)
            buffer_add_byte(out, ',');
        put_json_cell(out, json_element(list, i));
    }
    put_row_end(export);
    return flush(export, PIECE);
}

/* As JSON lines a row is the reader's array; the columns' names are the first line. */
static bool take_row(struct export *export, struct slice line, bool head)
{
    struct json *json;

    if (!export->csv) {
        buffer_add(&export->call->body, line);
        put_row_end(export);
        export->rows -= head;
        return flush(export, PIECE);
    }
    arena_clear(&export->scratch);
    if (!json_parse(line, &export->scratch, &json, &export->call->error) ||
        !take_cells(export, head ? json_member(json, "columns") : json))
        return false;
    export->rows -= head;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool audit(struct export *export, const char *action, struct slice query)
{
    struct api_call *call = export->call;
    struct json_writer json;
    BUFFER_AUTO detail;

    buffer_init(&detail, 16384);
    json_writer_init(&json, &detail);
    json_open_object(&json);
    json_text_member(&json, "query", query);
    json_text_member(&json, "format", export->csv ? SLICE("csv") : SLICE("jsonl"));
    if (export->call->streamed) {
        json_integer_member(&json, "rows", (int64_t)export->rows);
        json_integer_member(&json, "bytes", (int64_t)export->bytes);
        json_boolean_member(&json, "complete", !export->cut);
    }
    json_close_object(&json);
    return records_audit(call->records, &call->actor, call->scope.agency, action, SLICE("events"),
                         buffer_slice(&detail), &call->error);
}

static bool take_head(struct export *export, struct slice line)
{
    struct api_call *call = export->call;
    struct json *head;
    char day[40], name[80];

    if (!json_parse(line, &export->scratch, &head, &call->error))
        return false;
    export->table = json_boolean(json_member(head, "table"), false);
    clock_print(call->now, day);
    snprintf(name, sizeof name, "attachment; filename=\"haidang-%.10s.%s\"", day,
             export->csv ? "csv" : "jsonl");
    http_reply_header(call->request, "Content-Disposition", slice_of(name));
    if (!api_stream_open(call, export->csv ? "text/csv; charset=utf-8"
                                           : "application/x-ndjson; charset=utf-8"))
        return false;
    if (!export->csv)
        return true;
    buffer_add(&call->body, SLICE("\xef\xbb\xbf"));
    for (size_t i = 0; !export->table && i < sizeof columns / sizeof *columns; i++)
        buffer_print(&call->body, "%s,", columns[i]);
    if (!export->table)
        buffer_add(&call->body, SLICE("fields\r\n"));
    return true;
}

/* Says in the file itself that it is not everything. */
static bool take_foot(struct export *export, struct slice line)
{
    struct api_call *call = export->call;
    struct buffer *out = &call->body;
    struct json *foot;

    arena_clear(&export->scratch);
    if (!json_parse(line, &export->scratch, &foot, &call->error))
        return false;
    export->cut = search_stopped(foot, "as many lines as one file may hold");
    if (export->cut) {
        const char *said = arena_print(
            &export->scratch, api_say(call, "not everything is in this file: %s (rows: %llu)"),
            api_say(call, export->cut), (unsigned long long)export->rows).data;
        struct json_writer json;
        if (export->csv) {
            put_cell(out, slice_of(said), false);
            buffer_add(out, SLICE("\r\n"));
        } else {
            json_writer_init(&json, out);
            json_open_object(&json);
            json_text_member(&json, "cut", slice_of(said));
            json_close_object(&json);
            buffer_add_byte(out, '\n');
        }
    }
    return flush(export, 1);
}

static bool take_line(void *user, enum api_search_line kind, struct slice line)
{
    struct export *export = user;

    switch (kind) {
    case API_SEARCH_HEAD: return take_head(export, line);
    case API_SEARCH_EVENT: return take_event(export, line);
    case API_SEARCH_COLUMNS: return take_row(export, line, true);
    case API_SEARCH_ROW: return take_row(export, line, false);
    case API_SEARCH_FOOT: return take_foot(export, line);
    case API_SEARCH_WAITING:
    case API_SEARCH_PROGRESS:
        return !export->call->streamed || !http_stream_gone(export->call->stream);
    default: return true;
    }
}

bool api_event_export(struct api_call *call)
{
    EXPORT export = { .call = call, .csv = slice_is(api_text(call, "format"), "csv"),
                      .cut = "the search was stopped" };
    struct api_search_request request;

    arena_init(&export.scratch, SCRATCH_MOST);
    if (!search_request(call, &request))
        return false;
    request.limit = (uint64_t)api_number(call, "limit");
    request.budget_ms = EXPORT_MS;
    struct slice query = arena_copy(call->arena, request.query);
    if (!audit(&export, "events.export", query))
        return false;
    bool well = search_ask(call, &request, take_line, &export) && !call->error.set;
    if (call->streamed) {
        struct error first = call->error;
        if (!audit(&export, "events.exported", query))
            log_error(&call->error, "the end of an export is not in the audit log");
        call->error = first;
    }
    return well;
}
