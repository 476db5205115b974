/* systemd-journal-upload: POST /upload with entries in the journal's export format, as many as it
 * has, in one body of any length: they are taken as they come (http.h, take()), and the answer comes
 * when all are stored. Only then it moves its own cursor on, so what was on the way when anything
 * broke is sent again, from the same entry on: the request then begins with the entries of the one
 * before, and what is stored of them is left out (repeats.h).
 *
 * Why not by the numbers in the cursor: within a journal (s=) they grow as the entries are sent only
 * while it is one file. Files of several machines or boots are merged by time, an older journal may be
 * sent after a newer one, and after a power cut numbers are given again: entries never seen would have
 * been taken for repeats.
 *
 * It sends no token of its own: write one into its URL (http://x:TOKEN@…), or let its client
 * certificate tell who it is. */
#include <stdlib.h>

#include "base/json.h"
#include "intake/journal_export.h"
#include "intake/web.h"

struct journal {
    struct journal_export format;
    struct load *load;             /* NULL: handed on */
    bool begun, broken, failed;
};

static void answer(struct load *load, struct buffer *out)
{
    buffer_print(out, "OK, %u entries.\n", load_count(load));
}

static void refuse_load(struct load *load, unsigned status, const struct error *error,
                        struct buffer *out)
{
    (void)load;
    (void)status;
    buffer_add(out, slice_of(error->sentence));
    buffer_add_byte(out, '\n');
}

static const struct load_dialect dialect = {
    .protocol = "journal", .answer = answer, .refuse = refuse_load, .status = 200,
    .type = "text/plain; charset=utf-8",
};

/* Its program prints the answer's first line. */
void journal_refuse(struct http_request *request, unsigned status, const char *sentence)
{
    http_reply_copy(request, status, "text/plain; charset=utf-8",
                    arena_print(request->arena, "%s\n", sentence));
}

static struct journal *journal_of(struct web_request *request)
{
    if (!request->own) {
        struct journal *journal = calloc(1, sizeof *journal);
        if (!journal)
            return NULL;
        journal_export_init(&journal->format);
        journal->load = load_new(request->listener, request->http, &dialect, &request->source);
        journal->failed = !journal->load;
        request->own = journal;
    }
    return request->own;
}

/* Which journal the entry is of: "s=0123…" of its cursor "s=0123…;i=…;b=…". "" without one. */
static struct slice journal_name(const struct json *entry)
{
    struct slice cursor = entry ? json_member_text(entry, "__CURSOR") : SLICE(""), name;

    return slice_starts(cursor, SLICE("s=")) && slice_split(&cursor, ';', &name) &&
                   name.len <= REPEATS_MARK_MOST ? name : SLICE("");
}

/* By its first entry. Without a cursor nothing tells it from another one that is the same. */
static void know_again(struct web_request *request, struct load *load, struct slice entry)
{
    ARENA_AUTO arena;
    struct json *json = NULL;
    struct repeats_known known;

    arena_init(&arena, ARENA_NO_CEILING);
    if (!json_parse(entry, &arena, &json, NULL))
        return;
    struct slice name = journal_name(json);
    if (!name.len)
        return;
    struct batch_mark mark = repeats_checked(request->source.key, name);
    repeats_begin(request->repeats, &mark, &known);
    load_repeatable(load, request->repeats, &mark, &known);
}

/* All entries that are whole. */
static size_t eat(struct web_request *request, struct journal *journal, struct slice bytes, bool ended)
{
    size_t eaten = 0, n;
    struct slice entry;
    bool cut;

    while (!journal->broken && !journal->failed) {
        enum journal_step step = journal_export_next(&journal->format, slice_after(bytes, eaten), ended,
                                                     &n, &entry, &cut);
        eaten += n;
        journal->broken = step == JOURNAL_BROKEN;
        if (step != JOURNAL_ENTRY)
            break;
        if (!journal->begun)
            know_again(request, journal->load, entry);
        journal->begun = true;
        journal->failed = !load_add_cut(journal->load, entry, cut);
    }
    return journal->broken || journal->failed ? bytes.len : eaten;
}

size_t journal_take(struct web_request *request, struct slice bytes)
{
    struct journal *journal = journal_of(request);

    return journal ? eat(request, journal, bytes, false) : bytes.len;
}

void journal_post(struct web_request *request)
{
    struct journal *journal = journal_of(request);

    if (journal && http_header(request->http, "Content-Encoding").len) {
        journal_refuse(request->http, 415, "the journal is taken only as plain text");
        return;
    }
    if (journal)
        eat(request, journal, request->http->body, true);
    if (!journal || journal->failed) {
        http_reply_header(request->http, "Retry-After", SLICE("5"));
        journal_refuse(request->http, 503, "the server has no memory left");
    } else if (journal->broken) {
        journal_refuse(request->http, 400, "the body is no journal in systemd's export format");
    } else {
        struct load *load = journal->load;
        journal->load = NULL; /* before the answer: the exchange may be over at once */
        load_finish(load);
    }
}

void journal_end(struct web_request *request)
{
    struct journal *journal = request->own;

    if (!journal)
        return;
    if (journal->load)
        load_abandon(journal->load); /* the sender left, or was refused: it sends again */
    journal_export_free(&journal->format);
    free(journal);
    request->own = NULL;
}
