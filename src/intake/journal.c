/* systemd-journal-upload: POST /upload with entries in the journal's export format, as many as it
 * has, in one body of any length: they are taken as they come (http.h, take()), and the answer comes
 * when all are stored. Only then it moves its own cursor on, so what was on the way when anything
 * broke is sent again. It sends no token of its own: write one into its URL (http://x:TOKEN@…), or
 * let its client certificate tell who it is. */
#include <stdlib.h>

#include "base/json.h"
#include "intake/journal_export.h"
#include "intake/web.h"

struct journal {
    struct journal_export format;
    struct load *load;             /* NULL: handed on */
    bool broken, failed;
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

/* All entries that are whole. */
static size_t eat(struct journal *journal, struct slice bytes, bool ended)
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
        journal->failed = !load_add_cut(journal->load, entry, cut);
    }
    return journal->broken || journal->failed ? bytes.len : eaten;
}

size_t journal_take(struct web_request *request, struct slice bytes)
{
    struct journal *journal = journal_of(request);

    return journal ? eat(journal, bytes, false) : bytes.len;
}

void journal_post(struct web_request *request)
{
    struct journal *journal = journal_of(request);

    if (journal && http_header(request->http, "Content-Encoding").len) {
        journal_refuse(request->http, 415, "the journal is taken only as plain text");
        return;
    }
    if (journal)
        eat(journal, request->http->body, true);
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
