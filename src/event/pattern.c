#include "event/pattern.h"

#include "event/network.h"

static const char *const kind_names[] = {
    [PATTERN_NUMBER] = "number", [PATTERN_IP] = "ip", [PATTERN_WORD] = "word",
    [PATTERN_QUOTED] = "quoted", [PATTERN_REST] = "rest", [PATTERN_PAIRS] = "pairs",
};

/* --- compiling -------------------------------------------------------------------------------- */

static bool kind_of(struct slice name, enum pattern_kind *kind)
{
    for (size_t i = PATTERN_NUMBER; i < sizeof kind_names / sizeof *kind_names; i++)
        if (slice_is(name, kind_names[i])) {
            *kind = (enum pattern_kind)i;
            return true;
        }
    return false;
}

/* A variant while it is compiled. Literals stand one behind the other in room, so that those between
 * which nothing is left become one. */
struct making {
    struct pattern *pattern;
    char *room;
    size_t used;
};

static bool add_literal(struct making *m, char c)
{
    struct pattern *p = m->pattern;
    bool more = p->count && p->parts[p->count - 1].kind == PATTERN_LITERAL;

    if (!more && p->count == PATTERN_PARTS)
        return false;
    if (!more)
        p->parts[p->count++] =
            (struct pattern_part){ .kind = PATTERN_LITERAL, .text = { m->room + m->used, 0 } };
    m->room[m->used++] = c;
    p->parts[p->count - 1].text.len++;
    return true;
}

static bool add_capture(struct pattern *p, struct slice inside, struct error *e)
{
    size_t colon = slice_find_byte(inside, ':');
    struct pattern_part part = { .kind = PATTERN_TEXT, .text = slice_cut(inside, 0, colon) };

    if (colon < inside.len && !kind_of(slice_after(inside, colon + 1), &part.kind)) {
        error_set(e, "'%.*s' is no kind of text in a pattern",
                  SLICE_ARGS(slice_after(inside, colon + 1)));
        return error_hint(e, "there are number, ip, word, quoted, rest and pairs");
    }
    if (p->count && p->parts[p->count - 1].kind != PATTERN_LITERAL)
        return error_set(e, "between two braces there must be some text");
    if (p->count == PATTERN_PARTS)
        return error_set(e, "a pattern has at most %u parts", PATTERN_PARTS);
    p->parts[p->count++] = part;
    return true;
}

/* One variant: bit i of chosen says whether group i is there. */
static bool compile_variant(struct slice text, unsigned chosen, struct arena *arena,
                            struct pattern *p, struct error *e)
{
    unsigned group = 0;
    bool within = false, skip = false;
    size_t at = 0;
    struct making m = { p, arena_alloc(arena, text.len + 1), 0 };

    p->count = 0;
    p->parts = arena_array(arena, PATTERN_PARTS, sizeof *p->parts);
    if (!p->parts || !m.room)
        return error_set(e, "not enough memory for the decoders");
    while (at < text.len) {
        struct slice rest = slice_after(text, at);
        if (!within && slice_starts(rest, SLICE("(?"))) {
            within = true;
            skip = !(chosen >> group++ & 1);
            at += 2;
        } else if (within && rest.data[0] == ')') {
            within = skip = false;
            at++;
        } else if (slice_starts(rest, SLICE("{{"))) {
            if (!skip && !add_literal(&m, rest.data[0]))
                return error_set(e, "a pattern has at most %u parts", PATTERN_PARTS);
            at += 2;
        } else if (rest.data[0] == '{') {
            size_t close = slice_find_byte(rest, '}');
            if (close == rest.len)
                return error_set(e, "a brace of the pattern is not closed");
            if (!skip && !add_capture(p, slice_cut(rest, 1, close), e))
                return false;
            at += close + 1;
        } else {
            if (!skip && !add_literal(&m, rest.data[0]))
                return error_set(e, "a pattern has at most %u parts", PATTERN_PARTS);
            at++;
        }
    }
    if (within)
        return error_set(e, "'(?' of the pattern is not closed");
    for (uint32_t i = 0; i + 1 < p->count; i++)
        if (p->parts[i].kind == PATTERN_REST || p->parts[i].kind == PATTERN_PAIRS)
            return error_set(e, "'rest' and 'pairs' stand at the end of a pattern");
    return true;
}

bool pattern_compile(struct slice text, struct arena *arena, struct pattern **patterns_out,
                     uint32_t *count_out, struct error *e)
{
    unsigned groups = 0;

    for (size_t at = 0; at + 1 < text.len; at++)
        groups += text.data[at] == '(' && text.data[at + 1] == '?';
    if (groups > PATTERN_OPTIONS)
        return error_set(e, "a pattern has at most %u optional parts", PATTERN_OPTIONS);
    unsigned variants = 1u << groups;
    struct pattern *patterns = arena_array(arena, variants, sizeof *patterns);
    if (!patterns)
        return error_set(e, "not enough memory for the decoders");
    for (unsigned v = 0; v < variants; v++)
        if (!compile_variant(text, variants - 1 - v, arena, &patterns[v], e))
            return false;
    *patterns_out = patterns;
    *count_out = variants;
    return true;
}

/* --- matching --------------------------------------------------------------------------------- */

struct match {
    const struct pattern *pattern;
    struct slice text;
    struct slice *values;
    unsigned steps;
};

static bool match_from(struct match *m, uint32_t part, size_t at);

