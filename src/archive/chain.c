#include "archive/chain.h"

#include <stdio.h>

static void put(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

static void add(crypto_generichash_state *state, const void *data, size_t len)
{
    if (len)
        crypto_generichash_update(state, data, len);
}

void chain_digest_begin(struct chain_digest *digest)
{
    crypto_generichash_init(&digest->state, NULL, 0, CHAIN_BYTES);
}

/* A digest takes few large pieces far faster than many small ones. */
#define GATHERED 512u

void chain_digest_add(struct chain_digest *digest, const struct event *event)
{
    const struct slice texts[4] = { event->source, event->system, event->agency, event->raw };
    unsigned char gathered[GATHERED];
    size_t len = 16;
    put(gathered, (uint64_t)event->received, 8);
    put(gathered + 8, (uint64_t)event->time, 8);
    for (int i = 0; i < 4; i++) {
        put(gathered + len, texts[i].len, 4);
        len += 4;
        if (texts[i].len && texts[i].len + len + 4 <= GATHERED) { /* room for the next length, too */
            memcpy(gathered + len, texts[i].data, texts[i].len);
            len += texts[i].len;
            continue;
        }
        add(&digest->state, gathered, len);
        add(&digest->state, texts[i].data, texts[i].len);
        len = 0;
    }
    add(&digest->state, gathered, len);
}

void chain_digest_end(struct chain_digest *digest, unsigned char *out)
{
    crypto_generichash_final(&digest->state, out, CHAIN_BYTES);
}

void chain_start(const struct day_name *name, unsigned char *chain)
{
    char text[64];
    int len = snprintf(text, sizeof text, "haidang archive 1 %08d.%.15s", name->day, name->class);
    crypto_generichash(chain, CHAIN_BYTES, (const unsigned char *)text, (size_t)len, NULL, 0);
}

void chain_counted(struct slice counts, unsigned char *counted_out)
{
    crypto_generichash(counted_out, CHAIN_BYTES, (const unsigned char *)counts.data, counts.len,
                       NULL, 0);
}

void chain_next_counted(unsigned char *chain, uint64_t batch, uint64_t first, uint64_t events,
                        const unsigned char *digest, const unsigned char *counted)
{
    crypto_generichash_state state;
    unsigned char numbers[24];
    put(numbers, batch, 8);
    put(numbers + 8, first, 8);
    put(numbers + 16, events, 8);
    crypto_generichash_init(&state, NULL, 0, CHAIN_BYTES);
    add(&state, chain, CHAIN_BYTES);
    add(&state, numbers, sizeof numbers);
    add(&state, digest, CHAIN_BYTES);
    add(&state, counted, CHAIN_BYTES);
    crypto_generichash_final(&state, chain, CHAIN_BYTES);
}

void chain_next(unsigned char *chain, uint64_t batch, uint64_t first, uint64_t events,
                const unsigned char *digest, struct slice counts)
{
    unsigned char counted[CHAIN_BYTES];
    chain_counted(counts, counted);
    chain_next_counted(chain, batch, first, events, digest, counted);
}
