/* findings - what a run of haidang detect found, by rule: for the page and the table by rule.
 *
 * Counts are whole; alerts themselves are kept as long as there is room: some of every rule.
 * Good: any number of alerts in bounded memory.
 * Never: the whole list (that is what --json is for).
 */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include "base/map.h"
#include "cli/detect_engine.h"

#define FINDINGS_LEVELS (LEVEL_CRITICAL + 1)
#define FINDINGS_HOSTS_A_RULE 50u

struct finding_alert {
    int64_t time;
    struct slice file;           /* the findings' */
    uint64_t place;
    uint32_t host;               /* index, or UINT32_MAX: none named */
    struct slice entity, why;    /* why empty: longer than FINDINGS_WHY_MOST */
};

#define FINDINGS_WHY_MOST 30000u

struct finding {
    uint32_t rule;               /* in the ruleset, or UINT32_MAX for an indicator */
    struct slice id, title, title_vi, author, license, tags;
    enum alert_level level;
    uint64_t count;
    int64_t first, last;         /* 0: no alert has a time */
    struct finding_alert *alerts; /* the first of them */
    uint32_t kept, capacity;
    struct { uint32_t host; uint64_t count; } hosts[FINDINGS_HOSTS_A_RULE]; /* the first of them */
    uint32_t host_count;
};

struct finding_host { struct slice name; uint64_t counts[FINDINGS_LEVELS]; };
struct finding_bucket { int64_t at; uint64_t counts[FINDINGS_LEVELS]; }; /* at: in bucket widths */

struct findings {
    struct arena arena;
    struct finding **rules;      /* in the order of their first alert */
    uint32_t rule_count, rule_capacity;
    struct finding_host *hosts;
    uint32_t host_count, host_capacity;
    uint64_t other_hosts;        /* alerts of hosts beyond */
    struct finding_bucket *buckets; /* a hash table: see findings_buckets */
    uint32_t bucket_count;
    int64_t bucket;              /* their width, ns */
    uint64_t untimed;
    uint32_t keep;
    bool failed;                 /* memory was short: counts are too low */
    struct map by_id, by_host, files;
};

/* keep: alerts a rule. NULL when memory is short. */
struct findings *findings_new(uint32_t keep);
void findings_free(struct findings **findings);
void findings_add(struct findings *findings, const struct detect_found *found);
/* Sorts the rules: worst level first, then most alerts. */
void findings_sort(struct findings *findings);
/* The used buckets in order of time; they hold until the next findings_add. */
struct finding_bucket *findings_buckets(struct findings *findings, uint32_t *count_out);

#endif
