#include "intake/load.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "intake/limit.h"

#define NO_MEMORY "not enough memory for the events"
#define ALERTS_BYTES (1024u * 1024)
#define PIECE_BYTES (32u * 1024) /* of an answer with items */
#define HELD_BYTES (2u * BATCH_BYTES) /* more than a batch takes before its last record */

/* A batch of the load: its place among the request's records. */
struct load_batch {
    struct load *load;
    uint32_t first, count;      /* index of its first record; how many follow it */
    struct event_id id;         /* of its first event, after the commit */
    struct load_batch *next;
};

struct load {
    struct listener *listener;
    struct http_request *request; /* NULL: the sender has left */
    struct arena arena;           /* of its batches' places: it may outlive the request */
    const struct load_dialect *dialect;
    struct roster_source source;
    int64_t received;
    int64_t took;               /* until all was stored */
    struct batch *open;
    struct load_batch *batches; /* newest first; oldest first for the answer */
    uint32_t count, undecoded, alert_count;
    struct repeats *repeats;    /* NULL: the sender gave no mark */
    struct batch_mark mark;
    struct repeats_known known;
    uint32_t skipped;           /* records that were stored before */
    unsigned char check[BATCH_MARK_KEY];      /* of the records in the open batch */
    uint32_t next_part;         /* of known: none before it is of interest any more */
    struct arena held_arena;
    struct record *held;        /* they may be that part's: it is not known yet */
    uint32_t held_count;
    size_t held_bytes;
    unsigned char held_check[BATCH_MARK_KEY];
    uint8_t *marks;
    uint32_t mark_capacity;
    const struct load_batch *here; /* of the item that is written next */
    uint32_t next_item;         /* count + 1: the end */
    struct buffer piece;        /* of the answer, of which so much was sent */
    size_t sent;

    pthread_mutex_t lock;       /* of what follows */
    unsigned pending;           /* batches on their way, and the handler */
    struct error error;
    struct buffer alerts;
    struct json_writer writer;
};

struct load *load_new(struct listener *listener, struct http_request *request,
                      const struct load_dialect *dialect, const struct roster_source *source)
{
    struct load *load = calloc(1, sizeof *load);

    if (!load)
        return NULL;
    arena_init(&load->arena, ARENA_NO_CEILING);
    arena_init(&load->held_arena, ARENA_NO_CEILING);
    load->listener = listener;
    load->request = request;
    load->dialect = dialect;
    load->source = *source;
    load->received = clock_now();
    load->pending = 1;
    pthread_mutex_init(&load->lock, NULL);
    buffer_init(&load->alerts, ALERTS_BYTES);
    buffer_init(&load->piece, 2 * PIECE_BYTES);
    json_writer_init(&load->writer, &load->alerts);
    json_open_array(&load->writer);
    return load;
}

void load_repeatable(struct load *load, struct repeats *repeats, const struct batch_mark *mark,
                     struct repeats_known *known)
{
    load->repeats = repeats;
    load->mark = *mark;
    load->known = *known;
    *known = (struct repeats_known){ 0 };
}

/* --- the end ---------------------------------------------------------------------------------- */

static void load_free(struct load *load)
{
    buffer_free(&load->alerts);
    buffer_free(&load->piece);
    repeats_known_free(&load->known);
    free(load->marks);
    pthread_mutex_destroy(&load->lock);
    arena_free(&load->held_arena);
    arena_free(&load->arena);
    free(load);
}

/* --- the answer ------------------------------------------------------------------------------- */

static void oldest_first(struct load *load)
{
    struct load_batch *newest_first = load->batches, *next;

    load->batches = NULL;
    for (; newest_first; newest_first = next) {
        next = newest_first->next;
        newest_first->next = load->batches;
        load->batches = newest_first;
    }
}

static void begin_answer(struct load *load)
{
    buffer_clear(&load->piece);
    load->sent = 0;
    load->here = load->batches;
    load->next_item = 0;
    load->dialect->answer(load, &load->piece);
}

/* Items are written in the order of the records, so the batch is this one or a later one. */
static void write_item(struct load *load, uint32_t i)
{
    char text[EVENT_ID_TEXT] = "repeated"; /* no batch of ours holds it */

    while (load->here && i - load->here->first >= load->here->count && i >= load->here->first)
        load->here = load->here->next;
    if (load->here && i >= load->here->first) {
        struct event_id id = load->here->id;
        id.sequence += i - load->here->first;
        event_id_print(&id, text);
    }
    if (load->marks[i] != LOAD_CONTINUED)
        load->dialect->item(&load->piece, load->marks[i], text, i == 0);
}

