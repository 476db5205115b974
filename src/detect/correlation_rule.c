/* The correlation section of a rule. IMPLEMENTS sigma-2/correlation sigma-2/correlation-refused */
#include "base/clock.h"
#include "detect/rule.h"

static const char *const type_names[] = { "event_count", "value_count", "temporal",
                                          "temporal_ordered", "value_sum", "value_avg" };
static const char *const compare_names[] = { "lt", "lte", "gt", "gte", "eq", "neq" };

static bool read_type(const struct yaml *node, struct correlation *c, struct error *e)
{
    for (size_t i = 0; node && i < sizeof type_names / sizeof *type_names; i++)
        if (slice_is(node->text, type_names[i])) {
            c->type = (enum correlation_type)i;
            return true;
        }
    yaml_error(e, node, "the correlation type '%.*s' is not supported", SLICE_ARGS(node->text));
    return error_hint(e, "supported: event_count, value_count, temporal, temporal_ordered, "
                         "value_sum, value_avg");
}

/* IMPLEMENTS sigma-2/correlation-timespan: Ns, Nm, Nh, Nd; w too, as the reference parser. */
static bool read_timespan(const struct yaml *node, struct correlation *c, struct error *e)
{
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
            return true;
        }
    yaml_error(e, node, "'%.*s' is no time span", SLICE_ARGS(t));
    return error_hint(e, "write 30s, 5m, 1h or 7d, at most 366d");
}

static bool read_list(const struct yaml *node, struct arena *arena, struct slice **out,
                      uint32_t *count_out, struct error *e)
{
    uint32_t count = !node ? 0 : node->kind == YAML_SEQUENCE ? node->count : 1;
    const struct yaml *first = node && node->kind == YAML_SEQUENCE ? node->children : node;
    *out = arena_array(arena, count + 1, sizeof **out);
    for (uint32_t i = 0; *out && i < count; i++) {
        if (first[i].kind != YAML_SCALAR || !first[i].text.len)
            return yaml_error(e, &first[i], "a name is expected");
        (*out)[i] = first[i].text;
    }
    *count_out = count;
    return *out || yaml_error(e, node, "no memory left");
}

/* IMPLEMENTS sigma-2/correlation-condition: two bounds together are a range. */
static bool read_condition(const struct yaml *node, struct arena *arena, struct correlation *c,
                           struct error *e)
{
    if (node->kind != YAML_MAPPING) {
        yaml_error(e, node, "a correlation's condition must be a mapping such as 'gte: 10'");
        return error_hint(e, "conditions over rule names (extended conditions) are not supported");
    }
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *m = &node->children[i];
        size_t k = 0;
        if (slice_is(m->key, "field")) {
            if (!read_list(m, arena, &c->fields, &c->field_count, e))
                return false;
            continue;
        }
        while (k < 6 && !slice_is(m->key, compare_names[k]))
            k++;
        if (k == 6)
            return yaml_error(e, m, "'%.*s' is no comparison (lt, lte, gt, gte, eq, neq)",
                              SLICE_ARGS(m->key));
        if (c->bound_count == CORRELATION_BOUNDS)
            return yaml_error(e, m, "at most two comparisons make a range");
        c->bounds[c->bound_count].compare = (enum compare)k;
        if (!slice_to_double(m->text, &c->bounds[c->bound_count++].number))
            return yaml_error(e, m, "'%.*s' is no number", SLICE_ARGS(m->text));
    }
    return true;
}

/* IMPLEMENTS sigma-2/correlation-aliases */
static bool read_aliases(const struct yaml *node, struct arena *arena, struct correlation *c,
                         struct error *e)
{
    uint32_t total = 0;
    if (node->kind != YAML_MAPPING)
        return yaml_error(e, node, "aliases must be a mapping");
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->children[i].kind != YAML_MAPPING)
            return yaml_error(e, &node->children[i], "an alias must map rules to their fields");
        total += node->children[i].count;
    }
    c->aliases = arena_array(arena, total + 1, sizeof *c->aliases);
    for (uint32_t i = 0; c->aliases && i < node->count; i++)
        for (uint32_t k = 0; k < node->children[i].count; k++) {
            const struct yaml *m = &node->children[i].children[k];
            c->aliases[c->alias_count++] = (struct alias){ node->children[i].key, m->key, m->text };
        }
    return c->aliases || yaml_error(e, node, "no memory left");
}

bool correlation_read(const struct yaml *node, struct arena *arena, struct correlation **out,
                      struct error *e)
{
    static const char *const keys[] = { "type", "rules", "group-by", "timespan", "aliases",
                                        "condition", "generate", NULL };
    struct correlation *c = *out = arena_zero(arena, sizeof *c);
    if (!c)
        return yaml_error(e, node, "no memory left");
    if (node->kind != YAML_MAPPING)
        return yaml_error(e, node, "'correlation' must be a mapping");
    if (!yaml_known(node, keys, e))
        return false;
    const struct yaml *type = yaml_member(node, "type"), *timespan = yaml_member(node, "timespan");
    const struct yaml *rules = yaml_member(node, "rules"), *aliases = yaml_member(node, "aliases");
    const struct yaml *condition = yaml_member(node, "condition");
    const struct yaml *generate = yaml_member(node, "generate");
    if (!type || !timespan || !rules)
        return yaml_error(e, node, "a correlation needs 'type', 'rules' and 'timespan'");
    if (!read_type(type, c, e) || !read_timespan(timespan, c, e) ||
        !read_list(rules, arena, &c->rules, &c->rule_count, e) ||
        !read_list(yaml_member(node, "group-by"), arena, &c->group_by, &c->group_count, e))
        return false;
    if (generate && !yaml_to_boolean(generate, &c->generate))
        return yaml_error(e, generate, "'generate' must be true or false");
    if (aliases && !read_aliases(aliases, arena, c, e))
        return false;
    if (condition && !read_condition(condition, arena, c, e))
        return false;
    bool temporal = c->type == CORRELATION_TEMPORAL || c->type == CORRELATION_TEMPORAL_ORDERED;
    bool valued = c->type == CORRELATION_VALUE_COUNT || c->type == CORRELATION_VALUE_SUM ||
                  c->type == CORRELATION_VALUE_AVG;
    if (!temporal && !c->bound_count)
        return yaml_error(e, node, "this correlation needs a condition such as 'gte: 10'");
    if (valued && !c->field_count)
        return yaml_error(e, condition, "the condition needs 'field'");
    if (!c->rule_count)
        return yaml_error(e, rules, "the list of rules is empty");
    return true;
}
