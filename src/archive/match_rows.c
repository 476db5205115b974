#include "archive/find.h"
#include "archive/matcher.h"

static bool need(struct view *view, enum block_part part, struct error *e)
{
    return view->fetched->parts[part].data || view->need(view->owner, part, e);
}

static bool fold_text(struct view *view, struct error *e)
{
    const struct block_rows *rows = &view->fetched->rows;
    if (view->is_folded)
        return true;
    if (!need(view, PART_TEXT, e))
        return false;
    struct slice text = view->fetched->parts[PART_TEXT];
    view->as_is = find_is_ascii(text);
    if (view->as_is) {
        view->searched_at = rows->text_at;
    } else {
        uint32_t *at = arena_array(view->arena, (size_t)rows->count + 1, sizeof *at);
        if (!at)
            return error_set(e, "memory is short for searching a block");
        for (uint32_t i = 0; i < rows->count; i++) {
            words_fold(slice_cut(text, rows->text_at[i], rows->text_at[i + 1]), &view->folded);
            at[i + 1] = (uint32_t)view->folded.len;
        }
        view->searched_at = at;
    }
    view->searched = view->as_is ? text : buffer_slice(&view->folded);
    view->is_folded = true;
    return !view->folded.failed || error_set(e, "memory is short for searching a block");
}

static bool has(const uint64_t *mask, uint32_t row)
{
    return mask[row / 64] >> (row % 64) & 1;
}

static void set(uint64_t *mask, uint32_t row)
{
    mask[row / 64] |= UINT64_C(1) << (row % 64);
}

/* The next row of the mask at or behind `row`; count when there is none. */
static uint32_t next_row(const uint64_t *mask, uint32_t row, uint32_t count)
{
    while (row < count) {
        uint64_t rest = mask[row / 64] >> (row % 64);
        if (rest) {
            row += (uint32_t)__builtin_ctzll(rest);
            return row < count ? row : count;
        }
        row = (row / 64 + 1) * 64;
    }
    return count;
}

struct edges {
    bool left, right; /* a word boundary is asked for there */
};

static bool at_edges(struct slice folded, size_t at, size_t len, struct edges edges)
{
    if (edges.left && edges.right)
        return words_at_boundary(folded, at, len);
    if (edges.left) /* as if the text ended behind it */
        return words_at_boundary(slice_cut(folded, 0, at + len), at, len);
    if (edges.right)
        return words_at_boundary(slice_after(folded, at), 0, len);
    return true;
}

static size_t find_in(const struct view *view, struct slice text, size_t from, struct slice needle)
{
    return view->as_is ? find_any_case(text, from, needle) : words_find(text, from, needle, false);
}

/* The line as it was searched; it ends before its NUL. */
static struct slice line_at(const struct view *view, uint32_t row)
{
    return slice_cut(view->searched, view->searched_at[row], view->searched_at[row + 1] - 1);
}

/* Sets in out the rows of mask in whose folded text the needle stands. */
static void scan(struct view *view, struct slice needle, struct edges edges, const uint64_t *mask,
                 uint64_t *out)
{
    uint32_t count = view->fetched->rows.count, row = next_row(mask, 0, count);
    while (row < count) {
        size_t at = find_in(view, view->searched, view->searched_at[row], needle);
        if (at >= view->searched.len)
            return;
        while (row < count && view->searched_at[row + 1] <= at)
            row++;
        if (row >= count)
            return;
        if (!has(mask, row)) {
            row = next_row(mask, row, count);
            continue;
        }
        struct slice line = line_at(view, row);
        for (at -= view->searched_at[row]; at < line.len;
             at = find_in(view, line, at + 1, needle))
            if (at + needle.len <= line.len && at_edges(line, at, needle.len, edges)) {
                set(out, row);
                break;
            }
        row = next_row(mask, row + 1, count);
    }
}

static bool narrow(struct view *view, const struct node *node, struct edges edges,
                   const uint64_t *mask, uint64_t *out, struct error *e)
{
    if (!fold_text(view, e))
        return false;
    scan(view, node->needle, edges, mask, out);
    if (node->escaped.len)
        scan(view, node->escaped, edges, mask, out);
    return true;
}

static uint64_t *mask_new(struct view *view, struct error *e)
{
    uint64_t *mask = arena_array(view->arena, mask_words(view->fetched->rows.count), sizeof *mask);
    if (!mask)
        error_set(e, "memory is short for searching a block");
    return mask;
}

