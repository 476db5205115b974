#include <stdio.h>

#include "detect/scanner.h"

#include "base/map.h"
#include "detect/evaluate.h"
#include "detect/why.h"

#define CLASSES_MOST 20000u
#define CLASS_KEY_MOST 4096u

/* A group that an event's class belongs to, with what its sources call the fields. */
struct membership {
    uint32_t group;
    uint32_t rename_first, rename_count;   /* in the class's renames */
};

/* All events that the log source data cannot tell apart. */
struct class {
    struct slice key;
    bool known;
    bool uses_whole;             /* some group searches the whole event */
    struct membership *groups;
    uint32_t group_count;
    struct rename *renames;
    uint32_t rename_count;
};

struct scanner {
    struct ruleset *ruleset;
    struct evaluator evaluator;
    struct map classes;
    struct class spare;          /* when no more are remembered, or the line itself decides */
    struct class *class;         /* of the event scanned last */
    char key[CLASS_KEY_MOST];
    size_t key_len;
    bool whole_selectors, slow;
    struct event_logsource given;
    uint32_t *seen;              /* by rule: stamp of the event for which it is a candidate */
    uint32_t *candidates, candidate_count;
    uint32_t *matches, match_count;
    const struct field_index *scanning;
    struct slice whole;          /* all folded values of the event, where a group needs them */
    struct scanner_statistics statistics;
    char unknown[160];
};

static bool uses_whole(const struct ruleset *r)
{
    for (uint32_t i = 0; i < r->source_count; i++)
        for (uint32_t n = r->sources[i].node; n < r->nodes[r->sources[i].node].end; n++)
            if (r->nodes[n].op == EXPR_TEST && r->atoms[r->nodes[n].arg].slot == SLOT_WHOLE)
                return true;
    return false;
}

struct scanner *scanner_new(struct ruleset *ruleset)
{
    struct scanner *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->ruleset = ruleset_share(ruleset);
    s->seen = calloc(ruleset->rule_count + 1, sizeof *s->seen);
    s->candidates = calloc(ruleset->rule_count + 1, sizeof *s->candidates);
    s->matches = calloc(ruleset->rule_count + 1, sizeof *s->matches);
    s->whole_selectors = uses_whole(ruleset);
    if (!evaluator_init(&s->evaluator, ruleset) || !s->seen || !s->candidates || !s->matches)
        scanner_free(&s);
    return s;
}

static void clear_class(struct class *class)
{
    free((char *)(uintptr_t)class->key.data);
    free(class->groups);
    free(class->renames);
    *class = (struct class){ 0 };
}

void scanner_free(struct scanner **scanner)
{
    struct scanner *s = *scanner;
    struct map_entry *entry;
    *scanner = NULL;
    if (!s)
        return;
    for (size_t i = 0; (entry = map_next(&s->classes, &i));) {
        struct class *class = entry->value;
        clear_class(class);
        free(class);
    }
    map_free(&s->classes);
    clear_class(&s->spare);
    evaluator_free(&s->evaluator);
    free(s->seen);
    free(s->candidates);
    free(s->matches);
    ruleset_free(&s->ruleset);
    free(s);
}

const struct ruleset *scanner_ruleset(const struct scanner *s)
{
    return s->ruleset;
}

struct scanner_statistics scanner_statistics(const struct scanner *s)
{
    struct scanner_statistics out = s->statistics;
    out.regex_limit = s->evaluator.regex_limit;
    return out;
}

void scanner_slow(struct scanner *s, bool on)
{
    s->slow = on;
    s->evaluator.trust_index = !on;
}

void scanner_logsource(struct scanner *s, struct event_logsource logsource)
{
    s->given = logsource;
}

/* --- log source --- */

/* Does the event belong to `wanted` (one part of a log source), by what was found or given? */
struct found {
    const uint8_t *sources;      /* 1: source i fits */
    struct event_logsource parts[2];
};

