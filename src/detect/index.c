/* The index of a group of rules: its witnesses by field, hashed or in a pattern database. */
#include "detect/lower.h"

#include "detect/automaton.h"
#include "detect/filter.h"

static int by_slot(const void *a, const void *b)
{
    const struct pending *const *x = a, *const *y = b;
    if ((*x)->witness.slot != (*y)->witness.slot)
        return (*x)->witness.slot < (*y)->witness.slot ? -1 : 1;
    if ((*x)->witness.kind != (*y)->witness.kind)
        return (*x)->witness.kind < (*y)->witness.kind ? -1 : 1;
    return slice_compare((*x)->literal, (*y)->literal);
}

static uint64_t witness_key(const struct witness *w, struct slice text, uint32_t *length)
{
    size_t n = text.len < 8 ? text.len : 8;
    *length = (uint32_t)n;
    if (w->kind == ATOM_EXACT) {
        *length = 0;
        return slice_hash(text);
    }
    return blob_key(w->kind == ATOM_PREFIX ? text.data : text.data + text.len - n, n);
}

/* A hash table of buckets over the witnesses [first, first + count) of one kind. */
static bool lower_table(struct lowering *l, struct pending **sorted, uint32_t first, uint32_t count,
                        struct span *table, uint32_t *lengths)
{
    uint32_t capacity = 4;
    while (capacity < count * 2)
        capacity *= 2;
    struct bucket *buckets = arena_zero(l->arena, capacity * sizeof *buckets);
    uint32_t *owner = arena_array(l->arena, count, sizeof *owner);
    if (!buckets || !owner)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length;
        uint64_t key = witness_key(&sorted[i]->witness, sorted[i]->literal, &length);
        uint32_t at = (uint32_t)blob_hash(key, length) & (capacity - 1);
        while (buckets[at].count && (buckets[at].key != key || buckets[at].length != length))
            at = (at + 1) & (capacity - 1);
        buckets[at].key = key;
        buckets[at].length = length;
        buckets[at].count++;
        owner[i] = at;
        if (length)
            *lengths |= 1u << (length - 1);
    }
    for (uint32_t at = 0; at < capacity; at++) {
        if (!buckets[at].count)
            continue;
        buckets[at].first = lower_count(l, SECTION_LIST, 4);
        for (uint32_t i = 0; i < count; i++)
            if (owner[i] == at)
                buffer_add_u32(&l->sections[SECTION_LIST], first + i);
    }
    *table = (struct span){ lower_count(l, SECTION_BUCKET, sizeof *buckets), capacity };
    lower_put(l, SECTION_BUCKET, buckets, capacity * sizeof *buckets);
    return true;
}

static bool lower_database(struct lowering *l, struct pending **sorted, uint32_t first,
                           uint32_t count, struct field_index *field, struct error *e)
{
    const char **texts = arena_array(l->arena, count, sizeof *texts);
    size_t *lengths = arena_array(l->arena, count, sizeof *lengths);
    unsigned *flags = arena_zero(l->arena, count * sizeof *flags);
    unsigned *ids = arena_array(l->arena, count, sizeof *ids);
    if (!texts || !lengths || !flags || !ids)
        return error_set(e, "no memory left for the index");
    field->contains = (struct span){ lower_count(l, SECTION_LIST, 4), count };
    for (uint32_t i = 0; i < count; i++) {
        texts[i] = sorted[i]->literal.data;
        lengths[i] = sorted[i]->literal.len;
        ids[i] = i;
        buffer_add_u32(&l->sections[SECTION_LIST], first + i);
    }
    hs_database_t *database = NULL;
    hs_compile_error_t *wrong = NULL;
    if (hs_compile_lit_multi(texts, flags, ids, lengths, count, HS_MODE_BLOCK, automaton_platform(),
                             &database, &wrong) != HS_SUCCESS) {
        error_set(e, "the pattern library refused %u literals: %s", count,
                  wrong ? wrong->message : "no reason given");
        hs_free_compile_error(wrong);
        return false;
    }
    char *bytes = NULL;
    size_t size = 0;
    if (hs_serialize_database(database, &bytes, &size) != HS_SUCCESS) {
        hs_free_database(database);
        return error_set(e, "the pattern database cannot be stored");
    }
    struct blob_database d = { l->sections[SECTION_DATABASE_BYTES].len, size };
    field->database = lower_count(l, SECTION_DATABASE, sizeof d);
    lower_put(l, SECTION_DATABASE, &d, sizeof d);
    lower_put(l, SECTION_DATABASE_BYTES, bytes, size);
    free(bytes);
    hs_free_database(database);
    return true;
}

