#include "detect/exception.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "detect/compiler.h"
#include "detect/scanner.h"

struct exception_set {
    struct arena arena;
    struct roster_exception *rows;
    uint32_t count;
    struct ruleset *ruleset;
    struct scanner *scanner;
    int64_t *ids;                /* by rule of the ruleset */
};

static void tell(void *owner, const struct error *e, bool warning)
{
    (void)owner;
    if (!warning)
        log_error(e, "an exception is left out");
}

static bool names_any(struct slice list, const struct ruleset *rules)
{
    bool any = false;
    for (uint32_t i = 0; i < ruleset_count(rules) && !any; i++) {
        struct ruleset_rule r = ruleset_rule(rules, i);
        any = slice_names(list, r.id.len ? r.id : r.title);
    }
    return any;
}

static bool copy_rows(struct exception_set *set, const struct roster *roster,
                      const struct ruleset *rules)
{
    set->rows = arena_array(&set->arena, roster->exception_count + 1u, sizeof *set->rows);
    for (uint32_t i = 0; set->rows && i < roster->exception_count; i++) {
        if (rules && !names_any(roster->exceptions[i].rules, rules))
            continue;
        struct roster_exception *to = &set->rows[set->count++];
        *to = roster->exceptions[i];
        struct slice *texts[] = { &to->rules, &to->agency, &to->system, &to->source, &to->filter };
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            if (texts[k]->len)
                *texts[k] = arena_copy(&set->arena, *texts[k]);
    }
    return set->rows && !set->arena.exhausted;
}

/* The filter's own id is "exception-NUMBER" (records/exception.h). */
static int64_t number_of(struct slice id)
{
    int64_t number = 0;
    if (slice_starts(id, SLICE("exception-")))
        slice_to_i64(slice_after(id, 10), &number);
    return number;
}

static bool compile(struct exception_set *set, const char *logsources)
{
    struct slice *texts = arena_array(&set->arena, set->count + 1u, sizeof *texts);
    struct error e = ERROR_NONE;
    for (uint32_t i = 0; texts && i < set->count; i++)
        texts[i] = set->rows[i].filter;
    struct compiler_options options = { .texts = texts, .text_count = set->count,
                                        .filters_alone = true, .logsources = logsources,
                                        .report = tell };
    if (!texts || !compiler_run(&options, &set->ruleset, NULL, &e)) {
        log_error(&e, "no exception holds");
        return true; /* alerts too many are better than none */
    }
    uint32_t rules = ruleset_count(set->ruleset);
    set->scanner = scanner_new(set->ruleset);
    if (set->scanner)
        scanner_logsource(set->scanner,
                          (struct event_logsource){ .product = SLICE(ROSTER_ANY_EVENT) });
    set->ids = arena_array(&set->arena, rules + 1u, sizeof *set->ids);
    for (uint32_t i = 0; set->ids && i < rules; i++)
        set->ids[i] = number_of(ruleset_rule(set->ruleset, i).id);
    return set->scanner && set->ids;
}

struct exception_set *exception_set_new(const struct roster *roster, const struct ruleset *rules,
                                        const char *logsources)
{
    struct exception_set *set = calloc(1, sizeof *set);
    if (!set)
        return NULL;
    arena_init(&set->arena, ARENA_NO_CEILING);
    if (!copy_rows(set, roster, rules) || (set->count && !compile(set, logsources)))
        exception_set_free(&set);
    return set;
}

void exception_set_free(struct exception_set **exceptions)
{
    struct exception_set *set = *exceptions;
    *exceptions = NULL;
    if (!set)
        return;
    scanner_free(&set->scanner);
    ruleset_free(&set->ruleset);
    arena_free(&set->arena);
    free(set);
}

static bool fits(const struct roster_exception *x, const struct event *event, struct slice rule,
                 int64_t now)
{
    return x->until > now && slice_names(x->rules, rule) &&
           (!x->agency.len || slice_equal(x->agency, event->agency)) &&
           (!x->system.len || slice_equal(x->system, event->system)) &&
           (!x->source.len || slice_equal(x->source, event->source));
}

int64_t exception_find(struct exception_set *set, const struct event *event, struct slice rule,
                       int64_t now)
{
    const uint32_t *found;
    uint32_t count = 0;
    bool any = false;
    for (uint32_t i = 0; set->scanner && i < set->count && !any; i++)
        any = fits(&set->rows[i], event, rule, now);
    if (any)
        count = scanner_scan(set->scanner, event, &found);
    for (uint32_t k = 0; k < count; k++)
        for (uint32_t i = 0; i < set->count; i++)
            if (set->rows[i].id == set->ids[found[k]] && fits(&set->rows[i], event, rule, now))
                return set->rows[i].id;
    return 0;
}
