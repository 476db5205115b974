#include "intake/ledger.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "event/batch.h"

#define SOURCES_MOST 8192u      /* of the roster, at most: further ones are not told apart */
#define EVERY CLOCK_SECOND

struct entry {
    char class[sizeof((struct batch *)0)->class];
    char *source;               /* malloc'd, with its length */
    size_t source_len;
    struct slice protocol;
    uint64_t repeated, refused;
    int64_t last;
};

struct ledger {
    pthread_mutex_t lock;
    struct entry *entries;
    size_t count, capacity;
    int64_t due;                /* steady clock */
    unsigned outside;
};

struct ledger *ledger_new(void)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);

    if (ledger)
        pthread_mutex_init(&ledger->lock, NULL);
    return ledger;
}

static void forget(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++)
        free(ledger->entries[i].source);
    ledger->count = 0;
}

void ledger_free(struct ledger **ledger)
{
    if (!*ledger)
        return;
    forget(*ledger);
    free((*ledger)->entries);
    pthread_mutex_destroy(&(*ledger)->lock);
    free(*ledger);
    *ledger = NULL;
}

/* --- noting ----------------------------------------------------------------------------------- */

static struct entry *find(struct ledger *ledger, const char *class, struct slice source)
{
    for (size_t i = ledger->count; i > 0; i--) {
        struct entry *entry = &ledger->entries[i - 1];
        if (slice_equal(slice_from(entry->source, entry->source_len), source) &&
            strcmp(entry->class, class) == 0)
            return entry;
    }
    return NULL;
}

static struct entry *add(struct ledger *ledger, const char *class, struct slice source)
{
    if (ledger->count == SOURCES_MOST)
        return NULL;
    if (ledger->count == ledger->capacity) {
        size_t capacity = ledger->capacity ? ledger->capacity * 2 : 16;
        struct entry *more = realloc(ledger->entries, capacity * sizeof *more);
        if (!more)
            return NULL;
        ledger->entries = more;
        ledger->capacity = capacity;
    }
    char *key = malloc(source.len + 1);
    if (!key)
        return NULL;
    if (source.len)
        memcpy(key, source.data, source.len);
    struct entry *entry = &ledger->entries[ledger->count++];
    *entry = (struct entry){ .source = key, .source_len = source.len };
    memcpy(entry->class, class, strnlen(class, sizeof entry->class - 1));
    return entry;
}

void ledger_add(struct ledger *ledger, const char *class, struct slice source,
                struct slice protocol, uint64_t repeated, uint64_t refused)
{
    pthread_mutex_lock(&ledger->lock);
    struct entry *entry = find(ledger, class, source);
    if (!entry)
        entry = add(ledger, class, source);
    if (entry) {
        entry->protocol = protocol;
        entry->repeated += repeated;
        entry->refused += refused;
        entry->last = clock_now();
    }
    pthread_mutex_unlock(&ledger->lock);
}

/* --- handing on ------------------------------------------------------------------------------- */

/* In the archive's thread. Not stored: it is noted anew. */
static void batch_stored(struct batch *batch, const struct error *error)
{
    struct ledger *ledger = batch->owner;

    for (uint32_t i = 0; error && i < batch->count_count; i++)
        ledger_add(ledger, batch->class, batch->counts[i].source, batch->counts[i].protocol,
                   batch->counts[i].repeated, batch->counts[i].refused);
    batch_free(&batch);
    pthread_mutex_lock(&ledger->lock);
    ledger->outside--;
    pthread_mutex_unlock(&ledger->lock);
}

static struct batch *begin(struct ledger *ledger, const char *class)
{
    struct batch *batch = batch_new(class, clock_now());

    if (batch) {
        batch->owner = ledger;
        batch->stored = batch_stored;
    }
    return batch;
}

/* Moves what is of the first entry's class into a batch; NULL when there is nothing. */
static struct batch *take(struct ledger *ledger)
{
    size_t kept = 0;
    struct batch *batch = ledger->count ? begin(ledger, ledger->entries[0].class) : NULL;

    if (!batch)
        return NULL;
    for (size_t i = 0; i < ledger->count; i++) {
        struct entry entry = ledger->entries[i];
        struct batch_count *c = NULL;
        if (strcmp(entry.class, batch->class) == 0)
            c = batch_count(batch, slice_from(entry.source, entry.source_len));
        if (!c) {
            ledger->entries[kept++] = entry;
            continue;
        }
        *c = (struct batch_count){
            .source = c->source, .protocol = entry.protocol,
            .received = entry.repeated + entry.refused, .repeated = entry.repeated,
            .refused = entry.refused, .first = entry.last, .last = entry.last,
        };
        free(entry.source);
    }
    ledger->count = kept;
    if (batch->count_count == 0)
        batch_free(&batch); /* memory is short: later */
    ledger->outside += batch != NULL;
    return batch;
}

void ledger_hand_on(struct ledger *ledger, struct queue *out, bool all)
{
    int64_t now = clock_steady();

    for (;;) {
        pthread_mutex_lock(&ledger->lock);
        bool due = all || (now >= ledger->due && queue_fullness(out) < 50);
        struct batch *batch = due ? take(ledger) : NULL;
        if (!batch && due)
            ledger->due = now + EVERY;
        pthread_mutex_unlock(&ledger->lock);
        if (!batch)
            return;
        if (!(all ? queue_push(out, batch) : queue_try_push(out, batch))) {
            struct error e = ERROR_NONE;
            error_set(&e, "intake is busy");
            batch_finish(batch, &e);
            return;
        }
    }
}

unsigned ledger_outside(struct ledger *ledger)
{
    pthread_mutex_lock(&ledger->lock);
    unsigned outside = ledger->outside;
    pthread_mutex_unlock(&ledger->lock);
    return outside;
}
