/* chain - tamper evidence: a digest over each batch as it arrived, and a chain over the digests.
 *
 *     digest  = BLAKE2b-256 over every event of the batch in arrival order:
 *               received, time: u64 LE; source, system, agency, raw: u32 LE length and bytes
 *     chain_n = BLAKE2b-256(chain_(n-1), n, first sequence, events: u64 LE, digest,
 *               BLAKE2b-256(counts))
 *     chain_0 = BLAKE2b-256("haidang archive 1 ", day, ".", class)
 *
 * It runs over what arrived, not over how it is stored: sealing and re-packing do not break it.
 */
#ifndef ARCHIVE_CHAIN_H
#define ARCHIVE_CHAIN_H

#include <sodium.h>

#include "archive/day.h"
#include "event/event.h"

#define CHAIN_BYTES 32

struct chain_digest {
    crypto_generichash_state state;
};

void chain_digest_begin(struct chain_digest *digest);
void chain_digest_add(struct chain_digest *digest, const struct event *event);
void chain_digest_end(struct chain_digest *digest, unsigned char *out);

/* chain has CHAIN_BYTES, is replaced by the next link. */
void chain_start(const struct day_name *name, unsigned char *chain);
void chain_next(unsigned char *chain, uint64_t batch, uint64_t first, uint64_t events,
                const unsigned char *digest, struct slice counts);
/* The same from the digest of the counts, for who holds no more of them. */
void chain_counted(struct slice counts, unsigned char *counted_out);
void chain_next_counted(unsigned char *chain, uint64_t batch, uint64_t first, uint64_t events,
                        const unsigned char *digest, const unsigned char *counted);

#endif