static bool match_text(struct matcher *m, struct view *view, const struct node *node,
                       const uint64_t *mask, uint64_t *out, struct error *e)
{
    const struct block_rows *rows = &view->fetched->rows;
    if (node->test == TEST_WORDS)
        return narrow(view, node, (struct edges){ true, true }, mask, out, e);
    if (!node->regex)
        return narrow(view, node, (struct edges){ !node->open_left, !node->open_right }, mask,
                      out, e);
    uint64_t *maybe = mask_new(view, e);
    if (!maybe || !narrow(view, node, (struct edges){ false, false }, mask, maybe, e))
        return false;
    for (uint32_t row = next_row(maybe, 0, rows->count); row < rows->count;
         row = next_row(maybe, row + 1, rows->count)) {
        struct slice line = line_at(view, row);
        if (view->as_is) {
            buffer_clear(&view->value);
            words_fold(line, &view->value);
            line = buffer_slice(&view->value);
        }
        if (match_regex(m, view, node, line))
            set(out, row);
    }
    return true;
}

static struct slice plain(struct view *view, const struct block_value *value)
{
    if (!value->escaped)
        return value->bytes;
    buffer_clear(&view->plain);
    char *room = buffer_extend(&view->plain, value->bytes.len + 1);
    return room ? slice_from(room, block_unescape(value->bytes, room)) : SLICE_NONE;
}

/* Which shapes have the field at all. */
static bool *shapes_with(struct view *view, struct slice field, struct error *e)
{
    const struct block_rows *rows = &view->fetched->rows;
    bool *with = arena_zero(view->arena, rows->shape_count + 1);
    if (!with)
        error_set(e, "memory is short for searching a block");
    for (uint32_t i = 0; with && i < rows->shape_count; i++)
        for (uint32_t k = 0; k < rows->shapes[i].count && !with[i]; k++)
            with[i] = slice_equal_nocase(rows->shapes[i].names[k], field);
    return with;
}

static bool match_field_row(struct matcher *m, struct view *view, const struct node *node,
                            uint32_t row, bool *hit_out, struct error *e)
{
    struct fetched *f = view->fetched;
    struct block_fields walk = block_fields_of(&f->rows, f->parts[PART_TEXT],
                                               f->parts[PART_FIELDS], row);
    struct block_value value;
    *hit_out = false;
    while (!*hit_out && block_fields_next(&walk, &value))
        if (slice_equal_nocase(value.name, node->field))
            *hit_out = match_value(m, view, node, plain(view, &value));
    return !walk.failed || error_set(e, "the fields of an event are damaged");
}

static bool match_field(struct matcher *m, struct view *view, const struct node *node,
                        const uint64_t *mask, uint64_t *out, struct error *e)
{
    const struct block_rows *rows = &view->fetched->rows;
    bool *with = shapes_with(view, node->field, e);
    uint64_t *maybe = mask_new(view, e), *there = mask_new(view, e);
    if (!with || !maybe || !there)
        return false;
    bool any = false;
    for (uint32_t row = next_row(mask, 0, rows->count); row < rows->count;
         row = next_row(mask, row + 1, rows->count))
        if (with[rows->shape[row]]) {
            set(there, row);
            any = true;
        }
    if (!any)
        return true;
    if (node->test == TEST_EXISTS) {
        for (size_t i = 0; i < mask_words(rows->count); i++)
            out[i] |= there[i];
        return true;
    }
    bool narrows = (node->test == TEST_WORDS || node->test == TEST_EXACT) && node->needle.len;
    if (narrows && !narrow(view, node, (struct edges){ false, false }, there, maybe, e))
        return false;
    if (!narrows)
        maybe = there;
    if (next_row(maybe, 0, rows->count) == rows->count)
        return true;
    if (!need(view, PART_TEXT, e) || !need(view, PART_FIELDS, e))
        return false;
    for (uint32_t row = next_row(maybe, 0, rows->count); row < rows->count;
         row = next_row(maybe, row + 1, rows->count)) {
        bool hit;
        if (!match_field_row(m, view, node, row, &hit, e))
            return false;
        if (hit)
            set(out, row);
    }
    return true;
}

static bool match_time(const struct node *node, int64_t time)
{
    return node->test != TEST_RANGE || (time >= node->time_low && time < node->time_high);
}

static bool match_id(struct matcher *m, struct view *view, const struct node *node,
                     uint64_t sequence)
{
    struct event_id id = { .day = view->name->day, .sequence = sequence };
    char text[EVENT_ID_TEXT];
    memcpy(id.class, view->name->class, sizeof id.class);
    event_id_print(&id, text);
    return match_value(m, view, node, slice_of(text));
}

