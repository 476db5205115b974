/* Files → rules → filters applied → groups of one log source → blob. */
#include "detect/compiler.h"

#include "base/file.h"
#include "base/map.h"
#include "detect/logsource.h"
#include "detect/lower.h"

#define RULE_FILES_MOST 100000u

struct compiler {
    const struct compiler_options *options;
    struct compiler_count *count;
    struct arena *arena;
    struct placeholders placeholders;
    struct rule *rules;
    uint32_t rule_count, capacity;
    uint32_t *order;      /* detection rules sorted by log source; then correlations */
    uint32_t *position;   /* of rule i in the blob, or NONE */
    struct lowering lowering;
};

static void say(const struct compiler *c, const struct error *e, bool warning)
{
    if (c->options->report)
        c->options->report(c->options->owner, e, warning);
}

static void report(struct compiler *c, const struct error *e, bool warning)
{
    if (warning)
        c->count->warnings++;
    else
        c->count->refused++;
    say(c, e, warning);
}

/* One of a rule's faults: it is counted once, as refused. */
static void on_fault(void *owner, const struct error *e)
{
    say(owner, e, false);
}

static bool disabled(const struct compiler *c, const struct rule *rule)
{
    for (uint32_t i = 0; i < c->options->disabled_count; i++)
        if (rule->id.len && slice_equal(c->options->disabled[i], rule->id))
            return true;
    return false;
}

static struct rule *new_rule(struct compiler *c)
{
    if (c->rule_count == c->capacity) {
        uint32_t more = c->capacity ? c->capacity * 2 : 1024;
        struct rule *rules = arena_array(c->arena, more, sizeof *rules);
        if (!rules)
            return NULL;
        if (c->rule_count)
            memcpy(rules, c->rules, c->rule_count * sizeof *rules);
        c->rules = rules;
        c->capacity = more;
    }
    return &c->rules[c->rule_count];
}

/* A filter for itself: what its condition does not keep. */
static void turn_round(struct compiler *c, struct rule *filter)
{
    struct expr *not = filter->kind == RULE_FILTER ? expr_not(c->arena, filter->condition) : NULL;
    if (!not)
        return;
    filter->condition = not;
    filter->kind = RULE_DETECTION;
}

static bool read_text(struct compiler *c, const char *path, struct slice text, struct error *e)
{
    struct faults faults = { .tell = on_fault, .owner = c };
    struct error wrong = ERROR_NONE;
    struct yaml *documents;
    uint32_t count;
    if (!yaml_parse(path, text, c->arena, &documents, &count, &wrong)) {
        report(c, &wrong, false);
        return true;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (yaml_is_null(&documents[i])) /* nothing behind a last "---" */
            continue;
        struct rule *rule = new_rule(c);
        if (!rule)
            return error_set(e, "no memory left for the rules");
        if (!rule_read(&documents[i], &c->placeholders, c->arena, rule, &faults)) {
            c->count->refused++;
            continue;
        }
        if (disabled(c, rule))
            continue;
        if (c->options->filters_alone)
            turn_round(c, rule);
        if (rule->kind == RULE_FILTER)
            c->count->filters++;
        c->rule_count++;
    }
    return !c->arena->exhausted || error_set(e, "no memory left for the rules");
}

static bool read_file(struct compiler *c, const char *path, struct error *e)
{
    struct error wrong = ERROR_NONE;
    struct slice text;
    c->count->files++;
    if (file_read(path, 8u * 1024 * 1024, c->arena, &text, &wrong))
        return read_text(c, path, text, e);
    report(c, &wrong, false);
    return true;
}

static bool read_files(struct compiler *c, struct error *e)
{
    static const char *const suffixes[] = { ".yml", ".yaml", NULL };
    for (uint32_t i = 0; i < c->options->text_count; i++)
        if (!read_text(c, "-", c->options->texts[i], e))
            return false;
    for (const char *const *folder = c->options->rules; folder && *folder; folder++) {
        struct slice *paths;
        size_t count;
        if (!file_list(*folder, suffixes, RULE_FILES_MOST, c->arena, &paths, &count, e))
            return false;
        for (size_t i = 0; i < count; i++) {
            /* recordings with their description and tests of rules are no rules */
            struct slice p = slice_after(paths[i], strlen(*folder));
            if (slice_ends(p, SLICE("/info.yml")) || slice_find(p, SLICE("/tests/")) < p.len)
                continue;
            if (!read_file(c, paths[i].data, e))
                return false;
        }
    }
    return true;
}

