/* What relays send: POST /relay/records, many sources' records in one request, in order, with the place
 * of the first in the relay's stream; GET /relay/roster, the sources that stand behind it.
 *
 * A relay carries the sources of its agency and no other: a record that names another one goes to
 * quarantine. What was stored before (the header's place tells) is counted as repeated and left out. */

#include "base/json.h"
#include "base/map.h"
#include "event/relayed.h"
#include "event/syslog.h"
#include "intake/web.h"

#define STREAM_MOST 64u

static void answer(struct load *load, struct buffer *out)
{
    struct json_writer w;

    json_writer_init(&w, out);
    json_open_object(&w);
    json_integer_member(&w, "stored", load_count(load));
    json_close_object(&w);
}

static void refuse_load(struct load *load, unsigned status, const struct error *error,
                        struct buffer *out)
{
    struct json_writer w;

    (void)load;
    (void)status;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "error", slice_of(error->sentence));
    json_close_object(&w);
}

static const struct load_dialect dialect = {
    .protocol = "relay", .answer = answer, .refuse = refuse_load, .status = 200,
};

/* A sender's last record, which may go on in the next one. */
struct begun {
    bool goes_on;
    const struct roster_source *source;
};

/* A relay that has not yet heard of its sources sends all the same: who it was, its address tells us. The
 * further pieces of a long record have no header, and must not be taken by what stands where it would be. */
static const struct roster_source *source_of(const struct roster *roster, const struct relayed *relayed,
                                             const struct map *begun)
{
    const struct begun *before = map_get(begun, relayed->sender);
    struct syslog_header header;
    struct slice host = SLICE_NONE;

    if (relayed->source.len)
        return roster_find_key(roster, relayed->source);
    if (relayed->syslog && before && before->goes_on && !slice_starts(relayed->raw, SLICE("<")))
        return before->source;
    if (relayed->syslog && syslog_parse(relayed->raw, 0, 0, &header))
        host = header.host;
    return roster_find_sender(roster, relayed->sender, host);
}

/* Without the memory the next piece is looked at by itself. */
static void remember(struct map *begun, struct arena *arena, const struct relayed *relayed,
                     const struct roster_source *source)
{
    struct begun *last = map_get(begun, relayed->sender);

    if (!last && !relayed->cut)
        return;
    if (!last && (!(last = arena_zero(arena, sizeof *last)) || !map_put(begun, relayed->sender, last)))
        return;
    *last = (struct begun){ relayed->cut, source };
}

static bool add(struct load *load, const struct web_request *request, const struct roster *roster,
                const struct relayed *relayed, struct map *begun)
{
    const struct roster_source *source = source_of(roster, relayed, begun);
    struct record record = {
        .raw = relayed->raw, .sender = relayed->sender, .decoder = relayed->decoder,
        .heard = relayed->heard, .relay = request->relay.key, .syslog = relayed->syslog,
        .header = &relayed->header,
        .flags = relayed->cut ? EVENT_CUT : 0,
    };

    if (relayed->syslog)
        remember(begun, request->http->arena, relayed, source);
    if (source && roster_relay_carries(&request->relay, source))
        record.source = source;
    return load_add_record(load, &record);
}

static void store(struct web_request *request, const struct batch_mark *mark,
                  struct repeats_known *known)
{
    const struct roster_source self = { .key = request->relay.key, .class = SLICE("standard") };
    struct roster_hold *hold = roster_take(request->listener->intake);
    struct load *load = hold ? load_new(request->listener, request->http, &dialect, &self) : NULL;
    struct cursor c = cursor_over(request->text);
    struct relayed relayed;
    MAP_AUTO begun = MAP_EMPTY;

    if (!load) {
        repeats_end(request->repeats, mark, false, 0, SLICE_NONE);
        roster_leave(&hold);
        events_refuse(request->http, 503, "the server has no memory left");
        return;
    }
    load_repeatable(load, request->repeats, mark, known);
    while (relayed_next(&c, &relayed))
        if (!add(load, request, hold->roster, &relayed, &begun))
            break;
    roster_leave(&hold); /* batches have copies */
    load_finish(load);
}

void relay_records(struct web_request *request)
{
    struct slice stream = slice_trim(http_header(request->http, "X-Relay-Stream"));
    struct slice place_text = slice_trim(http_header(request->http, "X-Relay-Place"));
    uint64_t place = 0;
    uint32_t count;
    struct repeats_known known;

    if (!stream.len || stream.len > STREAM_MOST || !slice_to_u64(place_text, &place) || !place) {
        events_refuse(request->http, 400, "the relay's stream or its place in it is missing");
        return;
    }
    if (!relayed_check(request->text, &count)) {
        events_refuse(request->http, 400, "the relay's records are damaged");
        return;
    }
    struct batch_mark mark = repeats_mark(request->relay.key, stream, place);
    switch (repeats_begin(request->repeats, &mark, &known)) {
    case REPEAT_NEW:
    case REPEAT_PARTLY:
        store(request, &mark, &known);
        break;
    case REPEAT_ON_ITS_WAY:
        http_reply_header(request->http, "Retry-After", SLICE("1"));
        events_refuse(request->http, 429, "this batch is on its way; ask again");
        break;
    case REPEAT_STORED:
        http_reply(request->http, 200, "application/json",
                   arena_print(request->http->arena, "{\"stored\":%u}", count));
        break;
    }
    repeats_known_free(&known);
}

/* The roster as far as it is the relay's business; tokens are hashes of its own agency's sources. */
static bool own_roster(const struct roster *whole, const struct roster_relay *relay,
                       struct buffer *out, struct error *e)
{
    struct roster *own = roster_new();
    bool ok = own != NULL;

    if (ok)
        own->sources = arena_array(&own->arena, whole->source_count + 1u, sizeof *own->sources);
    ok = ok && own->sources;
    if (ok)
        own->generation = whole->generation;
    for (uint32_t i = 0; ok && i < whole->source_count; i++)
        if (roster_relay_carries(relay, &whole->sources[i]))
            own->sources[own->source_count++] = whole->sources[i];
    ok = ok ? roster_print(own, out, e) : error_set(e, "not enough memory for the roster");
    roster_free(&own);
    return ok;
}

void relay_roster(struct web_request *request)
{
    struct roster_hold *hold = roster_take(request->listener->intake);
    struct error e = ERROR_NONE;
    BUFFER_AUTO out;

    buffer_init(&out, ROSTER_BYTES_MOST);
    if (hold && own_roster(hold->roster, &request->relay, &out, &e))
        http_reply_copy(request->http, 200, "application/json", buffer_slice(&out));
    else
        events_refuse(request->http, 503, "the server is starting; send again later");
    roster_leave(&hold);
}
