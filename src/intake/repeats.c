#include "intake/repeats.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    unsigned char key[BATCH_MARK_KEY];
    uint64_t place;                /* streams: where the last request began; else 0 */
    bool used, on_its_way, whole;
    uint64_t count;
    char *answer;
    size_t answer_len;
    struct repeats_part *parts;    /* stored ones, while it is not whole */
    uint32_t part_count, part_room;
};

#define PARTS_MOST 65536u           /* of a journal's request, which may have any length */

/* Marks are a ring: the newest takes the oldest's place. All are looked through from the newest, since
 * a repeat comes soon; keys are digests, so that senders cannot make them collide or long. */
struct repeats {
    pthread_mutex_t lock;
    struct entry marks[REPEATS_MOST], streams[REPEATS_STREAMS], checked[REPEATS_STREAMS];
    unsigned next_mark, next_stream, next_checked;
};

struct repeats *repeats_new(void)
{
    struct repeats *repeats = calloc(1, sizeof *repeats);

    if (repeats)
        pthread_mutex_init(&repeats->lock, NULL);
    return repeats;
}

static void entry_clear(struct entry *entry)
{
    free(entry->answer);
    free(entry->parts);
    *entry = (struct entry){ .used = false };
}

void repeats_free(struct repeats **repeats)
{
    if (!*repeats)
        return;
    for (unsigned i = 0; i < REPEATS_MOST; i++)
        entry_clear(&(*repeats)->marks[i]);
    for (unsigned i = 0; i < REPEATS_STREAMS; i++) {
        entry_clear(&(*repeats)->streams[i]);
        entry_clear(&(*repeats)->checked[i]);
    }
    pthread_mutex_destroy(&(*repeats)->lock);
    free(*repeats);
    *repeats = NULL;
}

struct batch_mark repeats_mark(struct slice sender, struct slice mark, uint64_t place)
{
    crypto_generichash_state state;
    struct batch_mark out = { .place = place };
    uint64_t len = sender.len;

    crypto_generichash_init(&state, NULL, 0, sizeof out.key);
    crypto_generichash_update(&state, (const unsigned char *)&len, sizeof len);
    crypto_generichash_update(&state, (const unsigned char *)sender.data, sender.len);
    crypto_generichash_update(&state, (const unsigned char *)mark.data, mark.len);
    crypto_generichash_final(&state, out.key, sizeof out.key);
    return out;
}

struct batch_mark repeats_checked(struct slice sender, struct slice stream)
{
    struct batch_mark mark = repeats_mark(sender, stream, 0);

    mark.checked = true;
    return mark;
}

static struct entry *find_in(struct entry *entries, unsigned most, unsigned next,
                             const unsigned char *key)
{
    for (unsigned i = 1; i <= most; i++) {
        struct entry *entry = &entries[(next + most - i) % most];
        if (entry->used && memcmp(entry->key, key, BATCH_MARK_KEY) == 0)
            return entry;
    }
    return NULL;
}

static struct entry *find(struct repeats *repeats, const struct batch_mark *mark)
{
    if (mark->checked)
        return find_in(repeats->checked, REPEATS_STREAMS, repeats->next_checked, mark->key);
    return mark->place ? find_in(repeats->streams, REPEATS_STREAMS, repeats->next_stream, mark->key)
                       : find_in(repeats->marks, REPEATS_MOST, repeats->next_mark, mark->key);
}

static struct entry *make(struct repeats *repeats, const struct batch_mark *mark)
{
    struct entry *entry;

    if (mark->checked) {
        entry = &repeats->checked[repeats->next_checked];
        repeats->next_checked = (repeats->next_checked + 1) % REPEATS_STREAMS;
    } else if (mark->place) {
        entry = &repeats->streams[repeats->next_stream];
        repeats->next_stream = (repeats->next_stream + 1) % REPEATS_STREAMS;
    } else {
        entry = &repeats->marks[repeats->next_mark];
        repeats->next_mark = (repeats->next_mark + 1) % REPEATS_MOST;
    }
    entry_clear(entry);
    entry->used = true;
    entry->place = mark->place;
    memcpy(entry->key, mark->key, sizeof entry->key);
    return entry;
}

/* The stream has gone on: what was before this place is stored, and needs no memory. */
static void move_on(struct entry *entry, uint64_t place)
{
    entry->place = place;
    entry->whole = false;
    entry->part_count = 0;
    free(entry->answer);
    entry->answer = NULL;
}