/* What comes behind the piece before; false when that was the end. */
static bool next_piece(struct load *load)
{
    buffer_clear(&load->piece);
    load->sent = 0;
    for (; load->next_item < load->count && load->piece.len < PIECE_BYTES; load->next_item++)
        write_item(load, load->next_item);
    if (load->next_item == load->count && load->piece.len < PIECE_BYTES) {
        load->next_item++;
        buffer_add(&load->piece, slice_of(load->dialect->end));
    }
    return load->piece.len > 0;
}

/* In the HTTP server's thread. */
static size_t send_piece(void *user, char *out, size_t most)
{
    struct load *load = user;

    if (load->sent == load->piece.len && !next_piece(load))
        return 0;
    struct slice piece = slice_cut(slice_after(buffer_slice(&load->piece), load->sent), 0, most);
    memcpy(out, piece.data, piece.len);
    load->sent += piece.len;
    return piece.len;
}

static void answer_sent(void *user)
{
    load_free(user);
}

/* The first time only its length is counted: then it is made anew while it is sent. */
static void send_items(struct load *load, const char *type)
{
    const struct http_pieces pieces = { send_piece, answer_sent, load };
    uint64_t size = 0;

    oldest_first(load);
    begin_answer(load);
    do
        size += load->piece.len;
    while (next_piece(load));
    begin_answer(load);
    http_reply_pieces(load->request, load->dialect->status, type, size, &pieces);
}

static void send_answer(struct load *load)
{
    struct http_request *request = load->request;
    const struct load_dialect *dialect = load->dialect;
    const char *type = dialect->type ? dialect->type : "application/json";
    BUFFER_AUTO out;

    load->took = clock_now() - load->received; /* once: an answer with items is written twice */
    if (dialect->item && !load->error.set && !buffer_extend(&load->piece, 2 * PIECE_BYTES))
        error_set(&load->error, NO_MEMORY); /* else no piece can fail: they are shorter */
    unsigned status = load->error.set ? 503 : dialect->status;

    buffer_init(&out, 2 * ALERTS_BYTES);
    json_close_array(&load->writer);
    if (load->error.set) {
        http_reply_header(request, "Retry-After", SLICE("5"));
        dialect->refuse(load, status, &load->error, &out);
    } else if (!dialect->item) {
        dialect->answer(load, &out);
    }
    if (load->repeats)
        repeats_end(load->repeats, &load->mark, !load->error.set, load->count,
                    dialect->item ? SLICE_NONE : buffer_slice(&out));
    if (dialect->item && !load->error.set) {
        send_items(load, type);
        return;
    }
    load_free(load);
    http_reply_copy(request, out.failed ? 500 : status, type, buffer_slice(&out));
}

static void let_go(struct load *load)
{
    pthread_mutex_lock(&load->lock);
    bool last = --load->pending == 0, left = !load->request;
    pthread_mutex_unlock(&load->lock);
    if (last && left && load->repeats)
        repeats_end(load->repeats, &load->mark, false, 0, SLICE_NONE);
    if (last && left)
        load_free(load);
    else if (last)
        send_answer(load);
}

static void write_alert(struct load *load, const struct batch *batch, const struct alert *alert)
{
    struct json_writer *w = &load->writer;
    struct event_id id = batch->first;
    char text[EVENT_ID_TEXT];

    id.sequence += alert->event;
    event_id_print(&id, text);
    json_open_object(w);
    json_text_member(w, "rule", alert->rule);
    json_text_member(w, "title", alert->title);
    json_text_member(w, "title_vi", alert->title_vi);
    json_text_member(w, "level", slice_of(alert_level_name(alert->level)));
    json_time_member(w, "time", alert->time);
    json_text_member(w, "entity", alert->entity);
    json_text_member(w, "event", slice_of(text));
    json_close_object(w);
}

/* In the archive's thread. */
static void batch_stored(struct batch *batch, const struct error *error)
{
    struct load_batch *part = batch->owner;
    struct load *load = part->load;

    pthread_mutex_lock(&load->lock);
    part->id = batch->first;
    if (error && !load->error.set)
        load->error = *error;
    if (error && !load->error.set)
        error_set(&load->error, "the events could not be stored");
    for (uint32_t i = 0; !error && i < batch->alert_count; i++)
        if (load->alert_count++ < INTAKE_ALERTS_TOLD)
            write_alert(load, batch, &batch->alerts[i]);
    pthread_mutex_unlock(&load->lock);
    if (!error && load->repeats)
        repeats_stored(load->repeats, &batch->mark);
    listener_settle(load->listener, batch, error);
    batch_free(&batch);
    let_go(load);
}

