#include "intake/collector.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "event/syslog.h"

#define AGAIN_EVERY 500000 /* microseconds */

/* --- once more -------------------------------------------------------------------------------- */

/* In the archive's thread. As soon as nothing is outside, the collector may be gone. */
static void batch_stored(struct batch *batch, const struct error *error)
{
    struct collector *c = batch->owner;

    if (!error) {
        listener_settle(c->listener, batch, NULL);
        batch_free(&batch);
    }
    pthread_mutex_lock(&c->lock);
    if (error) { /* it stays ours until it is stored */
        batch->next = c->failed;
        c->failed = batch;
    } else {
        c->outside--;
    }
    pthread_mutex_unlock(&c->lock);
}

static unsigned outside(struct collector *c)
{
    pthread_mutex_lock(&c->lock);
    unsigned count = c->outside;
    pthread_mutex_unlock(&c->lock);
    return count;
}

static struct batch *take_failed(struct collector *c)
{
    pthread_mutex_lock(&c->lock);
    struct batch *batch = c->failed;
    if (batch)
        c->failed = batch->next;
    pthread_mutex_unlock(&c->lock);
    return batch;
}

static void give_up(struct collector *c, struct batch *batch)
{
    log_failure("%s: %u events could not be stored before the end, and are lost",
                c->listener->protocol->name, batch->event_count);
    struct error e = ERROR_NONE;
    error_set(&e, "the end came before it was stored");
    listener_settle(c->listener, batch, &e);
    pthread_mutex_lock(&c->lock);
    c->outside--;
    pthread_mutex_unlock(&c->lock);
    batch_free(&batch);
}

/* What was not stored goes on its way anew, as if just received; rules judge it again. */
static void try_again(struct collector *c)
{
    struct batch *batch = take_failed(c), *next;

    if (!batch)
        return;
    if (!atomic_load(&c->listener->intake->stopping))
        usleep(AGAIN_EVERY);
    for (; batch; batch = next) {
        next = take_failed(c);
        batch->next = NULL;
        batch->alerts = NULL;
        batch->hits = NULL;
        batch->alert_count = batch->hit_count = 0;
        if (atomic_load(&c->listener->intake->stopping) ||
            !queue_push(c->listener->intake->out, batch))
            give_up(c, batch);
    }
}

void collector_init(struct collector *c, struct listener *listener)
{
    *c = (struct collector){ .listener = listener, .fresh = true };
    pthread_mutex_init(&c->lock, NULL);
    arena_init(&c->sender_arena, ARENA_NO_CEILING);
}

static void forget_senders(struct collector *c)
{
    map_free(&c->senders);
    c->senders = MAP_EMPTY;
    arena_clear(&c->sender_arena);
}

void collector_end(struct collector *c)
{
    collector_flush_all(c);
    while (outside(c)) {
        try_again(c);
        usleep(5000);
    }
    pthread_mutex_destroy(&c->lock);
    forget_senders(c);
    arena_free(&c->sender_arena);
    roster_leave(&c->hold);
}

/* --- who -------------------------------------------------------------------------------------- */

static const struct roster *roster_now(struct collector *c)
{
    struct intake *intake = c->listener->intake;
    unsigned generation = atomic_load(&intake->roster_generation);

    if (c->fresh || generation != c->generation) {
        forget_senders(c);
        roster_leave(&c->hold);
        c->hold = roster_take(intake);
        c->generation = generation;
        c->fresh = false;
    }
    return c->hold ? c->hold->roster : NULL;
}

/* Who stands behind a key, made empty when it is new; NULL when memory is short. */
static struct collector_sender *sender_of(struct collector *c, struct slice key, bool *new_out)
{
    struct collector_sender *sender = map_get(&c->senders, key);

    *new_out = !sender;
    if (sender)
        return sender;
    if (c->senders.count >= INTAKE_SENDERS)
        forget_senders(c);
    key = arena_copy(&c->sender_arena, key);
    sender = arena_zero(&c->sender_arena, sizeof *sender);
    return key.data && sender && map_put(&c->senders, key, sender) ? sender : NULL;
}

/* By the address and the header's host name: where many sources share a network, looking through them for
 * each event would take longer than everything else. */
static const struct roster_source *identify_host(struct collector *c, const struct roster *roster,
                                                 struct slice address, struct slice host)
{
    char both[INTAKE_HOST_MOST + 1 + INTAKE_HOST_MOST];
    bool new;

