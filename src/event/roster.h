/* roster - what the pipeline needs to know of the records, published by the hub.
 *
 * The only way from hub to pipeline: the hub writes the file anew (roster_save: temporary file,
 * fsync, rename, checksum) and nudges; the pipeline loads it (roster_load) and swaps between two
 * batches. When the file is missing or its checksum is wrong the pipeline keeps the last one.
 * Format: JSON, one object, and a last line "sha256:<hex>" over everything before it.
 */
#ifndef EVENT_ROSTER_H
#define EVENT_ROSTER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

struct roster_source {
    struct slice key, system, agency;
    struct slice class;          /* retention class: "standard", "long", … */
    struct slice kind;           /* syslog, http, file */
    struct slice network;        /* CIDR the sender stands in, or several with a blank between; "" for
                                  * none (token sources) */
    struct slice hostname;       /* in the syslog header; "" for any in that network */
    struct slice token_sha256;   /* hex of SHA-256 of the bearer token; "" when none */
    struct slice decoder;        /* decoder to try first; "" for none */
    struct slice zone;           /* zone of times without one: "UTC", "+07:00", "Asia/Ho_Chi_Minh"
                                  * or "" (the same) */
};

/* A relay at an agency: it may hand on what that agency's sources sent. */
struct roster_relay {
    struct slice key, agency;
};

/* A client certificate that was registered. What stands here with `revoked` is refused; a valid one
 * that does not stand here is an unknown sender. */
struct roster_certificate {
    struct slice sha256;         /* hex of SHA-256 of its DER */
    struct slice source, relay;  /* key of whom it names; the other one is "" */
    bool revoked;
    const struct roster_source *source_row; /* by roster_ready; NULL: none, or not in force */
    const struct roster_relay *relay_row;
};

/* Matches of these rules that its filter names raise nothing. */
struct roster_exception {
    int64_t id;
    struct slice rules;          /* ids, blank between */
    struct slice agency, system, source; /* only of these; empty: any */
    struct slice filter;         /* a Sigma filter, as YAML */
    int64_t until;               /* ns UTC */
};
#define ROSTER_ANY_EVENT "any-event"  /* product in the log source of a filter for every event */

/* How often a rule may speak: 0 stands for the default. */
struct roster_limit {
    struct slice rule;
    int64_t fold;                /* seconds: alerts of one entity within are one */
    int64_t most;                /* alerts an hour and agency; -1: no limit */
};

struct roster_index;             /* networks and tokens made ready for lookups; roster.c only */

struct roster {
    struct arena arena;
    uint64_t generation;         /* grows with every publication */
    struct roster_source *sources;
    uint32_t source_count;
    struct roster_relay *relays;
    uint32_t relay_count;
    struct roster_certificate *certificates;
    uint32_t certificate_count;
    struct slice *disabled_rules; /* rule ids not to run */
    uint32_t disabled_count;
    struct roster_exception *exceptions;
    uint32_t exception_count;
    struct roster_limit *limits;
    uint32_t limit_count;
    struct roster_index *index;  /* by roster_load or roster_ready; NULL before */
};

#define ROSTER_BYTES_MOST (64u * 1024 * 1024)

/* Empty, to be filled (its bytes in its arena) and saved; NULL when memory is short. */
struct roster *roster_new(void);
/* Checks the sources and makes the lookups below possible. One that cannot be (a network that is none, a
 * class that is none, a key or token that another has) is left out, with a line in the log; the others
 * hold. roster_load has done it already. */
bool roster_ready(struct roster *roster, struct error *e);

/* False with the place and reason when missing, damaged or of a newer format. */
bool roster_load(const char *path, struct roster **roster_out, struct error *e);
bool roster_save(const struct roster *roster, const char *path, struct error *e);
/* The same from and to bytes: what roster_save writes. `name` names them in errors; the bytes are
 * copied. */
struct buffer;
bool roster_parse(struct slice bytes, const char *name, struct roster **roster_out,
                  struct error *e);
bool roster_print(const struct roster *roster, struct buffer *out, struct error *e);
void roster_free(struct roster **roster);

/* The source a syslog sender is: address as text ("127.0.0.1", "::1") inside the source's network
 * and, where the source names one, the header's hostname equal (ASCII case folded). The most
 * particular wins: hostname before none, longer prefix before shorter. NULL: unknown sender. */
const struct roster_source *roster_find_sender(const struct roster *roster, struct slice address,
                                               struct slice hostname);
/* Like roster_find_sender, but any hostname: can this sender be told by its address alone?
 * Sets *hostnames_out when some source of that network also asks for a hostname. */
const struct roster_source *roster_find_address(const struct roster *roster, struct slice address,
                                                bool *hostnames_out);
/* The source of that key, or NULL. */
const struct roster_source *roster_find_key(const struct roster *roster, struct slice key);
/* The source of a bearer token (hashed and compared in constant time); NULL: no such token. */
const struct roster_source *roster_find_token(const struct roster *roster, struct slice token);
/* The certificate of that fingerprint (hex of SHA-256); NULL: never registered. */
const struct roster_certificate *roster_find_certificate(const struct roster *roster,
                                                         struct slice sha256);
/* Whether the relay may hand on events of that source: those of its own agency. */
bool roster_relay_carries(const struct roster_relay *relay, const struct roster_source *source);

#endif
