/* plan_json - results in the shapes of openapi.yaml. */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"
#include "plan/plan_check.h"

static void text_or_null(struct json_writer *w, const char *name, struct slice text)
{
    if (text.len)
        json_text_member(w, name, text);
    else
        json_null_member(w, name);
}

static void words_member(struct json_writer *w, const char *name, const struct plan_words *words,
                         const char *language)
{
    json_text_member(w, name, plan_words_in(words, language));
}

void plan_head_members_json(struct json_writer *w, const struct plan *plan, const char *language)
{
    json_text_member(w, "id", plan->id);
    json_text_member(w, "number", plan->key.number);
    words_member(w, "title", &plan->title, language);
    json_text_member(w, "issued", plan->key.date);
    json_text_member(w, "issuer", plan->key.issuer);
}

void plan_head_json(struct json_writer *w, const struct plan *plan, const char *language)
{
    json_open_object(w);
    plan_head_members_json(w, plan, language);
    json_close_object(w);
}

void plan_period_json(struct json_writer *w, const struct period *period, const char *language)
{
    char label[PERIOD_LABEL];
    period_label(period, language, label);
    json_open_object(w);
    json_text_member(w, "id", slice_of(period->id));
    json_text_member(w, "label", slice_of(label));
    json_time_member(w, "from", period->from);
    json_time_member(w, "to", period->to);
    json_close_object(w);
}

static void goal_member(struct json_writer *w, const struct plan_target *t, const char *language)
{
    BUFFER_AUTO text;
    buffer_init(&text, 512);
    plan_say_goal(t, language, &text);
    json_text_member(w, "text", buffer_slice(&text));
}

void plan_obligation_json(struct json_writer *w, const struct plan_obligation *o,
                          const char *language)
{
    json_open_object(w);
    json_text_member(w, "id", o->id);
    json_text_member(w, "clause", o->clause->id);
    words_member(w, "title", &o->title, language);
    json_text_member(w, "quote", o->quotes[0]);
    words_member(w, "who", &o->who->title, language);
    const struct plan_role *lead = o->guide ? o->guide : o->support ? o->support : o->appraise;
    text_or_null(w, "lead", lead ? plan_words_in(&lead->title, language) : SLICE_NONE);
    json_open_array_member(w, "cadence");
    if (o->continuous || o->event)
        json_put_text(w, o->continuous ? SLICE("continuous") : SLICE("event"));
    for (int kind = 0; kind < PERIOD_KINDS && !o->continuous && !o->event; kind++)
        if (o->periods >> kind & 1)
            json_put_text(w, slice_of(period_kind_name((enum period_kind)kind)));
    json_close_array(w);
    json_open_array_member(w, "targets");
    for (uint32_t i = 0; i < o->target_count; i++) {
        json_open_object(w);
        json_text_member(w, "measure", o->targets[i].measure->id);
        words_member(w, "title", &o->targets[i].measure->title, language);
        goal_member(w, &o->targets[i], language);
        json_close_object(w);
    }
    json_close_array(w);
    text_or_null(w, "reading", o->reading);
    char day[CALENDAR_DAY];
    calendar_day_text(o->trial_until, day);
    text_or_null(w, "trial_until", o->trial_until ? slice_of(day) : SLICE_NONE);
    json_close_object(w);
}

void plan_figure_json(struct json_writer *w, const struct target_standing *t, const char *language)
{
    if (!t || !t->has_figure) {
        json_put_null(w);
        return;
    }
    json_open_object(w);
    json_integer_member(w, "numerator", t->numerator);
    if (t->target->measure->as == PLAN_RATIO)
        json_integer_member(w, "denominator", t->denominator);
    else
        json_null_member(w, "denominator");
    words_member(w, "unit", &t->target->measure->unit->word, language);
    json_close_object(w);
}

static void sentence_member(struct json_writer *w, const struct plan_result *result,
                            const struct plan_standing *s, const char *language)
{
    BUFFER_AUTO text;
    buffer_init(&text, 4096);
    plan_say_standing(result, s, language, &text);
    json_text_member(w, "sentence", buffer_slice(&text));
}

static void basis_member(struct json_writer *w, const struct plan_standing *s)
{
    text_or_null(w, "basis", s->has_basis ? slice_of(basis_name(s->basis)) : SLICE_NONE);
}

void plan_cell_json(struct json_writer *w, const struct plan_result *result,
                    const struct plan_standing *s, const char *language)
{
    if (!s) {
        json_put_null(w);
        return;
    }
    json_open_object(w);
    json_text_member(w, "standing", slice_of(standing_name(s->standing)));
    basis_member(w, s);
    json_name(w, "figure");
    plan_figure_json(w, s->deciding, language);
    sentence_member(w, result, s, language);
    json_close_object(w);
}

