/* Splunk's HTTP Event Collector: JSON objects that follow each other, or raw lines. We store
 * before we answer, so an acknowledgement that is asked for later is always true. */
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "intake/body.h"
#include "intake/marked.h"

/* Clients keep what is not acknowledged by this number: the same twice, even from before a restart, and
 * one of two requests is forgotten. So it grows with the clock. */
static uint64_t next_acknowledgement(void)
{
    static atomic_uint_fast64_t last;
    uint_fast64_t before = atomic_load(&last), next;

    do {
        next = (uint64_t)(clock_now() / 1000);
        next = next > before ? next : before + 1;
    } while (!atomic_compare_exchange_weak(&last, &before, next));
    return next;
}

/* Only who names a channel asks for acknowledgements. */
static void write_success(const struct http_request *request, struct buffer *out)
{
    bool channel = http_header(request, "X-Splunk-Request-Channel").len ||
                   http_query(request, "channel").len;

    buffer_add(out, SLICE("{\"text\":\"Success\",\"code\":0"));
    if (channel)
        buffer_print(out, ",\"ackId\":%llu", (unsigned long long)next_acknowledgement());
    buffer_add_byte(out, '}');
}

static void answer(struct load *load, struct buffer *out)
{
    write_success(load_request(load), out);
}

/* The codes that clients look at. */
static void write_error(struct buffer *out, unsigned status, const char *sentence)
{
    int code = status == 401 ? 2 : status == 403 ? 4 : status == 429 || status == 503 ? 9
               : status == 413 ? 27 : 6;
    struct json_writer w;

    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "text", slice_of(sentence));
    json_integer_member(&w, "code", code);
    json_close_object(&w);
}

static void refuse_load(struct load *load, unsigned status, const struct error *error,
                        struct buffer *out)
{
    (void)load;
    write_error(out, status, error->sentence);
}

static const struct load_dialect dialect = {
    .protocol = "splunk", .answer = answer, .refuse = refuse_load, .status = 200,
};

/* Its clients know 503 for a full queue, 401 for a token that is missing and 403 for a wrong one. */
void splunk_refuse(struct http_request *request, unsigned status, const char *sentence)
{
    BUFFER_AUTO out;

    buffer_init(&out, 4096);
    if (status == 401 && http_header(request, "Authorization").len)
        status = 403;
    write_error(&out, status, sentence);
    status = status == 429 ? 503 : status;
    http_reply_copy(request, status, "application/json", buffer_slice(&out));
}

static void say_again(struct web_request *request, const struct repeats_known *known)
{
    BUFFER_AUTO out;

    (void)known;
    buffer_init(&out, 4096);
    write_success(request->http, &out);
    http_reply_copy(request->http, 200, "application/json", buffer_slice(&out));
}

static const struct marked_face face = { &dialect, splunk_refuse, say_again };

static void collect(struct web_request *request, bool (*next)(struct slice *, struct slice *),
                    struct slice decoder)
{
    struct load *load = marked_load(request, &face);
    struct slice rest = slice_trim(request->text), record;

    if (!load)
        return;
    if (rest.len && rest.data[0] == '[')
        rest = slice_after(rest, 1);
    while (next(&rest, &record))
        if (!load_add(load, record, 0, decoder))
            break;
    load_finish(load);
}

void splunk_event(struct web_request *request)
{
    collect(request, body_next_value, SLICE("splunk-hec"));
}

void splunk_raw(struct web_request *request)
{
    collect(request, body_next_line, SLICE(""));
}

void splunk_health(struct web_request *request)
{
    http_reply(request->http, 200, "application/json",
               SLICE("{\"text\":\"HEC is healthy\",\"code\":17}"));
}

/* {"acks":[1,2]} → {"acks":{"1":true,"2":true}} */
void splunk_ack(struct web_request *request)
{
    struct json *json;
    BUFFER_AUTO out;
    struct json_writer w;
    char name[32];

    buffer_init(&out, 1024 * 1024);
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_open_object_member(&w, "acks");
    if (json_parse(request->http->body, request->http->arena, &json, NULL)) {
        const struct json *acks = json_member(json, "acks");
        for (uint32_t i = 0; acks && acks->kind == JSON_ARRAY && i < acks->count; i++) {
            snprintf(name, sizeof name, "%lld",
                     (long long)json_integer(json_element(acks, i), 0));
            json_boolean_member(&w, name, true);
        }
    }
    json_close_object(&w);
    json_close_object(&w);
    http_reply_copy(request->http, 200, "application/json", buffer_slice(&out));
}
