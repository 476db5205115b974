#include "plain.h"

#include "plain_value.h"
#include "test.h"

struct plain {
    const struct yaml *detection, *lists;
    const struct event *event;
    const char *const *renamed;
    struct arena *arena;
    struct slice rest, token; /* of the condition */
};

/* --- fields --- */

/* The name within one of the shapes of Windows' events; "" elsewhere. */
static struct slice shaped(struct slice name)
{
    static const char *const system[] = { "EventID", "Channel", "Computer", "Level", "Task", "Opcode",
                                          "Keywords", "EventRecordID" };
    struct slice data = SLICE("Event.EventData."), user = SLICE("Event.UserData.");
    struct slice head = SLICE("Event.System.");
    if (slice_is(name, "Hostname"))
        return SLICE("Computer");
    if (slice_is(name, "SourceName") || slice_is(name, "Event.System.Provider.#attributes.Name"))
        return SLICE("Provider_Name");
    if (slice_starts(name, data))
        return slice_after(name, data.len);
    if (slice_starts(name, user)) {
        struct slice rest = slice_after(name, user.len);
        return slice_after(rest, slice_find_byte(rest, '.') + 1);
    }
    for (size_t i = 0; slice_starts(name, head) && i < sizeof system / sizeof *system; i++)
        if (slice_is(slice_after(name, head.len), system[i]))
            return slice_after(name, head.len);
    return SLICE("");
}

static bool same_tight(struct slice name, struct slice wanted)
{
    size_t k = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == ' ')
            continue;
        if (k == wanted.len || name.data[i] != wanted.data[k++])
            return false;
    }
    return k == wanted.len;
}

static bool is_called(const struct event_field *f, struct slice wanted)
{
    return same_tight(f->name, wanted) || (wanted.len && same_tight(shaped(f->name), wanted));
}

static bool present(const struct plain *p, struct slice name)
{
    for (uint32_t i = 0; i < p->event->field_count; i++)
        if (is_called(&p->event->fields[i], name))
            return true;
    return false;
}

static struct slice real_name(const struct plain *p, struct slice name)
{
    if (present(p, name))
        return name;
    for (size_t i = 0; p->renamed && p->renamed[i]; i += 2)
        if (slice_is(name, p->renamed[i]) && present(p, slice_of(p->renamed[i + 1])))
            return slice_of(p->renamed[i + 1]);
    return name;
}

/* --- one item --- */

static bool ends_alike(struct points a, struct points b, enum plain_affix affix, bool cased)
{
    size_t from = 0, to = a.count - b.count;
    if (b.count > a.count || (affix == AFFIX_NONE && a.count != b.count))
        return false;
    from = affix == AFFIX_ENDS ? to : 0;
    to = affix == AFFIX_STARTS ? 0 : to;
    for (; from <= to; from++) {
        size_t same = 0;
        while (same < b.count && (cased ? a.at[from + same] == b.at[same]
                                        : plain_fold(a.at[from + same]) == plain_fold(b.at[same])))
            same++;
        if (same == b.count)
            return true;
    }
    return false;
}

static bool refers(const struct plain *p, const struct plain_item *item, size_t i)
{
    struct slice a = real_name(p, item->field), b = real_name(p, item->values[i].text);
    for (uint32_t x = 0; x < p->event->field_count; x++)
        for (uint32_t y = 0; y < p->event->field_count; y++) {
            const struct event_field *f = &p->event->fields[x], *g = &p->event->fields[y];
            if (is_called(f, a) && is_called(g, b) && f->kind != EVENT_NULL && g->kind != EVENT_NULL &&
                ends_alike(plain_points(f->value, p->arena), plain_points(g->value, p->arena),
                           item->affix, item->cased))
                return true;
        }
    return false;
}

static bool in_whole_event(const struct plain *p, const struct plain_item *item, size_t i)
{
    for (uint32_t k = 0; k < p->event->field_count; k++) {
        const struct event_field *f = &p->event->fields[k];
        if (f->kind != EVENT_OBJECT && f->kind != EVENT_ARRAY &&
            plain_value_holds(item, i, f, p->arena))
            return true;
    }
    struct event_field raw = { .value = p->event->raw, .kind = EVENT_TEXT };
    return raw.value.len && raw.value.data[0] != '{' && plain_value_holds(item, i, &raw, p->arena);
}

static bool one_value(const struct plain *p, const struct plain_item *item, size_t i)
{
    struct slice name = real_name(p, item->field);
    enum plain_kind kind = item->values[i].kind;
    bool any = false, filled = false, holds = false;
    if (kind == PLAIN_FIELD)
        return refers(p, item, i);
    if (!item->field.len)
        return in_whole_event(p, item, i);
    for (uint32_t k = 0; k < p->event->field_count; k++) {
        const struct event_field *f = &p->event->fields[k];
        if (!is_called(f, name))
            continue;
        any = true;
        filled = filled || f->kind != EVENT_NULL;
        holds = holds || plain_value_holds(item, i, f, p->arena);
    }
    if (kind == PLAIN_EXISTS)
        return any == slice_equal_nocase(item->values[i].text, SLICE("true"));
    return kind == PLAIN_NULL ? !filled : holds;
}

