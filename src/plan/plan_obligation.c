#include "base/clock.h"

#include "plan/reading.h"

#define PLACE(node) ((struct plan_place){ (node)->line, (node)->column })

bool reading_clauses(struct reading *r)
{
    static const char *const keys[] = { "id", "heading", "vi", "en", NULL };
    const struct yaml *node = reading_want(r, r->root, "clauses", YAML_SEQUENCE);
    struct plan *plan = r->plan;

    if (!node || !(plan->clauses = reading_make(r, node->count, sizeof *plan->clauses)))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *at = &node->children[i];
        struct plan_clause *c = &plan->clauses[plan->clause_count++];
        if (!yaml_known(at, keys, r->e) || !reading_text(r, at, "id", &c->id) ||
            !reading_words(r, at, &c->title) || !reading_text(r, at, "heading", &c->heading))
            return false;
    }
    return true;
}

/* "0.95", "1", "3" exactly. */
static bool read_decimal(struct slice text, int64_t *num, int64_t *of)
{
    size_t point = slice_find_byte(text, '.');
    struct slice fraction = slice_after(text, point + 1);
    uint64_t whole, part = 0;

    *of = 1;
    if (!slice_to_u64(slice_cut(text, 0, point), &whole) || whole > 1000000000 || fraction.len > 6)
        return false;
    if (point < text.len && !slice_to_u64(fraction, &part))
        return false;
    for (size_t i = 0; i < fraction.len; i++)
        *of *= 10;
    *num = (int64_t)whole * *of + (int64_t)part;
    return true;
}

static bool read_threshold(struct reading *r, const struct yaml *node, struct plan_target *t)
{
    if (node->kind == YAML_MAPPING) {
        struct slice name = yaml_member_text(node, "regime", SLICE_NONE);
        const struct regime_value *value = regime_value(r->plan->regime, name);
        if (!value || (value->kind != REGIME_SHARE && value->kind != REGIME_NUMBER))
            return yaml_error(r->e, node, "the regime %.*s has no share or number '%.*s'",
                              SLICE_ARGS(r->plan->regime->id), SLICE_ARGS(name));
        t->regime_value = name;
        t->num = value->kind == REGIME_SHARE ? value->num : value->number;
        t->of = value->kind == REGIME_SHARE ? value->of : 1;
        return true;
    }
    if (node->kind == YAML_SCALAR && read_decimal(node->text, &t->num, &t->of))
        return true;
    yaml_error(r->e, node, "a target is a number");
    return error_hint(r->e, "write 0.95 for 95 %%, or {regime: name}");
}

static bool read_topics(struct reading *r, const struct yaml *with, struct plan_target *t)
{
    if (with->kind != YAML_MAPPING || with->count > PLAN_TOPICS_MOST)
        return yaml_error(r->e, with, "'with' holds at most %d names and texts", PLAN_TOPICS_MOST);
    for (uint32_t i = 0; i < with->count; i++)
        t->topics[t->topic_count++] =
            (struct plan_topic){ with->children[i].key, with->children[i].text };
    return true;
}

static bool read_target(struct reading *r, const struct yaml *at, struct plan_target *t)
{
    static const char *const keys[] = { "measure", "ge", "warn", "source", "show", "with", NULL };
    const struct yaml *node;
    struct slice name;

    t->place = PLACE(at);
    if (!yaml_known(at, keys, r->e) || !reading_text(r, at, "measure", &name))
        return false;
    node = reading_at(at, "measure");
    if (!(t->measure = plan_measure(r->plan, name)))
        return yaml_error(r->e, node, "there is no measure '%.*s'",
                          SLICE_ARGS(name));
    if ((node = yaml_member(at, "with")) && !read_topics(r, node, t))
        return false;
    if ((node = yaml_member(at, "show")) && !yaml_to_boolean(node, &t->show))
        return yaml_error(r->e, node, "'%s' is true or false", "show");
    if (t->show) {
        t->of = 1;
        return !yaml_member(at, "ge") ||
               yaml_error(r->e, at, "what is only shown has no number to reach");
    }
    if (!(node = yaml_member(at, "ge")))
        return yaml_error(r->e, at, "a target needs a number to reach (ge), or show: true");
    if (!read_threshold(r, node, t))
        return false;
    if (t->measure->as == PLAN_RATIO && t->num > t->of)
        return yaml_error(r->e, node, "a share cannot be above 1");
    t->source = yaml_member_text(at, "source", SLICE_NONE);
    if (!reading_source(r, at, t->source))
        return false;
    if ((node = yaml_member(at, "warn"))) {
        if (node->kind != YAML_SCALAR || !read_decimal(node->text, &t->warn_num, &t->warn_of))
            return yaml_error(r->e, node, "a target is a number");
        if (t->warn_num * t->of >= t->num * t->warn_of)
            return yaml_error(r->e, node, "'warn' must be below the number to reach");
    }
    return true;
}