static int by_id(const void *a, const void *b, void *owner)
{
    const struct compiler *c = owner;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    int by = slice_compare(c->rules[i].id, c->rules[k].id);
    return by ? by : i < k ? -1 : i > k;
}

/* A copied rule that kept its id: its alerts would be taken for the other's. */
static void warn_of_same_ids(struct compiler *c)
{
    uint32_t *order = arena_array(c->arena, c->rule_count + 1, sizeof *order), count = 0;
    for (uint32_t i = 0; order && i < c->rule_count; i++)
        if (c->rules[i].id.len)
            order[count++] = i;
    if (count)
        qsort_r(order, count, sizeof *order, by_id, c);
    for (uint32_t i = 1; i < count; i++) {
        const struct rule *first = &c->rules[order[i - 1]], *second = &c->rules[order[i]];
        struct error e = ERROR_NONE;
        if (!slice_equal(first->id, second->id) || strcmp(first->file, "-") == 0) /* "-": one under trial */
            continue;
        yaml_error(&e, second->node, "this rule has the id of another one: %s:%u", first->file, first->line);
        error_hint(&e, "give it an id of its own (uuidgen): alerts are folded by it");
        report(c, &e, true);
    }
}

static bool is_named(const struct rule *rule, struct slice name)
{
    return (rule->id.len && slice_equal(rule->id, name)) ||
           (rule->name.len && slice_equal(rule->name, name)) || slice_equal(rule->title, name);
}

static bool part_fits(struct slice filter, struct slice rule)
{
    return !filter.len || slice_equal(filter, rule);
}

/* IMPLEMENTS sigma-2/filter-any sigma-2/filter-logsource */
static bool filter_fits(const struct rule *filter, const struct rule *rule)
{
    if (rule->kind != RULE_DETECTION || !part_fits(filter->product, rule->product) ||
        !part_fits(filter->category, rule->category) || !part_fits(filter->service, rule->service))
        return false;
    for (uint32_t i = 0; i < filter->target_count; i++)
        if (is_named(rule, filter->targets[i]))
            return true;
    return !filter->target_count;
}

/* Is anything negated in it, be it by 'not' or by neq? */
static bool negates(const struct expr *e)
{
    bool found = e->op == EXPR_NOT;
    for (uint32_t i = 0; i < e->count && !found; i++)
        found = negates(e->children[i]);
    return found;
}

/* IMPLEMENTS sigma-2/filter sigma-2/filter-warning: ANDed to the rule's condition as it is written. A
 * filter that matches what it wants left out (nothing in it is negated) reverses the meaning: it is
 * warned of. */
static void apply_filter(struct compiler *c, const struct rule *filter)
{
    uint32_t applied = 0;
    for (uint32_t i = 0; i < c->rule_count; i++) {
        struct rule *rule = &c->rules[i];
        struct expr *both = filter_fits(filter, rule) ? expr_new(c->arena, EXPR_AND, 2) : NULL;
        if (!both)
            continue;
        both->children[0] = rule->condition;
        both->children[1] = filter->condition;
        rule->condition = both;
        applied++;
    }
    struct error e = ERROR_NONE;
    if (!applied)
        yaml_error(&e, filter->node, "this filter fits no rule");
    else if (!negates(filter->condition)) {
        yaml_error(&e, filter->node, "this filter keeps only what its selection matches");
        error_hint(&e, "to leave events out write 'condition: not selection'");
    }
    if (e.set)
        report(c, &e, true);
}

static int compare_logsource(const struct rule *a, const struct rule *b)
{
    int by = slice_compare(a->product, b->product);
    by = by ? by : slice_compare(a->category, b->category);
    return by ? by : slice_compare(a->service, b->service);
}

static int by_logsource(const void *a, const void *b, void *owner)
{
    const struct compiler *c = owner;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    int by = compare_logsource(&c->rules[i], &c->rules[k]);
    return by ? by : i < k ? -1 : i > k;
}