static bool part_fits(const struct ruleset *r, const struct found *f, struct slice wanted, int part)
{
    if (!wanted.len)
        return true;
    for (int i = 0; i < 2; i++) {
        const struct slice parts[] = { f->parts[i].product, f->parts[i].category,
                                       f->parts[i].service };
        if (slice_equal_nocase(parts[part], wanted))
            return true;
    }
    for (uint32_t i = 0; i < r->source_count; i++) {
        const struct source *s = &r->sources[i];
        const struct ref parts[] = { s->product, s->category, s->service };
        if (f->sources[i] && slice_equal(blob_text(r, parts[part]), wanted))
            return true;
    }
    return false;
}

/* The renames of sources that brought the group in by its category or, without one, its service. */
static bool source_brings(const struct ruleset *r, const struct source *s, const struct group *g)
{
    struct slice category = blob_text(r, g->category), service = blob_text(r, g->service);
    if (category.len)
        return slice_equal(blob_text(r, s->category), category);
    return service.len && slice_equal(blob_text(r, s->service), service) && !s->category.len;
}

static void add_group(struct scanner *s, struct class *class, const struct found *f, uint32_t index)
{
    const struct ruleset *r = s->ruleset;
    struct membership *m = &class->groups[class->group_count++];
    class->uses_whole = class->uses_whole || r->groups[index].uses_whole;
    *m = (struct membership){ .group = index, .rename_first = class->rename_count };
    for (uint32_t i = 0; i < r->source_count; i++) {
        const struct source *source = &r->sources[i];
        if (!f->sources[i] || !source_brings(r, source, &r->groups[index]))
            continue;
        for (uint32_t k = 0; k < source->renames.count; k++) {
            struct rename *grown = realloc(class->renames, (class->rename_count + 1) * sizeof *grown);
            if (!grown)
                return;
            class->renames = grown;
            grown[class->rename_count++] = r->renames[source->renames.first + k];
            m->rename_count++;
        }
    }
}

/* IMPLEMENTS sigma-2/logsource sigma-2/logsource-several: each part of a rule's log source has to be
 * among what the sources that fit say. */
static void build_class(struct scanner *s, const struct event *event, struct class *class)
{
    const struct ruleset *r = s->ruleset;
    uint8_t *sources = calloc(r->source_count + 1, 1);
    struct found found = { sources, { event->logsource, s->given } };
    class->groups = calloc(r->group_count + 1, sizeof *class->groups);
    if (!sources || !class->groups) {
        free(sources);
        return;
    }
    class->known = event->logsource.product.len || event->logsource.category.len ||
                   event->logsource.service.len || s->given.product.len ||
                   s->given.category.len || s->given.service.len;
    for (uint32_t i = 0; i < r->source_count; i++) {
        sources[i] = evaluate_node(&s->evaluator, r->sources[i].node);
        class->known |= sources[i];
    }
    for (uint32_t i = 0; i < r->group_count; i++) {
        const struct group *g = &r->groups[i];
        if (part_fits(r, &found, blob_text(r, g->product), 0) &&
            part_fits(r, &found, blob_text(r, g->category), 1) &&
            part_fits(r, &found, blob_text(r, g->service), 2))
            add_group(s, class, &found, i);
    }
    free(sources);
}

static bool key_add(struct scanner *s, const void *bytes, size_t len)
{
    if (s->key_len + len > sizeof s->key)
        return false;
    if (len)
        memcpy(s->key + s->key_len, bytes, len);
    s->key_len += len;
    return true;
}

