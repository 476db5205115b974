/* plan_file - plan.yaml into struct plan, strictly: an unknown key is an error that names the
 * nearest known one, and what a name refers to must exist. */
#include "base/file.h"
#include "base/clock.h"
#include "base/fold.h"
#include "base/yaml.h"
#include "plan/plan.h"

#include <stdlib.h>
#include <unistd.h>

#define SCHEMA 1

/* What the readers below need. */
struct reading {
    struct plan *plan;
    const struct yaml *root;
    struct error *e;
};

#define PLACE(node) ((struct plan_place){ (node)->line, (node)->column })

static void *make(struct reading *r, size_t count, size_t size)
{
    void *memory = arena_array(&r->plan->arena, count ? count : 1, size);
    if (memory)
        memset(memory, 0, (count ? count : 1) * size);
    else
        error_set(r->e, "not enough memory for %s", "the plan");
    return memory;
}

static const struct yaml *want(struct reading *r, const struct yaml *node, const char *key,
                               enum yaml_kind kind)
{
    static const char *const kinds[] = { "a text", "a list", "a mapping" };
    const struct yaml *member = yaml_member(node, key);

    if (!member)
        yaml_error(r->e, node, "'%s' is missing", key);
    else if (member->kind != kind) {
        yaml_error(r->e, member, "'%s' must be %s", key, kinds[kind]);
        member = NULL;
    }
    return member;
}

static bool want_text(struct reading *r, const struct yaml *node, const char *key, struct slice *out)
{
    const struct yaml *member = want(r, node, key, YAML_SCALAR);
    if (!member)
        return false;
    *out = member->text;
    return out->len || yaml_error(r->e, member, "'%s' is empty", key);
}

/* The member, else the node itself: where an error is shown. */
static const struct yaml *of(const struct yaml *node, const char *key)
{
    const struct yaml *member = yaml_member(node, key);
    return member ? member : node;
}

/* vi and en as members of node itself. */
static bool read_words(struct reading *r, const struct yaml *node, struct plan_words *out)
{
    out->en = yaml_member_text(node, "en", SLICE_NONE);
    return want_text(r, node, "vi", &out->vi);
}

static bool read_list(struct reading *r, const struct yaml *node, struct slice **out, uint32_t *count)
{
    *out = make(r, node->count, sizeof **out);
    if (!*out)
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->children[i].kind != YAML_SCALAR || !node->children[i].text.len)
            return yaml_error(r->e, &node->children[i], "this must be a text");
        (*out)[(*count)++] = node->children[i].text;
    }
    return true;
}

static bool read_day(struct reading *r, const struct yaml *node, int64_t *out)
{
    if (node->kind == YAML_SCALAR && calendar_day_start(node->text, out))
        return true;
    yaml_error(r->e, node, "this is no date");
    return error_hint(r->e, "a date is written as 2019-08-12");
}

/* ---- head ------------------------------------------------------------------------------------- */

static bool read_key(struct reading *r, const struct yaml *node, struct plan_key *key)
{
    static const char *const keys[] = { "number", "date", "issuer", "place", NULL };
    int64_t unused;
    return yaml_known(node, keys, r->e) && want_text(r, node, "number", &key->number) &&
           want_text(r, node, "date", &key->date) && want_text(r, node, "issuer", &key->issuer) &&
           want_text(r, node, "place", &key->place) &&
           read_day(r, yaml_member(node, "date"), &unused);
}

