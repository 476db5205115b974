#include "serve/fold.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"

#include "archive/outbox.h"
#include "archive/recall.h"
#include "records/alert.h"
#include "records/exception.h"
#include "records/outbox.h"
#include "records/source.h"

#include "serve/keeper.h"

#define STREAM KEEPER_CURSOR
#define EVENTS_MOST 20u        /* raw events that an alert keeps for good */
#define FOLD_ARENA (UINT64_C(256) << 20)
/* A step is one transaction, so one sync; it ends at so many, that others write between two. */
#define BATCHES_AT_ONCE 256u
#define ALERTS_AT_ONCE 64u

struct fold {
    const char *archive;
    struct records *records;
    struct outbox *outbox;
    struct recall *recall;
};

/* "…/20261124.standard.db" → day and class. */
static bool parse_name(struct slice path, int32_t *day_out, struct slice *class_out)
{
    struct slice rest = path, part = SLICE_NONE;
    while (slice_split(&rest, '/', &part))
        ;
    int64_t day;
    if (part.len < 13 || !slice_ends(part, SLICE(".db")) ||
        !slice_to_i64(slice_cut(part, 0, 8), &day) || part.data[8] != '.')
        return false;
    *day_out = (int32_t)day;
    *class_out = slice_cut(part, 9, part.len - 3);
    return true;
}

/* Files that are new later begin at their beginning by themselves. */
static bool seek_known_files(struct fold *fold, struct error *e)
{
    static const char *const suffix[] = { ".db", NULL };
    ARENA_AUTO arena;
    struct slice *paths;
    size_t count;
    arena_init(&arena, ARENA_NO_CEILING);
    if (!file_list(fold->archive, suffix, 100000, &arena, &paths, &count, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct records_outbox cursor = { .stream = STREAM };
        if (!parse_name(paths[i], &cursor.day, &cursor.class))
            continue;
        if (!records_outbox_get(fold->records, &cursor, e) ||
            !outbox_seek(fold->outbox, cursor.day, cursor.class, cursor.sequence, e))
            return false;
    }
    return true;
}

bool fold_open(const char *archive, struct records *records, struct fold **fold_out,
               struct error *e)
{
    struct fold *fold = calloc(1, sizeof *fold);
    if (!fold)
        return error_set(e, "not enough memory to start");
    fold->archive = archive;
    fold->records = records;
    if (!outbox_open(archive, &fold->outbox, e) || !recall_open(archive, &fold->recall, e) ||
        !seek_known_files(fold, e)) {
        fold_close(&fold);
        return false;
    }
    *fold_out = fold;
    return true;
}

void fold_close(struct fold **fold)
{
    if (!*fold)
        return;
    outbox_close(&(*fold)->outbox);
    recall_close(&(*fold)->recall);
    free(*fold);
    *fold = NULL;
}

/* The event's fields as a JSON object; of a name that stands several times, the first. */
static struct slice fields_json(const struct event *event, struct arena *arena)
{
    BUFFER_AUTO out;
    struct json_writer w;
    buffer_init(&out, 1024 * 1024);
    json_writer_init(&w, &out);
    json_open_object(&w);
    for (uint32_t i = 0; i < event->field_count; i++) {
        const struct event_field *field = &event->fields[i];
        if (event_field(event, field->name) != field)
            continue;
        json_name_slice(&w, field->name);
        if (field->kind == EVENT_NULL)
            json_put_null(&w);
        else if (field->kind == EVENT_NUMBER || field->kind == EVENT_BOOLEAN)
            json_put_raw(&w, field->value);
        else
            json_put_text(&w, field->value);
    }
    json_close_object(&w);
    return out.failed ? SLICE("{}") : arena_copy(arena, buffer_slice(&out));
}

static bool copy_events(struct fold *fold, const struct outbox_alert *alert, struct arena *arena,
                        struct records_alert_match *match, struct error *e)
{
    struct event_id ids[EVENTS_MOST];
    struct event events[EVENTS_MOST];
    bool found[EVENTS_MOST];
    uint32_t count = 0;
    for (uint32_t i = 0; i < alert->alert.earlier_count && count < EVENTS_MOST - 1; i++)
        if (alert->alert.earlier[i].day)
            ids[count++] = alert->alert.earlier[i];
    ids[count++] = alert->id;
    struct records_alert_event *copies = arena_array(arena, count, sizeof *copies);
    if (!copies)
        return error_set(e, "not enough memory to fold an alert");
    if (!recall_events(fold->recall, ids, count, arena, events, found, e))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        char text[EVENT_ID_TEXT];
        if (!found[i])
            continue;
        event_id_print(&ids[i], text);
        copies[match->event_count++] = (struct records_alert_event){
            .event = arena_copy(arena, slice_of(text)),
            .time = events[i].time,
            .received = events[i].received,
            .source = events[i].source,
            .decoder = events[i].decoder,
            .product = events[i].logsource.product,
            .category = events[i].logsource.category,
            .service = events[i].logsource.service,
            .fields = fields_json(&events[i], arena),
            .raw = events[i].raw,
        };
    }
    match->events = copies;
    return true;
}