static bool match_envelope_row(struct matcher *m, struct view *view, const struct node *node,
                               uint32_t row)
{
    const struct block_rows *rows = &view->fetched->rows;
    const struct block_origin *origin = &rows->origins[rows->origin[row]];
    const struct block_label *label = &rows->labels[rows->label[row]];
    struct slice value = SLICE_NONE;
    switch (node->place) {
    case PLACE_TIME: return match_time(node, rows->time[row]);
    case PLACE_RECEIVED: return match_time(node, rows->received[row]);
    case PLACE_ID: return match_id(m, view, node, rows->sequence[row]);
    case PLACE_SOURCE: case PLACE_SYSTEM: case PLACE_AGENCY:
        value = match_origin(origin, node->place);
        break;
    case PLACE_DECODER: value = label->decoder; break;
    case PLACE_PRODUCT: value = label->logsource.product; break;
    case PLACE_CATEGORY: value = label->logsource.category; break;
    case PLACE_SERVICE: value = label->logsource.service; break;
    case PLACE_CLASS: value = slice_of(view->name->class); break;
    case PLACE_RAW: value = block_raw(rows, view->fetched->parts[PART_TEXT], row); break;
    default: break;
    }
    if (node->test == TEST_EXISTS)
        return value.len > 0;
    return match_value(m, view, node, value);
}

static bool match_test(struct matcher *m, struct view *view, const struct node *node,
                       const uint64_t *mask, uint64_t *out, struct error *e)
{
    uint32_t count = view->fetched->rows.count;
    if (node->place == PLACE_TEXT)
        return match_text(m, view, node, mask, out, e);
    if (node->place == PLACE_FIELD)
        return match_field(m, view, node, mask, out, e);
    if (node->place == PLACE_RAW && !need(view, PART_TEXT, e))
        return false;
    for (uint32_t row = next_row(mask, 0, count); row < count;
         row = next_row(mask, row + 1, count))
        if (match_envelope_row(m, view, node, row))
            set(out, row);
    return true;
}

/* Cheap ones first: envelope, words, then what walks over fields. */
static int cost(const struct node *node)
{
    if (node->kind != NODE_TEST)
        return 2;
    if (node->place == PLACE_FIELD)
        return node->test == TEST_WORDS || node->test == TEST_EXACT ? 3 : 4;
    if (node->place == PLACE_RAW)
        return 4;
    return node->place == PLACE_TEXT ? 1 : 0;
}

/* out receives the rows of mask that match. */
static bool match_node(struct matcher *m, struct view *view, const struct node *node,
                       const uint64_t *mask, uint64_t *out, struct error *e)
{
    size_t words = mask_words(view->fetched->rows.count);
    if (node->kind == NODE_ALL) {
        memcpy(out, mask, words * sizeof *out);
        return true;
    }
    if (node->kind == NODE_TEST)
        return match_test(m, view, node, mask, out, e);
    uint64_t *left = mask_new(view, e);
    if (!left)
        return false;
    memcpy(left, mask, words * sizeof *left);
    if (node->kind == NODE_NOT) {
        if (!match_node(m, view, node->children[0], mask, out, e))
            return false;
        for (size_t i = 0; i < words; i++)
            out[i] = mask[i] & ~out[i];
        return true;
    }
    for (int dear = 0; dear <= 4; dear++)
        for (uint32_t i = 0; i < node->count; i++) {
            if (cost(node->children[i]) != dear)
                continue;
            uint64_t *hit = mask_new(view, e);
            if (!hit || !match_node(m, view, node->children[i], left, hit, e))
                return false;
            for (size_t k = 0; k < words; k++) {
                if (node->kind == NODE_AND)
                    left[k] = hit[k];
                else {
                    out[k] |= hit[k];
                    left[k] &= ~hit[k];
                }
            }
        }
    if (node->kind == NODE_AND)
        memcpy(out, left, words * sizeof *out);
    return true;
}

bool match_rows(struct matcher *matcher, struct view *view, uint64_t *mask, struct error *e)
{
    size_t words = mask_words(view->fetched->rows.count);
    uint64_t *out = mask_new(view, e);
    if (!out || !match_node(matcher, view, matcher->query->filter, mask, out, e) || matcher->late)
        return false;
    memcpy(mask, out, words * sizeof *mask);
    return true;
}