static bool read_head(struct reading *r)
{
    struct plan *plan = r->plan;
    const struct yaml *node;
    int64_t schema;

    if (!(node = want(r, r->root, "plan", YAML_SCALAR)))
        return false;
    if (!yaml_to_integer(node, &schema) || schema != SCHEMA) {
        yaml_error(r->e, node, "this program reads plans of version %d", SCHEMA);
        return error_hint(r->e, "write plan: %d", SCHEMA);
    }
    if (!(node = want(r, r->root, "key", YAML_MAPPING)) || !read_key(r, node, &plan->key) ||
        !(node = want(r, r->root, "title", YAML_MAPPING)) || !read_words(r, node, &plan->title))
        return false;
    const struct yaml *force = want(r, r->root, "in_force", YAML_MAPPING);
    if (!force || !(node = want(r, force, "from", YAML_SCALAR)) ||
        !read_day(r, node, &plan->in_force_from))
        return false;
    if ((node = yaml_member(force, "to"))) {
        if (!read_day(r, node, &plan->in_force_to))
            return false;
        plan->in_force_to += CLOCK_DAY;     /* that day included */
    }
    if ((node = yaml_member(r->root, "notes"))) {
        if (!(plan->notes = make(r, node->count, sizeof *plan->notes)))
            return false;
        for (uint32_t i = 0; i < node->count; i++)
            if (!read_words(r, &node->children[i], &plan->notes[plan->note_count++]))
                return false;
    }
    return true;
}

/* A file named in the plan: beside plan.yaml, never outside of its folder. */
static const char *beside(struct reading *r, const struct yaml *node)
{
    struct slice name = node->text;
    if (node->kind != YAML_SCALAR || !name.len || name.data[0] == '/' ||
        slice_find(name, SLICE("..")) < name.len || memchr(name.data, 0, name.len)) {
        yaml_error(r->e, node, "this must name a file in the plan's folder");
        return NULL;
    }
    char *text = arena_text(&r->plan->arena, name);
    return text ? file_join(&r->plan->arena, r->plan->folder, text) : NULL;
}

static bool read_file_of(struct reading *r, const struct yaml *node, size_t most,
                         const char **path_out, struct slice *out)
{
    const char *path = beside(r, node);
    struct error why = ERROR_NONE;

    if (!path)
        return error_set(r->e, "not enough memory for %s", "the plan");
    if (path_out)
        *path_out = path;
    if (file_read(path, most, &r->plan->arena, out, &why))
        return fold_is_utf8(*out) || yaml_error(r->e, node, "%s is not UTF-8", path);
    return yaml_error(r->e, node, "%s", why.sentence);
}

static bool read_roles(struct reading *r)
{
    static const char *const keys[] = { "title", "agency", "kinds", "having", NULL };
    const struct yaml *node = want(r, r->root, "roles", YAML_MAPPING);
    struct plan *plan = r->plan;

    if (!node || !(plan->roles = make(r, node->count, sizeof *plan->roles)))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *at = &node->children[i], *title, *kinds;
        struct plan_role *role = &plan->roles[plan->role_count++];
        role->id = at->key;
        if (!yaml_known(at, keys, r->e) || !(title = want(r, at, "title", YAML_MAPPING)) ||
            !read_words(r, title, &role->title))
            return false;
        role->agency = yaml_member_text(at, "agency", SLICE_NONE);
        if ((kinds = yaml_member(at, "kinds")) &&
            !read_list(r, kinds, &role->kinds, &role->kind_count))
            return false;
        if (!role->agency.len == !role->kind_count)
            return yaml_error(r->e, at, "a role is either one agency or some kinds of agencies");
        struct slice having = yaml_member_text(at, "having", SLICE_NONE);
        const struct yaml *where = of(at, "having");
        if (having.len && !slice_is(having, "system"))
            return yaml_error(r->e, where, "'having' can only be 'system'");
        role->having_system = having.len > 0;
    }
    return true;
}

static bool known_source(struct reading *r, const struct yaml *node, struct slice source)
{
    if (slice_is(source, "plan") || slice_is(source, "regime") || slice_is(source, "proposed"))
        return true;
    yaml_error(r->e, node, "a number says where it comes from");
    return error_hint(r->e, "source: plan, regime or proposed");
}

static bool read_numbers(struct reading *r)
{
    static const char *const keys[] = { "value", "source", "vi", "en", NULL };
    const struct yaml *node = yaml_member(r->root, "numbers");
    struct plan *plan = r->plan;

    if (!node)
        return true;
    if (!(plan->numbers = make(r, node->count, sizeof *plan->numbers)))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *at = &node->children[i], *value;
        struct plan_number *n = &plan->numbers[plan->number_count++];
        n->id = at->key;
        if (!yaml_known(at, keys, r->e) || !read_words(r, at, &n->title) ||
            !(value = want(r, at, "value", YAML_SCALAR)))
            return false;
        if (!yaml_to_integer(value, &n->value))
            return yaml_error(r->e, value, "this must be a whole number");
        n->source = yaml_member_text(at, "source", SLICE_NONE);
        if (!known_source(r, at, n->source))
            return false;
    }
    return true;
}

