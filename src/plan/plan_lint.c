/* plan_lint - what is wrong with a plan that could be read. */
#include "base/clock.h"
#include "plan/measure.h"

struct lint {
    const struct plan *plan;
    struct arena *arena;
    struct plan_fault *faults;
    uint32_t count, room;
};

static struct error *add(struct lint *l, bool warning)
{
    if (l->count == l->room) {
        uint32_t more = l->room ? l->room * 2 : 16;
        struct plan_fault *grown = arena_array(l->arena, more, sizeof *grown);
        if (!grown)
            return NULL;
        if (l->count)
            memcpy(grown, l->faults, l->count * sizeof *grown);
        l->faults = grown;
        l->room = more;
    }
    struct plan_fault *fault = &l->faults[l->count++];
    memset(fault, 0, sizeof *fault);
    fault->warning = warning;
    fault->error.kind = ERROR_INPUT;
    return &fault->error;
}

/* Shows line and column of plan.yaml. */
static void place(const struct lint *l, struct error *e, struct plan_place at)
{
    struct slice rest = l->plan->source, line = SLICE_NONE;
    for (unsigned i = 0; i < at.line && slice_split(&rest, '\n', &line); i++)
        ;
    error_at(e, l->plan->file, at.line, at.column, line);
}

static void check_quotes(struct lint *l, const struct plan_text *text)
{
    const struct plan *plan = l->plan;
    size_t from, to;
    bool again;

    for (uint32_t i = 0; i < plan->clause_count; i++)
        if (!plan_text_find(text, plan->clauses[i].heading, SLICE_NONE, l->arena, &from, &to, NULL)) {
            struct error *e = add(l, false);
            error_place(e, "%s", plan->file);
            error_set(e, "the heading of clause %.*s is not in the text",
                      SLICE_ARGS(plan->clauses[i].id));
        }
    for (uint32_t i = 0; i < plan->obligation_count; i++) {
        const struct plan_obligation *o = &plan->obligations[i];
        for (uint32_t k = 0; k < o->quote_count; k++)
            if (!plan_text_find(text, o->quotes[k], o->clause->heading, l->arena, &from, &to, &again)) {
                struct error *e = add(l, false);
                place(l, e, o->quote_places[k]);
                error_set(e, "the quote of %.*s is not in the plan's text behind '%.*s'",
                          SLICE_ARGS(o->id), SLICE_ARGS(o->clause->heading));
                error_hint(e, "copy the words from %s; breaks and Markdown do not matter",
                           plan->text_file);
            }
    }
    for (uint32_t i = 0; i < plan->aside_count; i++)
        for (uint32_t k = 0; k < plan->asides[i].quote_count; k++)
            if (!plan_text_find(text, plan->asides[i].quotes[k], SLICE_NONE, l->arena, &from, &to,
                                NULL)) {
                struct error *e = add(l, false);
                place(l, e, plan->asides[i].quote_places[k]);
                error_set(e, "these words are not in the plan's text");
            }
}

/* The English form of a reason in a text of SQL: without its mark and its arguments. */
static struct slice reason_form(struct slice text)
{
    static const char *const marks[] = { "pending:", "ours:", "theirs:", "third:", NULL };
    for (const char *const *mark = marks; *mark; mark++)
        if (slice_starts(text, slice_of(*mark)))
            text = slice_after(text, strlen(*mark));
    return slice_cut(text, 0, slice_find_byte(text, '|'));
}

/* Texts of SQL that are sentences, so reasons, need their Vietnamese. */
static void check_reasons(struct lint *l, const struct plan_measure *measure)
{
    struct slice rest = measure->sql, line;

    while (slice_split(&rest, '\n', &line)) {
        size_t comment = slice_find(line, SLICE("--"));
        struct slice part, left = slice_cut(line, 0, comment);
        for (bool inside = false; slice_split(&left, '\'', &part); inside = !inside) {
            struct slice form = reason_form(part);
            bool known = !inside || slice_find_byte(form, ' ') == form.len;
            for (uint32_t i = 0; i < l->plan->reason_count && !known; i++)
                known = slice_equal(l->plan->reasons[i].en, form);
            if (!known) {
                struct error *e = add(l, true);
                error_place(e, "%s", measure->file);
                error_set(e, "the reason '%.*s' has no Vietnamese", SLICE_ARGS(form));
                error_hint(e, "add it to 'reasons' in %s", l->plan->file);
            }
        }
    }
}

/* Each measure is prepared and run on an empty database, with every target that uses it: the topics
 * differ, and so may the parameters. */
static void check_measures(struct lint *l, struct measures *measures)
{
    const struct plan *plan = l->plan;
    struct period period = period_at(PERIOD_QUARTER, clock_now(), plan->regime->cutoff);

    for (uint32_t m = 0; m < plan->measure_count; m++) {
        const struct plan_measure *measure = &plan->measures[m];
        const struct plan_target *user = NULL;
        for (uint32_t i = 0; i < plan->obligation_count; i++)
            for (uint32_t k = 0; k < plan->obligations[i].target_count; k++)
                if (plan->obligations[i].targets[k].measure == measure)
                    user = &plan->obligations[i].targets[k];
        struct measure_input input = {
            .plan = plan, .period = period, .asof = period.from, .due = period.to,
            .topics = user ? user->topics : NULL, .topic_count = user ? user->topic_count : 0,
        };
        struct measure_rows rows;
        struct error why = ERROR_NONE;
        if (!measure_run(measures, measure, &input, l->arena, &rows, &why)) {
            struct error *e = add(l, false);
            if (e)
                *e = why;
        }
        check_reasons(l, measure);
        if (!user) {
            struct error *e = add(l, true);
            place(l, e, measure->place);
            error_set(e, "no obligation uses the measure %.*s", SLICE_ARGS(measure->id));
        }
    }
}

static void check_clauses(struct lint *l)
{
    for (uint32_t i = 0; i < l->plan->clause_count; i++) {
        bool used = false;
        for (uint32_t k = 0; k < l->plan->obligation_count; k++)
            used = used || l->plan->obligations[k].clause == &l->plan->clauses[i];
        if (!used) {
            struct error *e = add(l, true);
            error_place(e, "%s", l->plan->file);
            error_set(e, "no obligation stands under clause %.*s",
                      SLICE_ARGS(l->plan->clauses[i].id));
        }
    }
}

bool plan_lint(const struct plan *plan, const char *records_path, struct arena *arena,
               struct plan_fault **faults_out, uint32_t *count_out, struct error *e)
{
    MEASURES_AUTO *measures = NULL;
    struct lint l = { .plan = plan, .arena = arena };
    struct plan_text *text = plan_text_fold(plan->text, arena);

    if (!text)
        return error_set(e, "not enough memory for %s", "the check");
    if (!measures_open(records_path, &measures, e))
        return false;
    check_quotes(&l, text);
    check_measures(&l, measures);
    check_clauses(&l);
    if (arena->exhausted)
        return error_set(e, "not enough memory for %s", "the check");
    *faults_out = l.faults;
    *count_out = l.count;
    return true;
}