/* --- the records ------------------------------------------------------------------------------ */

static void hand_on(struct load *load)
{
    struct batch *batch = load->open;

    load->open = NULL;
    if (!batch)
        return;
    ((struct load_batch *)batch->owner)->count = batch->event_count;
    if (load->repeats) {
        const struct load_batch *part = batch->owner;
        batch->mark = load->mark;
        batch->mark.first = part->first;
        batch->mark.count = load->count - part->first;
        memcpy(batch->mark.check, load->check, sizeof load->check);
    }
    for (uint32_t i = 0; i < batch->count_count; i++)
        load->undecoded += (uint32_t)batch->counts[i].undecoded;
    pthread_mutex_lock(&load->lock);
    load->pending++;
    pthread_mutex_unlock(&load->lock);
    if (!queue_push(load->listener->intake->out, batch)) {
        struct error e = ERROR_NONE;
        error_set(&e, "intake has ended");
        batch_finish(batch, &e);
    }
}

static bool begin(struct load *load, const struct record *record)
{
    struct load_batch *part = arena_zero(&load->arena, sizeof *part);

    load->open = part ? batch_new(record_class(record), load->received) : NULL;
    if (!load->open)
        return false;
    part->load = load;
    part->first = load->count;
    part->next = load->batches;
    load->batches = part;
    memset(load->check, 0, sizeof load->check);
    load->open->owner = part;
    load->open->stored = batch_stored;
    return true;
}

static bool keep_mark(struct load *load, uint8_t mark)
{
    if (load->count == load->mark_capacity) {
        uint32_t capacity = load->mark_capacity ? load->mark_capacity * 2 : 1024;
        uint8_t *marks = realloc(load->marks, capacity);
        if (!marks)
            return false;
        load->marks = marks;
        load->mark_capacity = capacity;
    }
    load->marks[load->count] = mark;
    return true;
}

/* The digest of records that follow each other; it begins as zeros. */
static void check_next(unsigned char check[BATCH_MARK_KEY], struct slice raw)
{
    crypto_generichash(check, BATCH_MARK_KEY, (const unsigned char *)raw.data, raw.len, check,
                       BATCH_MARK_KEY);
}

/* One attempt in the open batch, one in a fresh one. */
static bool add(struct load *load, const struct record *record)
{
    if (load->open && strcmp(load->open->class, record_class(record)) != 0)
        hand_on(load);
    for (int attempt = 0; attempt < 2; attempt++) {
        if (!load->open && !begin(load, record))
            return false;
        if (record_add(load->listener->intake->options.decoders, load->open, record)) {
            figures_record(&load->listener->figures, record->raw.len, record->received,
                           record->flags & EVENT_CUT);
            load->count++;
            if (load->mark.checked)
                check_next(load->check, record->raw);
            if (batch_full(load->open))
                hand_on(load);
            return true;
        }
        hand_on(load);
    }
    return false;
}

static bool fail(struct load *load)
{
    pthread_mutex_lock(&load->lock);
    error_set(&load->error, NO_MEMORY);
    pthread_mutex_unlock(&load->lock);
    return false;
}

static bool stored_before(const struct load *load, uint32_t index)
{
    for (uint32_t i = 0; i < load->known.part_count; i++)
        if (index - load->known.parts[i].first < load->known.parts[i].count)
            return true;
    return false;
}

/* The batch in hand ends before them: a batch's records follow each other without a gap. */
static void skip(struct load *load, const struct record *record, uint32_t count)
{
    hand_on(load);
    load->count += count;
    load->skipped += count;
    listener_repeat(load->listener, record->source, record->protocol, count);
}

/* --- held back: a checked request is the one before as far as its records are the same ----------- */

/* The known part that begins here; NULL: what comes is new. */
static const struct repeats_part *part_here(struct load *load)
{
    const struct repeats_known *known = &load->known;

    while (load->next_part < known->part_count && known->parts[load->next_part].first < load->count)
        load->next_part++;
    if (load->next_part == known->part_count || known->parts[load->next_part].first != load->count)
        return NULL;
    return &known->parts[load->next_part];
}

static void drop_held(struct load *load)
{
    arena_clear(&load->held_arena);
    load->held = NULL;
    load->held_count = 0;
    load->held_bytes = 0;
    memset(load->held_check, 0, sizeof load->held_check);
}