/* ---- measures --------------------------------------------------------------------------------- */

static bool read_units(struct reading *r)
{
    const struct yaml *node = want(r, r->root, "units", YAML_MAPPING);
    struct plan *plan = r->plan;

    if (!node || !(plan->units = make(r, node->count, sizeof *plan->units)))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        plan->units[i].id = node->children[i].key;
        if (!read_words(r, &node->children[i], &plan->units[i].word))
            return false;
        plan->unit_count++;
    }
    return true;
}

static bool is_measure_name(struct slice id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!((id.data[i] >= 'a' && id.data[i] <= 'z') || (id.data[i] >= '0' && id.data[i] <= '9') ||
              id.data[i] == '_' || (id.data[i] == '.' && i > 0 && i + 1 < id.len)))
            return false;
    return id.len > 0 && id.len <= 80;
}

static bool read_measure(struct reading *r, const struct yaml *at, struct plan_measure *m)
{
    static const char *const keys[] = { "vi", "en", "per", "as", "empty", "needs", "sql", NULL };
    struct plan *plan = r->plan;
    struct slice per, as, empty;
    const struct yaml *needs;

    m->id = at->key;
    m->place = (struct plan_place){ at->key_line, at->key_column };
    if (!is_measure_name(m->id))
        return yaml_error(r->e, at, "a measure's name is small letters, digits, '.' and '_'");
    if (!yaml_known(at, keys, r->e) || !read_words(r, at, &m->title) ||
        !want_text(r, at, "per", &per) || !want_text(r, at, "as", &as))
        return false;
    for (uint32_t i = 0; i < plan->unit_count; i++)
        if (slice_equal(plan->units[i].id, per))
            m->unit = &plan->units[i];
    const struct yaml *where = of(at, "per");
    if (!m->unit)
        return yaml_error(r->e, where, "'%.*s' is not among the units",
                          SLICE_ARGS(per));
    where = of(at, "as");
    if (!slice_is(as, "ratio") && !slice_is(as, "count"))
        return yaml_error(r->e, where, "'as' can be ratio or count");
    m->as = slice_is(as, "count") ? PLAN_COUNT : PLAN_RATIO;
    empty = yaml_member_text(at, "empty", SLICE("unknown"));
    where = of(at, "empty");
    if (slice_is(empty, "met"))
        m->empty = PLAN_EMPTY_MET;
    else if (slice_is(empty, "exempt"))
        m->empty = PLAN_EMPTY_EXEMPT;
    else if (!slice_is(empty, "unknown"))
        return yaml_error(r->e, where, "'empty' can be met, exempt or unknown");
    if ((needs = yaml_member(at, "needs")) && !read_list(r, needs, &m->needs, &m->need_count))
        return false;

    struct slice sql = yaml_member_text(at, "sql", m->id);
    where = of(at, "sql");
    if (!is_measure_name(sql))
        return yaml_error(r->e, where, "a measure's name is small letters, digits, '.' and '_'");
    struct yaml name = *at;     /* errors about the file are shown at the measure's name */
    name.kind = YAML_SCALAR;
    name.line = at->key_line;
    name.column = at->key_column;
    name.text = arena_print(&plan->arena, "measures/%.*s.sql", SLICE_ARGS(sql));
    return read_file_of(r, &name, PLAN_SQL_MOST, &m->file, &m->sql);
}

static bool read_measures(struct reading *r)
{
    const struct yaml *node = want(r, r->root, "measures", YAML_MAPPING);
    struct plan *plan = r->plan;

    if (!node || !(plan->measures = make(r, node->count, sizeof *plan->measures)))
        return false;
    for (uint32_t i = 0; i < node->count; i++)
        if (!read_measure(r, &node->children[i], &plan->measures[plan->measure_count++]))
            return false;
    return true;
}