static struct blob_rule describe(struct compiler *c, const struct rule *rule)
{
    struct lowering *l = &c->lowering;
    return (struct blob_rule){
        .id = lower_text(l, rule->id), .name = lower_text(l, rule->name),
        .title = lower_text(l, rule->title), .title_vi = lower_text(l, rule->title_vi),
        .description = lower_text(l, rule->description), .author = lower_text(l, rule->author),
        .license = lower_text(l, rule->license), .status = lower_text(l, rule->status),
        .tags = lower_text(l, rule->tags), .file = lower_text(l, slice_of(rule->file)),
        .references = lower_text(l, rule->references),
        .falsepositives = lower_text(l, rule->falsepositives),
        .product = lower_text(l, rule->product), .category = lower_text(l, rule->category),
        .service = lower_text(l, rule->service), .line = rule->line, .level = rule->level,
        .group = NONE, .node = NONE, .correlation = NONE
    };
}

static void put(struct compiler *c, enum section section, const void *data, size_t size)
{
    buffer_add(&c->lowering.sections[section], slice_from(data, size));
}

/* Lowers the rules order[from, to), all of one log source. */
static bool lower_one_group(struct compiler *c, uint32_t from, uint32_t to,
                            const struct logsources *logsources, struct error *e)
{
    struct lowering *l = &c->lowering;
    const struct rule *first = &c->rules[c->order[from]];
    struct group group = { .product = lower_text(l, first->product),
                           .category = lower_text(l, first->category),
                           .service = lower_text(l, first->service) };
    uint32_t index = lower_count(l, SECTION_GROUP, sizeof group);
    bool reachable = logsources_select(logsources, first->product, first->category, first->service);
    uint32_t *always = arena_array(c->arena, to - from, sizeof *always), always_count = 0;
    group.rules.first = lower_count(l, SECTION_RULE, sizeof(struct blob_rule));
    lower_group_begin(l);
    for (uint32_t i = from; always && i < to; i++) {
        const struct rule *rule = &c->rules[c->order[i]];
        struct blob_rule out = describe(c, rule);
        struct error wrong = ERROR_NONE;
        uint32_t at = lower_count(l, SECTION_RULE, sizeof out);
        out.group = index;
        out.flags = reachable ? 0 : RULE_UNREACHABLE;
        if (!lower_rule(l, rule->condition, &out, at, &wrong)) {
            struct error placed = ERROR_NONE;
            yaml_error(&placed, rule->node, "%s", wrong.sentence);
            report(c, &placed, false);
            continue;
        }
        if (out.flags & RULE_ALWAYS)
            always[always_count++] = at;
        c->position[c->order[i]] = at;
        put(c, SECTION_RULE, &out, sizeof out);
        group.rules.count++;
    }
    if (!always || !lower_group_end(l, &group, e))
        return error_set(e, "no memory left for the rules");
    group.always = (struct span){ lower_count(l, SECTION_LIST, 4), always_count };
    for (uint32_t i = 0; i < always_count; i++)
        buffer_add_u32(&l->sections[SECTION_LIST], always[i]);
    put(c, SECTION_GROUP, &group, sizeof group);
    return true;
}

static bool lower_detections(struct compiler *c, const struct logsources *logsources,
                             struct error *e)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->rule_count; i++)
        if (c->rules[i].kind == RULE_DETECTION)
            c->order[count++] = i;
    qsort_r(c->order, count, sizeof *c->order, by_logsource, c);
    for (uint32_t from = 0, to; from < count; from = to) {
        for (to = from; to < count && compare_logsource(&c->rules[c->order[from]],
                                                        &c->rules[c->order[to]]) == 0;)
            to++;
        if (!lower_one_group(c, from, to, logsources, e))
            return false;
    }
    return true;
}

static uint32_t find_rule(const struct compiler *c, struct slice name)
{
    for (uint32_t i = 0; i < c->rule_count; i++)
        if (c->rules[i].kind != RULE_FILTER && is_named(&c->rules[i], name))
            return i;
    return NONE;
}

/* The field that `name` means in events of that rule. IMPLEMENTS sigma-2/correlation-aliases */
static struct slice alias_field(const struct correlation *k, const struct rule *rule,
                                struct slice name)
{
    for (uint32_t i = 0; i < k->alias_count; i++)
        if (slice_equal(k->aliases[i].name, name) && is_named(rule, k->aliases[i].rule))
            return k->aliases[i].field;
    return name;
}