static bool read_quotes(struct reading *r, const struct yaml *at, struct plan_obligation *o)
{
    const struct yaml *quote = reading_want(r, at, "quote", YAML_SCALAR), *also = yaml_member(at, "also");
    uint32_t count = 1 + (also ? also->count : 0);

    if (!quote || !(o->quotes = reading_make(r, count, sizeof *o->quotes)) ||
        !(o->quote_places = reading_make(r, count, sizeof *o->quote_places)))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml *node = i ? &also->children[i - 1] : quote;
        if (node->kind != YAML_SCALAR || !node->text.len)
            return yaml_error(r->e, node, "this must be a text");
        o->quotes[i] = node->text;
        o->quote_places[i] = PLACE(node);
        o->quote_count++;
    }
    return true;
}

static bool add_period(struct reading *r, const struct yaml *node, struct plan_obligation *o)
{
    enum period_kind kind;
    if (node->kind != YAML_SCALAR || !period_kind_parse(node->text, &kind))
        return yaml_error(r->e, node, "'%.*s' is no cadence: month, quarter, half, year, continuous "
                                      "or event", SLICE_ARGS(node->text));
    o->periods |= 1u << kind;
    return true;
}

static bool read_cadence(struct reading *r, const struct yaml *at, struct plan_obligation *o)
{
    const struct yaml *node = yaml_member(at, "cadence"), *judged = yaml_member(at, "judged");

    if (!node)
        return yaml_error(r->e, at, "'%s' is missing", "cadence");
    o->continuous = node->kind == YAML_SCALAR && slice_is(node->text, "continuous");
    o->event = node->kind == YAML_SCALAR && slice_is(node->text, "event");
    if (o->continuous || o->event) {
        if (!judged)
            return yaml_error(r->e, node, "a continuous duty says in which periods it is judged");
        node = judged;
    } else if (judged) {
        return yaml_error(r->e, judged, "'judged' is for continuous duties and events only");
    }
    if (node->kind == YAML_SCALAR)
        return add_period(r, node, o);
    for (uint32_t i = 0; i < node->count; i++)
        if (!add_period(r, &node->children[i], o))
            return false;
    return o->periods || yaml_error(r->e, node, "'%s' is empty", "cadence");
}

static bool read_role(struct reading *r, const struct yaml *at, const char *key,
                      const struct plan_role **out)
{
    const struct yaml *node = yaml_member(at, key);
    if (!node)
        return true;
    *out = plan_role(r->plan, node->text);
    return *out || yaml_error(r->e, node, "there is no role '%.*s'", SLICE_ARGS(node->text));
}

/* P10D: whole days. */
static bool read_days(struct reading *r, const struct yaml *node, int64_t *out)
{
    uint64_t days;
    struct slice t = node->text;
    if (node->kind == YAML_SCALAR && t.len > 2 && t.data[0] == 'P' && t.data[t.len - 1] == 'D' &&
        slice_to_u64(slice_cut(t, 1, t.len - 1), &days) && days <= 3660) {
        *out = (int64_t)days * CLOCK_DAY;
        return true;
    }
    yaml_error(r->e, node, "this is no span of days");
    return error_hint(r->e, "ten days are written as P10D");
}

static bool read_exempt(struct reading *r, const struct yaml *node, struct plan_obligation *o)
{
    static const char *const keys[] = { "reasons", "granted_by", NULL };
    const struct yaml *reasons;

    if (!yaml_known(node, keys, r->e) || !(reasons = reading_want(r, node, "reasons", YAML_MAPPING)) ||
        !(o->reasons = reading_make(r, reasons->count, sizeof *o->reasons)))
        return false;
    for (uint32_t i = 0; i < reasons->count; i++) {
        struct plan_reason *reason = &o->reasons[o->reason_count++];
        reason->id = reasons->children[i].key;
        if (!reading_words(r, &reasons->children[i], &reason->title))
            return false;
    }
    if (!read_role(r, node, "granted_by", &o->granted_by))
        return false;
    return o->granted_by || yaml_error(r->e, node, "an exemption says who grants it (granted_by)");
}

static bool read_rest(struct reading *r, const struct yaml *at, struct plan_obligation *o)
{
    const struct yaml *node;

    if ((node = yaml_member(at, "grace")) && !read_days(r, node, &o->grace))
        return false;
    if ((node = yaml_member(at, "due"))) {
        o->due_value = yaml_member_text(node, "regime", SLICE_NONE);
        const struct regime_value *value = regime_value(r->plan->regime, o->due_value);
        if (!value || (value->kind != REGIME_DAY && value->kind != REGIME_NUMBER))
            return yaml_error(r->e, node, "the regime %.*s has no day or number '%.*s'",
                              SLICE_ARGS(r->plan->regime->id), SLICE_ARGS(o->due_value));
        if (value->kind == REGIME_DAY && o->periods != 1u << PERIOD_YEAR)
            return yaml_error(r->e, node, "only a yearly duty can be due on a day of the year");
    }
    if ((node = yaml_member(at, "exempt")) && !read_exempt(r, node, o))
        return false;
    if ((node = yaml_member(at, "reading")) &&
        !reading_file(r, node, PLAN_SQL_MOST, NULL, &o->reading))
        return false;
    return !(node = yaml_member(at, "trial_until")) || reading_day(r, node, &o->trial_until);
}