static bool fold_alert(struct fold *fold, const struct outbox_batch *item,
                       const struct outbox_alert *alert, struct arena *arena, unsigned *alerts,
                       struct error *e)
{
    bool fresh = false;
    struct records_alert_match match = {
        .day = item->day,
        .class = slice_of(item->class),
        .sequence = alert->row,
        .rule = alert->alert.rule,
        .title = alert->alert.title,
        .title_vi = alert->alert.title_vi,
        .author = alert->alert.author,
        .license = alert->alert.license,
        .tags = alert->alert.tags,
        .level = (int)alert->alert.level,
        .agency = alert->agency,
        .system = alert->system,
        .source = alert->source,
        .entity = alert->alert.entity,
        .why = alert->alert.why,
        .time = alert->alert.time,
    };
    if (!copy_events(fold, alert, arena, &match, e) ||
        !records_alert_fold(fold->records, &match, &fresh, e))
        return false;
    *alerts += fresh;
    return true;
}

static bool fold_batch(struct fold *fold, const struct outbox_batch *item, struct arena *arena,
                       unsigned *alerts, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    struct records_outbox cursor = { STREAM, item->day, slice_of(item->class), item->batch };
    if (!records_begin(fold->records, &t, e))
        return false;
    for (uint32_t i = 0; i < item->count_count; i++) {
        const struct batch_count *c = &item->counts[i];
        struct records_source_count count = {
            .source = c->source, .received = c->received, .stored = c->stored,
            .repeated = c->repeated, .quarantined = c->quarantined, .refused = c->refused,
            .undecoded = c->undecoded, .first = c->first, .last = c->last, .skew = c->skew,
            .protocol = c->protocol,
        };
        if (!records_source_fold(fold->records, &count, e))
            return false;
    }
    for (uint32_t i = 0; i < item->alert_count; i++)
        if (!fold_alert(fold, item, &item->alerts[i], arena, alerts, e))
            return false;
    for (uint32_t i = 0; i < item->tally_count; i++)
        if (!records_tally_fold(fold->records, &item->tallies[i], e))
            return false;
    return records_outbox_put(fold->records, &cursor, e) && records_commit(&t, e);
}

/* The same batch again at the next step. */
static void give_back(struct fold *fold, int32_t day, const char *class, uint64_t batch)
{
    outbox_seek(fold->outbox, day, slice_of(class), batch - 1, NULL);
}

bool fold_step(struct fold *fold, unsigned *alerts_out, bool *more_out, struct error *e)
{
    ARENA_AUTO arena;
    RECORDS_TRANSACTION t = { 0 };
    struct outbox_batch *item;
    struct { int32_t day; char class[sizeof item->class]; uint64_t batch; } first = { 0 };
    unsigned folded = 0, alerts = 0;
    bool ok = true;

    arena_init(&arena, FOLD_ARENA);
    *alerts_out = 0;
    *more_out = false;
    for (; folded < BATCHES_AT_ONCE && alerts < ALERTS_AT_ONCE; folded++, arena_clear(&arena)) {
        if (!outbox_next(fold->outbox, &arena, &item, e)) {
            ok = false;
            break;
        }
        if (!item)
            break;
        bool other = folded && (item->day != first.day || strcmp(item->class, first.class) != 0);
        ok = other || ((folded || records_begin(fold->records, &t, e)) &&
                       fold_batch(fold, item, &arena, &alerts, e));
        if (other || !ok) { /* a transaction is of one file, so that one cursor goes back with it */
            give_back(fold, item->day, item->class, item->batch);
            *more_out = ok;
            break;
        }
        if (!folded) {
            first.day = item->day;
            memcpy(first.class, item->class, sizeof first.class);
            first.batch = item->batch;
        }
    }
    recall_rest(fold->recall);
    if (folded && !records_commit(&t, ok ? e : NULL)) {
        give_back(fold, first.day, first.class, first.batch);
        *more_out = false;
        return false;
    }
    *alerts_out = alerts;
    *more_out |= ok && (folded == BATCHES_AT_ONCE || alerts >= ALERTS_AT_ONCE);
    return ok;
}
