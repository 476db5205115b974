/* ruleset - compiled rules, frozen: one flat blob of offsets, shared by all scanners.
 *
 * Second of the three stages. Made by compiler.h, saved as a checksummed file, mapped again in
 * milliseconds. The blob is tied to this build, the Vectorscan release and the processor's
 * abilities (ruleset_key): another key is refused, never guessed at.
 * Good: any number of threads read it.
 * Never: changed after it was opened; a blob from anywhere but our own cache (the checksum finds
 * damage, not malice).
 */
#ifndef DETECT_RULESET_H
#define DETECT_RULESET_H

#include "base/error.h"
#include "event/alert.h"

struct ruleset;

/* Opens the bytes (copied). False when damaged or made by another build. */
bool ruleset_open(struct slice blob, struct ruleset **out, struct error *e);
bool ruleset_load(const char *path, struct ruleset **out, struct error *e);
bool ruleset_save(const struct ruleset *ruleset, const char *path, struct error *e);
struct ruleset *ruleset_share(struct ruleset *ruleset); /* counted */
void ruleset_free(struct ruleset **ruleset);
/* What a blob must have been made with: build, library, processor. */
uint64_t ruleset_key(void);

struct ruleset_rule {
    struct slice id, name, title, title_vi, description, author, license, status, tags, file,
        references, falsepositives;
    struct slice product, category, service;
    enum alert_level level;
    uint32_t line;
    bool correlation;   /* a correlation rule */
    bool silent;        /* referred to by a correlation without generate: fires through it only */
    bool unreachable;   /* nothing in logsources/ selects its log source: decoders may still */
    bool always;        /* no literal is required: evaluated on each event of its log source */
};

uint32_t ruleset_count(const struct ruleset *ruleset);
struct ruleset_rule ruleset_rule(const struct ruleset *ruleset, uint32_t index);
/* Index by id, name or title; UINT32_MAX when there is none. */
uint32_t ruleset_find(const struct ruleset *ruleset, struct slice name);

struct ruleset_statistics {
    uint32_t rules, correlations, groups, fields, atoms, nodes, witnesses, databases, regexes,
        pcre, always, unreachable;
    size_t bytes, database_bytes;
};
struct ruleset_statistics ruleset_statistics(const struct ruleset *ruleset);
/* The compiled form of a rule and its index key, as text. */
struct buffer;
void ruleset_explain(const struct ruleset *ruleset, uint32_t index, struct buffer *out);

#endif
