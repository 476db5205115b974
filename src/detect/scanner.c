#include <stdio.h>

#include "detect/scanner.h"

#include "detect/automaton.h"
#include "detect/classes.h"
#include "detect/memo.h"
#include "detect/why.h"

#define MEMO_TRIED 512u      /* values between two looks at whether remembering pays */
#define MEMO_PAUSE 8192u     /* values for which it is left, where fewer than a quarter were known */

struct scanner {
    struct ruleset *ruleset;
    struct evaluator evaluator;
    struct classes classes;
    struct class *class;         /* of the event scanned last */
    struct memo memo;
    bool slow;
    uint32_t *seen;              /* by rule: stamp of the event for which it is a candidate */
    uint32_t *candidates, candidate_count;
    uint32_t *matches, match_count;
    const struct field_index *scanning;
    uint32_t fired[MEMO_FIRED_MOST + 1], fired_count; /* witnesses of the value at hand */
    struct scanner_statistics statistics;
    char unknown[160];
};

struct scanner *scanner_new(struct ruleset *ruleset)
{
    struct scanner *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->ruleset = ruleset_share(ruleset);
    s->seen = calloc(ruleset->rule_count + 1, sizeof *s->seen);
    s->candidates = calloc(ruleset->rule_count + 1, sizeof *s->candidates);
    s->matches = calloc(ruleset->rule_count + 1, sizeof *s->matches);
    bool fine = evaluator_init(&s->evaluator, ruleset);
    fine = classes_init(&s->classes, ruleset) && fine;
    fine = memo_init(&s->memo) && fine;
    if (!fine || !s->seen || !s->candidates || !s->matches)
        scanner_free(&s);
    return s;
}

void scanner_free(struct scanner **scanner)
{
    struct scanner *s = *scanner;
    *scanner = NULL;
    if (!s)
        return;
    classes_free(&s->classes);
    evaluator_free(&s->evaluator);
    memo_free(&s->memo);
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
    s->classes.given = logsource;
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

/* Fires, and notes it for the memo: once where the same stands several times in a value. */
static void note(struct scanner *s, uint32_t witness)
{
    for (uint32_t i = 0; i < s->fired_count && i < MEMO_FIRED_MOST; i++)
        if (s->fired[i] == witness)
            return;
    if (s->fired_count <= MEMO_FIRED_MOST)
        s->fired[s->fired_count++] = witness;
    fire(s, witness);
}

static int literal_found(unsigned id, unsigned long long from, unsigned long long to,
                         unsigned flags, void *owner)
{
    struct scanner *s = owner;
    (void)from, (void)to, (void)flags;
    if (id < s->scanning->contains.count)
        note(s, s->ruleset->list[s->scanning->contains.first + id]);
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
            note(s, index);
    }
}

