#include "detect/view.h"

#include "base/fold.h"
#include "base/map.h"

#define NAMES_MOST 20000u      /* remembered; foreign names beyond are looked up anew */
#define FOLD_FIRST (256u * 1024)

bool view_init(struct view *view, const struct ruleset *ruleset)
{
    *view = (struct view){ .ruleset = ruleset };
    view->heads = calloc(ruleset->slot_count + 1, sizeof *view->heads);
    view->tails = calloc(ruleset->slot_count + 1, sizeof *view->tails);
    view->stamps = calloc(ruleset->slot_count + 1, sizeof *view->stamps);
    view->first = calloc(1, sizeof *view->first);
    view->unknown = calloc(1, sizeof *view->unknown);
    static const char *const own[] = { "logsource.product", "logsource.category",
                                       "logsource.service", "decoder" };
    for (int i = 0; i < 4; i++) {
        view->own_slots[i] = -1;
        for (uint32_t slot = 0; slot < ruleset->slot_count; slot++)
            if (slice_is(blob_text(ruleset, ruleset->slots[slot]), own[i]))
                view->own_slots[i] = (int32_t)slot;
    }
    view->folds = malloc(FOLD_FIRST);
    view->fold_size = FOLD_FIRST;
    buffer_init(&view->odd, 0);
    return view->heads && view->tails && view->stamps && view->first && view->unknown &&
           view->folds;
}

static void free_name(struct view_name *name)
{
    if (name)
        free(name->bytes);
    free(name);
}

void view_free(struct view *view)
{
    struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&view->names, &i));)
        free_name(entry->value);
    map_free(&view->names);
    free_name(view->first);
    free_name(view->unknown);
    free(view->heads);
    free(view->tails);
    free(view->stamps);
    free(view->values);
    free(view->folds);
    buffer_free(&view->odd);
}

static void add_slot(struct view *view, struct view_name *name, struct slice field)
{
    for (uint32_t slot = 0; slot < view->ruleset->slot_count; slot++) {
        if (!slice_equal(blob_text(view->ruleset, view->ruleset->slots[slot]), field))
            continue;
        for (uint32_t i = 0; i < name->count; i++)
            if (name->slots[i] == slot)
                return;
        if (name->count < VIEW_SLOTS_A_NAME)
            name->slots[name->count++] = (uint16_t)slot;
        return;
    }
}

/* `*` stands for one part of a path ("Event.UserData.*."). Length of the beginning, or 0. */
static size_t prefix_length(struct slice name, struct slice prefix)
{
    size_t n = 0, p = 0;
    while (p < prefix.len) {
        if (n >= name.len)
            return 0;
        if (prefix.data[p] == '*') {
            while (n < name.len && name.data[n] != '.')
                n++;
            p++;
        } else if (prefix.data[p++] != name.data[n++]) {
            return 0;
        }
    }
    return n;
}

/* IMPLEMENTS sigma-2/field-names: as they are, and by the shapes' names. */
static void resolve_as(struct view *view, struct view_name *name, struct slice full)
{
    const struct ruleset *r = view->ruleset;
    add_slot(view, name, full);
    for (uint32_t i = 0; i < r->name_rule_count; i++) {
        const struct name_rule *rule = &r->name_rules[i];
        struct slice from = blob_text(r, rule->from);
        size_t cut = rule->prefix ? prefix_length(full, from) : 0;
        if (rule->prefix && cut)
            add_slot(view, name, slice_after(full, cut));
        else if (!rule->prefix && slice_equal(full, from))
            add_slot(view, name, blob_text(r, rule->to));
    }
}

/* IMPLEMENTS sigma-2/field-names-blanks: "Threat Name" is ThreatName. */
static void resolve(struct view *view, struct view_name *name)
{
    resolve_as(view, name, slice_from(name->bytes, name->len));
    if (!memchr(name->bytes, ' ', name->len))
        return;
    char *tight = malloc(name->len);
    size_t n = 0;
    for (uint32_t i = 0; tight && i < name->len; i++)
        if (name->bytes[i] != ' ')
            tight[n++] = name->bytes[i];
    if (tight)
        resolve_as(view, name, slice_from(tight, n));
    free(tight);
}

