/* detect_engine - blocks of records through scanners on all cores, answers in the files' order.
 *
 * Each of some threads reads a block, scans it, and hands on what is in order by then, if nobody else does.
 * At the end the correlations run over what was held of all files, by time (detect_hold.h). The blocks at
 * hand are bounded, so memory is too.
 */
#ifndef CLI_DETECT_ENGINE_H
#define CLI_DETECT_ENGINE_H

#include "base/map.h"
#include "detect/correlator.h"
#include "detect/indicator_match.h"
#include "event/decoder.h"

/* A record of a file: its line, or its number. */
struct detect_place { const char *file; uint64_t place; };

#define DETECT_EARLIER_MOST 100u

struct detect_found {
    uint32_t rule;                       /* UINT32_MAX: an indicator's */
    const struct alert *alert;
    const char *file;
    uint64_t place;                      /* line or record */
    struct slice host;                   /* the machine that the event names; may be empty */
    const struct detect_place *earlier;  /* of a correlation: the events before, oldest first */
    uint32_t earlier_count;
};

struct detect_options {
    struct ruleset *ruleset;
    const struct decoders *decoders;     /* NULL: text stays undecoded */
    struct event_logsource logsource;    /* given by the user; empty: found */
    int64_t now, from, to;               /* from, to 0: no limit */
    unsigned threads;
    const bool *wanted;                  /* by rule: alerts are handed on; NULL: all */
    const struct indicator_table *indicators;         /* NULL: none */
    const struct indicator_fields *indicator_fields;  /* with them */
    enum alert_level indicator_least;    /* alerts of indicators below are left out */
    uint64_t bytes;                      /* of all files, for the progress */
    size_t job_memory;                   /* for what is found in one block of a file; 0: 1 GiB */
    const bool *stop;                    /* once true, nothing more is read; NULL: never */
    /* never two at once, in any thread; alerts in the order of files and records, those of correlations
     * behind them by time (of a stream: where they are complete) */
    void (*alert)(void *owner, const struct detect_found *found);
    void (*progress)(void *owner, uint64_t bytes, uint64_t events);
    void (*damage)(void *owner, const struct error *e);
    void *owner;
};

#define DETECT_UNKNOWN_NAMES 50u

struct detect_summary {
    uint64_t files, events, matched, alerts, undecoded, unknown, regex_limit;
    uint64_t damaged;                    /* places in files; the records between them were read */
    struct { char name[120]; uint64_t count; } unknowns[DETECT_UNKNOWN_NAMES];
    uint32_t unknown_count;
    struct correlator_statistics correlator;
    double seconds;
};

/* False only when nothing could be started; damaged files are told by damage(). */
bool detect_run(const char *const *paths, size_t count, const struct detect_options *options,
                struct detect_summary *summary_out, struct error *e);

#endif