static void scan_text(struct scanner *s, const struct field_index *f, struct slice text)
{
    s->scanning = f;
    automaton_scan(s->ruleset->opened[f->database], text, s->evaluator.scratch, literal_found, s);
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

/* --- one slot --- */

static void search(struct scanner *s, const struct watch *w, struct view_value *value)
{
    const uint32_t *list = s->class->plan->list + w->indexes.first;
    s->fired_count = 0;
    for (uint32_t i = 0; i < w->indexes.count; i++)
        scan_value(s, &s->ruleset->fields[list[i]], value);
}

/* Does it pay to remember this slot's values? */
static bool remembers(struct watch *w)
{
    if (w->pause) {
        w->pause--;
        return false;
    }
    if (w->tried < MEMO_TRIED)
        return true;
    w->pause = w->known < w->tried / 4 ? MEMO_PAUSE : 0;
    w->tried = w->known = 0;
    return !w->pause;
}

static void scan_watched(struct scanner *s, struct watch *w, struct view_value *value)
{
    uint32_t tag = w->tag << 4 | (uint32_t)value->lazy << 3 | value->kind;
    struct slice raw = value->raw;
    uint64_t hash;
    if (value->kind == EVENT_NULL)
        return;
    if (!raw.len || raw.len > MEMO_VALUE_MOST || !remembers(w)) {
        search(s, w, value);
        return;
    }
    w->tried++;
    const struct memo_entry *known = memo_find(&s->memo, tag, raw, &hash);
    if (known) {
        w->known++;
        for (uint32_t i = 0; i < known->count; i++)
            fire(s, known->fired[i]);
        return;
    }
    search(s, w, value);
    memo_put(&s->memo, hash, tag, raw, s->fired, s->fired_count);
}

static void scan_slots(struct scanner *s, struct plan *plan)
{
    struct view *view = &s->evaluator.view;
    for (uint32_t i = 0; i < view->present_count; i++) {
        uint32_t watched = plan->watched[view->present[i]];
        if (!watched)
            continue;
        for (int32_t at = view_head(view, view->present[i]); at >= 0; at = view->values[at].next)
            scan_watched(s, &plan->watches[watched - 1], &view->values[at]);
    }
}

static void scan_slot(struct scanner *s, const struct field_index *f)
{
    struct view *view = &s->evaluator.view;
    for (int32_t i = view_head(view, f->slot); i >= 0; i = view->values[i].next) {
        s->fired_count = 0;
        scan_value(s, f, &view->values[i]);
    }
}

/* --- the whole event --- */

/* Of a line of text: in the line, or in a value that the decoder put beside it? */
static bool line_may_hold(const struct filter *filter, const struct event *event)
{
    const char *from = event->raw.data, *end = from + event->raw.len;
    for (uint32_t i = 0; i < event->field_count; i++) {
        struct slice value = event->fields[i].value;
        bool inside = value.data >= from && value.data + value.len <= end;
        if (value.len && !inside && filter_passes(filter, value))
            return true;
    }
    return filter_passes(filter, event->raw);
}

/* May one of the plan's keywords stand in the event? */
static bool may_hold(const struct scanner *s, const struct plan *plan, const struct event *event)
{
    bool json = event->flags & EVENT_AS_RAW, line = s->evaluator.view.is_text && !event->texts.len;
    const struct filter *filter = plan->filters[json ? FILTER_JSON : FILTER_TEXT];
    struct slice bytes = json ? event->raw : event->texts;
    if (filter && line && !json)
        return line_may_hold(filter, event);
    return !filter || !bytes.len || filter_passes(filter, bytes);
}

/* IMPLEMENTS sigma-2/index-sound. */
static void scan_whole(struct scanner *s, const struct plan *plan, const struct event *event)
{
    struct view *view = &s->evaluator.view;
    if (!plan->whole.count)
        return;
    if (!may_hold(s, plan, event))
        return;
    struct slice all = view_whole(view);
    for (uint32_t k = 0; k < plan->whole.count; k++) {
        const struct field_index *f = &s->ruleset->fields[plan->list[plan->whole.first + k]];
        s->fired_count = 0;
        if (f->database != NONE && all.len)
            scan_text(s, f, all);
        bool tables = f->exact.count || f->lengths_prefix || f->lengths_suffix;
        for (uint32_t i = 0; tables && i < view->field_count; i++)
            if (view->values[i].kind != EVENT_OBJECT && view->values[i].kind != EVENT_ARRAY)
                scan_value(s, f, &view->values[i]);
    }
}

/* --- groups --- */

static void enter(struct scanner *s, const struct membership *m)
{
    struct view *view = &s->evaluator.view;
    for (uint32_t i = 0; i < m->rename_count; i++) {
        struct rename *rename = &s->class->plan->renames[m->rename_first + i];
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
        struct rename *rename = &s->class->plan->renames[m->rename_first + i - 1];
        int32_t from = view_head(view, rename->from);
        if (from >= 0 && view_head(view, rename->to) == from)
            view_unset(view, rename->to);
    }
}

static const struct membership *membership_of(const struct scanner *s, uint32_t rule)
{
    uint32_t group = s->ruleset->rules[rule].group;
    uint32_t member = s->class && group != NONE ? s->class->plan->member[group] : 0;
    return member ? &s->class->plan->groups[member - 1] : NULL;
}

static void try_rule(struct scanner *s, const struct membership *m, uint32_t rule)
{
    s->statistics.candidates++;
    if (m->rename_count)
        enter(s, m);
    if (evaluate_node(&s->evaluator, s->ruleset->rules[rule].node))
        s->matches[s->match_count++] = rule;
    if (m->rename_count)
        leave(s, m);
}

static void try_all(struct scanner *s, const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->group_count; i++) {
        const struct membership *m = &plan->groups[i];
        const struct group *g = &s->ruleset->groups[m->group];
        for (uint32_t k = 0; k < g->rules.count; k++)
            try_rule(s, m, g->rules.first + k);
    }
}

