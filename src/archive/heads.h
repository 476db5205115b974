/* heads - the last link of each day's chain, signed, so that nobody rewrites a day unseen.
 *
 * The chain alone proves that a file fits itself. Whoever may write the file could compute a new
 * chain; he cannot sign it without the key, which stands elsewhere (secrets/archive.key: the hub's,
 * which may not write the day files, while the pipeline that writes them may not read the key). Signed
 * heads are lines of `heads.jsonl` in a folder that the pipeline may not write either; each names the
 * digest of the line before it, so that a line taken out is noticed too. The public key
 * (`archive.pub`) may be handed to whoever wants to verify.
 *
 *     signature = Ed25519 over "haidang archive head 1\n" and the line's text up to `,"signature"`
 */
#ifndef ARCHIVE_HEADS_H
#define ARCHIVE_HEADS_H

#include "archive/verify.h"

#define HEADS_KEY 64      /* bytes of the secret key */
#define HEADS_PUBLIC 32

struct heads_key {
    unsigned char secret[HEADS_KEY];
    unsigned char public[HEADS_PUBLIC];
};

/* The key in that file (hex), made on first use with mode 0600; the public half is written beside
 * it with the ending .pub. heads_key_forget wipes it. */
bool heads_key_load(const char *path, struct heads_key *key_out, struct error *e);
void heads_key_forget(struct heads_key *key);
bool heads_public_load(const char *path, unsigned char *public_out, struct error *e);

struct heads_place {
    const char *directory;   /* the archive */
    const char *folder;      /* of heads.jsonl; NULL: beside the day files, as in a back-up. Where it has
                              * none yet, one beside the day files is read, and taken over when a line
                              * is added */
};

/* Days that are over for some time and whose newest line, if any, does not tell the file's last link:
 * cheap, nothing is verified. Oldest first, in the arena. ERROR_CONFLICT when a line was not made by
 * that key: then somebody else signs here, or the file was tampered with. */
bool heads_due(const struct heads_place *place, const unsigned char *public, int64_t now,
               struct arena *arena, struct day_name **names_out, size_t *count_out,
               struct error *e);

/* Appends a signed line for what verify_day found in a day that is over and whole. A day whose
 * newest line says the same already gets no second one. */
bool heads_sign(const struct heads_place *place, const struct verify_result *day,
                const struct heads_key *key, int64_t now, struct error *e);

enum heads_state {
    HEADS_UNSIGNED,       /* no line for this day */
    HEADS_SIGNED,         /* the newest line fits file and key */
    HEADS_GREW,           /* it fits, and batches came late, behind what was signed */
    HEADS_CHANGED,        /* the file does not go on from where it ended when it was signed */
    HEADS_FORGED          /* a line's signature is wrong, or a line before it is missing */
};

/* "unsigned", "signed", "grown", "changed", "forged". */
const char *heads_state_name(enum heads_state state);

/* Holds all lines and the one of this day. */
bool heads_check(const struct heads_place *place, const struct verify_result *day,
                 const unsigned char *public, enum heads_state *state_out, struct error *e);

/* Signed days whose file is gone without a line in the record of deletions (retention.h) that reaches as far
 * as the signature: oldest first, in the arena. */
bool heads_missing(const struct heads_place *place, struct arena *arena, struct day_name **names_out,
                   size_t *count_out, struct error *e);

/* The newest line of that day file, in the arena; empty when there is none. */
bool heads_line(const struct heads_place *place, const char *file, struct arena *arena,
                struct slice *line_out, struct error *e);
/* Whether that line was signed with that key. */
bool heads_line_holds(struct slice line, const unsigned char *public);

#endif
