/* plan_file - plan.yaml into struct plan: its head and what obligations refer to. */
#include "base/file.h"
#include "base/clock.h"

#include "plan/reading.h"

#include <stdlib.h>

#define SCHEMA 1

/* ---- head ------------------------------------------------------------------------------------- */

static bool read_key(struct reading *r, const struct yaml *node, struct plan_key *key)
{
    static const char *const keys[] = { "number", "date", "issuer", "place", NULL };
    int64_t unused;
    return yaml_known(node, keys, r->e) && reading_text(r, node, "number", &key->number) &&
           reading_text(r, node, "date", &key->date) && reading_text(r, node, "issuer", &key->issuer) &&
           reading_text(r, node, "place", &key->place) &&
           reading_day(r, yaml_member(node, "date"), &unused);
}

static bool read_head(struct reading *r)
{
    struct plan *plan = r->plan;
    const struct yaml *node;
    int64_t schema;

    if (!(node = reading_want(r, r->root, "plan", YAML_SCALAR)))
        return false;
    if (!yaml_to_integer(node, &schema) || schema != SCHEMA) {
        yaml_error(r->e, node, "this program reads plans of version %d", SCHEMA);
        return error_hint(r->e, "write plan: %d", SCHEMA);
    }
    if (!(node = reading_want(r, r->root, "key", YAML_MAPPING)) || !read_key(r, node, &plan->key) ||
        !(node = reading_want(r, r->root, "title", YAML_MAPPING)) || !reading_words(r, node, &plan->title))
        return false;
    const struct yaml *force = reading_want(r, r->root, "in_force", YAML_MAPPING);
    if (!force || !(node = reading_want(r, force, "from", YAML_SCALAR)) ||
        !reading_day(r, node, &plan->in_force_from))
        return false;
    if ((node = yaml_member(force, "to"))) {
        if (!reading_day(r, node, &plan->in_force_to))
            return false;
        plan->in_force_to += CLOCK_DAY;     /* that day included */
    }
    if ((node = yaml_member(r->root, "notes"))) {
        if (!(plan->notes = reading_make(r, node->count, sizeof *plan->notes)))
            return false;
        for (uint32_t i = 0; i < node->count; i++)
            if (!reading_words(r, &node->children[i], &plan->notes[plan->note_count++]))
                return false;
    }
    return true;
}

static bool read_roles(struct reading *r)
{
    static const char *const keys[] = { "title", "agency", "kinds", "having", NULL };
    const struct yaml *node = reading_want(r, r->root, "roles", YAML_MAPPING);
    struct plan *plan = r->plan;

    if (!node || !(plan->roles = reading_make(r, node->count, sizeof *plan->roles)))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *at = &node->children[i], *title, *kinds;
        struct plan_role *role = &plan->roles[plan->role_count++];
        role->id = at->key;
        if (!yaml_known(at, keys, r->e) || !(title = reading_want(r, at, "title", YAML_MAPPING)) ||
            !reading_words(r, title, &role->title))
            return false;
        role->agency = yaml_member_text(at, "agency", SLICE_NONE);
        if ((kinds = yaml_member(at, "kinds")) &&
            !reading_list(r, kinds, &role->kinds, &role->kind_count))
            return false;
        if (!role->agency.len == !role->kind_count)
            return yaml_error(r->e, at, "a role is either one agency or some kinds of agencies");
        struct slice having = yaml_member_text(at, "having", SLICE_NONE);
        const struct yaml *where = reading_at(at, "having");
        if (having.len && !slice_is(having, "system"))
            return yaml_error(r->e, where, "'having' can only be 'system'");
        role->having_system = having.len > 0;
    }
    return true;
}

