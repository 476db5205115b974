#include "detect/view.h"

#include "base/fold.h"
#include "event/json_event.h"

#define NAMES_MOST 20000u      /* remembered; foreign names beyond are looked up anew */
#define NAMES_FIRST 1024u
#define FOLD_FIRST (256u * 1024)

bool view_init(struct view *view, const struct ruleset *ruleset)
{
    *view = (struct view){ .ruleset = ruleset };
    view->slots = calloc(ruleset->slot_count + 1, sizeof *view->slots);
    view->present = calloc(ruleset->slot_count + 1, sizeof *view->present);
    view->names = calloc(NAMES_FIRST, sizeof *view->names);
    view->name_capacity = NAMES_FIRST;
    view->known = calloc(VIEW_KNOWN, sizeof *view->known);
    arena_init(&view->settled, ARENA_NO_CEILING);
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
    return view->slots && view->present && view->names && view->known && view->folds;
}

void view_free(struct view *view)
{
    for (uint32_t i = 0; view->names && i < view->name_capacity; i++)
        free(view->names[i].bytes);
    free(view->names);
    free(view->known);
    free(view->unknown.bytes);
    free(view->slots);
    free(view->present);
    free(view->values);
    free(view->folds);
    arena_free(&view->settled);
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

/* `*` stands for (the rest of) one part of a path ("Event.UserData.*."). Length of the beginning, or 0. */
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

/* Wazuh's names begin small: commandLine is CommandLine (and param1 may be param1). */
static void add_restored(struct view *view, struct view_name *name, struct slice small)
{
    char large[256];
    if (!small.len || small.len > sizeof large)
        return;
    memcpy(large, small.data, small.len);
    if (large[0] >= 'a' && large[0] <= 'z')
        large[0] = (char)(large[0] - 32);
    add_slot(view, name, small);
    add_slot(view, name, slice_from(large, small.len));
    name->restored = true;
}

/* IMPLEMENTS sigma-2/field-names: as they are, and by the shapes' names. within: of what was unwrapped. */
static void resolve_as(struct view *view, struct view_name *name, struct slice full, bool within)
{
    const struct ruleset *r = view->ruleset;
    add_slot(view, name, full);
    for (uint32_t i = 0; i < r->name_rule_count; i++) {
        const struct name_rule *rule = &r->name_rules[i];
        size_t cut = prefix_length(full, blob_text(r, rule->from));
        if (rule->kind == NAME_RENAME && cut && cut == full.len)
            add_slot(view, name, blob_text(r, rule->to));
        else if (rule->kind == NAME_STRIP && cut)
            add_slot(view, name, slice_after(full, cut));
        else if (rule->kind == NAME_RESTORE && cut)
            add_restored(view, name, slice_after(full, cut));
        else if (rule->kind == NAME_UNWRAP && cut && !within)
            resolve_as(view, name, slice_after(full, cut), true);
    }
}

/* IMPLEMENTS sigma-2/field-names-blanks: "Threat Name" is ThreatName. */
static void resolve(struct view *view, struct view_name *name)
{
    resolve_as(view, name, slice_from(name->bytes, name->len), false);
    if (!memchr(name->bytes, ' ', name->len))
        return;
    char *tight = malloc(name->len);
    size_t n = 0;
    for (uint32_t i = 0; tight && i < name->len; i++)
        if (name->bytes[i] != ' ')
            tight[n++] = name->bytes[i];
    if (tight)
        resolve_as(view, name, slice_from(tight, n), false);
    free(tight);
}

/* The name's entry, or the free one where it would go. */
static struct view_name *probe(struct view_name *names, uint32_t capacity, struct slice text,
                               uint32_t hash)
{
    for (uint32_t at = hash >> 1;; at++) {
        struct view_name *name = &names[at & (capacity - 1)];
        if (!name->bytes || (name->hash == hash && name->len == text.len &&
                             slice_same_bytes(name->bytes, text.data, text.len)))
            return name;
    }
}

static void widen_names(struct view *view)
{
    uint32_t capacity = view->name_capacity * 2;
    struct view_name *names = calloc(capacity, sizeof *names);
    if (!names) /* it goes on, more tightly */
        return;
    for (uint32_t i = 0; i < view->name_capacity; i++) {
        struct view_name *name = &view->names[i];
        if (name->bytes)
            *probe(names, capacity, slice_from(name->bytes, name->len), name->hash) = *name;
    }
    free(view->names);
    view->names = names;
    view->name_capacity = capacity;
}

static struct view_name *learn(struct view *view, struct slice text, uint32_t hash)
{
    if ((view->name_count + 1) * 2 > view->name_capacity)
        widen_names(view);
    bool keep = view->name_count < NAMES_MOST && view->name_count + 1 < view->name_capacity;
    struct view_name *name = keep ? probe(view->names, view->name_capacity, text, hash)
                                  : &view->unknown;
    char *bytes = malloc(text.len + 1);
    if (!bytes)
        return NULL;
    memcpy(bytes, text.data, text.len);
    free(name->bytes);
    *name = (struct view_name){ .bytes = bytes, .len = (uint32_t)text.len, .hash = hash };
    view->name_count += keep;
    resolve(view, name);
    return name;
}

/* The slots of a name that was not met lately. */
static bool meet(struct view *view, const struct event_field *field, struct view_known *out)
{
    uint32_t hash = (uint32_t)slice_hash(field->name) | 1u;
    const struct view_name *name = probe(view->names, view->name_capacity, field->name, hash);
    if (!name->bytes && !(name = learn(view, field->name, hash)))
        return false;
    *out = (struct view_known){ .id = field->id, .restored = name->restored, .count = name->count };
    memcpy(out->slots, name->slots, sizeof out->slots);
    if (field->id)
        view->known[field->id % VIEW_KNOWN] = *out;
    return true;
}

bool view_slots(struct view *view, struct slice name, struct view_known *out)
{
    return meet(view, &(struct event_field){ .name = name }, out);
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
static inline void put_value(struct view *view, uint32_t slot, uint32_t index)
{
    struct view_slot *s = &view->slots[slot];
    if (s->stamp == view->stamp) {
        view->values[s->tail].next = (int32_t)index;
    } else {
        s->stamp = view->stamp;
        s->head = (int32_t)index;
        view->present[view->present_count++] = (uint16_t)slot;
    }
    s->tail = (int32_t)index;
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

static void next_event(struct view *view)
{
    if (++view->stamp == 0) {
        memset(view->slots, 0, view->ruleset->slot_count * sizeof *view->slots);
        view->stamp = 1;
    }
    view->value_count = view->field_count = view->present_count = 0;
    view->complete = false;
    view->fold_used = 0;
    if (view->settled.used)
        arena_clear(&view->settled);
}

static inline struct view_value value_of(const struct event_field *field)
{
    return (struct view_value){ .raw = field->value, .kind = (uint8_t)field->kind,
                                .lazy = field->lazy, .next = -1 };
}

/* IMPLEMENTS sigma-2/shape-wazuh: from release 4 on it writes C:\\Windows and \"a b\". A value with a single
 * backslash before anything else is none of those. */
static void restore(struct view *view, struct view_value *value)
{
    struct slice from = view_raw(view, value);
    size_t n = 0, i = 0;
    if (slice_find_byte(from, '\\') == from.len)
        return;
    char *out = arena_alloc(&view->settled, from.len + 1);
    for (; out && i < from.len; i++) {
        if (from.data[i] == '\\' && (++i == from.len || (from.data[i] != '\\' && from.data[i] != '"')))
            return;
        out[n++] = from.data[i];
    }
    if (out)
        value->raw = slice_from(out, n);
}

bool view_load(struct view *view, const struct event *event)
{
    next_event(view);
    if (!make_room(view, event->field_count * (VIEW_SLOTS_A_NAME + 1) + 8))
        return false;
    view->event = event;
    view->field_count = event->field_count;
    view->is_text = event->raw.len && event->raw.data[0] != '{';
    if (view->is_text)
        view->values[view->field_count++] = (struct view_value){ .raw = event->raw, .next = -1 };
    view->value_count = view->field_count;
    for (uint32_t i = 0; i < event->field_count; i++) {
        const struct event_field *field = &event->fields[i];
        const struct view_known *known = &view->known[field->id % VIEW_KNOWN];
        struct view_known met;
        if (!field->id || known->id != field->id) {
            if (!meet(view, field, &met))
                return false;
            known = &met;
        }
        if (known->restored)
            view->values[i] = value_of(field);
        for (uint32_t k = 0; k < known->count; k++) {
            /* a second slot, or another value, needs a link of its own */
            uint32_t index = k || known->restored ? view->value_count++ : i;
            view->values[index] = value_of(field);
            if (known->restored)
                restore(view, &view->values[index]);
            put_value(view, known->slots[k], index);
        }
    }
    put_own(view, event);
    return true;
}

void view_fill(struct view *view)
{
    const struct event *event = view->event;
    for (uint32_t i = 0; i < event->field_count; i++) {
        const struct event_field *field = &event->fields[i];
        struct view_known met;
        const struct view_known *known = &view->known[field->id % VIEW_KNOWN];
        if (!field->id || known->id != field->id)
            known = meet(view, field, &met) ? &met : NULL;
        if (!known || !known->count)
            view->values[i] = value_of(field);
    }
    view->complete = true;
}

struct slice view_settled(struct view *view, struct view_value *value)
{
    struct event_field field = { .value = value->raw, .kind = (enum event_kind)value->kind,
                                 .lazy = 1 };
    if (!json_event_settle(&field, &view->settled))
        view->failed = true;
    value->lazy = false;
    return value->raw = field.value;
}

void view_settle_all(struct view *view)
{
    const struct event *event = view->event;
    view_complete(view);
    for (uint32_t i = 0; i < view->value_count; i++)
        view_raw(view, &view->values[i]);
    for (uint32_t i = 0; i < event->field_count; i++) {
        event->fields[i].value = view->values[i].raw;
        event->fields[i].lazy = 0;
    }
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

/* Copies (or, from == to, changes) A–Z to small letters; false when something is not ASCII. Writes up
 * to FOLD_SLACK bytes behind the end. */
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
    view_complete(view);
    for (uint32_t i = 0; i < view->value_count; i++)
        view->values[i].folded = SLICE_NONE;
    free(view->folds);
    view->folds = block;
    view->fold_size = size;
    view->fold_used = 0;
    return block;
}

/* IMPLEMENTS sigma-2/case-insensitive: Unicode simple folding on both sides. A lazy value is unescaped
 * where its folded form will stand: most are never wanted otherwise. */
struct slice view_folded(struct view *view, struct view_value *value)
{
    struct slice raw = value->raw;
    if (value->folded.data || !raw.len)
        return value->folded.data ? value->folded : SLICE("");
    if (value->lazy && value->kind != EVENT_TEXT)
        raw = view_settled(view, value);
    char *out = fold_room(view, raw.len + FOLD_SLACK);
    if (!out) {
        view->failed = true;
        return SLICE("");
    }
    if (value->lazy)
        raw = slice_from(out, json_event_unescape(raw, out));
    struct slice folded = { out, raw.len };
    if (!fold_ascii(raw.data, out, raw.len)) {
        buffer_clear(&view->odd);
        fold_case(raw, &view->odd);
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
    view_complete(view);
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