static void copy_answer(const struct entry *entry, struct repeats_known *known)
{
    known->count = entry->count;
    char *copy = entry->answer ? malloc(entry->answer_len + 1) : NULL;
    if (copy) {
        memcpy(copy, entry->answer, entry->answer_len);
        known->answer = slice_from(copy, entry->answer_len);
    }
}

/* False: memory is short; then it must not be taken for new. */
static bool copy_parts(const struct entry *entry, struct repeats_known *known)
{
    known->parts = malloc(entry->part_count * sizeof *known->parts);
    if (!known->parts)
        return false;
    memcpy(known->parts, entry->parts, entry->part_count * sizeof *known->parts);
    known->part_count = entry->part_count;
    return true;
}

static enum repeat begin(struct repeats *repeats, const struct batch_mark *mark,
                         struct repeats_known *known)
{
    struct entry *entry = find(repeats, mark);

    if (!entry)
        entry = make(repeats, mark);
    else if (entry->on_its_way)
        return REPEAT_ON_ITS_WAY;
    else if (mark->place > entry->place)
        move_on(entry, mark->place);
    else if (mark->place < entry->place)
        return REPEAT_STORED;
    else if (entry->whole && !mark->place) {
        copy_answer(entry, known);
        return REPEAT_STORED;
    }
    if (entry->part_count && !copy_parts(entry, known))
        return REPEAT_ON_ITS_WAY; /* asked again in a second */
    entry->on_its_way = !mark->checked; /* who sends journals gives up when told to wait */
    return entry->part_count ? REPEAT_PARTLY : REPEAT_NEW;
}

enum repeat repeats_begin(struct repeats *repeats, const struct batch_mark *mark,
                          struct repeats_known *known_out)
{
    *known_out = (struct repeats_known){ 0 };
    pthread_mutex_lock(&repeats->lock);
    enum repeat result = begin(repeats, mark, known_out);
    pthread_mutex_unlock(&repeats->lock);
    return result;
}

void repeats_known_free(struct repeats_known *known)
{
    free((void *)(uintptr_t)known->answer.data);
    free(known->parts);
    *known = (struct repeats_known){ 0 };
}

/* Of a checked mark what reaches beyond the new part is of an earlier request. */
static void drop_beyond(struct entry *entry, uint32_t first)
{
    while (entry->part_count) {
        const struct repeats_part *last = &entry->parts[entry->part_count - 1];
        if ((uint64_t)last->first + last->count <= first)
            break;
        entry->part_count--;
    }
}

static void add_part(struct entry *entry, const struct batch_mark *mark)
{
    struct repeats_part *part;

    if (mark->checked)
        drop_beyond(entry, mark->first);
    if (mark->checked && entry->part_count == PARTS_MOST)
        return; /* as below */
    if (entry->part_count == entry->part_room) {
        uint32_t room = entry->part_room ? entry->part_room * 2 : 4;
        struct repeats_part *parts = realloc(entry->parts, room * sizeof *parts);
        if (!parts)
            return; /* then it may be stored twice, as by a sender without marks */
        entry->parts = parts;
        entry->part_room = room;
    }
    part = &entry->parts[entry->part_count++];
    *part = (struct repeats_part){ mark->first, mark->count, { 0 } };
    memcpy(part->check, mark->check, sizeof part->check);
}

void repeats_stored(struct repeats *repeats, const struct batch_mark *mark)
{
    pthread_mutex_lock(&repeats->lock);
    struct entry *entry = find(repeats, mark);
    if (!entry)
        entry = make(repeats, mark);
    if (mark->place > entry->place)
        move_on(entry, mark->place);
    if (mark->place == entry->place)
        add_part(entry, mark);
    pthread_mutex_unlock(&repeats->lock);
}

/* A stream keeps the parts: its next request may begin at the same place and be longer. */
void repeats_end(struct repeats *repeats, const struct batch_mark *mark, bool stored,
                 uint64_t count, struct slice answer)
{
    pthread_mutex_lock(&repeats->lock);
    struct entry *entry = find(repeats, mark); /* NULL: 8,192 others came meanwhile */
    if (entry)
        entry->on_its_way = false;
    if (entry && stored && !mark->place && !mark->checked) {
        entry->whole = true;
        entry->count = count;
        free(entry->parts);
        entry->parts = NULL;
        entry->part_count = entry->part_room = 0;
        free(entry->answer);
        entry->answer = answer.len && answer.len <= REPEATS_ANSWER_MOST ? malloc(answer.len) : NULL;
        entry->answer_len = answer.len;
        if (entry->answer)
            memcpy(entry->answer, answer.data, answer.len);
    }
    pthread_mutex_unlock(&repeats->lock);
}