static struct view_name *learn(struct view *view, struct slice text)
{
    struct view_name *name = map_get(&view->names, text);
    if (name)
        return name;
    bool keep = view->names.count < NAMES_MOST;
    name = keep ? calloc(1, sizeof *name) : view->unknown;
    if (!name)
        return NULL;
    if (!keep) {
        free(name->bytes);
        memset(name, 0, sizeof *name);
    }
    name->bytes = malloc(text.len + 1);
    if (!name->bytes) {
        if (keep)
            free(name);
        return NULL;
    }
    memcpy(name->bytes, text.data, text.len);
    name->len = (uint32_t)text.len;
    resolve(view, name);
    if (keep && !map_put(&view->names, slice_from(name->bytes, name->len), name)) {
        free_name(name);
        return NULL;
    }
    return name;
}

static struct view_name *find_name(struct view *view, struct view_name *before, struct slice text)
{
    struct view_name *guess = before->follower;
    if (guess && guess->len == text.len && memcmp(guess->bytes, text.data, text.len) == 0)
        return guess;
    struct view_name *name = learn(view, text);
    if (name && name != view->unknown && before != view->unknown)
        before->follower = name;
    return name;
}

static bool make_room(struct view *view, uint32_t count)
{
    if (count <= view->value_capacity)
        return true;
    uint32_t more = count * 2 + 64;
    struct view_value *values = realloc(view->values, more * sizeof *values);
    if (!values)
        return false;
    view->values = values;
    view->value_capacity = more;
    return true;
}

/* IMPLEMENTS sigma-2/objects-as-text: an object's JSON text is one of its field's values. */
static void put_value(struct view *view, uint32_t slot, uint32_t index)
{
    if (view->stamps[slot] == view->stamp) {
        view->values[view->tails[slot]].next = (int32_t)index;
    } else {
        view->stamps[slot] = view->stamp;
        view->heads[slot] = (int32_t)index;
    }
    view->tails[slot] = (int32_t)index;
}

/* What the decoder said of the event, as fields of their own for logsources/ *.yaml. */
static void put_own(struct view *view, const struct event *event)
{
    const struct slice own[] = { event->logsource.product, event->logsource.category,
                                 event->logsource.service, event->decoder };
    for (int i = 0; i < 4; i++) {
        if (view->own_slots[i] < 0 || !own[i].len)
            continue;
        view->values[view->value_count] = (struct view_value){ .raw = own[i], .next = -1 };
        put_value(view, (uint32_t)view->own_slots[i], view->value_count++);
    }
}

bool view_load(struct view *view, const struct event *event)
{
    struct view_name *before = view->first;
    if (++view->stamp == 0) {
        memset(view->stamps, 0, view->ruleset->slot_count * sizeof *view->stamps);
        view->stamp = 1;
    }
    view->value_count = view->field_count = 0;
    view->fold_used = 0;
    if (!make_room(view, event->field_count * VIEW_SLOTS_A_NAME + 8))
        return false;
    for (uint32_t i = 0; i < event->field_count; i++)
        view->values[i] = (struct view_value){ .raw = event->fields[i].value, .next = -1,
                                               .kind = (uint8_t)event->fields[i].kind };
    view->field_count = event->field_count;
    view->is_text = event->raw.len && event->raw.data[0] != '{';
    if (view->is_text)
        view->values[view->field_count++] = (struct view_value){ .raw = event->raw, .next = -1 };
    view->value_count = view->field_count;
    put_own(view, event);
    for (uint32_t i = 0; i < event->field_count; i++) {
        struct view_name *name = find_name(view, before, event->fields[i].name);
        if (!name)
            return false;
        for (uint32_t k = 0; k < name->count; k++) {
            uint32_t index = i;
            if (k) { /* a second slot needs a link of its own */
                index = view->value_count++;
                view->values[index] = view->values[i];
                view->values[index].next = -1;
            }
            put_value(view, name->slots[k], index);
        }
        before = name;
    }
    return true;
}