static bool is_obligation_id(struct slice id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!((id.data[i] >= 'a' && id.data[i] <= 'z') || (id.data[i] >= 'A' && id.data[i] <= 'Z') ||
              (id.data[i] >= '0' && id.data[i] <= '9') || id.data[i] == '.' || id.data[i] == '-'))
            return false;
    return id.len > 0 && id.len <= 40;
}

static bool read_obligation(struct reading *r, const struct yaml *at, struct plan_obligation *o)
{
    static const char *const keys[] = { "id", "clause", "vi", "en", "quote", "also", "who", "guide",
                                        "support", "appraise", "cadence", "judged", "grace", "due",
                                        "targets", "exempt", "reading", "trial_until", NULL };
    const struct yaml *node;
    struct slice clause;

    o->place = PLACE(at);
    if (!yaml_known(at, keys, r->e) || !reading_text(r, at, "id", &o->id))
        return false;
    node = reading_at(at, "id");
    if (!is_obligation_id(o->id))
        return yaml_error(r->e, node, "an id is letters, digits, '.' and '-'");
    if (plan_obligation(r->plan, o->id) != o)
        return yaml_error(r->e, node, "there are two obligations '%.*s'",
                          SLICE_ARGS(o->id));
    if (!reading_text(r, at, "clause", &clause) || !reading_words(r, at, &o->title))
        return false;
    for (uint32_t i = 0; i < r->plan->clause_count; i++)
        if (slice_equal(r->plan->clauses[i].id, clause))
            o->clause = &r->plan->clauses[i];
    node = reading_at(at, "clause");
    if (!o->clause)
        return yaml_error(r->e, node, "there is no clause '%.*s'",
                          SLICE_ARGS(clause));
    if (!reading_want(r, at, "who", YAML_SCALAR) || !read_role(r, at, "who", &o->who) ||
        !read_role(r, at, "guide", &o->guide) || !read_role(r, at, "support", &o->support) ||
        !read_role(r, at, "appraise", &o->appraise) || !read_cadence(r, at, o) ||
        !read_quotes(r, at, o))
        return false;
    if (!(node = reading_want(r, at, "targets", YAML_SEQUENCE)) ||
        !(o->targets = reading_make(r, node->count, sizeof *o->targets)))
        return false;
    uint32_t judged = 0;
    for (uint32_t i = 0; i < node->count; i++) {
        struct plan_target *target = &o->targets[o->target_count++];
        if (!read_target(r, &node->children[i], target))
            return false;
        judged += !target->show;
    }
    if (!judged)
        return yaml_error(r->e, node, "an obligation needs a target that counts");
    return read_rest(r, at, o);
}

bool reading_obligations(struct reading *r)
{
    const struct yaml *node = reading_want(r, r->root, "obligations", YAML_SEQUENCE);
    struct plan *plan = r->plan;

    if (!node)
        return false;
    if (node->count > PLAN_OBLIGATIONS_MOST)
        return yaml_error(r->e, node, "more than %d obligations", PLAN_OBLIGATIONS_MOST);
    if (!(plan->obligations = reading_make(r, node->count, sizeof *plan->obligations)))
        return false;
    for (uint32_t i = 0; i < node->count; i++)
        if (!read_obligation(r, &node->children[i], &plan->obligations[plan->obligation_count++]))
            return false;
    return true;
}

bool reading_asides(struct reading *r)
{
    static const char *const keys[] = { "why", "quotes", NULL };
    const struct yaml *node = yaml_member(r->root, "aside");
    struct plan *plan = r->plan;

    if (!node)
        return true;
    if (!(plan->asides = reading_make(r, node->count, sizeof *plan->asides)))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *at = &node->children[i], *why, *quotes;
        struct plan_aside *aside = &plan->asides[plan->aside_count++];
        if (!yaml_known(at, keys, r->e) || !(why = reading_want(r, at, "why", YAML_MAPPING)) ||
            !reading_words(r, why, &aside->why) || !(quotes = reading_want(r, at, "quotes", YAML_SEQUENCE)) ||
            !reading_list(r, quotes, &aside->quotes, &aside->quote_count) ||
            !(aside->quote_places = reading_make(r, quotes->count, sizeof *aside->quote_places)))
            return false;
        for (uint32_t k = 0; k < quotes->count; k++)
            aside->quote_places[k] = PLACE(&quotes->children[k]);
    }
    return true;
}