static bool read_numbers(struct reading *r)
{
    static const char *const keys[] = { "value", "source", "vi", "en", NULL };
    const struct yaml *node = yaml_member(r->root, "numbers");
    struct plan *plan = r->plan;

    if (!node)
        return true;
    if (!(plan->numbers = reading_make(r, node->count, sizeof *plan->numbers)))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *at = &node->children[i], *value;
        struct plan_number *n = &plan->numbers[plan->number_count++];
        n->id = at->key;
        if (!yaml_known(at, keys, r->e) || !reading_words(r, at, &n->title) ||
            !(value = reading_want(r, at, "value", YAML_SCALAR)))
            return false;
        if (!yaml_to_integer(value, &n->value))
            return yaml_error(r->e, value, "this must be a whole number");
        n->source = yaml_member_text(at, "source", SLICE_NONE);
        if (!reading_source(r, at, n->source))
            return false;
    }
    return true;
}

/* ---- measures --------------------------------------------------------------------------------- */

static bool read_units(struct reading *r)
{
    const struct yaml *node = reading_want(r, r->root, "units", YAML_MAPPING);
    struct plan *plan = r->plan;

    if (!node || !(plan->units = reading_make(r, node->count, sizeof *plan->units)))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        plan->units[i].id = node->children[i].key;
        if (!reading_words(r, &node->children[i], &plan->units[i].word))
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
    if (!yaml_known(at, keys, r->e) || !reading_words(r, at, &m->title) ||
        !reading_text(r, at, "per", &per) || !reading_text(r, at, "as", &as))
        return false;
    for (uint32_t i = 0; i < plan->unit_count; i++)
        if (slice_equal(plan->units[i].id, per))
            m->unit = &plan->units[i];
    const struct yaml *where = reading_at(at, "per");
    if (!m->unit)
        return yaml_error(r->e, where, "'%.*s' is not among the units",
                          SLICE_ARGS(per));
    where = reading_at(at, "as");
    if (!slice_is(as, "ratio") && !slice_is(as, "count"))
        return yaml_error(r->e, where, "'as' can be ratio or count");
    m->as = slice_is(as, "count") ? PLAN_COUNT : PLAN_RATIO;
    empty = yaml_member_text(at, "empty", SLICE("unknown"));
    where = reading_at(at, "empty");
    if (slice_is(empty, "met"))
        m->empty = PLAN_EMPTY_MET;
    else if (slice_is(empty, "exempt"))
        m->empty = PLAN_EMPTY_EXEMPT;
    else if (!slice_is(empty, "unknown"))
        return yaml_error(r->e, where, "'empty' can be met, exempt or unknown");
    if ((needs = yaml_member(at, "needs")) && !reading_list(r, needs, &m->needs, &m->need_count))
        return false;

    struct slice sql = yaml_member_text(at, "sql", m->id);
    where = reading_at(at, "sql");
    if (!is_measure_name(sql))
        return yaml_error(r->e, where, "a measure's name is small letters, digits, '.' and '_'");
    struct yaml name = *at;     /* errors about the file are shown at the measure's name */
    name.kind = YAML_SCALAR;
    name.line = at->key_line;
    name.column = at->key_column;
    name.text = arena_print(&plan->arena, "measures/%.*s.sql", SLICE_ARGS(sql));
    return reading_file(r, &name, PLAN_SQL_MOST, &m->file, &m->sql);
}

static bool read_measures(struct reading *r)
{
    const struct yaml *node = reading_want(r, r->root, "measures", YAML_MAPPING);
    struct plan *plan = r->plan;

    if (!node || !(plan->measures = reading_make(r, node->count, sizeof *plan->measures)))
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
    if (!(plan->reasons = reading_make(r, node->count, sizeof *plan->reasons)))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *at = &node->children[i];
        if (at->kind != YAML_SCALAR)
            return yaml_error(r->e, at, "a reason is its English form and the Vietnamese one");
        plan->reasons[plan->reason_count++] = (struct plan_words){ .en = at->key, .vi = at->text };
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
        !reading_text(r, r->root, "regime", &regime))
        return false;
    if (!regime_load(regimes, regime, &plan->arena, &plan->regime, r->e))
        return false;
    return (text = reading_want(r, r->root, "text", YAML_SCALAR)) &&
           reading_file(r, text, PLAN_TEXT_MOST, &plan->text_file, &plan->text) && read_roles(r) &&
           read_numbers(r) && read_units(r) && read_measures(r) && read_reasons(r) &&
           reading_clauses(r) && reading_obligations(r) && reading_asides(r);
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