#define FOLD_SLACK 16u /* bytes behind a folded value that may be overwritten */

typedef unsigned char wide __attribute__((vector_size(16))); /* every processor has it */
typedef signed char wide_signed __attribute__((vector_size(16)));

/* 16 bytes with A–Z made small; *high collects their top bits. */
static inline void fold_wide(const char *from, char *to, wide *high)
{
    wide bytes;
    memcpy(&bytes, from, sizeof bytes);
    /* moved so that A is the least signed byte: one signed comparison finds the letters */
    wide letter = (wide)((wide_signed)(bytes - (unsigned char)('A' + 128)) <
                         (signed char)(-128 + 26));
    *high |= bytes;
    bytes += letter & 32;
    memcpy(to, &bytes, sizeof bytes);
}

/* Copies with A–Z made small; false when something is not ASCII. Writes up to FOLD_SLACK bytes
 * behind the end. */
static bool fold_ascii(const char *from, char *to, size_t len)
{
    wide high = { 0 };
    uint64_t parts[2];
    char tail[sizeof(wide)] = { 0 };
    size_t i = 0;
    for (; i + sizeof(wide) <= len; i += sizeof(wide))
        fold_wide(from + i, to + i, &high);
    memcpy(tail, from + i, len - i);
    fold_wide(tail, to + i, &high);
    memcpy(parts, &high, sizeof parts);
    return !((parts[0] | parts[1]) & UINT64_C(0x8080808080808080));
}

/* Larger than what is left: a new block replaces the old; folded values that stand in the old one
 * are folded anew when they are asked for again. */
static char *fold_room(struct view *view, size_t len)
{
    if (view->fold_size - view->fold_used >= len)
        return view->folds + view->fold_used;
    size_t size = (view->fold_used + len) * 2;
    char *block = malloc(size);
    if (!block)
        return NULL;
    for (uint32_t i = 0; i < view->value_count; i++)
        view->values[i].folded = SLICE_NONE;
    free(view->folds);
    view->folds = block;
    view->fold_size = size;
    view->fold_used = 0;
    return block;
}

/* IMPLEMENTS sigma-2/case-insensitive: Unicode simple folding on both sides. */
struct slice view_folded(struct view *view, struct view_value *value)
{
    if (value->folded.data || !value->raw.len)
        return value->folded.data ? value->folded : SLICE("");
    char *out = fold_room(view, value->raw.len + FOLD_SLACK);
    if (!out) {
        view->failed = true;
        return SLICE("");
    }
    struct slice folded = { out, value->raw.len };
    if (!fold_ascii(value->raw.data, out, value->raw.len)) {
        buffer_clear(&view->odd);
        fold_case(value->raw, &view->odd);
        if (!(out = fold_room(view, view->odd.len + FOLD_SLACK))) {
            view->failed = true;
            return SLICE("");
        }
        memcpy(out, view->odd.data, view->odd.len);
        folded = (struct slice){ out, view->odd.len };
    }
    out[folded.len] = VIEW_BETWEEN;
    view->fold_used += folded.len + 1;
    return value->folded = folded;
}

struct slice view_whole(struct view *view)
{
    size_t need = 0;
    for (uint32_t i = 0; i < view->value_count; i++) {
        view->values[i].folded = SLICE_NONE;
        need += view->values[i].raw.len * 3 + 2 + FOLD_SLACK; /* folding may lengthen a character */
    }
    view->fold_used = 0;
    if (!fold_room(view, need)) {
        view->failed = true;
        return SLICE("");
    }
    for (uint32_t i = 0; i < view->field_count; i++)
        if (view->values[i].kind != EVENT_OBJECT && view->values[i].kind != EVENT_ARRAY)
            view_folded(view, &view->values[i]);
    return slice_from(view->folds, view->fold_used);
}