static bool read_reasons(struct reading *r)
{
    const struct yaml *node = yaml_member(r->root, "reasons");
    struct plan *plan = r->plan;

    if (!node)
        return true;
    if (!(plan->reasons = make(r, node->count, sizeof *plan->reasons)))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *at = &node->children[i];
        if (at->kind != YAML_SCALAR)
            return yaml_error(r->e, at, "a reason is its English form and the Vietnamese one");
        plan->reasons[plan->reason_count++] = (struct plan_words){ .en = at->key, .vi = at->text };
    }
    return true;
}

/* ---- obligations ------------------------------------------------------------------------------ */

static bool read_clauses(struct reading *r)
{
    static const char *const keys[] = { "id", "heading", "vi", "en", NULL };
    const struct yaml *node = want(r, r->root, "clauses", YAML_SEQUENCE);
    struct plan *plan = r->plan;

    if (!node || !(plan->clauses = make(r, node->count, sizeof *plan->clauses)))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *at = &node->children[i];
        struct plan_clause *c = &plan->clauses[plan->clause_count++];
        if (!yaml_known(at, keys, r->e) || !want_text(r, at, "id", &c->id) ||
            !read_words(r, at, &c->title) || !want_text(r, at, "heading", &c->heading))
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
    if (!yaml_known(at, keys, r->e) || !want_text(r, at, "measure", &name))
        return false;
    node = of(at, "measure");
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
    if (!known_source(r, at, t->source))
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
    const struct yaml *quote = want(r, at, "quote", YAML_SCALAR), *also = yaml_member(at, "also");
    uint32_t count = 1 + (also ? also->count : 0);

    if (!quote || !(o->quotes = make(r, count, sizeof *o->quotes)) ||
        !(o->quote_places = make(r, count, sizeof *o->quote_places)))
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

    if (!yaml_known(node, keys, r->e) || !(reasons = want(r, node, "reasons", YAML_MAPPING)) ||
        !(o->reasons = make(r, reasons->count, sizeof *o->reasons)))
        return false;
    for (uint32_t i = 0; i < reasons->count; i++) {
        struct plan_reason *reason = &o->reasons[o->reason_count++];
        reason->id = reasons->children[i].key;
        if (!read_words(r, &reasons->children[i], &reason->title))
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
        !read_file_of(r, node, PLAN_SQL_MOST, NULL, &o->reading))
        return false;
    return !(node = yaml_member(at, "trial_until")) || read_day(r, node, &o->trial_until);
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
    if (!yaml_known(at, keys, r->e) || !want_text(r, at, "id", &o->id))
        return false;
    node = of(at, "id");
    if (!is_obligation_id(o->id))
        return yaml_error(r->e, node, "an id is letters, digits, '.' and '-'");
    if (plan_obligation(r->plan, o->id) != o)
        return yaml_error(r->e, node, "there are two obligations '%.*s'",
                          SLICE_ARGS(o->id));
    if (!want_text(r, at, "clause", &clause) || !read_words(r, at, &o->title))
        return false;
    for (uint32_t i = 0; i < r->plan->clause_count; i++)
        if (slice_equal(r->plan->clauses[i].id, clause))
            o->clause = &r->plan->clauses[i];
    node = of(at, "clause");
    if (!o->clause)
        return yaml_error(r->e, node, "there is no clause '%.*s'",
                          SLICE_ARGS(clause));
    if (!want(r, at, "who", YAML_SCALAR) || !read_role(r, at, "who", &o->who) ||
        !read_role(r, at, "guide", &o->guide) || !read_role(r, at, "support", &o->support) ||
        !read_role(r, at, "appraise", &o->appraise) || !read_cadence(r, at, o) ||
        !read_quotes(r, at, o))
        return false;
    if (!(node = want(r, at, "targets", YAML_SEQUENCE)) ||
        !(o->targets = make(r, node->count, sizeof *o->targets)))
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

static bool read_obligations(struct reading *r)
{
    const struct yaml *node = want(r, r->root, "obligations", YAML_SEQUENCE);
    struct plan *plan = r->plan;

    if (!node)
        return false;
    if (node->count > PLAN_OBLIGATIONS_MOST)
        return yaml_error(r->e, node, "more than %d obligations", PLAN_OBLIGATIONS_MOST);
    if (!(plan->obligations = make(r, node->count, sizeof *plan->obligations)))
        return false;
    for (uint32_t i = 0; i < node->count; i++)
        if (!read_obligation(r, &node->children[i], &plan->obligations[plan->obligation_count++]))
            return false;
    return true;
}

static bool read_asides(struct reading *r)
{
    static const char *const keys[] = { "why", "quotes", NULL };
    const struct yaml *node = yaml_member(r->root, "aside");
    struct plan *plan = r->plan;

    if (!node)
        return true;
    if (!(plan->asides = make(r, node->count, sizeof *plan->asides)))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *at = &node->children[i], *why, *quotes;
        struct plan_aside *aside = &plan->asides[plan->aside_count++];
        if (!yaml_known(at, keys, r->e) || !(why = want(r, at, "why", YAML_MAPPING)) ||
            !read_words(r, why, &aside->why) || !(quotes = want(r, at, "quotes", YAML_SEQUENCE)) ||
            !read_list(r, quotes, &aside->quotes, &aside->quote_count) ||
            !(aside->quote_places = make(r, quotes->count, sizeof *aside->quote_places)))
            return false;
        for (uint32_t k = 0; k < quotes->count; k++)
            aside->quote_places[k] = PLACE(&quotes->children[k]);
    }
    return true;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static bool read_plan(struct reading *r, const char *regimes)
{
    static const char *const keys[] = { "plan", "key", "title", "notes", "carries_out", "regime",
                                        "text", "in_force", "roles", "numbers", "measures",
                                        "reasons", "units", "clauses", "obligations", "aside", NULL };
    struct plan *plan = r->plan;
    const struct yaml *text;
    struct slice regime;

    if (r->root->kind != YAML_MAPPING)
        return yaml_error(r->e, r->root, "a plan is a mapping");
    if (!yaml_known(r->root, keys, r->e) || !read_head(r) ||
        !want_text(r, r->root, "regime", &regime))
        return false;
    if (!regime_load(regimes, regime, &plan->arena, &plan->regime, r->e))
        return false;
    return (text = want(r, r->root, "text", YAML_SCALAR)) &&
           read_file_of(r, text, PLAN_TEXT_MOST, &plan->text_file, &plan->text) && read_roles(r) &&
           read_numbers(r) && read_units(r) && read_measures(r) && read_reasons(r) &&
           read_clauses(r) && read_obligations(r) && read_asides(r);
}

/* "802-kh-ubnd-2019" of "plans/802-kh-ubnd-2019/". */
static struct slice folder_name(struct slice path)
{
    while (path.len > 1 && path.data[path.len - 1] == '/')
        path.len--;
    size_t from = path.len;
    while (from > 0 && path.data[from - 1] != '/')
        from--;
    return slice_after(path, from);
}

bool plan_load(const char *folder, const char *regimes, struct plan **plan_out, struct error *e)
{
    struct plan *plan = calloc(1, sizeof *plan);
    struct yaml *root;

    if (!plan)
        return error_set(e, "not enough memory for %s", folder);
    arena_init(&plan->arena, 64u << 20);
    plan->folder = arena_text(&plan->arena, slice_of(folder));
    plan->file = file_join(&plan->arena, folder, "plan.yaml");
    plan->id = folder_name(slice_of(plan->folder));
    if (!regimes)
        regimes = file_join(&plan->arena, folder, "../../regimes");
    bool fine = plan->folder && plan->file && regimes && yaml_read(plan->file, &plan->arena, &root, e);
    if (fine) {
        struct reading r = { .plan = plan, .root = root, .e = e };
        plan->source = root->file->text;
        fine = read_plan(&r, regimes);
        if (plan->arena.exhausted)
            fine = error_set(e, "not enough memory for %s", folder);
    }
    if (!fine) {
        error_set(e, "not enough memory for %s", folder);
        plan_free(&plan);
        return false;
    }
    *plan_out = plan;
    return true;
}