/* ---- evidence --------------------------------------------------------------------------------- */

/* "system:so-tttt.cong" → where the row leads; kinds that the console has a page for. */
static void links_member(struct json_writer *w, const struct plan_result *result,
                         const struct plan_standing *s, const struct measure_row *row,
                         const char *language)
{
    static const char *const kinds[] = { "agency", "system", "source", "alert", "incident", NULL };
    size_t colon = slice_find_byte(row->evidence, ':');
    struct slice kind = slice_cut(row->evidence, 0, colon);
    struct slice id = slice_after(row->evidence, colon + 1);

    json_open_array_member(w, "links");
    for (const char *const *k = kinds; *k && id.len; k++) {
        if (!slice_is(kind, *k))
            continue;
        json_open_object(w);
        json_text_member(w, "kind", kind);
        json_text_member(w, "id", id);
        json_text_member(w, "title", plan_result_name(result, kind, id, language));
        json_name(w, "events");
        if (slice_is(kind, "source")) {     /* its lines in the period */
            json_open_object(w);
            json_text_member(w, "query", SLICE(""));
            json_time_member(w, "from", s->period.from);
            json_time_member(w, "to", s->period.to);
            json_null_member(w, "agency");
            json_text_member(w, "source", id);
            json_close_object(w);
        } else {
            json_put_null(w);
        }
        json_close_object(w);
    }
    json_close_array(w);
}

static struct slice row_name(const struct plan_result *result, const struct measure_row *row,
                             const char *language)
{
    size_t colon = slice_find_byte(row->evidence, ':');
    struct slice kind = slice_cut(row->evidence, 0, colon);
    if (slice_equal(slice_after(row->evidence, colon + 1), row->subject))
        return plan_result_name(result, kind, row->subject, language);
    return row->subject;
}

static void row_json(struct json_writer *w, const struct plan_result *result,
                     const struct plan_standing *s, const struct measure_row *row,
                     const char *language)
{
    BUFFER_AUTO text;

    buffer_init(&text, 4096);
    plan_say_reason(result->plan, row->reason, language, &text);
    json_open_object(w);
    json_text_member(w, "subject", row->subject);
    json_text_member(w, "name", row_name(result, row, language));
    if (row->ok < 0)
        json_null_member(w, "ok");
    else
        json_boolean_member(w, "ok", row->ok == 1);
    json_integer_member(w, "weight", row->weight);
    json_text_member(w, "basis", slice_of(basis_name(row->basis)));
    json_text_member(w, "reason", buffer_slice(&text));
    links_member(w, result, s, row, language);
    json_close_object(w);
}

/* A target by itself: holds is met, still in time is due, fails is what the whole became. */
static enum standing target_state(const struct plan_standing *s, const struct target_standing *t)
{
    switch (t->verdict) {
    case VERDICT_HOLDS:
        return STANDING_MET;
    case VERDICT_EMPTY:
        return STANDING_EXEMPT;
    case VERDICT_UNKNOWN:
        return STANDING_UNKNOWN;
    case VERDICT_PENDING:
        return STANDING_DUE;
    default:
        return s->standing == STANDING_LATE || s->standing == STANDING_NOT_MET ? s->standing
                                                                               : STANDING_DUE;
    }
}

static void target_json(struct json_writer *w, const struct plan_result *result,
                        const struct plan_standing *s, const struct target_standing *t,
                        const char *language, bool evidence)
{
    BUFFER_AUTO text;

    buffer_init(&text, 4096);
    plan_say_target(result, t, language, &text);
    json_open_object(w);
    json_text_member(w, "measure", t->target->measure->id);
    words_member(w, "title", &t->target->measure->title, language);
    goal_member(w, t->target, language);
    json_text_member(w, "standing", slice_of(standing_name(target_state(s, t))));
    json_text_member(w, "sentence", buffer_slice(&text));
    json_name(w, "figure");
    plan_figure_json(w, t, language);
    json_integer_member(w, "unknown", t->unknown + t->pending);
    json_open_object_member(w, "basis_rows");
    json_integer_member(w, "measured", t->basis_rows[BASIS_MEASURED]);
    json_integer_member(w, "verified", t->basis_rows[BASIS_VERIFIED]);
    json_integer_member(w, "declared", t->basis_rows[BASIS_DECLARED]);
    json_close_object(w);
    if (evidence) {
        json_open_array_member(w, "rows");
        for (uint32_t i = 0; i < t->row_count; i++)
            row_json(w, result, s, &t->rows[i], language);
        json_close_array(w);
        json_text_member(w, "sql", t->target->measure->sql);
    }
    json_close_object(w);
}

