/* trial - what rules would have raised over past events: counted a day, with some examples.
 *
 * Events may come in any order (an archive is read newest day first): single rules are counted at once;
 * what correlations count is kept and put to them at the end, in the order of receipt, as it came.
 * Matches of one rule about one entity in one system on one day are one alert, as the records fold them
 * (records/alert.h). Limits and switching off are left aside: it is the rule that is tried.
 * Good: for a back-test, one thread.
 * Never: for live events; nothing of it raises anything.
 */
#ifndef DETECT_TRIAL_H
#define DETECT_TRIAL_H

#include "detect/exception.h"
#include "detect/scanner.h"
#include "event/batch.h"

#define TRIAL_EXAMPLES 20u
#define TRIAL_DAYS_MOST 366u
#define TRIAL_ALERTS_MOST 500000u    /* told apart; what comes behind counts as matches only */
#define TRIAL_HITS_MOST 1000000u     /* kept for correlations; what comes behind is dropped and counted */

struct trial_day {
    uint64_t events, matches, alerts;
    bool left;                       /* not all of its events were read */
};

struct trial_example {
    const struct alert *alert;       /* its .event and .earlier do not count: */
    const struct event *event;       /* NULL: of a correlation, to be read by its id */
    struct event_id id;
    const struct event_id *earlier;  /* of a correlation */
    uint32_t earlier_count;
};

struct trial_total {
    uint64_t events, matches, alerts;
    uint64_t excepted;               /* matches that exceptions took away; not among the matches */
    uint64_t cut;                    /* matches whose alert could no longer be told apart */
    uint64_t dropped;                /* hits of correlations that did not fit, or came too late */
    uint64_t regex_limit;            /* regular expressions given up */
};

struct trial;

/* Days of Asia/Ho_Chi_Minh from the one that begins at `from` (ns UTC) on. example: called for the first
 * TRIAL_EXAMPLES alerts, as they are found; may be NULL. NULL: memory. */
struct trial *trial_new(struct ruleset *ruleset, int64_t from, uint32_t days,
                        void (*example)(void *owner, const struct trial_example *example),
                        void *owner);
void trial_free(struct trial **trial);
/* Before the first event: what these silence at the time `now` raises nothing, as in the pipeline. The
 * set is the trial's then. */
void trial_exceptions(struct trial *trial, struct exception_set *exceptions, int64_t now);
/* A batch's events with their ids; its arena takes what is made of them. False: memory. */
bool trial_events(struct trial *trial, struct batch *batch, const struct event_id *ids,
                  struct error *e);
/* An event of that time was passed by, since nothing could match it: it counts among its day's. */
void trial_passed(struct trial *trial, int64_t time);
/* Events between these times were not read: their days are not whole. */
void trial_left(struct trial *trial, int64_t time_min, int64_t time_max);
/* Behind the last event: what correlations make of it. */
bool trial_finish(struct trial *trial, struct error *e);
const struct trial_day *trial_days(const struct trial *trial, uint32_t *count_out);
struct trial_total trial_total(const struct trial *trial);

#endif