static struct span slots_of(struct compiler *c, const struct correlation *k, const uint32_t *rules,
                            const struct slice *names, uint32_t count)
{
    struct lowering *l = &c->lowering;
    uint32_t *slots = arena_array(c->arena, k->rule_count * count + 1, sizeof *slots), n = 0;
    struct span span = { 0, k->rule_count * count };
    for (uint32_t r = 0; slots && r < k->rule_count; r++)
        for (uint32_t i = 0; i < count; i++)
            slots[n++] = lower_slot(l, alias_field(k, &c->rules[rules[r]], names[i]));
    span.first = lower_count(l, SECTION_LIST, 4);
    for (uint32_t i = 0; slots && i < n; i++)
        buffer_add_u32(&l->sections[SECTION_LIST], slots[i]);
    return span;
}

/* IMPLEMENTS sigma-2/correlation-generate.
 * One correlation whose rules all stand in the blob already; *again when one does not yet. */
static void lower_correlation(struct compiler *c, uint32_t index, bool *again)
{
    struct lowering *l = &c->lowering;
    struct rule *rule = &c->rules[index];
    struct correlation *k = rule->correlation;
    uint32_t *rules = arena_array(c->arena, k->rule_count, sizeof *rules);
    *again = !rules;
    for (uint32_t i = 0; rules && i < k->rule_count; i++) {
        rules[i] = find_rule(c, k->rules[i]);
        *again |= c->position[rules[i]] == NONE;
    }
    if (*again)
        return;
    struct blob_rule out = describe(c, rule);
    struct blob_correlation b = { .rule = lower_count(l, SECTION_RULE, sizeof out),
                                  .type = k->type, .timespan = k->timespan,
                                  .bound_count = k->bound_count, .rule_count = k->rule_count,
                                  .group_count = k->group_count, .field_count = k->field_count };
    for (uint32_t i = 0; i < k->bound_count; i++) {
        b.bounds[i].compare = k->bounds[i].compare;
        b.bounds[i].number = k->bounds[i].number;
    }
    b.group_slots = slots_of(c, k, rules, k->group_by, k->group_count);
    b.fields = slots_of(c, k, rules, k->fields, k->field_count);
    b.group_names = (struct span){ lower_count(l, SECTION_NAME, sizeof(struct ref)),
                                   k->group_count };
    for (uint32_t i = 0; i < k->group_count; i++) {
        struct ref name = lower_text(l, k->group_by[i]);
        put(c, SECTION_NAME, &name, sizeof name);
    }
    b.rules = (struct span){ lower_count(l, SECTION_LIST, 4), k->rule_count };
    for (uint32_t i = 0; i < k->rule_count; i++)
        buffer_add_u32(&l->sections[SECTION_LIST], c->position[rules[i]]);
    out.correlation = lower_count(l, SECTION_CORRELATION, sizeof b);
    c->position[index] = b.rule;
    put(c, SECTION_RULE, &out, sizeof out);
    put(c, SECTION_CORRELATION, &b, sizeof b);
    struct blob_rule *all = (struct blob_rule *)(void *)l->sections[SECTION_RULE].data;
    for (uint32_t i = 0; i < k->rule_count; i++)
        if (!k->generate)
            all[c->position[rules[i]]].flags |= RULE_SILENT;
}

/* Each rule that it refers to and that is not there is told. */
static void look_for_its_rules(struct compiler *c, struct rule *rule)
{
    struct faults faults = { .tell = on_fault, .owner = c };
    const struct correlation *k = rule->correlation;
    struct error e = ERROR_NONE;
    for (uint32_t i = 0; i < k->rule_count; i++) {
        if (find_rule(c, k->rules[i]) == NONE)
            yaml_error(&e, rule->node, "the rule '%.*s' that it refers to is not there",
                       SLICE_ARGS(k->rules[i]));
        faults_tell(&faults, &e);
    }
    rule->refused = faults.count > 0;
    c->count->refused += rule->refused;
}

static bool waits(const struct compiler *c, uint32_t index)
{
    const struct rule *rule = &c->rules[index];
    return rule->kind == RULE_CORRELATION && !rule->refused && c->position[index] == NONE;
}