static void exemption_member(struct json_writer *w, const struct plan_standing *s,
                             const char *language)
{
    const struct plan_exemption *x = s->exemption;

    if (!x) {
        json_null_member(w, "exemption");
        return;
    }
    BUFFER_AUTO text;
    buffer_init(&text, 4096);
    struct slice reason = x->reason;
    for (uint32_t i = 0; i < s->obligation->reason_count; i++)
        if (slice_equal(s->obligation->reasons[i].id, reason))
            reason = plan_words_in(&s->obligation->reasons[i].title, language);
    buffer_print(&text, text_in(language, "%.*s; granted by %.*s until %.*s"), SLICE_ARGS(reason),
                 SLICE_ARGS(x->granted_by), SLICE_ARGS(x->holds_to));
    if (x->document.len)
        buffer_print(&text, " (%.*s)", SLICE_ARGS(x->document));
    json_text_member(w, "exemption", buffer_slice(&text));
}

void plan_standing_json(struct json_writer *w, const struct plan_result *result,
                        const struct plan_standing *s, const char *language, bool evidence)
{
    BUFFER_AUTO source;

    json_name(w, "obligation");
    plan_obligation_json(w, s->obligation, language);
    json_open_object_member(w, "agency");
    json_text_member(w, "id", s->agency->key);
    json_text_member(w, "name", plan_result_name(result, SLICE("agency"), s->agency->key, language));
    json_close_object(w);
    json_name(w, "period");
    plan_period_json(w, &s->period, language);
    json_time_member(w, "at", result->at);
    json_text_member(w, "standing", slice_of(standing_name(s->standing)));
    sentence_member(w, result, s, language);
    json_time_member(w, "due", s->due);
    if (s->standing == STANDING_LATE || s->standing == STANDING_NOT_MET)
        json_integer_member(w, "late_days", s->late_days);
    else
        json_null_member(w, "late_days");
    json_open_array_member(w, "targets");
    for (uint32_t i = 0; i < s->obligation->target_count; i++)
        target_json(w, result, s, &s->targets[i], language, evidence);
    json_close_array(w);
    exemption_member(w, s, language);
    buffer_init(&source, 1024);
    buffer_print(&source, text_in(language, "Plan %.*s, clause %.*s"),
                 SLICE_ARGS(result->plan->key.number), SLICE_ARGS(s->obligation->clause->id));
    json_text_member(w, "quote_source", buffer_slice(&source));
    json_text_member(w, "regime", result->plan->regime->id);
}

void plan_result_json(struct json_writer *w, const struct plan_result *result, const char *language,
                      bool evidence)
{
    json_open_object(w);
    json_name(w, "plan");
    plan_head_json(w, result->plan, language);
    json_time_member(w, "at", result->at);
    json_text_member(w, "regime", result->plan->regime->id);
    json_time_member(w, "first_start", result->first_start == INT64_MAX ? 0 : result->first_start);
    json_open_object_member(w, "counts");
    for (int i = 0; i < STANDINGS; i++)
        json_integer_member(w, standing_name((enum standing)i), result->counts[i]);
    json_close_object(w);
    json_open_array_member(w, "standings");
    for (uint32_t i = 0; i < result->standing_count; i++) {
        json_open_object(w);
        plan_standing_json(w, result, &result->standings[i], language, evidence);
        json_close_object(w);
    }
    json_close_array(w);
    json_close_object(w);
}

/* ---- coverage --------------------------------------------------------------------------------- */

void plan_coverage_json(struct json_writer *w, const struct plan *plan,
                        const struct plan_coverage *c, const char *language)
{
    static const char *const kinds[] = { "layout", "covered", "aside", "missed" };

    json_open_object(w);
    json_name(w, "plan");
    plan_head_json(w, plan, language);
    json_integer_member(w, "covered", (int64_t)c->covered);
    json_integer_member(w, "aside", (int64_t)c->aside);
    json_integer_member(w, "missed", (int64_t)c->missed);
    json_open_array_member(w, "pieces");
    for (uint32_t i = 0; i < c->piece_count; i++) {
        const struct plan_piece *p = &c->pieces[i];
        json_open_object(w);
        json_text_member(w, "text", slice_cut(plan->text, p->from, p->to));
        json_text_member(w, "kind", slice_of(kinds[p->kind]));
        json_open_array_member(w, "obligations");
        for (uint32_t k = 0; k < p->obligation_count; k++)
            json_put_text(w, p->obligations[k]->id);
        json_close_array(w);
        text_or_null(w, "why", p->aside ? plan_words_in(&p->aside->why, language) : SLICE_NONE);
        json_close_object(w);
    }
    json_close_array(w);
    json_close_object(w);
}
