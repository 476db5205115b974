/* The correlation section of a rule. IMPLEMENTS sigma-2/correlation sigma-2/correlation-refused */
#include "base/clock.h"
#include "detect/rule.h"

static const char *const type_names[] = { "event_count", "value_count", "temporal",
                                          "temporal_ordered", "value_sum", "value_avg" };
static const char *const compare_names[] = { "lt", "lte", "gt", "gte", "eq", "neq" };

/* False, and told, where it is none of them. */
static bool read_type(const struct yaml *node, struct correlation *c, struct faults *faults)
{
    struct error e = ERROR_NONE;
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++)
        if (slice_is(node->text, type_names[i])) {
            c->type = (enum correlation_type)i;
            return true;
        }
    yaml_error(&e, node, "the correlation type '%.*s' is not supported", SLICE_ARGS(node->text));
    error_hint(&e, "supported: event_count, value_count, temporal, temporal_ordered, "
                   "value_sum, value_avg");
    faults_tell(faults, &e);
    return false;
}

/* IMPLEMENTS sigma-2/correlation-timespan: Ns, Nm, Nh, Nd; w too, as the reference parser. */
static void read_timespan(const struct yaml *node, struct correlation *c, struct faults *faults)
{
    struct error e = ERROR_NONE;
    static const struct { char unit; int64_t ns; } units[] = {
        { 's', CLOCK_SECOND }, { 'm', CLOCK_MINUTE }, { 'h', CLOCK_HOUR }, { 'd', CLOCK_DAY },
        { 'w', 7 * CLOCK_DAY }
    };
    uint64_t n;
    struct slice t = node->text;
    for (size_t i = 0; t.len && i < sizeof units / sizeof *units; i++)
        if (t.data[t.len - 1] == units[i].unit && slice_to_u64(slice_cut(t, 0, t.len - 1), &n) &&
            n > 0 && n <= 366u * 86400u && (int64_t)n <= 366 * CLOCK_DAY / units[i].ns) {
            c->timespan = (int64_t)n * units[i].ns;
            return;
        }
    yaml_error(&e, node, "'%.*s' is no time span", SLICE_ARGS(t));
    error_hint(&e, "write 30s, 5m, 1h or 7d, at most 366d");
    faults_tell(faults, &e);
}

static void read_list(const struct yaml *node, struct arena *arena, struct slice **out, uint32_t *count_out,
                      struct faults *faults)
{
    struct error e = ERROR_NONE;
    uint32_t count = !node ? 0 : node->kind == YAML_SEQUENCE ? node->count : 1;
    const struct yaml *first = node && node->kind == YAML_SEQUENCE ? node->children : node;
    *out = arena_array(arena, count + 1, sizeof **out);
    for (uint32_t i = 0; *out && i < count; i++) {
        if (first[i].kind != YAML_SCALAR || !first[i].text.len)
            yaml_error(&e, &first[i], "a name is expected");
        faults_tell(faults, &e);
        (*out)[i] = first[i].text;
    }
    *count_out = *out ? count : 0;
}

static void read_bound(const struct yaml *node, struct correlation *c, struct error *e)
{
    size_t k = 0;
    while (k < 6 && !slice_is(node->key, compare_names[k]))
        k++;
    if (k == 6) {
        yaml_error(e, node, "'%.*s' is no comparison (lt, lte, gt, gte, eq, neq)", SLICE_ARGS(node->key));
        return;
    }
    if (c->bound_count == CORRELATION_BOUNDS) {
        yaml_error(e, node, "at most two comparisons make a range");
        return;
    }
    c->bounds[c->bound_count].compare = (enum compare)k;
    if (!slice_to_double(node->text, &c->bounds[c->bound_count++].number))
        yaml_error(e, node, "'%.*s' is no number", SLICE_ARGS(node->text));
}

/* IMPLEMENTS sigma-2/correlation-condition: two bounds together are a range. */
static void read_condition(const struct yaml *node, struct arena *arena, struct correlation *c,
                           struct faults *faults)
{
    struct error e = ERROR_NONE;
    if (node->kind != YAML_MAPPING) {
        yaml_error(&e, node, "a correlation's condition must be a mapping such as 'gte: 10'");
        error_hint(&e, "conditions over rule names (extended conditions) are not supported");
    }
    faults_tell(faults, &e);
    for (uint32_t i = 0; i < node->count && node->kind == YAML_MAPPING; i++) {
        const struct yaml *m = &node->children[i];
        if (slice_is(m->key, "field"))
            read_list(m, arena, &c->fields, &c->field_count, faults);
        else
            read_bound(m, c, &e);
        faults_tell(faults, &e);
    }
}