    if (address.len > INTAKE_HOST_MOST || host.len > INTAKE_HOST_MOST)
        return roster_find_sender(roster, address, host);
    memcpy(both, address.data, address.len);
    both[address.len] = ' '; /* stands in no address and in no host name */
    memcpy(both + address.len + 1, host.data, host.len);
    struct collector_sender *sender = sender_of(c, slice_from(both, address.len + 1 + host.len), &new);
    if (sender && new)
        sender->source = roster_find_sender(roster, address, host);
    return sender ? sender->source : NULL;
}

const struct roster_source *collector_identify(struct collector *c, struct slice address,
                                               struct slice raw)
{
    const struct roster *roster = roster_now(c);
    struct syslog_header header;
    bool new;

    if (!roster)
        return NULL;
    struct collector_sender *sender = sender_of(c, address, &new);
    if (!sender)
        return NULL;
    if (new)
        sender->source = roster_find_address(roster, address, &sender->hostnames);
    if (!sender->hostnames || !syslog_parse(raw, 0, 0, &header) || header.host.len == 0)
        return sender->source;
    return identify_host(c, roster, address, header.host);
}

const struct roster_certificate *collector_certificate(struct collector *c, struct slice sha256)
{
    const struct roster *roster = roster_now(c);

    return roster ? roster_find_certificate(roster, sha256) : NULL;
}

const struct roster_source *collector_source(struct collector *c, struct slice key)
{
    const struct roster *roster = roster_now(c);

    return roster ? roster_find_key(roster, key) : NULL;
}

/* --- batches ---------------------------------------------------------------------------------- */

static void hand_on(struct collector *c, unsigned i)
{
    struct batch *batch = c->open[i].batch;

    c->open[i] = c->open[--c->open_count];
    if (!queue_push(c->listener->intake->out, batch)) {
        struct error e = ERROR_NONE;
        error_set(&e, "intake has ended");
        batch_finish(batch, &e);
    }
}

void collector_flush_all(struct collector *c)
{
    while (c->open_count)
        hand_on(c, c->open_count - 1);
}

int collector_flush(struct collector *c)
{
    try_again(c);
    int64_t now = clock_steady(), next = INT64_MAX;

    for (unsigned i = 0; i < c->open_count;) {
        if (c->open[i].due <= now) {
            hand_on(c, i);
            continue;
        }
        if (c->open[i].due < next)
            next = c->open[i].due;
        i++;
    }
    if (c->open_count)
        return (int)((next - now) / 1000000) + 1;
    return outside(c) ? AGAIN_EVERY / 1000 : -1;
}

/* Memory may be short for a moment; until then the sender waits. */
static struct batch *begin(struct collector *c, const char *class, int64_t received)
{
    struct batch *batch;

    while (!(batch = batch_new(class, received))) {
        if (queue_closed(c->listener->intake->out))
            return NULL;
        usleep(50000);
    }
    if (c->open_count == INTAKE_CLASSES)
        hand_on(c, 0);
    c->open[c->open_count++] =
        (struct collector_open){ batch, clock_steady() + INTAKE_FLUSH_NS };
    if (c->begun) {
        c->begun(c->user, batch);
        return batch;
    }
    batch->owner = c;
    batch->stored = batch_stored;
    pthread_mutex_lock(&c->lock);
    c->outside++;
    pthread_mutex_unlock(&c->lock);
    return batch;
}

bool collector_add(struct collector *c, const struct record *record)
{
    const struct decoders *decoders = c->listener->intake->options.decoders;
    const char *class = record_class(record);
    bool tried_fresh = false;

    for (;;) {
        unsigned i = 0;
        while (i < c->open_count && strcmp(c->open[i].batch->class, class) != 0)
            i++;
        if (i == c->open_count && !begin(c, class, record->received))
            return false;
        if (i >= c->open_count)
            i = c->open_count - 1;
        struct batch *batch = c->open[i].batch;
        bool empty = batch->event_count == 0;
        if (record_add(decoders, batch, record)) {
            figures_record(&c->listener->figures, record->raw.len, record->received,
                           record->flags & EVENT_CUT);
            if (c->took)
                c->took(c->user, batch);
            if (batch_full(batch))
                hand_on(c, i);
            return true;
        }
        if (empty && tried_fresh)
            usleep(50000); /* not even an empty batch holds it: memory is short */
        if (queue_closed(c->listener->intake->out))
            return false;
        tried_fresh = empty;
        hand_on(c, i);
    }
}