/* The values that decide, one after the other; false when they are too long to remember. */
static bool make_key(struct scanner *s, const struct event *event)
{
    struct view *view = &s->evaluator.view;
    const struct slice *own[] = { &event->logsource.product, &event->logsource.category,
                                  &event->logsource.service };
    s->key_len = 0;
    for (int i = 0; i < 3; i++)
        if (!key_add(s, own[i]->data, own[i]->len) || !key_add(s, "\x1e", 1))
            return false;
    for (uint32_t i = 0; i < s->ruleset->selector_count; i++) {
        uint32_t selector = s->ruleset->selectors[i];
        int32_t at = view_head(view, selector & 0xffff);
        if (at < 0)
            continue;
        if (!key_add(s, &selector, sizeof selector))
            return false;
        for (; !(selector & 0x10000u) && at >= 0; at = view->values[at].next) {
            struct slice raw = view->values[at].raw;
            uint32_t len = (uint32_t)raw.len << 4 | view->values[at].kind;
            if (!key_add(s, &len, sizeof len) || !key_add(s, raw.data, raw.len))
                return false;
        }
    }
    return true;
}

static struct class *find_class(struct scanner *s, const struct event *event)
{
    bool text = s->evaluator.view.is_text && s->whole_selectors;
    s->evaluator.ignore_whole = !text;
    bool keep = make_key(s, event) && !text;
    struct slice key = { s->key, s->key_len };
    struct class *class = NULL;
    if (keep && s->class && s->class != &s->spare && slice_equal(s->class->key, key))
        class = s->class;
    else if (keep)
        class = map_get(&s->classes, key);
    if (!class) {
        char *copy = keep && s->classes.count < CLASSES_MOST ? malloc(key.len + 1) : NULL;
        class = copy ? calloc(1, sizeof *class) : &s->spare;
        if (!class) {
            free(copy);
            class = &s->spare;
        }
        if (class == &s->spare) {
            clear_class(class);
        } else {
            memcpy(copy, key.data, key.len);
            class->key = slice_from(copy, key.len);
        }
        build_class(s, event, class);
        if (class != &s->spare && !map_put(&s->classes, class->key, class)) {
            clear_class(&s->spare);
            s->spare = *class;
            free(class);
            class = &s->spare;
        }
    }
    s->evaluator.ignore_whole = false;
    return class;
}

/* --- candidates --- */

static void fire(struct scanner *s, uint32_t witness)
{
    const struct ruleset *r = s->ruleset;
    const struct witness *w = &r->witnesses[witness];
    uint32_t stamp = s->evaluator.stamp;
    if (w->atom != NONE)
        s->evaluator.memo[w->atom] = stamp << 1 | 1;
    for (uint32_t i = 0; i < w->rules.count; i++) {
        uint32_t rule = r->list[w->rules.first + i];
        if (s->seen[rule] == stamp)
            continue;
        s->seen[rule] = stamp;
        s->candidates[s->candidate_count++] = rule;
    }
}

static int literal_found(unsigned id, unsigned long long from, unsigned long long to,
                         unsigned flags, void *owner)
{
    struct scanner *s = owner;
    (void)from, (void)to, (void)flags;
    fire(s, s->ruleset->list[s->scanning->contains.first + id]);
    return 0;
}

/* The bucket of that key; its witnesses still have to be compared in full. */
static const struct bucket *find_bucket(const struct ruleset *r, struct span table, uint64_t key,
                                        uint32_t length)
{
    uint32_t mask = table.count - 1;
    for (uint32_t at = (uint32_t)blob_hash(key, length) & mask;; at = (at + 1) & mask) {
        const struct bucket *b = &r->buckets[table.first + at];
        if (!b->count)
            return NULL;
        if (b->key == key && b->length == length)
            return b;
    }
}

static void try_bucket(struct scanner *s, const struct bucket *b, struct slice text, int kind)
{
    const struct ruleset *r = s->ruleset;
    for (uint32_t i = 0; b && i < b->count; i++) {
        uint32_t index = r->list[b->first + i];
        struct slice want = blob_text(r, r->witnesses[index].text);
        if (kind == ATOM_EXACT ? slice_equal(text, want)
            : kind == ATOM_PREFIX ? slice_starts(text, want) : slice_ends(text, want))
            fire(s, index);
    }
}