/* IMPLEMENTS sigma-2/correlation-aliases */
static void read_aliases(const struct yaml *node, struct arena *arena, struct correlation *c,
                         struct faults *faults)
{
    struct error e = ERROR_NONE;
    uint32_t total = 0, count = node->kind == YAML_MAPPING ? node->count : 0;
    if (node->kind != YAML_MAPPING)
        yaml_error(&e, node, "aliases must be a mapping");
    faults_tell(faults, &e);
    for (uint32_t i = 0; i < count; i++) {
        if (node->children[i].kind != YAML_MAPPING)
            yaml_error(&e, &node->children[i], "an alias must map rules to their fields");
        faults_tell(faults, &e);
        total += node->children[i].count;
    }
    c->aliases = arena_array(arena, total + 1, sizeof *c->aliases);
    for (uint32_t i = 0; c->aliases && i < count; i++)
        for (uint32_t k = 0; k < node->children[i].count; k++) {
            const struct yaml *m = &node->children[i].children[k];
            c->aliases[c->alias_count++] = (struct alias){ node->children[i].key, m->key, m->text };
        }
}

/* Which members there are: each unknown one, each missing one. */
static void look_at_keys(const struct yaml *node, struct faults *faults)
{
    static const char *const keys[] = { "type", "rules", "timespan", "group-by", "aliases",
                                        "condition", "generate", NULL };
    enum { NEEDED = 3 };
    struct error e = ERROR_NONE;
    for (uint32_t i = 0; i < node->count; i++) {
        struct yaml alone = *node;
        alone.children = &node->children[i];
        alone.count = 1;
        yaml_known(&alone, keys, &e);
        faults_tell(faults, &e);
    }
    for (size_t i = 0; i < NEEDED; i++) {
        if (!yaml_member(node, keys[i]))
            yaml_error(&e, node, "a correlation needs '%s'", keys[i]);
        faults_tell(faults, &e);
    }
}

/* What this type needs of a condition in which no fault was found. */
static void look_at_condition(const struct yaml *node, const struct yaml *condition,
                              const struct correlation *c, struct error *e)
{
    bool temporal = c->type == CORRELATION_TEMPORAL || c->type == CORRELATION_TEMPORAL_ORDERED;
    bool valued = c->type == CORRELATION_VALUE_COUNT || c->type == CORRELATION_VALUE_SUM ||
                  c->type == CORRELATION_VALUE_AVG;
    if (!temporal && !c->bound_count)
        yaml_error(e, node, "this correlation needs a condition such as 'gte: 10'");
    else if (valued && !c->field_count)
        yaml_error(e, condition, "the condition needs 'field'");
}

void correlation_read(const struct yaml *node, struct arena *arena, struct correlation **out,
                      struct faults *faults)
{
    struct error e = ERROR_NONE;
    struct correlation *c = *out = arena_zero(arena, sizeof *c);
    if (!c)
        yaml_error(&e, node, "no memory left");
    else if (node->kind != YAML_MAPPING)
        yaml_error(&e, node, "'correlation' must be a mapping");
    if (e.set) {
        faults_tell(faults, &e);
        return;
    }
    look_at_keys(node, faults);
    const struct yaml *type = yaml_member(node, "type"), *timespan = yaml_member(node, "timespan");
    const struct yaml *rules = yaml_member(node, "rules"), *aliases = yaml_member(node, "aliases");
    const struct yaml *condition = yaml_member(node, "condition");
    const struct yaml *generate = yaml_member(node, "generate");
    bool typed = type && read_type(type, c, faults);
    if (timespan)
        read_timespan(timespan, c, faults);
    read_list(rules, arena, &c->rules, &c->rule_count, faults);
    if (rules && !c->rule_count)
        yaml_error(&e, rules, "the list of rules is empty");
    faults_tell(faults, &e);
    read_list(yaml_member(node, "group-by"), arena, &c->group_by, &c->group_count, faults);
    if (generate && !yaml_to_boolean(generate, &c->generate))
        yaml_error(&e, generate, "'generate' must be true or false");
    faults_tell(faults, &e);
    if (aliases)
        read_aliases(aliases, arena, c, faults);
    uint32_t before = faults->count;
    if (condition)
        read_condition(condition, arena, c, faults);
    if (typed && faults->count == before)
        look_at_condition(node, condition, c, &e);
    if (!e.set && arena->exhausted)
        yaml_error(&e, node, "no memory left");
    faults_tell(faults, &e);
}
