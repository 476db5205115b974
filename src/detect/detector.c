#include "detect/detector.h"

#include "detect/audit_batch.h"

#include <stdlib.h>

#include "base/clock.h"
#include "detect/throttle.h"

struct detector {
    struct audit_batch *audit;
    struct scanner *scanner;
    struct correlator *correlator;
    struct slice *disabled;      /* copied ids */
    uint32_t disabled_count;
    bool *off;                   /* by rule of the present ruleset */
    struct indicator_fields *fields;
    struct indicator_table *table;
    struct indicator_matcher *matcher; /* NULL: no indicators */
    struct exception_set *exceptions;  /* NULL: none */
    struct throttle *throttle;
    struct losses_book *losses;
    uint64_t seen;               /* events, as the base of the next batch */
};

struct run {
    struct batch *batch;
    struct detector *detector;
    uint32_t alert_capacity, hit_capacity, tally_capacity;
    int64_t now;
    const char *label_from[3];   /* product, category, service of the last label, in the ruleset */
    struct slice label[3];       /* the same, copied into the batch */
    bool short_of_memory;
};

static void *grow(struct batch *batch, void *old, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return old;
    uint32_t more = *capacity ? *capacity * 2 : 32;
    char *fresh = arena_array(&batch->arena, more, size);
    if (fresh && count)
        memcpy(fresh, old, count * size);
    if (fresh)
        *capacity = more;
    return fresh;
}

static bool same_tally(const struct match_tally *t, const struct event *event, const struct alert *alert,
                       enum tally_kind kind, int64_t exception)
{
    return t->kind == kind && t->exception == exception && slice_equal(t->rule, alert->rule) &&
           slice_equal(t->agency, event->agency) && slice_equal(t->system, event->system) &&
           slice_equal(t->entity, alert->entity);
}

static void add_tally(struct run *run, const struct event *event, const struct alert *alert,
                      enum tally_kind kind, int64_t exception)
{
    struct batch *b = run->batch;
    for (uint32_t i = b->tally_count; i-- > 0;) {
        struct match_tally *t = &b->tallies[i];
        if (!same_tally(t, event, alert, kind, exception))
            continue;
        t->count++;
        t->first = alert->time < t->first ? alert->time : t->first;
        t->last = alert->time > t->last ? alert->time : t->last;
        return;
    }
    struct match_tally *tallies = grow(b, b->tallies, b->tally_count, &run->tally_capacity,
                                 sizeof *tallies);
    if (!tallies) {
        run->short_of_memory = true;
        return;
    }
    b->tallies = tallies;
    tallies[b->tally_count++] = (struct match_tally){
        .kind = kind, .exception = exception, .rule = alert->rule, .agency = event->agency,
        .system = event->system, .entity = alert->entity, .count = 1, .first = alert->time,
        .last = alert->time,
    };
}

/* Whether it goes on; what does not is counted. */
static bool passes(struct run *run, const struct alert *alert)
{
    struct detector *d = run->detector;
    const struct event *event = &run->batch->events[alert->event];
    enum tally_kind kind;
    int64_t exception =
        d->exceptions ? exception_find(d->exceptions, event, alert->rule, run->now) : 0;
    if (exception) {
        add_tally(run, event, alert, TALLY_EXCEPTED, exception);
        return false;
    }
    if (throttle_pass(d->throttle, event, alert, run->now, &kind))
        return true;
    add_tally(run, event, alert, kind, 0);
    return false;
}

static void keep_alert(struct run *run, const struct alert *alert)
{
    struct batch *b = run->batch;
    if (!passes(run, alert))
        return;
    struct alert *alerts = grow(b, b->alerts, b->alert_count, &run->alert_capacity, sizeof *alerts);
    if (!alerts) {
        run->short_of_memory = true;
        return;
    }
    b->alerts = alerts;
    b->alerts[b->alert_count++] = *alert;
}

static void add_alert(void *owner, uint32_t rule, const struct alert *alert)
{
    struct run *run = owner;
    if (!run->detector->off[rule])
        keep_alert(run, alert);
}

static void add_hit(struct run *run, const struct hit *hit)
{
    struct batch *b = run->batch;
    struct hit *hits = grow(b, b->hits, b->hit_count, &run->hit_capacity, sizeof *hits);
    if (!hits) {
        run->short_of_memory = true;
        return;
    }
    b->hits = hits;
    b->hits[b->hit_count++] = *hit;
}

