/* POST /events: records as JSON lines (or lines of any log), or one JSON array. Answered when
 * stored:
 *     {"accepted":3,"undecoded":1,"alerts":[{"rule":…,"title":…,"level":…,"event":"20261124.standard.184"}]}
 * With a header "X-Batch-Id: …" the same batch may be sent again after an answer was lost: it is
 * stored once and answered alike. A line that is no JSON is kept raw and counted as undecoded;
 * nothing is refused for its content. */
#include <stdlib.h>

#include "base/json.h"
#include "intake/body.h"
#include "intake/marked.h"

static void answer(struct load *load, struct buffer *out)
{
    struct json_writer w;

    json_writer_init(&w, out);
    json_open_object(&w);
    json_integer_member(&w, "accepted", load_count(load));
    json_integer_member(&w, "undecoded", load_undecoded(load));
    json_name(&w, "alerts");
    json_put_raw(&w, load_alerts(load));
    json_close_object(&w);
}

static void write_error(struct buffer *out, const char *sentence)
{
    struct json_writer w;

    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "error", slice_of(sentence));
    json_close_object(&w);
}

static void refuse_load(struct load *load, unsigned status, const struct error *error,
                        struct buffer *out)
{
    (void)load;
    (void)status;
    write_error(out, error->sentence);
}

static const struct load_dialect dialect = {
    .protocol = "http", .answer = answer, .refuse = refuse_load, .status = 200,
};

void events_refuse(struct http_request *request, unsigned status, const char *sentence)
{
    BUFFER_AUTO out;

    buffer_init(&out, 4096);
    write_error(&out, sentence);
    http_reply_copy(request, status, "application/json", buffer_slice(&out));
}

/* Answered as it was then. */
static void say_again(struct web_request *request, const struct repeats_known *known)
{
    if (known->answer.data)
        http_reply_copy(request->http, 200, "application/json", known->answer);
    else
        http_reply(request->http, 200, "application/json",
                   arena_print(request->http->arena, "{\"accepted\":%llu}",
                               (unsigned long long)known->count));
}

static const struct marked_face face = { &dialect, events_refuse, say_again };

void events_post(struct web_request *request)
{
    struct load *load = marked_load(request, &face);
    struct slice rest = request->text, record;
    struct slice first = slice_trim(rest);
    bool array = first.len && first.data[0] == '[' &&
                 slice_is(http_media_type(request->http), "application/json");
    struct w3c_header header = { .heard = false };
    bool begin = true;

    if (!load)
        return;
    if (array)
        rest = slice_after(first, 1);
    while (array ? body_next_value(&rest, &record) : body_next_line(&rest, &record)) {
        w3c_header_line(&header, record, begin);
        begin = false;
        if (!load_add_line(load, record, &header))
            break;
    }
    load_finish(load);
}

/* omhttp's checkpath and load balancers. */
void events_get(struct web_request *request)
{
    http_reply(request->http, 200, "application/json", SLICE("{\"status\":\"ok\"}"));
}