/* They are other records, and so is all behind them. */
static bool add_held(struct load *load)
{
    bool well = true;

    load->next_part = load->known.part_count;
    for (uint32_t i = 0; well && i < load->held_count; i++)
        well = keep_mark(load, 0) && add(load, &load->held[i]);
    drop_held(load);
    return well;
}

static bool skip_held(struct load *load)
{
    uint32_t count = load->held_count, before = load->count;

    for (; load->count < before + count; load->count++)
        if (!keep_mark(load, 0))
            return false;
    load->count = before;
    skip(load, load->held, count);
    drop_held(load);
    return true;
}

static bool hold(struct load *load, const struct repeats_part *part, const struct record *record)
{
    struct slice copy = arena_copy(&load->held_arena, record->raw);

    if (!load->held)
        load->held = arena_array(&load->held_arena, BATCH_EVENTS, sizeof *load->held);
    if (!load->held || !copy.data)
        return false;
    load->held[load->held_count] = *record;
    load->held[load->held_count++].raw = copy;
    load->held_bytes += copy.len;
    check_next(load->held_check, copy);
    if (load->held_count == part->count &&
        memcmp(load->held_check, part->check, sizeof part->check) == 0)
        return skip_held(load);
    return (load->held_count < part->count && load->held_count < BATCH_EVENTS &&
            load->held_bytes < HELD_BYTES) || add_held(load);
}

static bool add_checked(struct load *load, const struct record *record)
{
    const struct repeats_part *part = part_here(load);

    if (part)
        return hold(load, part, record);
    return keep_mark(load, 0) && add(load, record);
}

/* The record in pieces of which none is too long. */
static bool add_pieces(struct load *load, struct record *record, uint8_t mark)
{
    struct slice raw = record->raw;
    uint32_t flags = record->flags;

    record->received = load->received;
    record->protocol = slice_of(load->dialect->protocol);
    for (bool more = true; more; mark = LOAD_CONTINUED) {
        record->raw = slice_cut(raw, 0, INTAKE_HTTP_LINE_MOST);
        raw = slice_after(raw, record->raw.len);
        record->flags = flags | (raw.len ? EVENT_CUT : 0);
        if (load->mark.checked) {
            if (!add_checked(load, record))
                return fail(load);
        } else if (!keep_mark(load, mark)) {
            return fail(load);
        } else if (stored_before(load, load->count)) {
            skip(load, record, 1);
        } else if (!add(load, record)) {
            return fail(load);
        }
        more = raw.len > 0;
    }
    return true;
}

bool load_add_record(struct load *load, struct record *record)
{
    return add_pieces(load, record, 0);
}

bool load_add(struct load *load, struct slice raw, uint8_t mark, struct slice decoder)
{
    struct record record = { .source = &load->source, .sender = load->request->address,
                             .raw = raw, .decoder = decoder };

    return add_pieces(load, &record, mark);
}

bool load_add_stored(struct load *load, uint8_t mark)
{
    if (!keep_mark(load, mark))
        return fail(load);
    load->count++;
    return true;
}

bool load_add_line(struct load *load, struct slice raw, const struct w3c_header *header)
{
    struct record record = { .source = &load->source, .sender = load->request->address,
                             .raw = raw, .decoder = SLICE(""), .header = header };

    return add_pieces(load, &record, 0);
}

bool load_add_cut(struct load *load, struct slice raw, bool cut)
{
    struct record record = { .source = &load->source, .sender = load->request->address,
                             .raw = raw, .decoder = SLICE(""), .flags = cut ? EVENT_CUT : 0 };

    return add_pieces(load, &record, 0);
}

void load_finish(struct load *load)
{
    if (load->held_count && !add_held(load))
        fail(load);
    hand_on(load);
    let_go(load);
}

void load_abandon(struct load *load)
{
    if (load->open) {
        struct error e = ERROR_NONE;
        error_set(&e, "the sender has left");
        listener_settle(load->listener, load->open, &e);
        batch_free(&load->open);
    }
    pthread_mutex_lock(&load->lock);
    load->request = NULL;
    pthread_mutex_unlock(&load->lock);
    let_go(load);
}

/* --- for the answer --------------------------------------------------------------------------- */

const struct http_request *load_request(const struct load *load)
{
    return load->request;
}

uint32_t load_count(const struct load *load)
{
    return load->count;
}

uint32_t load_undecoded(const struct load *load)
{
    return load->undecoded;
}

struct slice load_alerts(const struct load *load)
{
    return load->alerts.failed ? SLICE("[]") : buffer_slice(&load->alerts);
}

int64_t load_took(const struct load *load)
{
    return load->took;
}