static void match(struct run *run, struct detector *d, const struct event *event, uint32_t index,
                  uint32_t rule)
{
    struct scanner *scanner = d->scanner;
    struct batch *b = run->batch;
    struct alert alert;
    struct hit *hits;
    uint32_t count;
    if (!ruleset_rule(scanner_ruleset(scanner), rule).silent) {
        if (scanner_alert(scanner, event, rule, &b->arena, &alert)) {
            alert.event = index;
            add_alert(run, rule, &alert);
        } else {
            run->short_of_memory = true;
        }
    }
    if (!correlator_hits(scanner, event, rule, index, &b->arena, &hits, &count))
        run->short_of_memory = true;
    for (uint32_t i = 0; i < count; i++) {
        add_hit(run, &hits[i]);
        correlator_put(d->correlator, &hits[i], &b->arena, add_alert, run);
    }
}

static bool is_disabled(const struct detector *d, struct slice rule)
{
    for (uint32_t i = 0; i < d->disabled_count; i++)
        if (slice_equal(d->disabled[i], rule))
            return true;
    return false;
}

static void match_indicators(struct run *run, uint32_t index)
{
    struct detector *d = run->detector;
    struct batch *b = run->batch;
    const struct event *event = &b->events[index];
    const struct indicator_found *found;
    uint32_t count = indicator_matcher_scan(d->matcher, event, &found);
    for (uint32_t i = 0; i < count; i++) {
        struct alert alert;
        if (!indicator_alert(d->matcher, event, &found[i], &b->arena, &alert)) {
            run->short_of_memory |= b->arena.exhausted;
            continue;
        }
        alert.event = index;
        if (!is_disabled(d, alert.rule))
            keep_alert(run, &alert);
    }
}

/* A copy that outlives the ruleset; events of one kind follow each other, so the last one mostly holds. */
static struct slice keep_text(struct run *run, struct slice own, struct slice found, int part)
{
    if (own.len || !found.len || found.data == own.data)
        return own;
    if (run->label_from[part] != found.data) {
        run->label_from[part] = found.data;
        run->label[part] = arena_copy(&run->batch->arena, found);
    }
    return run->label[part].data ? run->label[part] : own;
}

/* What the log source data say of the event where its decoder said nothing: search and console show
 * it. */
static void label(struct run *run, struct event *event, const struct event *scanned)
{
    struct event_logsource *own = &event->logsource;
    if (own->product.len && own->category.len && own->service.len)
        return;
    struct event_logsource found = scanner_label(run->detector->scanner, scanned);
    own->product = keep_text(run, own->product, found.product, 0);
    own->category = keep_text(run, own->category, found.category, 1);
    own->service = keep_text(run, own->service, found.service, 2);
}

bool detector_batch(struct detector *d, struct batch *batch, struct error *e)
{
    struct run run = { .batch = batch, .detector = d, .alert_capacity = batch->alert_count,
                       .hit_capacity = batch->hit_count, .tally_capacity = batch->tally_count,
                       .now = clock_now() };
    batch->base = d->seen;
    d->seen += batch->event_count;
    correlator_begin(d->correlator, batch->base);
    audit_batch_begin(d->audit, batch);
    for (uint32_t i = 0; i < batch->event_count; i++) {
        const uint32_t *rules;
        const struct event *event = audit_batch_event(d->audit, i);
        uint32_t count = event ? scanner_scan(d->scanner, event, &rules) : 0;
        for (uint32_t k = 0; k < count; k++)
            if (audit_batch_news(d->audit, rules[k]) && !d->off[rules[k]])
                match(&run, d, event, i, rules[k]);
        if (event)
            losses_event(d->losses, d->scanner);
        if (d->matcher)
            match_indicators(&run, i);
        if (event)
            label(&run, &batch->events[i], event);
    }
    audit_batch_end(d->audit);
    losses_batch(d->losses, d->scanner, d->correlator, run.short_of_memory);
    return !run.short_of_memory ||
           error_set(e, "this batch raises more alerts than its memory holds; %u are kept",
                     batch->alert_count);
}

static void free_disabled(struct detector *d)
{
    for (uint32_t i = 0; i < d->disabled_count; i++)
        free((char *)(uintptr_t)d->disabled[i].data);
    free(d->disabled);
    d->disabled = NULL;
    d->disabled_count = 0;
}

