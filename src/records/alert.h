/* alert - matches of one rule about one entity in one system on one day, folded into one.
 *
 * The hub folds what stands in the archive's outbox; each match counts once, however often it is
 * offered. The alert keeps the first 20 raw events, so that it outlives the archive.
 * Moves of people (take, release, …) belong to cases/triage.h; here is only their storage.
 */
#ifndef RECORDS_ALERT_H
#define RECORDS_ALERT_H

#include "records/records.h"

#define RECORDS_ALERT_EVENTS 20

struct records_alert_event {
    struct slice event;                 /* its id: "20261124.standard.184" */
    int64_t time, received;
    struct slice source, decoder, product, category, service;
    struct slice fields;                /* JSON object */
    struct slice raw;
};

/* One match as the outbox has it. */
struct records_alert_match {
    int32_t day;                        /* the day file and class it stands in, */
    struct slice class;
    uint64_t sequence;                  /* and its number there */
    struct slice rule, title, title_vi, author, license, tags;
    int level;                          /* 0..4 */
    struct slice agency, system, source;/* empty: the sender is unknown */
    struct slice entity, why;
    int64_t time;
    const struct records_alert_event *events;  /* the first ones; more than 20 are left out */
    uint32_t event_count;
};

/* Folds it; *fresh_out (may be NULL) says whether it was new (false: folded before, nothing done). */
bool records_alert_fold(struct records *records, const struct records_alert_match *match,
                        bool *fresh_out, struct error *e);

struct records_alert {
    int64_t id;
    struct slice rule, title, title_vi, author, license, tags;
    int level;
    struct slice state;                 /* new, taken, false_positive, escalated, closed */
    struct slice agency, agency_name, agency_short, system, system_name, source, source_name;
    struct slice entity, why;
    int64_t first_time, last_time;      /* of its matches */
    int64_t learnt_at;                  /* when it was folded first */
    uint64_t matches;
    struct slice taken_by, taken_by_name;
    int64_t taken_at, decided_at;       /* 0: not */
    struct slice reason;
    int64_t incident;                   /* 0: none */
};

struct records_alert_filter {
    struct slice states;                /* comma-separated; empty: any */
    int level;                          /* this and above */
    struct slice agency, system, source, rule;
    struct slice taken_by;              /* a user: only what that one took */
    struct slice words;                 /* in title, entity, rule; case and diacritics fold */
    int64_t from, to;                   /* last match in [from, to); 0: open */
    int64_t incident;                   /* linked to this one; 0: any */
};

struct records_alert_counts {
    uint64_t fresh, taken, false_positive, escalated, closed, mine;
};

struct records_alert_list {
    struct records_alert *rows;
    uint32_t count;
    uint64_t total, matches;            /* matches: single ones folded into total */
    struct slice next;
};

/* Sorts: -last_time, last_time, -level, level, -matches. */
bool records_alert_list(struct records *records, const struct records_scope *scope,
                        const struct records_alert_filter *filter,
                        const struct records_page *page, struct arena *arena,
                        struct records_alert_list *list_out, struct error *e);
/* By state under the same filter, its states and taken_by left aside; mine: taken by `user`. */
bool records_alert_counts(struct records *records, const struct records_scope *scope,
                          const struct records_alert_filter *filter, struct slice user,
                          struct records_alert_counts *counts_out, struct error *e);
bool records_alert_get(struct records *records, const struct records_scope *scope, int64_t id,
                       struct arena *arena, struct records_alert *alert_out, struct error *e);
bool records_alert_events(struct records *records, const struct records_scope *scope, int64_t id,
                          struct arena *arena, struct records_alert_event **events_out,
                          uint32_t *count_out, struct error *e);

struct records_alert_move {
    int64_t time;
    struct slice user, user_name, move, reason;
};

/* What people did with it, oldest first. */
bool records_alert_moves(struct records *records, const struct records_scope *scope, int64_t id,
                         struct arena *arena, struct records_alert_move **moves_out,
                         uint32_t *count_out, struct error *e);

struct records_rule_record {
    uint64_t alerts, true_positive, false_positive;  /* true: escalated */
};

/* How a rule fared since that time, over all agencies (counts only). */
bool records_alert_rule(struct records *records, struct slice rule, int64_t since,
                        struct records_rule_record *record_out, struct error *e);

/* ---- for cases/triage.c --------------------------------------------------------------------- */

/* From one state to another, with its move in the history and the audit log. ERROR_CONFLICT when
 * its state is no longer `from`: somebody was faster. */
bool records_alert_change(struct records *records, const struct actor *actor, int64_t id,
                          const char *move, struct slice from, const char *to, struct slice reason,
                          struct error *e);

/* ---- rules not to run ------------------------------------------------------------------------ */

struct records_rule_disabled {
    struct slice rule, reason, by_whom;
    int64_t since, until;               /* until 0: for good */
};

bool records_rule_disable(struct records *records, const struct actor *actor, struct slice rule,
                          struct slice reason, int64_t until, struct error *e);
bool records_rule_enable(struct records *records, const struct actor *actor, struct slice rule,
                         struct error *e);
/* Those that are disabled now. */
bool records_rule_disabled(struct records *records, struct arena *arena,
                           struct records_rule_disabled **rules_out, uint32_t *count_out,
                           struct error *e);

#endif
