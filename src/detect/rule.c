#include "detect/rule.h"

struct expr *expr_new(struct arena *arena, enum expr_op op, uint32_t children)
{
    struct expr *expr = arena_zero(arena, sizeof *expr);
    if (!expr)
        return NULL;
    expr->op = op;
    expr->count = children;
    if (children && !(expr->children = arena_array(arena, children, sizeof *expr->children)))
        return NULL;
    return expr;
}

struct expr *expr_test(struct arena *arena, const struct test *test)
{
    struct expr *expr = expr_new(arena, EXPR_TEST, 0);
    if (!expr || !(expr->test = arena_alloc(arena, sizeof *test)))
        return NULL;
    *expr->test = *test;
    return expr;
}

struct expr *expr_not(struct arena *arena, struct expr *of)
{
    struct expr *expr = of ? expr_new(arena, EXPR_NOT, 1) : NULL;
    if (expr)
        expr->children[0] = of;
    return expr;
}

static struct slice lower(struct arena *arena, struct slice text)
{
    char *out = arena_text(arena, slice_trim(text));
    if (!out)
        return SLICE_NONE;
    for (char *c = out; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    return slice_of(out);
}

static struct slice joined(struct arena *arena, const struct yaml *node, const char *between)
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    if (!node)
        return SLICE_NONE;
    if (node->kind == YAML_SCALAR)
        return yaml_is_null(node) ? SLICE_NONE : node->text;
    for (uint32_t i = 0; i < node->count; i++) {
        if (i)
            buffer_add(&out, slice_of(between));
        buffer_add(&out, node->children[i].text);
    }
    return arena_copy(arena, buffer_slice(&out));
}

void faults_tell(struct faults *faults, struct error *e)
{
    if (!e->set)
        return;
    faults->count++;
    faults->tell(faults->owner, e);
    error_clear(e);
}

/* IMPLEMENTS sigma-2/maps-and sigma-2/list-of-maps sigma-2/keywords: a map is AND, a list is OR. */
static struct expr *selection_read(const struct yaml *node, const struct placeholders *placeholders,
                                   struct arena *arena, struct faults *faults)
{
    struct error e = ERROR_NONE;
    struct yaml item = *node;
    struct expr *out = NULL;
    if (node->kind == YAML_SCALAR) {
        item.key = SLICE_NONE;
        item_read(&item, placeholders, arena, &out, &e);
        faults_tell(faults, &e);
        return out;
    }
    if (!node->count)
        yaml_error(&e, node, "the selection is empty");
    faults_tell(faults, &e);
    out = expr_new(arena, node->kind == YAML_MAPPING ? EXPR_AND : EXPR_OR, node->count);
    for (uint32_t i = 0; out && i < node->count; i++) {
        const struct yaml *child = &node->children[i];
        if (node->kind != YAML_MAPPING)
            out->children[i] = selection_read(child, placeholders, arena, faults);
        else
            item_read(child, placeholders, arena, &out->children[i], &e);
        faults_tell(faults, &e);
    }
    return out;
}

/* The condition is read also where a selection has a fault: it asks for their names. */
static void detection_read(const struct yaml *node, const struct placeholders *placeholders,
                           struct arena *arena, struct rule *rule, bool filter, struct faults *faults)
{
    const struct yaml *condition = yaml_member(node, "condition");
    struct error e = ERROR_NONE;
    if (node->kind != YAML_MAPPING) {
        yaml_error(&e, node, "must hold selections and a condition");
        faults_tell(faults, &e);
        return;
    }
    rule->selections = arena_array(arena, node->count, sizeof *rule->selections);
    for (uint32_t i = 0; rule->selections && i < node->count; i++) {
        const struct yaml *child = &node->children[i];
        if (child == condition || (filter && slice_is(child->key, "rules")))
            continue;
        if (slice_is(child->key, "timeframe")) {
            yaml_error(&e, child, "'timeframe' was removed from Sigma: write a correlation rule");
            faults_tell(faults, &e);
            continue;
        }
        struct selection *s = &rule->selections[rule->selection_count];
        *s = (struct selection){ .name = child->key, .node = child,
                                 .expr = selection_read(child, placeholders, arena, faults) };
        if (!s->expr)
            s->expr = expr_new(arena, EXPR_FALSE, 0);
        if (!s->expr)
            break;
        if (!s->expr->selection.len)
            s->expr->selection = child->key;
        rule->selection_count++;
    }
    if (arena->exhausted)
        yaml_error(&e, node, "no memory left for this rule");
    else if (!condition)
        yaml_error(&e, node, "the condition is missing");
    else if (!rule->selection_count)
        yaml_error(&e, node, "there is no selection");
    else
        condition_read(condition, rule->selections, rule->selection_count, arena, &rule->condition,
                       &e);
    faults_tell(faults, &e);
}