/* Which rules of the ruleset are switched off; NULL when memory is short. */
static bool *switched_off(const struct detector *d, const struct ruleset *ruleset)
{
    bool *off = calloc(ruleset_count(ruleset) + 1, sizeof *off);
    for (uint32_t rule = 0; off && rule < ruleset_count(ruleset); rule++) {
        struct ruleset_rule r = ruleset_rule(ruleset, rule);
        for (uint32_t i = 0; i < d->disabled_count && !off[rule]; i++)
            off[rule] = slice_equal(r.id.len ? r.id : r.title, d->disabled[i]);
    }
    return off;
}

struct detector *detector_new(struct ruleset *ruleset)
{
    struct detector *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->scanner = scanner_new(ruleset);
    d->correlator = correlator_new(ruleset);
    d->audit = audit_batch_new();
    d->throttle = throttle_new();
    d->losses = losses_new();
    d->off = switched_off(d, ruleset);
    if (!d->scanner || !d->correlator || !d->audit || !d->off || !d->throttle ||
        !d->losses)
        detector_free(&d);
    return d;
}

void detector_free(struct detector **detector)
{
    struct detector *d = *detector;
    *detector = NULL;
    if (!d)
        return;
    scanner_free(&d->scanner);
    correlator_free(&d->correlator);
    audit_batch_free(&d->audit);
    indicator_matcher_free(&d->matcher);
    indicator_table_close(&d->table);
    indicator_fields_free(&d->fields);
    exception_set_free(&d->exceptions);
    throttle_free(&d->throttle);
    losses_free(&d->losses);
    free_disabled(d);
    free(d->off);
    free(d);
}

void detector_restore(struct detector *d, const struct hit *hit, const struct event_id *id)
{
    correlator_restore(d->correlator, hit, id);
}

bool detector_swap(struct detector *d, struct ruleset *ruleset)
{
    struct scanner *scanner = scanner_new(ruleset);
    struct correlator *correlator = correlator_new(ruleset);
    bool *off = switched_off(d, ruleset);
    if (!scanner || !correlator || !off) {
        scanner_free(&scanner);
        correlator_free(&correlator);
        free(off);
        return false;
    }
    correlator_move(correlator, d->correlator);
    losses_keep(d->losses, d->scanner, d->correlator);
    scanner_free(&d->scanner);
    correlator_free(&d->correlator);
    free(d->off);
    d->scanner = scanner;
    d->correlator = correlator;
    d->off = off;
    audit_batch_forget(d->audit);
    return true;
}

bool detector_disable(struct detector *d, const struct slice *rules, uint32_t count)
{
    struct slice *copies = calloc(count + 1, sizeof *copies);
    bool fine = copies != NULL;
    for (uint32_t i = 0; fine && i < count; i++) {
        char *copy = malloc(rules[i].len + 1);
        if (copy && rules[i].len)
            memcpy(copy, rules[i].data, rules[i].len);
        copies[i] = slice_from(copy, rules[i].len);
        fine = copy != NULL;
    }
    struct detector fresh = { .disabled = copies, .disabled_count = fine ? count : 0 };
    bool *off = fine ? switched_off(&fresh, scanner_ruleset(d->scanner)) : NULL;
    if (!off) {
        for (uint32_t i = 0; copies && i < count; i++)
            free((char *)(uintptr_t)copies[i].data);
        free(copies);
        return false;
    }
    free_disabled(d);
    free(d->off);
    d->disabled = copies;
    d->disabled_count = count;
    d->off = off;
    return true;
}

bool detector_indicators(struct detector *d, struct indicator_fields *fields,
                         struct indicator_table *table)
{
    struct indicator_matcher *matcher = fields && table ? indicator_matcher_new(fields, table) : NULL;
    if (fields && table && !matcher)
        return false;
    indicator_matcher_free(&d->matcher);
    indicator_table_close(&d->table);
    indicator_fields_free(&d->fields);
    d->matcher = matcher;
    d->table = table;
    d->fields = fields;
    return true;
}

void detector_exceptions(struct detector *d, struct exception_set *exceptions,
                         const struct roster_limit *limits, uint32_t limit_count)
{
    exception_set_free(&d->exceptions);
    d->exceptions = exceptions;
    throttle_limits(d->throttle, limits, limit_count);
}

int64_t detector_horizon(const struct detector *d)
{
    return correlator_span(scanner_ruleset(d->scanner));
}

struct losses detector_losses(struct detector *d)
{
    return losses_look(d->losses);
}
