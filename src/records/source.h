/* source - one sender of events, tied to a system and so to an agency; and what was heard of it.
 *
 * The counters come from the archive's outbox (the hub folds them); a source's health is worked out
 * when asked, from its cadence, its last event and our own gaps.
 */
#ifndef RECORDS_SOURCE_H
#define RECORDS_SOURCE_H

#include "records/records.h"

enum records_health {
    RECORDS_HEARD,    /* within its cadence */
    RECORDS_SILENT,   /* it has sent, and no longer does */
    RECORDS_NEVER,    /* nothing yet */
    RECORDS_UNKNOWN   /* our own collector was down meanwhile */
};

/* "heard", "silent", "never", "unknown". */
const char *records_health_name(enum records_health health);
bool records_health_parse(struct slice name, enum records_health *health_out);

struct records_health_counts {
    uint32_t heard, silent, never, unknown;
};

#define RECORDS_SPARK 24
#define RECORDS_RHYTHM_WEEKS 6     /* of hours that are kept */

struct records_source {
    struct slice key, name;
    struct slice system, system_name, agency, agency_name;  /* all but system are read only */
    struct slice kind;                 /* syslog, http, file */
    struct slice network, hostname;    /* how it is known; empty: any */
    struct slice token_sha256;         /* hex; empty: no token. Never shown to people */
    struct slice decoder, zone, class; /* class empty: standard */
    int64_t cadence;                   /* seconds; silent after that; 0 when put: 3600 */
    bool enabled;
    struct slice valid_from, valid_to; /* days, both included; empty: open */

    /* read only */
    enum records_health health;
    struct slice protocol;             /* how it last sent; empty: not known */
    int64_t first_seen, last_seen;     /* receipt; 0: never */
    int64_t skew;                      /* ns, its clock minus ours, of its last batch */
    int64_t usual_pause;               /* ns, its longest usual one; 0: not known yet */
    int64_t silent_after;              /* ns: learnt, or its cadence */
    uint64_t events_day, undecoded_day;/* last 24 hours */
    uint64_t events_recent;            /* last five minutes */
    uint64_t spark[RECORDS_SPARK];     /* events an hour over the last 24, oldest first */
};

/* Does nothing but its certificate or its token tell who it is? Its host name counts only within its
 * network. (A followed file is told by its path.) */
bool records_source_by_credential(const struct records_source *source);

struct records_source_filter {
    struct slice key, agency, system;
    struct slice health;
    struct slice words;
};

struct records_source_list {
    struct records_source *rows;
    uint32_t count;
    uint64_t total;
    struct records_health_counts counts;   /* without the filter on health */
    struct slice next;
};

/* Sorts: name, -name, last_seen, -last_seen, -per_minute, -undecoded. */
bool records_source_list(struct records *records, const struct records_scope *scope,
                         const struct records_source_filter *filter,
                         const struct records_page *page, struct arena *arena,
                         struct records_source_list *list_out, struct error *e);
bool records_source_get(struct records *records, const struct records_scope *scope,
                        struct slice key, struct arena *arena,
                        struct records_source *source_out, struct error *e);
/* Adds or changes it. An empty token_sha256 leaves the token that it has. */
bool records_source_put(struct records *records, const struct actor *actor,
                        const struct records_source *source, enum records_change *change_out,
                        struct error *e);
/* Sets the token's hash (hex of SHA-256); empty takes the token away. */
bool records_source_token(struct records *records, const struct actor *actor, struct slice key,
                          struct slice token_sha256, struct error *e);

/* How many enabled sources within the scope are heard, silent, …; agency empty: all in scope. */
bool records_source_counts(struct records *records, const struct records_scope *scope,
                           struct slice agency, struct records_health_counts *counts_out,
                           struct error *e);

/* Sums over all its days: received = stored + repeated + quarantined + refused. */
struct records_source_sums {
    uint64_t received, stored, repeated, quarantined, refused, undecoded;
};

/* source "": what unknown senders sent (the scope must hold all). No bytes: zeros. */
bool records_source_sums(struct records *records, struct slice source,
                         struct records_source_sums *sums_out, struct error *e);

/* ---- folding the counters: by the hub, in one transaction with records_outbox_put ----------- */

struct records_source_count {
    struct slice source;               /* key; "" unknown senders */
    uint64_t received, stored, repeated, quarantined, refused, undecoded;
    int64_t first, last;               /* receipt times */
    int64_t skew;                      /* ns */
    struct slice protocol;             /* may be empty */
};

/* Adds to the source's day, hour, minute and health, and ends its silence. Counts are put to the day,
 * hour and minute of `last`. */
bool records_source_fold(struct records *records, const struct records_source_count *count,
                         struct error *e);
/* Deletes minutes older than eight days and hours older than six weeks. */
bool records_source_tidy(struct records *records, struct error *e);

/* ---- the intake's rhythm ---------------------------------------------------------------------- */

struct records_intake_agency {
    struct slice agency, name, short_name;
    uint64_t events, undecoded, recent;/* recent: last five minutes before `to` */
    int64_t last_seen;                 /* 0: never */
    uint32_t sources, heard;           /* enabled ones; those with events in [from, to) */
    uint64_t *buckets;
};

struct records_intake {
    uint64_t events, undecoded, recent;
    uint64_t *buckets;
    uint32_t bucket_count;
    struct records_intake_agency *agencies;  /* each that has a source, busiest first */
    uint32_t agency_count;
};

/* Events by receipt time in [from, to), cut to whole minutes, in `buckets` equal parts (1..240). */
bool records_intake(struct records *records, const struct records_scope *scope, int64_t from,
                    int64_t to, uint32_t buckets, struct arena *arena,
                    struct records_intake *intake_out, struct error *e);

#endif
