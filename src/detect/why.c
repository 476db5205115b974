#include "detect/why.h"

#include "base/json.h"
#include "base/fold.h"
#include "event/json_event.h"

#define VALUE_SHOWN 400u
#define REASONS_MOST 40u
#define FILTERS_MOST 16u   /* of them, negated parts */

const char *why_modifier(const struct ruleset *r, const struct atom *atom)
{
    static const char *const compares[] = { "lt", "lte", "gt", "gte", "eq", "neq" };
    static const char *const modes[] = { "fieldref", "fieldref|startswith", "fieldref|endswith",
                                         "fieldref|contains" };
    static const char *const parts[] = { "minute", "hour", "day", "week", "month", "year" };
    switch ((enum atom_kind)atom->kind) {
    case ATOM_EXACT: case ATOM_PREFIX: case ATOM_SUFFIX: case ATOM_CONTAINS: case ATOM_GLOB:
        return atom->flags & ATOM_CASED ? "cased" : "";
    case ATOM_REGEX: {
        static const char *const flags[] = { "re", "re|i", "re|m", "re|i|m", "re|s", "re|i|s",
                                             "re|m|s", "re|i|m|s" };
        return flags[r->regexes[atom->regex].flags & 7];
    }
    case ATOM_CIDR: return "cidr";
    case ATOM_COMPARE: return compares[atom->mode];
    case ATOM_NULL: return "null";
    case ATOM_EXISTS: return atom->flags & ATOM_POSITIVE ? "exists" : "exists: false";
    case ATOM_FIELD: return modes[atom->mode];
    case ATOM_TIME: return parts[atom->part];
    }
    return "";
}

struct reason {
    struct evaluator *v;
    struct json_writer json;
    uint32_t count;
    bool negated;          /* the second walk: what did not apply */
};

/* Cut where a character begins. */
static struct slice shown(struct slice value)
{
    size_t len = value.len < VALUE_SHOWN ? value.len : VALUE_SHOWN;
    while (len < value.len && len && ((unsigned char)value.data[len] & 0xc0) == 0x80)
        len--;
    return slice_cut(value, 0, len);
}

static void reason_put(struct reason *w, const struct atom *atom, struct slice selection,
                       struct slice value, bool present)
{
    const struct ruleset *r = w->v->ruleset;
    if (w->count++ >= (w->negated ? FILTERS_MOST : REASONS_MOST))
        return;
    json_open_object(&w->json);
    json_text_member(&w->json, "selection", selection);
    if (atom->slot != SLOT_WHOLE)
        json_text_member(&w->json, "field", blob_text(r, r->slots[atom->slot]));
    json_text_member(&w->json, "test", slice_of(why_modifier(r, atom)));
    json_text_member(&w->json, "pattern", blob_text(r, atom->shown));
    if (present)
        json_text_member(&w->json, "value", shown(value));
    if (w->negated)
        json_boolean_member(&w->json, "not", true);
    json_close_object(&w->json);
}

static void reason_atom(struct reason *w, uint32_t index, struct slice selection)
{
    struct evaluator *v = w->v;
    const struct atom *atom = &v->ruleset->atoms[index];
    if (atom->slot == SLOT_WHOLE) {
        for (uint32_t i = 0; i < v->view.field_count; i++)
            if (evaluate_value(v, atom, &v->view.values[i])) {
                reason_put(w, atom, selection, v->view.values[i].raw, true);
                return;
            }
        return;
    }
    for (int32_t i = view_head(&v->view, atom->slot); i >= 0; i = v->view.values[i].next)
        if (atom->kind == ATOM_EXISTS || evaluate_value(v, atom, &v->view.values[i])) {
            reason_put(w, atom, selection, v->view.values[i].raw, true);
            return;
        }
    reason_put(w, atom, selection, SLICE_NONE, false);
}