static void scan_text(struct scanner *s, const struct field_index *f, struct slice text)
{
    s->scanning = f;
    hs_scan(s->ruleset->opened[f->database], text.data, (unsigned)text.len, 0,
            s->evaluator.scratch, literal_found, s);
}

static void scan_value(struct scanner *s, const struct field_index *f, struct view_value *value)
{
    const struct ruleset *r = s->ruleset;
    if (value->kind == EVENT_NULL)
        return;
    struct slice text = view_folded(&s->evaluator.view, value);
    if (f->exact.count)
        try_bucket(s, find_bucket(r, f->exact, slice_hash(text), 0), text, ATOM_EXACT);
    for (uint32_t bits = f->lengths_suffix; bits; bits &= bits - 1) {
        uint32_t n = (uint32_t)__builtin_ctz(bits) + 1;
        if (n > text.len)
            break;
        try_bucket(s, find_bucket(r, f->suffix, blob_key(text.data + text.len - n, n), n), text,
                   ATOM_SUFFIX);
    }
    for (uint32_t bits = f->lengths_prefix; bits; bits &= bits - 1) {
        uint32_t n = (uint32_t)__builtin_ctz(bits) + 1;
        if (n > text.len)
            break;
        try_bucket(s, find_bucket(r, f->prefix, blob_key(text.data, n), n), text, ATOM_PREFIX);
    }
    if (f->database != NONE && f->slot != SLOT_WHOLE && text.len)
        scan_text(s, f, text);
}

static void scan_index(struct scanner *s, const struct field_index *f)
{
    struct view *view = &s->evaluator.view;
    if (f->slot == SLOT_WHOLE) {
        if (f->database != NONE && s->whole.len)
            scan_text(s, f, s->whole);
        bool tables = f->exact.count || f->lengths_prefix || f->lengths_suffix;
        for (uint32_t i = 0; tables && i < view->field_count; i++)
            if (view->values[i].kind != EVENT_OBJECT && view->values[i].kind != EVENT_ARRAY)
                scan_value(s, f, &view->values[i]);
        return;
    }
    for (int32_t i = view_head(view, f->slot); i >= 0; i = view->values[i].next)
        scan_value(s, f, &view->values[i]);
}

/* --- groups --- */

static void enter(struct scanner *s, const struct membership *m)
{
    struct view *view = &s->evaluator.view;
    for (uint32_t i = 0; i < m->rename_count; i++) {
        struct rename *rename = &s->class->renames[m->rename_first + i];
        int32_t from = view_head(view, rename->from);
        if (from >= 0 && view_head(view, rename->to) < 0)
            view_set(view, rename->to, from);
    }
}

/* What enter() set is told by its head: the alias shares it with its origin. */
static void leave(struct scanner *s, const struct membership *m)
{
    struct view *view = &s->evaluator.view;
    for (uint32_t i = m->rename_count; i > 0; i--) {
        struct rename *rename = &s->class->renames[m->rename_first + i - 1];
        int32_t from = view_head(view, rename->from);
        if (from >= 0 && view_head(view, rename->to) == from)
            view->stamps[rename->to] = 0;
    }
}

static void try_rule(struct scanner *s, uint32_t rule)
{
    s->statistics.candidates++;
    if (evaluate_node(&s->evaluator, s->ruleset->rules[rule].node))
        s->matches[s->match_count++] = rule;
}

static void scan_group(struct scanner *s, const struct membership *m)
{
    const struct ruleset *r = s->ruleset;
    const struct group *g = &r->groups[m->group];
    enter(s, m);
    s->candidate_count = 0;
    if (s->slow) {
        for (uint32_t i = 0; i < g->rules.count; i++)
            try_rule(s, g->rules.first + i);
    } else {
        for (uint32_t i = 0; i < g->fields.count; i++)
            scan_index(s, &r->fields[g->fields.first + i]);
        for (uint32_t i = 0; i < s->candidate_count; i++)
            try_rule(s, s->candidates[i]);
        for (uint32_t i = 0; i < g->always.count; i++)
            try_rule(s, r->list[g->always.first + i]);
    }
    leave(s, m);
}

