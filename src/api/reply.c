#include "api/reply.h"

#include "api/private.h"

#include "base/log.h"
#include "base/text.h"

static const struct {
    enum error_kind kind;
    unsigned status;
    const char *code;
} kinds[] = {
    { ERROR_INPUT, 400, "input_wrong" },  { ERROR_NOT_FOUND, 404, "not_found" },
    { ERROR_FORBIDDEN, 403, "forbidden" }, { ERROR_CONFLICT, 409, "refused" },
    { ERROR_BUSY, 503, "busy" },          { ERROR_FAILED, 500, "failed" },
    { ERROR_DAMAGED, 500, "failed" },
};

static void put_or_null(struct json_writer *json, const char *name, const char *text)
{
    if (text && text[0])
        json_text_member(json, name, slice_of(text));
    else
        json_null_member(json, name);
}

static void write_error(struct buffer *body, const char *code, const char *sentence,
                        const char *place, const char *hint)
{
    struct json_writer json;

    json_writer_init(&json, body);
    json_open_object(&json);
    json_open_object_member(&json, "error");
    json_text_member(&json, "code", slice_of(code));
    json_text_member(&json, "sentence", slice_of(sentence));
    put_or_null(&json, "place", place);
    put_or_null(&json, "hint", hint);
    json_close_object(&json);
    json_close_object(&json);
}

static void send(struct http_request *request, unsigned status, const char *type,
                 struct slice body)
{
    http_reply_security(request);
    http_reply_header(request, "Cache-Control", SLICE("no-store"));
    http_reply_header(request, "Vary", SLICE("Cookie, Accept-Language"));
    http_reply_copy(request, status, status == 204 ? NULL : type, body);
}

void api_reply_refusal(struct http_request *request, unsigned status, const char *code,
                       const char *sentence, const char *language)
{
    BUFFER_AUTO body;

    buffer_init(&body, 4096);
    write_error(&body, code, text_in(language, sentence), NULL, NULL);
    send(request, status, "application/json; charset=utf-8", buffer_slice(&body));
}

/* What failed in the machine is for the log: sentences of that kind name files and limits. */
static void reply_error(struct api_call *call)
{
    struct error *e = &call->error;
    unsigned status = 500;
    const char *code = "failed";
    BUFFER_AUTO body;

    if (!e->set)
        error_set(e, "the request could not be carried out");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].kind == e->kind) {
            status = kinds[i].status;
            code = kinds[i].code;
        }
    if (call->error_status)
        status = call->error_status;
    if (call->code)
        code = call->code;
    buffer_init(&body, 16384);
    if (status == 500) {
        log_error(e, call->route ? call->route->path : "request");
        write_error(&body, code, text_in(call->language, "the server could not do this"), NULL,
                    text_in(call->language, "the server's log says why"));
    } else {
        write_error(&body, code, error_sentence(e, call->language), e->place,
                    error_hint_in(e, call->language));
    }
    send(call->request, status, "application/json; charset=utf-8", buffer_slice(&body));
}

/* Of a stream: the error is its last line. */
static void end_stream(struct api_call *call, bool well)
{
    struct error *e = &call->error;
    bool inner = e->kind == ERROR_FAILED || e->kind == ERROR_DAMAGED;

    if (!well && call->stream && e->set && !http_stream_gone(call->stream)) {
        if (inner)
            log_error(e, call->route->path);
        buffer_clear(&call->body);
        write_error(&call->body, call->code ? call->code : inner ? "failed" : "interrupted",
                    inner ? text_in(call->language, "the server could not do this")
                          : error_sentence(e, call->language),
                    e->place, inner ? NULL : error_hint_in(e, call->language));
        api_stream_line(call);
    }
    http_stream_end(&call->stream);
}

void api_reply(struct api_call *call, bool well)
{
    if (call->streamed) {
        end_stream(call, well);
        return;
    }
    if (well && (call->body.failed || call->arena->exhausted)) {
        error_clear(&call->error);
        error_set(&call->error, "the answer is larger than %u MiB", API_ANSWER_MOST >> 20);
        well = false;
    }
    if (well)
        send(call->request, call->status,
             call->type ? call->type : "application/json; charset=utf-8",
             buffer_slice(&call->body));
    else
        reply_error(call);
}

const char *api_accept_language(const struct http_request *request, const char *fallback)
{
    struct slice rest = http_header(request, "Accept-Language"), part;

    while (rest.data && slice_split(&rest, ',', &part)) {
        part = slice_trim(slice_cut(part, 0, slice_find_byte(part, ';')));
        struct slice primary = slice_cut(part, 0, slice_find_byte(part, '-'));
        if (slice_equal_nocase(primary, SLICE("vi")))
            return "vi";
        if (slice_equal_nocase(primary, SLICE("en")))
            return "en";
    }
    return fallback && fallback[0] == 'e' ? "en" : "vi";
}

/* ---- helpers of calls ------------------------------------------------------------------------ */

bool api_fail(struct api_call *call, unsigned status, const char *code, const char *place,
              const char *sentence, ...)
{
    va_list args;

    call->error_status = status;
    call->code = code;
    va_start(args, sentence);
    error_vset(&call->error, sentence, args);
    va_end(args);
    if (place)
        error_place(&call->error, "%s", place);
    return false;
}

bool api_agency_allowed(struct api_call *call, struct slice agency)
{
    if (agency.len == 0 || records_scope_holds(&call->scope, agency))
        return true;
    return api_fail(call, 403, "agency_denied", "agency", "you see only your own agency");
}

const char *api_say(const struct api_call *call, const char *key)
{
    return text_in(call->language, key);
}

bool api_vietnamese(const struct api_call *call)
{
    return call->language[0] == 'v';
}

struct records_page api_page(const struct api_call *call)
{
    struct records_page page = { .limit = (uint32_t)api_number(call, "limit"),
                                 .cursor = api_text(call, "cursor") };

    for (uint32_t i = 0; i < call->value_count; i++)
        if (slice_is(slice_of("sort"), call->values[i].field->name))
            page.sort = call->values[i].text;
    return page;
}

void api_changed(struct api_call *call)
{
    standings_stale(api_standings_of(call));
    if (call->options->changed)
        call->options->changed(call->options->changed_owner);
}