/* The longest part of a folded keyword that every JSON record writes the same way but for case. */
static struct slice plain_part(struct slice text)
{
    struct slice best = SLICE("");
    for (size_t from = 0, to; from < text.len; from = to + 1) {
        for (to = from; to < text.len && text.data[to] >= ' ' && text.data[to] < 0x7f &&
                        !strchr("\"\\/", text.data[to]);)
            to++;
        if (to - from > best.len)
            best = slice_cut(text, from, to);
    }
    return best;
}

/* What the filter of the group's keywords [0, count) looks for; nothing where some keyword has no part
 * that it could. */
static struct span lower_parts(struct lowering *l, struct pending **keywords, uint32_t count)
{
    struct span span = { lower_count(l, SECTION_NAME, sizeof(struct ref)), count };
    for (uint32_t i = 0; i < count; i++)
        if (keywords[i]->witness.kind != ATOM_CONTAINS ||
            plain_part(keywords[i]->literal).len < FILTER_PART_LEAST)
            return (struct span){ 0, 0 };
    for (uint32_t i = 0; i < count; i++) {
        struct ref part = lower_text(l, plain_part(keywords[i]->literal));
        lower_put(l, SECTION_NAME, &part, sizeof part);
    }
    return span;
}

static bool lower_field(struct lowering *l, struct pending **sorted, uint32_t first, uint32_t count,
                        struct error *e)
{
    struct field_index field = { .slot = sorted[0]->witness.slot, .database = NONE };
    uint32_t ignored = 0;
    for (uint32_t from = 0, to; from < count; from = to) {
        uint16_t kind = sorted[from]->witness.kind;
        bool fine;
        for (to = from; to < count && sorted[to]->witness.kind == kind;)
            to++;
        if (kind == ATOM_CONTAINS)
            fine = lower_database(l, sorted + from, first + from, to - from, &field, e);
        else
            fine = lower_table(l, sorted + from, first + from, to - from,
                               kind == ATOM_EXACT ? &field.exact
                               : kind == ATOM_PREFIX ? &field.prefix : &field.suffix,
                               kind == ATOM_EXACT ? &ignored
                               : kind == ATOM_PREFIX ? &field.lengths_prefix
                                                     : &field.lengths_suffix);
        if (!fine)
            return error_set(e, "no memory left for the index");
    }
    lower_put(l, SECTION_FIELD, &field, sizeof field);
    return true;
}

bool lower_group_end(struct lowering *l, struct group *group, struct error *e)
{
    uint32_t count = 0, first = lower_count(l, SECTION_WITNESS, sizeof(struct witness));
    for (struct pending *p = l->first_pending; p; p = p->next)
        count++;
    struct pending **sorted = arena_array(l->arena, count + 1, sizeof *sorted);
    if (!sorted)
        return error_set(e, "no memory left for the index");
    count = 0;
    for (struct pending *p = l->first_pending; p; p = p->next)
        sorted[count++] = p;
    qsort(sorted, count, sizeof *sorted, by_slot);
    struct atom *atoms = (struct atom *)(void *)l->sections[SECTION_ATOM].data;
    for (uint32_t i = 0; i < count; i++) {
        struct witness *w = &sorted[i]->witness;
        w->rules = (struct span){ lower_count(l, SECTION_LIST, 4), sorted[i]->count };
        for (uint32_t k = 0; k < sorted[i]->count; k++)
            buffer_add_u32(&l->sections[SECTION_LIST], sorted[i]->rules[k]);
        if (w->atom != NONE)
            atoms[w->atom].flags |= ATOM_IN_INDEX;
        lower_put(l, SECTION_WITNESS, w, sizeof *w);
    }
    group->fields.first = lower_count(l, SECTION_FIELD, sizeof(struct field_index));
    for (uint32_t from = 0, to; from < count; from = to) {
        for (to = from; to < count && sorted[to]->witness.slot == sorted[from]->witness.slot;)
            to++;
        if (sorted[from]->witness.slot == SLOT_WHOLE) {
            group->uses_whole = 1;
            group->parts = lower_parts(l, sorted + from, to - from);
        }
        if (!lower_field(l, sorted + from, first + from, to - from, e))
            return false;
    }
    group->fields.count = lower_count(l, SECTION_FIELD, sizeof(struct field_index)) -
                          group->fields.first;
    return true;
}
