#include "cli/detect_audit.h"

#define OPEN_MOST 16u    /* events whose records may alternate */

bool detect_audit_any(struct slice block)
{
    return block.len && memmem(block.data, block.len, "msg=audit(", 10);
}

/* "node=…" in front tells machines apart that share a file. */
static struct slice node_of(struct slice line)
{
    return slice_starts(line, SLICE("node=")) ? slice_cut(line, 0, slice_find_byte(line, ' '))
                                              : SLICE("");
}

struct open { uint32_t last, count; };

static bool same_event(const struct audit_line *a, const struct audit_line *b)
{
    return slice_equal(a->stamp, b->stamp) && slice_equal(node_of(a->text), node_of(b->text));
}

/* Links the line to the open event that it belongs to, or opens one in the place of the oldest. */
static void link_line(struct audit_line *lines, uint32_t index, struct open *open, uint32_t *next)
{
    for (uint32_t i = 0; i < OPEN_MOST; i++) {
        struct open *o = &open[i];
        if (!o->count || o->count >= AUDIT_RECORDS_MOST || index - o->last > AUDIT_APART_MOST ||
            !same_event(&lines[o->last], &lines[index]))
            continue;
        lines[o->last].next = index;
        lines[index].follows = true;
        o->last = index;
        o->count++;
        return;
    }
    open[(*next)++ % OPEN_MOST] = (struct open){ index, 1 };
}

struct audit_line *detect_audit_lines(struct slice block, uint64_t first, struct arena *arena,
                                      uint32_t *count_out)
{
    struct open open[OPEN_MOST] = { { 0, 0 } };
    struct slice rest = block, line;
    uint32_t count = 0, next = 0;
    size_t most = 1;
    for (size_t i = 0; i < block.len; i++)
        most += block.data[i] == '\n';
    struct audit_line *lines = arena_array(arena, most, sizeof *lines);
    while (lines && count < most && slice_split(&rest, '\n', &line)) {
        lines[count] = (struct audit_line){ .text = line, .stamp = audit_stamp(line),
                                            .place = first + count };
        if (lines[count].stamp.len)
            link_line(lines, count, open, &next);
        count++;
    }
    *count_out = count;
    return lines;
}

/* The line that ends before `end` (its '\n' included), and where it begins. */
static struct slice line_before(const char *bytes, size_t end, size_t *begin)
{
    const char *before = end > 1 ? memrchr(bytes, '\n', end - 1) : NULL;
    *begin = before ? (size_t)(before - bytes) + 1 : 0;
    return slice_from(bytes + *begin, end - *begin);
}

size_t detect_audit_begin(const char *bytes, size_t end)
{
    size_t begin, at = end;
    struct slice stamp = end ? audit_stamp(line_before(bytes, end, &begin)) : SLICE_NONE;
    for (uint32_t i = 0; stamp.len && at && i < AUDIT_RECORDS_MOST; i++) {
        if (!slice_equal(audit_stamp(line_before(bytes, at, &begin)), stamp))
            break;
        at = begin;
    }
    return at;
}