/* Below a 'not' that holds: of every selection the first test that failed, with what stood there. */
static void reason_failed(struct reason *w, uint32_t index, struct slice selection)
{
    struct evaluator *v = w->v;
    const struct node *nodes = v->ruleset->nodes, *node = &nodes[index];
    bool named = false;
    if (node->selection.len)
        selection = blob_text(v->ruleset, node->selection);
    if (node->op == EXPR_NOT || evaluate_node(v, index))
        return;
    if (node->op == EXPR_TEST) {
        const struct atom *atom = &v->ruleset->atoms[node->arg];
        int32_t at = atom->slot == SLOT_WHOLE ? -1 : view_head(&v->view, atom->slot);
        reason_put(w, atom, selection, at >= 0 ? v->view.values[at].raw : SLICE_NONE, at >= 0);
        return;
    }
    for (uint32_t child = index + 1; child < node->end; child = nodes[child].end) {
        if (evaluate_node(v, child) || (named && !nodes[child].selection.len))
            continue;
        reason_failed(w, child, selection);
        if (node->op == EXPR_AND)
            return;
        named = true; /* of an 'or' without names of its own one test stands for all */
    }
}

/* Walks what made the tree true; what stands below a 'not' is told apart. */
static void reason_node(struct reason *w, uint32_t index, struct slice selection)
{
    const struct node *node = &w->v->ruleset->nodes[index];
    if (node->selection.len)
        selection = blob_text(w->v->ruleset, node->selection);
    if (!evaluate_node(w->v, index))
        return;
    if (node->op == EXPR_NOT) {
        if (w->negated)
            reason_failed(w, index + 1, selection);
        return;
    }
    if (node->op == EXPR_TEST) {
        if (!w->negated)
            reason_atom(w, node->arg, selection);
        return;
    }
    for (uint32_t child = index + 1; child < node->end; child = w->v->ruleset->nodes[child].end)
        reason_node(w, child, selection);
}

bool why_write(struct evaluator *v, uint32_t rule, struct arena *arena, struct slice *out)
{
    BUFFER_AUTO text;
    struct reason w = { .v = v };
    buffer_init(&text, 1024u * 1024);
    json_writer_init(&w.json, &text);
    json_open_array(&w.json);
    reason_node(&w, v->ruleset->rules[rule].node, SLICE(""));
    w.negated = true;
    w.count = 0;
    reason_node(&w, v->ruleset->rules[rule].node, SLICE(""));
    json_close_array(&w.json);
    *out = text.failed ? SLICE("[]") : arena_copy(arena, buffer_slice(&text));
    return out->data != NULL;
}

/* The value of the field of that name, also behind a path ("Event.EventData.IpAddress"). */
static struct slice named_value(const struct event *event, struct slice name, struct arena *arena)
{
    const struct event_field *field = event_field(event, name);
    for (uint32_t i = 0; i < event->field_count && !field; i++) {
        struct slice full = event->fields[i].name;
        if (full.len > name.len && slice_ends(full, name) &&
            full.data[full.len - name.len - 1] == '.')
            field = &event->fields[i];
    }
    struct event_field settled = field ? *field : (struct event_field){ .value = SLICE_NONE };
    return settled.value.len && json_event_settle(&settled, arena) ? settled.value : SLICE_NONE;
}

struct slice why_entity(const struct event *event, struct arena *arena)
{
    static const char *const names[] = { "src_ip", "c-ip", "SourceIp", "IpAddress",
                                         "sourceIPAddress", "user", "TargetUserName", "User",
                                         "cs-username", "Computer", "Hostname", "host" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct slice value = named_value(event, slice_of(names[i]), arena);
        if (value.len && !slice_is(value, "-"))
            return arena_print(arena, "%s=%.*s", names[i], SLICE_ARGS(shown(value)));
    }
    return SLICE("");
}

bool alert_copy_texts(struct alert *alert, struct arena *arena)
{
    struct slice *texts[] = { &alert->rule, &alert->title, &alert->title_vi, &alert->author,
                              &alert->license, &alert->tags };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!texts[i]->len) {
            *texts[i] = SLICE("");
            continue;
        }
        *texts[i] = arena_copy(arena, *texts[i]);
        if (!texts[i]->data)
            return false;
    }
    return true;
}