/* IMPLEMENTS sigma-2/filter: selections and a condition, ANDed to each rule named, as written. */
static void filter_read(const struct yaml *node, const struct placeholders *placeholders,
                        struct arena *arena, struct rule *rule, struct faults *faults)
{
    const struct yaml *rules = yaml_member(node, "rules");
    struct error e = ERROR_NONE;
    if (!rules) {
        yaml_error(&e, node, "'rules' is missing: name the rules, or write 'any'");
    } else if (!(rules->kind == YAML_SCALAR && slice_is(rules->text, "any"))) {
        uint32_t count = rules->kind == YAML_SEQUENCE ? rules->count : 1;
        const struct yaml *first = rules->kind == YAML_SEQUENCE ? rules->children : rules;
        if (rules->kind == YAML_MAPPING || !count) {
            yaml_error(&e, rules, "must be a list of rule ids or names");
            count = 0;
        }
        rule->targets = arena_array(arena, count, sizeof *rule->targets);
        for (uint32_t i = 0; rule->targets && i < count; i++)
            rule->targets[rule->target_count++] = first[i].text;
    }
    faults_tell(faults, &e);
    detection_read(node, placeholders, arena, rule, true, faults);
}

static bool logsource_read(const struct yaml *node, struct arena *arena, struct rule *rule,
                           struct error *e)
{
    if (!node || node->kind != YAML_MAPPING)
        return yaml_error(e, node ? node : rule->node, "'logsource' is missing");
    rule->product = lower(arena, yaml_member_text(node, "product", SLICE_NONE));
    rule->category = lower(arena, yaml_member_text(node, "category", SLICE_NONE));
    rule->service = lower(arena, yaml_member_text(node, "service", SLICE_NONE));
    if (!rule->product.len && !rule->category.len && !rule->service.len)
        return yaml_error(e, node, "the log source needs a product, a category or a service");
    return true;
}

static bool level_read(const struct yaml *document, struct rule *rule, struct error *e)
{
    const struct yaml *level = yaml_member(document, "level");
    rule->level = LEVEL_MEDIUM;
    if (!level || alert_level_parse(level->text, &rule->level))
        return true;
    yaml_error(e, level, "'%.*s' is no level", SLICE_ARGS(level->text));
    return error_hint(e, "write informational, low, medium, high or critical");
}

bool rule_read(const struct yaml *document, const struct placeholders *placeholders,
               struct arena *arena, struct rule *rule, struct faults *faults)
{
    struct error e = ERROR_NONE;
    faults->count = 0;
    if (document->kind != YAML_MAPPING) {
        yaml_error(&e, document, "a rule must be a mapping with title, logsource, detection");
        faults_tell(faults, &e);
        return false;
    }
    *rule = (struct rule){ .file = document->file->name, .node = document,
                           .line = document->line };
    rule->title = yaml_member_text(document, "title", SLICE_NONE);
    rule->id = yaml_member_text(document, "id", SLICE_NONE);
    rule->name = yaml_member_text(document, "name", SLICE_NONE);
    rule->title_vi = yaml_member_text(document, "title_vi", SLICE_NONE);
    rule->description = yaml_member_text(document, "description", SLICE_NONE);
    rule->description_vi = yaml_member_text(document, "description_vi", SLICE_NONE);
    rule->author = joined(arena, yaml_member(document, "author"), ", ");
    rule->license = yaml_member_text(document, "license", SLICE_NONE);
    rule->status = yaml_member_text(document, "status", SLICE_NONE);
    rule->tags = joined(arena, yaml_member(document, "tags"), " ");
    rule->references = joined(arena, yaml_member(document, "references"), "\n");
    rule->falsepositives = joined(arena, yaml_member(document, "falsepositives"), "\n");
    if (!rule->title.len)
        yaml_error(&e, document, "the rule has no title");
    faults_tell(faults, &e);
    level_read(document, rule, &e);
    faults_tell(faults, &e);
    const struct yaml *detection = yaml_member(document, "detection");
    const struct yaml *correlation = yaml_member(document, "correlation");
    const struct yaml *filter = yaml_member(document, "filter");
    rule->kind = correlation ? RULE_CORRELATION : filter ? RULE_FILTER : RULE_DETECTION;
    if ((detection != NULL) + (correlation != NULL) + (filter != NULL) != 1) {
        yaml_error(&e, document, "exactly one of 'detection', 'correlation', 'filter' is needed");
        faults_tell(faults, &e);
        return false;
    }
    if (correlation)
        correlation_read(correlation, arena, &rule->correlation, faults);
    else
        logsource_read(yaml_member(document, "logsource"), arena, rule, &e);
    faults_tell(faults, &e);
    if (filter)
        filter_read(filter, placeholders, arena, rule, faults);
    else if (detection)
        detection_read(detection, placeholders, arena, rule, false, faults);
    return faults->count == 0;
}