static void try_candidates(struct scanner *s, struct plan *plan, const struct event *event)
{
    s->candidate_count = 0;
    scan_whole(s, plan, event);
    scan_slots(s, plan);
    for (uint32_t i = 0; i < plan->group_count; i++) {
        const struct membership *m = &plan->groups[i];
        if (!m->aliases.count)
            continue;
        enter(s, m);
        for (uint32_t k = 0; k < m->aliases.count; k++)
            scan_slot(s, &s->ruleset->fields[plan->list[m->aliases.first + k]]);
        leave(s, m);
    }
    for (uint32_t i = 0; i < s->candidate_count; i++)
        try_rule(s, membership_of(s, s->candidates[i]), s->candidates[i]);
    for (uint32_t i = 0; i < plan->always.count; i++) {
        uint32_t rule = plan->list[plan->always.first + i];
        try_rule(s, membership_of(s, rule), rule);
    }
}

static void sort_matches(struct scanner *s)
{
    for (uint32_t i = 1; i < s->match_count; i++) {
        uint32_t rule = s->matches[i], k = i;
        for (; k > 0 && s->matches[k - 1] > rule; k--)
            s->matches[k] = s->matches[k - 1];
        s->matches[k] = rule;
    }
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
    if (!(s->class = classes_find(&s->classes, &s->evaluator, event)))
        return 0;
    s->statistics.unknown += !s->class->known || s->class->unnamed;
    if (s->slow)
        try_all(s, s->class->plan);
    else
        try_candidates(s, s->class->plan, event);
    if (s->match_count) {
        sort_matches(s);
        view_settle_all(&s->evaluator.view);
    }
    s->statistics.matches += s->match_count;
    return s->match_count;
}

bool scanner_tries(const struct scanner *s, uint32_t rule)
{
    return membership_of(s, rule) != NULL;
}

struct event_logsource scanner_label(const struct scanner *s, const struct event *event)
{
    struct event_logsource own = event->logsource;
    if (!s->class)
        return own;
    return (struct event_logsource){ own.product.len ? own.product : s->class->label.product,
                                     own.category.len ? own.category : s->class->label.category,
                                     own.service.len ? own.service : s->class->label.service };
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

/* The value of the selector of that name, or "". */
static struct slice selected(struct scanner *s, const char *name)
{
    struct view *view = &s->evaluator.view;
    for (uint32_t i = 0; i < s->ruleset->selector_count; i++) {
        uint32_t slot = s->ruleset->selectors[i] & 0xffff;
        int32_t at = view_head(view, slot);
        if (at >= 0 && slice_is(blob_text(s->ruleset, s->ruleset->slots[slot]), name))
            return slice_cut(view_raw(view, &view->values[at]), 0, 60);
    }
    return SLICE("");
}

static struct slice without_names(struct scanner *s)
{
    struct slice provider = selected(s, "Provider_Name"), id = selected(s, "EventID");
    snprintf(s->unknown, sizeof s->unknown, "Provider_Name=%.*s EventID=%.*s, values without names",
             SLICE_ARGS(provider), SLICE_ARGS(id));
    return slice_of(s->unknown);
}

struct slice scanner_unknown(const struct scanner *scanner)
{
    struct scanner *s = (struct scanner *)(uintptr_t)scanner;
    struct view *view = &s->evaluator.view;
    if (s->class && s->class->unnamed)
        return without_names(s);
    if (!s->class || s->class->known)
        return SLICE_NONE;
    for (uint32_t i = 0; i < s->ruleset->selector_count; i++) {
        uint32_t slot = s->ruleset->selectors[i] & 0xffff;
        int32_t at = view_head(view, slot);
        struct slice name = blob_text(s->ruleset, s->ruleset->slots[slot]);
        if (at < 0 || slice_is(name, "EventID"))
            continue;
        struct slice value = slice_cut(view_raw(view, &view->values[at]), 0, 80);
        snprintf(s->unknown, sizeof s->unknown, "%.*s=%.*s", SLICE_ARGS(name), SLICE_ARGS(value));
        return slice_of(s->unknown);
    }
    return view->is_text ? SLICE("text without a decoder") : SLICE("JSON of no known shape");
}