static bool item_holds(const struct plain *p, const struct yaml *node, bool keyed)
{
    struct plain_item item;
    plain_item_read(node, keyed, p->lists, p->arena, &item);
    bool holds = item.all;
    for (size_t i = 0; i < item.count; i++) {
        bool one = false; /* of the forms that modifiers made of this value */
        for (size_t k = 0; k < item.count; k++)
            one = one || (item.values[k].of == item.values[i].of && one_value(p, &item, k));
        holds = item.all ? holds && one : holds || one;
    }
    return holds != item.neq;
}

/* A map is AND, a list OR of maps and keywords. */
static bool selection_holds(const struct plain *p, const struct yaml *node)
{
    bool holds = node->kind == YAML_MAPPING;
    if (node->kind == YAML_SCALAR)
        return item_holds(p, node, false);
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *child = &node->children[i];
        if (node->kind == YAML_MAPPING)
            holds = item_holds(p, child, true) && holds;
        else
            holds = selection_holds(p, child) || holds;
    }
    return holds;
}

/* --- the condition --- */

static bool blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void next(struct plain *p)
{
    size_t at = 0;
    while (p->rest.len && blank(p->rest.data[0]))
        p->rest = slice_after(p->rest, 1);
    if (p->rest.len && (p->rest.data[0] == '(' || p->rest.data[0] == ')'))
        at = 1;
    else
        while (at < p->rest.len && !blank(p->rest.data[at]) && p->rest.data[at] != '(' &&
               p->rest.data[at] != ')')
            at++;
    p->token = slice_cut(p->rest, 0, at);
    p->rest = slice_after(p->rest, at);
}

static bool fits(struct slice name, struct slice pattern)
{
    if (!pattern.len)
        return !name.len;
    if (pattern.data[0] == '*')
        return fits(name, slice_after(pattern, 1)) || (name.len && fits(slice_after(name, 1), pattern));
    return name.len && name.data[0] == pattern.data[0] &&
           fits(slice_after(name, 1), slice_after(pattern, 1));
}

static bool is_selection(const struct yaml *node)
{
    return !slice_is(node->key, "condition");
}

static bool quantified(struct plain *p, bool all)
{
    uint32_t named = 0, true_ones = 0;
    next(p);
    for (uint32_t i = 0; i < p->detection->count; i++) {
        const struct yaml *s = &p->detection->children[i];
        bool hidden = s->key.data[0] == '_' && !slice_equal(s->key, p->token);
        if (!is_selection(s) || hidden || !(slice_is(p->token, "them") || fits(s->key, p->token)))
            continue;
        named++;
        true_ones += selection_holds(p, s);
    }
    CHECK(named > 0);
    next(p);
    return all ? named == true_ones : true_ones > 0;
}

static bool any_of(struct plain *p);

static bool primary(struct plain *p)
{
    struct slice word = p->token;
    next(p);
    if (slice_is(word, "not"))
        return !primary(p);
    if (slice_is(word, "(")) {
        bool inner = any_of(p);
        CHECK(slice_is(p->token, ")"));
        next(p);
        return inner;
    }
    if (slice_is(p->token, "of"))
        return quantified(p, slice_is(word, "all"));
    for (uint32_t i = 0; i < p->detection->count; i++)
        if (is_selection(&p->detection->children[i]) &&
            slice_equal(p->detection->children[i].key, word))
            return selection_holds(p, &p->detection->children[i]);
    fail_msg("no selection '%.*s'", SLICE_ARGS(word));
    return false;
}

static bool all_of(struct plain *p)
{
    bool holds = primary(p);
    while (slice_is(p->token, "and")) {
        next(p);
        holds = primary(p) && holds;
    }
    return holds;
}

static bool any_of(struct plain *p)
{
    bool holds = all_of(p);
    while (slice_is(p->token, "or")) {
        next(p);
        holds = all_of(p) || holds;
    }
    return holds;
}

static bool condition_holds(struct plain *p, struct slice text)
{
    p->rest = text;
    next(p);
    bool holds = any_of(p);
    CHECK(p->token.len == 0);
    return holds;
}

bool plain_match(const struct yaml *rule, const struct yaml *lists, const struct event *event,
                 const char *const *renamed)
{
    ARENA_AUTO arena;
    struct plain p = { .detection = yaml_member(rule, "detection"), .lists = lists, .event = event,
                       .renamed = renamed, .arena = &arena };
    const struct yaml *condition = yaml_member(p.detection, "condition");
    arena_init(&arena, 0);
    bool holds = condition->kind == YAML_SCALAR && condition_holds(&p, condition->text);
    for (uint32_t i = 0; condition->kind == YAML_SEQUENCE && i < condition->count; i++)
        holds = condition_holds(&p, condition->children[i].text) || holds;
    return holds;
}
