/* signer - signs the last link of each day that is over, by itself: a thread of the hub.
 *
 * The key is the hub's (secrets/archive.key), for the hub faces people and may not write the archive;
 * the pipeline, which faces the senders and writes it, may neither read the key nor write the heads.
 * Good: a file that has changed since it was signed (late batches) gets another line.
 * Bad: a day is verified before it is signed, so a large one keeps a core busy, at low priority.
 * Never: signs where a line stands that another key made; signs a day that is not whole.
 */
#ifndef SERVE_SIGNER_H
#define SERVE_SIGNER_H

#include "base/error.h"

struct signer;

/* archive: the day files; heads: folder of heads.jsonl; key: path, made when missing. The paths live
 * as long as the signer. */
bool signer_start(const char *archive, const char *heads, const char *key,
                  struct signer **signer_out, struct error *e);
/* Gives up what is in hand. NULL is fine. */
void signer_stop(struct signer **signer);

#endif