static void next_stamp(struct scanner *s)
{
    if (++s->evaluator.stamp < UINT32_C(1) << 31)
        return;
    memset(s->evaluator.memo, 0, s->ruleset->atom_count * sizeof *s->evaluator.memo);
    memset(s->seen, 0, s->ruleset->rule_count * sizeof *s->seen);
    s->evaluator.stamp = 1;
}

uint32_t scanner_scan(struct scanner *s, const struct event *event, const uint32_t **rules_out)
{
    s->match_count = 0;
    s->statistics.events++;
    next_stamp(s);
    s->evaluator.event = event;
    *rules_out = s->matches;
    if (!view_load(&s->evaluator.view, event))
        return 0;
    s->class = find_class(s, event);
    s->statistics.unknown += !s->class->known;
    s->whole = s->class->uses_whole && !s->slow ? view_whole(&s->evaluator.view) : SLICE_NONE;
    for (uint32_t i = 0; i < s->class->group_count; i++)
        scan_group(s, &s->class->groups[i]);
    s->statistics.matches += s->match_count;
    return s->match_count;
}

static const struct membership *membership_of(const struct scanner *s, uint32_t rule)
{
    for (uint32_t i = 0; s->class && i < s->class->group_count; i++)
        if (s->class->groups[i].group == s->ruleset->rules[rule].group)
            return &s->class->groups[i];
    return NULL;
}

bool scanner_tries(const struct scanner *s, uint32_t rule)
{
    return membership_of(s, rule) != NULL;
}

struct slice scanner_field(struct scanner *s, uint32_t rule, uint32_t slot)
{
    const struct membership *m = membership_of(s, rule);
    struct view *view = &s->evaluator.view;
    struct slice out = SLICE_NONE;
    if (m)
        enter(s, m);
    for (int32_t i = view_head(view, slot); i >= 0 && !out.data; i = view->values[i].next)
        if (view->values[i].kind != EVENT_NULL)
            out = view->values[i].raw.data ? view->values[i].raw : SLICE("");
    if (m)
        leave(s, m);
    return out;
}

bool scanner_alert(struct scanner *s, const struct event *event, uint32_t rule,
                   struct arena *arena, struct alert *out)
{
    const struct membership *m = membership_of(s, rule);
    const struct ruleset_rule r = ruleset_rule(s->ruleset, rule);
    *out = (struct alert){ .rule = r.id.len ? r.id : r.title, .title = r.title,
                           .title_vi = r.title_vi, .author = r.author, .license = r.license,
                           .tags = r.tags, .level = r.level, .time = event->time };
    if (m)
        enter(s, m);
    bool fine = why_write(&s->evaluator, rule, arena, &out->why);
    if (m)
        leave(s, m);
    out->entity = why_entity(event, arena);
    return fine && alert_copy_texts(out, arena);
}

struct slice scanner_unknown(const struct scanner *scanner)
{
    struct scanner *s = (struct scanner *)(uintptr_t)scanner;
    struct view *view = &s->evaluator.view;
    if (!s->class || s->class->known)
        return SLICE_NONE;
    for (uint32_t i = 0; i < s->ruleset->selector_count; i++) {
        uint32_t slot = s->ruleset->selectors[i] & 0xffff;
        int32_t at = view_head(view, slot);
        struct slice name = blob_text(s->ruleset, s->ruleset->slots[slot]);
        if (at < 0 || slice_is(name, "EventID"))
            continue;
        struct slice value = slice_cut(view->values[at].raw, 0, 80);
        snprintf(s->unknown, sizeof s->unknown, "%.*s=%.*s", SLICE_ARGS(name), SLICE_ARGS(value));
        return slice_of(s->unknown);
    }
    return view->is_text ? SLICE("text without a decoder") : SLICE("JSON of no known shape");
}