/* Chained correlations: again and again until nothing new stands. */
static void lower_correlations(struct compiler *c)
{
    bool progress = true, left = true;
    for (uint32_t i = 0; i < c->rule_count; i++)
        if (c->rules[i].kind == RULE_CORRELATION)
            look_for_its_rules(c, &c->rules[i]);
    while (progress && left) {
        progress = left = false;
        for (uint32_t i = 0; i < c->rule_count; i++) {
            bool again;
            if (!waits(c, i))
                continue;
            lower_correlation(c, i, &again);
            left |= again;
            progress |= !again;
        }
    }
    for (uint32_t i = 0; i < c->rule_count; i++) {
        struct error wrong = ERROR_NONE;
        if (!waits(c, i))
            continue;
        yaml_error(&wrong, c->rules[i].node, "a rule that it refers to was refused, or refers back");
        report(c, &wrong, false);
    }
}

/* Tells each rule which correlations it feeds. */
static void link_correlations(struct compiler *c)
{
    struct lowering *l = &c->lowering;
    uint32_t rules = lower_count(l, SECTION_RULE, sizeof(struct blob_rule));
    uint32_t correlations = lower_count(l, SECTION_CORRELATION, sizeof(struct blob_correlation));
    for (uint32_t r = 0; correlations && r < rules; r++) {
        uint32_t first = lower_count(l, SECTION_LIST, 4);
        for (uint32_t k = 0; k < correlations; k++) {
            struct blob_correlation b;
            memcpy(&b, l->sections[SECTION_CORRELATION].data + k * sizeof b, sizeof b);
            for (uint32_t i = 0; i < b.rule_count; i++) {
                uint32_t target;
                memcpy(&target, l->sections[SECTION_LIST].data + (b.rules.first + i) * 4u, 4);
                if (target != r)
                    continue;
                buffer_add_u32(&l->sections[SECTION_LIST], k);
                buffer_add_u32(&l->sections[SECTION_LIST], i);
            }
        }
        struct span feeds = { first, lower_count(l, SECTION_LIST, 4) - first };
        memcpy(l->sections[SECTION_RULE].data + r * sizeof(struct blob_rule) +
                   offsetof(struct blob_rule, feeds), &feeds, sizeof feeds);
    }
}

static bool run(struct compiler *c, struct ruleset **out, struct error *e)
{
    struct logsources *logsources = NULL;
    BUFFER_AUTO blob;
    buffer_init(&blob, 1024u * 1024 * 1024);
    if (c->options->placeholders) {
        struct yaml *document;
        if (!yaml_read(c->options->placeholders, c->arena, &document, e))
            return false;
        c->placeholders.document = document;
    }
    if (!read_files(c, e) ||
        !logsources_read(c->options->logsources, c->arena, &logsources, e))
        return false;
    warn_of_same_ids(c);
    for (uint32_t i = 0; i < c->rule_count; i++)
        if (c->rules[i].kind == RULE_FILTER)
            apply_filter(c, &c->rules[i]);
    c->order = arena_array(c->arena, c->rule_count + 1, sizeof *c->order);
    c->position = arena_array(c->arena, c->rule_count + 1, sizeof *c->position);
    if (!c->order || !c->position)
        return error_set(e, "no memory left for the rules");
    memset(c->position, 0xff, (c->rule_count + 1) * sizeof *c->position);
    lowering_init(&c->lowering, c->arena, e);
    bool fine = lower_detections(c, logsources, e);
    if (fine) {
        lower_correlations(c);
        link_correlations(c);
        fine = logsources_lower(logsources, &c->lowering, e);
    }
    c->count->rules = lower_count(&c->lowering, SECTION_RULE, sizeof(struct blob_rule));
    if (fine && (!lower_finish(&c->lowering, &blob) || c->arena->exhausted))
        fine = error_set(e, "no memory left for the compiled rules");
    lowering_free(&c->lowering);
    return fine && !(e && e->set) && ruleset_open(buffer_slice(&blob), out, e);
}

bool compiler_run(const struct compiler_options *options, struct ruleset **out,
                  struct compiler_count *count_out, struct error *e)
{
    ARENA_AUTO arena;
    struct compiler_count count = { 0 };
    struct compiler c = { .options = options, .count = &count, .arena = &arena };
    arena_init(&arena, (size_t)2048 * 1024 * 1024);
    bool fine = run(&c, out, e);
    if (count_out)
        *count_out = count;
    return fine;
}
