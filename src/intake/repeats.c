#include "intake/repeats.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#define KEY_BYTES 32u

/* Keys are digests, so that senders cannot make them collide or long. */
struct entry {
    unsigned char key[KEY_BYTES];
    bool used, stored;
    uint64_t count;
    char *answer;
    size_t answer_len;
};

/* A ring: the newest takes the oldest's place. Looked through from the newest, since a repeat
 * comes soon; the first 8 bytes tell almost all apart. */
struct repeats {
    pthread_mutex_t lock;
    struct entry entries[REPEATS_MOST];
    unsigned next;
};

struct repeats *repeats_new(void)
{
    struct repeats *repeats = calloc(1, sizeof *repeats);

    if (repeats)
        pthread_mutex_init(&repeats->lock, NULL);
    return repeats;
}

void repeats_free(struct repeats **repeats)
{
    if (!*repeats)
        return;
    for (unsigned i = 0; i < REPEATS_MOST; i++)
        free((*repeats)->entries[i].answer);
    pthread_mutex_destroy(&(*repeats)->lock);
    free(*repeats);
    *repeats = NULL;
}

static void make_key(struct slice source, struct slice mark, unsigned char key[KEY_BYTES])
{
    crypto_generichash_state state;
    uint64_t len = source.len;

    crypto_generichash_init(&state, NULL, 0, KEY_BYTES);
    crypto_generichash_update(&state, (const unsigned char *)&len, sizeof len);
    crypto_generichash_update(&state, (const unsigned char *)source.data, source.len);
    crypto_generichash_update(&state, (const unsigned char *)mark.data, mark.len);
    crypto_generichash_final(&state, key, KEY_BYTES);
}

static struct entry *find(struct repeats *repeats, const unsigned char key[KEY_BYTES])
{
    for (unsigned i = 1; i <= REPEATS_MOST; i++) {
        struct entry *entry = &repeats->entries[(repeats->next + REPEATS_MOST - i) % REPEATS_MOST];
        if (entry->used && memcmp(entry->key, key, KEY_BYTES) == 0)
            return entry;
    }
    return NULL;
}

static enum repeat look(const struct entry *entry, uint64_t *count, struct slice *answer)
{
    if (!entry->stored)
        return REPEAT_ON_ITS_WAY;
    *count = entry->count;
    char *copy = entry->answer ? malloc(entry->answer_len + 1) : NULL;
    if (copy) {
        memcpy(copy, entry->answer, entry->answer_len);
        *answer = slice_from(copy, entry->answer_len);
    }
    return REPEAT_STORED;
}

enum repeat repeats_begin(struct repeats *repeats, struct slice source, struct slice mark,
                          uint64_t *count_out, struct slice *answer_out)
{
    unsigned char key[KEY_BYTES];
    enum repeat result = REPEAT_NEW;

    *count_out = 0;
    *answer_out = SLICE_NONE;
    make_key(source, mark, key);
    pthread_mutex_lock(&repeats->lock);
    struct entry *entry = find(repeats, key);
    if (entry) {
        result = look(entry, count_out, answer_out);
    } else {
        entry = &repeats->entries[repeats->next];
        repeats->next = (repeats->next + 1) % REPEATS_MOST;
        free(entry->answer);
        *entry = (struct entry){ .used = true };
        memcpy(entry->key, key, KEY_BYTES);
    }
    pthread_mutex_unlock(&repeats->lock);
    return result;
}

void repeats_end(struct repeats *repeats, struct slice source, struct slice mark, bool stored,
                 uint64_t count, struct slice answer)
{
    unsigned char key[KEY_BYTES];

    make_key(source, mark, key);
    pthread_mutex_lock(&repeats->lock);
    struct entry *entry = find(repeats, key); /* NULL: 8,192 others came meanwhile */
    if (entry && !stored) {
        entry->used = false;
    } else if (entry) {
        entry->stored = true;
        entry->count = count;
        entry->answer = answer.len && answer.len <= REPEATS_ANSWER_MOST ? malloc(answer.len) : NULL;
        entry->answer_len = answer.len;
        if (entry->answer)
            memcpy(entry->answer, answer.data, answer.len);
    }
    pthread_mutex_unlock(&repeats->lock);
}
