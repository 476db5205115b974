/* What making and checking a package share (private to cases/evidence*.c). */
#ifndef CASES_EVIDENCE_PRIVATE_H
#define CASES_EVIDENCE_PRIVATE_H

#include <sodium.h>

#include "archive/chain.h"
#include "archive/search.h"
#include "base/buffer.h"
#include "base/json.h"
#include "cases/evidence.h"

#define EVIDENCE_FORMAT "haidang evidence 1"
#define EVIDENCE_EVENTS "events.jsonl"
#define EVIDENCE_CHAIN "chain.jsonl"
#define EVIDENCE_INCIDENT "incident.json"
#define EVIDENCE_MANIFEST "manifest.json"
#define EVIDENCE_SIGNATURE "manifest.sig"

struct evidence_day {
    struct day_name name;
    uint64_t batches, events;          /* of the whole file */
    unsigned char before[CHAIN_BYTES]; /* link before the first one given */
    unsigned char head[CHAIN_BYTES];   /* the last link */
    uint64_t links;                    /* given */
    bool to_head;                      /* they reach the last one */
    bool held;                         /* digests of the batches with our events were computed anew */
    struct slice signed_head;          /* line of heads.jsonl; empty: not signed yet */
};

/* Writes the day's links; sequences are those of the package's events, ascending. */
bool evidence_links(const struct heads_place *place, struct evidence_day *day,
                    const uint64_t *sequences, size_t count, struct arena *arena,
                    struct buffer *out, struct error *e);

struct evidence_file {
    const char *name;
    struct slice bytes;
};

/* The files as one ZIP, in the arena. */
bool evidence_zip(const struct evidence_file *files, size_t count, struct arena *arena,
                  struct slice *zip_out, struct error *e);
/* The files of a ZIP, at most `most`, each unpacked in the arena. False: it is none, or too large. */
bool evidence_unzip(struct slice zip, struct evidence_file *files, size_t most, size_t *count_out,
                    struct arena *arena, struct error *e);

static inline void evidence_hex_member(struct json_writer *w, const char *name,
                                       const unsigned char *bytes, size_t len)
{
    char text[2 * 64 + 1];
    sodium_bin2hex(text, sizeof text, bytes, len);
    json_text_member(w, name, slice_of(text));
}

static inline bool evidence_from_hex(struct slice text, unsigned char *out, size_t len)
{
    size_t got = 0;
    return text.len == 2 * len &&
           sodium_hex2bin(out, len, text.data, text.len, NULL, &got, NULL) == 0 && got == len;
}

/* What is signed. */
static inline void evidence_message(struct slice manifest, struct buffer *out)
{
    buffer_add(out, SLICE(EVIDENCE_FORMAT "\n"));
    buffer_add(out, manifest);
}

#endif
