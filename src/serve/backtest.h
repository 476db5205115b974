/* backtest - a rule over the archive's last days: what it would have raised, before it is enabled.
 *
 * Joins the archive's walk, the compiler and the trial of detect; writes nothing. The texts below are
 * those that the reader hands to the hub, the API on to the console, and the command line to people.
 * Good: in a child of the reader, or in a command, beside the running server.
 */
#ifndef SERVE_BACKTEST_H
#define SERVE_BACKTEST_H

#include "archive/search.h"
#include "base/json.h"
#include "detect/trial.h"

struct backtest {
    const char *archive, *logsources;
    const char *placeholders;      /* file; "" or NULL: none */
    const char *roster;            /* file, whose exceptions hold; NULL, or not there: none */
    struct slice rule;             /* Sigma: one document or several */
    struct slice beside;           /* rules that its correlations count and that are not in it; or empty */
    const char *name;              /* of the text, for the places of its faults */
    struct search_scope scope;
    uint32_t days;                 /* of Asia/Ho_Chi_Minh, the last one being `now`'s; 1.. */
    int64_t now;
    unsigned budget_ms;
    uint64_t budget_bytes;
    bool every_block;              /* those too that cannot hold a match (serve/passing.h) */
};

/* Slices and pointers live until each returns; false ends it. */
struct backtest_handlers {
    void *owner;
    /* The rules that were compiled, once, first. */
    bool (*rules)(void *owner, const struct ruleset *rules, struct slice warnings);
    bool (*example)(void *owner, const struct trial_example *example);
    bool (*progress)(void *owner, const struct trial *trial, const struct search_foot *so_far);
};

/* False: e has the first fault of the rule with its place "NAME:LINE:COLUMN" (ERROR_INPUT), or why
 * archive or roster cannot be read. *trial_out and *foot_out are the result; the trial is the caller's. */
bool backtest_run(const struct backtest *test, const struct backtest_handlers *handlers,
                  struct arena *arena, struct trial **trial_out, struct search_foot *foot_out,
                  struct error *e);

/* Alerts a day to be expected: over the days that have events, the first and the last counted by what
 * they have of 24 hours. */
double backtest_expected(const struct trial *trial, int64_t now);

/* {"rules":[{"id","title","title_vi","level","correlation","silent","unreachable"}],"warnings":[…]} */
void backtest_rules_json(const struct ruleset *rules, struct slice warnings, struct buffer *out);
/* {"days":[{"day":20261124,"events":n,"matches":n,"alerts":n,"whole":true},…],"events":n,"matches":n,
 *  "alerts":n,"excepted":n,"cut":n,"dropped":n,"regex_limit":n,"expected":1.5} */
void backtest_days_json(const struct trial *trial, int64_t now, struct buffer *out);
/* {"rule","title","title_vi","level","time","entity","id","earlier":["…"],"why":…,"event":{…}|null} */
void backtest_example_json(const struct trial_example *example, struct buffer *out);

#endif