/* May value be what the kind asks for? */
static bool fits(enum pattern_kind kind, struct slice value)
{
    struct network_address address;

    switch (kind) {
    case PATTERN_NUMBER:
        for (size_t i = 0; i < value.len; i++)
            if (value.data[i] < '0' || value.data[i] > '9')
                return false;
        return value.len > 0;
    case PATTERN_IP: return network_address_parse(value, &address);
    case PATTERN_WORD:
        return value.len > 0 && slice_find_byte(value, ' ') == value.len &&
               slice_find_byte(value, '\t') == value.len;
    default: return true;
    }
}

/* No value of this kind can be as long as this and go on: stop looking for a later end. */
static bool may_grow(enum pattern_kind kind, struct slice value)
{
    switch (kind) {
    case PATTERN_NUMBER: return value.len == 0 || fits(PATTERN_NUMBER, value);
    case PATTERN_IP: return value.len < 64 && slice_find_byte(value, ' ') == value.len;
    case PATTERN_WORD: return slice_find_byte(value, ' ') == value.len;
    default: return true;
    }
}

static size_t quoted_end(struct slice text, size_t at)
{
    while (at < text.len && text.data[at] != '"')
        at += text.data[at] == '\\' ? 2 : 1;
    return at < text.len ? at : text.len;
}

static bool match_quoted(struct match *m, uint32_t part, size_t at)
{
    size_t end = quoted_end(m->text, at);

    m->values[part] = slice_cut(m->text, at, end);
    return match_from(m, part + 1, end);
}

/* A value ends where the following literal stands: the first such place that lets the rest
 * match. */
static bool match_value(struct match *m, uint32_t part, size_t at)
{
    const struct pattern_part *here = &m->pattern->parts[part];

    if (here->kind == PATTERN_QUOTED)
        return match_quoted(m, part, at);
    if (part + 1 == m->pattern->count) {
        m->values[part] = slice_after(m->text, at);
        return fits(here->kind, m->values[part]);
    }
    struct slice literal = here[1].text;
    for (size_t end = at; m->steps < PATTERN_STEPS; end++) {
        size_t ahead = slice_find(slice_after(m->text, end), literal);
        m->steps += 1 + (unsigned)(ahead / 256); /* long searches count more */
        end += ahead;
        if (end >= m->text.len)
            return false;
        m->values[part] = slice_cut(m->text, at, end);
        if (fits(here->kind, m->values[part]) && match_from(m, part + 1, end))
            return true;
        if (!may_grow(here->kind, slice_cut(m->text, at, end)))
            return false;
    }
    return false;
}

static bool match_from(struct match *m, uint32_t part, size_t at)
{
    if (part == m->pattern->count)
        return at == m->text.len;
    const struct pattern_part *here = &m->pattern->parts[part];
    if (here->kind != PATTERN_LITERAL)
        return match_value(m, part, at);
    if (!slice_starts(slice_after(m->text, at), here->text))
        return false;
    m->values[part] = here->text;
    return match_from(m, part + 1, at + here->text.len);
}

/* Most patterns of a decoder do not match most lines: the end of a line tells many of them at
 * once. */
static bool end_fits(const struct pattern *pattern, struct slice text)
{
    if (pattern->count == 0 || text.len == 0)
        return true;
    const struct pattern_part *last = &pattern->parts[pattern->count - 1];
    char end = text.data[text.len - 1];
    bool digit = end >= '0' && end <= '9';
    switch (last->kind) {
    case PATTERN_LITERAL: return slice_ends(text, last->text);
    case PATTERN_NUMBER: return digit;
    case PATTERN_IP: return digit || end == ':' || ((end | 0x20) >= 'a' && (end | 0x20) <= 'z');
    case PATTERN_WORD: return end != ' ' && end != '\t';
    default: return true;
    }
}

enum verdict { NO, PERHAPS, YES };

static bool fits_between(enum pattern_kind kind, struct slice text, size_t at, size_t end)
{
    return kind == PATTERN_QUOTED ? quoted_end(text, at) == end : fits(kind, slice_cut(text, at, end));
}

/* Each value as short as it can be, in one pass. YES: that is what searching finds first. NO: a literal
 * stands nowhere behind the one before it, and none can stand further left. */
static enum verdict match_shortest(const struct pattern *pattern, struct slice text, struct slice *values)
{
    const struct pattern_part *parts = pattern->parts;
    uint32_t i = pattern->count && parts[0].kind == PATTERN_LITERAL;
    size_t at = 0;
    bool fit = true;

    if (i && !slice_starts(text, parts[0].text))
        return NO;
    if (i) {
        values[0] = parts[0].text;
        at = parts[0].text.len;
    }
    for (; i < pattern->count; i += 2) { /* a value, and the literal behind it */
        bool open = i + 1 == pattern->count, last = i + 2 == pattern->count;
        struct slice literal = open ? SLICE("") : parts[i + 1].text;
        if (last && text.len - at < literal.len)
            return NO;
        size_t end = open || last ? text.len - literal.len
                                  : at + slice_find(slice_after(text, at), literal);
        if (!open && end >= text.len)
            return NO;
        fit = fit && fits_between(parts[i].kind, text, at, end);
        values[i] = slice_cut(text, at, end);
        at = end + literal.len;
        if (!open)
            values[i + 1] = literal;
    }
    return fit && at == text.len ? YES : PERHAPS;
}

bool pattern_search(const struct pattern *pattern, struct slice text, struct slice *values)
{
    struct match m = { .pattern = pattern, .text = text, .values = values };

    return end_fits(pattern, text) && match_from(&m, 0, 0);
}

bool pattern_match(const struct pattern *pattern, struct slice text, struct slice *values)
{
    if (!end_fits(pattern, text))
        return false;
    enum verdict verdict = match_shortest(pattern, text, values);
    return verdict == PERHAPS ? pattern_search(pattern, text, values) : verdict == YES;
}
