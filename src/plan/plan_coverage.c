/* plan_coverage - like code coverage, over law: each letter of the plan's text is quoted by an
 * obligation, stands in `aside`, or nobody looks after it. */
#include "base/fold.h"
#include "plan/plan.h"

#include <stdlib.h>

struct mark {               /* bytes that something covers */
    size_t from, to;
    const struct plan_obligation *obligation;   /* or */
    const struct plan_aside *aside;
};

struct work {
    const struct plan *plan;
    struct slice text;
    struct arena *arena;
    struct mark *marks;
    uint32_t mark_count, mark_room;
    uint8_t *numbering;     /* per byte: part of "a)", "2.1.", "III." at a line's start */
    size_t *cuts;           /* sorted byte offsets at which pieces may begin */
    uint32_t cut_count;
};

/* ---- letters, numbering, sentences ------------------------------------------------------------ */

static bool is_upper_ascii(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* First byte of a letter or digit of any script (everything above ASCII but U+00A0..U+00BF and
 * U+2000..U+206F, blanks and punctuation). */
static bool is_letter_at(struct slice text, size_t at)
{
    unsigned char c = (unsigned char)text.data[at];
    if (c < 0x80)
        return is_digit((char)c) || is_upper_ascii((char)c) || (c >= 'a' && c <= 'z');
    if (c < 0xc0)
        return false;       /* continuation */
    if (c == 0xc2 || (c == 0xe2 && at + 1 < text.len &&
                      ((unsigned char)text.data[at + 1] & 0xfe) == 0x80))
        return false;
    return !(c == 0xcc || c == 0xcd);
}

static size_t count_letters(const struct work *w, size_t from, size_t to)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++)
        count += !w->numbering[i] && is_letter_at(w->text, i);
    return count;
}

static size_t skip_layout(struct slice text, size_t at)
{
    while (at < text.len && (text.data[at] == '*' || text.data[at] == '#' || text.data[at] == ' ' ||
                             text.data[at] == '\t' || text.data[at] == '-'))
        at++;
    return at;
}

/* Marks "a)", "1.", "2.1.", "III." behind a line's start. */
static void mark_numbering(struct work *w)
{
    for (size_t line = 0; line < w->text.len;) {
        size_t at = skip_layout(w->text, line), end = at;
        const char *d = w->text.data;
        while (end < w->text.len && end - at < 8 &&
               (is_digit(d[end]) || d[end] == '.' || d[end] == 'I' || d[end] == 'V' || d[end] == 'X'))
            end++;
        bool number = end > at && d[end - 1] == '.';
        if (!number && at + 1 < w->text.len && d[at + 1] == ')' && d[at] >= 'a' && d[at] <= 'z') {
            number = true;
            end = at + 2;
        }
        if (number)
            memset(w->numbering + at, 1, end - at);
        const char *newline = memchr(d + line, '\n', w->text.len - line);
        line = newline ? (size_t)(newline - d) + 1 : w->text.len;
    }
}

/* Whether a new paragraph that begins at `at` goes on with the sentence: a small letter. */
static bool goes_on(struct slice text, size_t at)
{
    struct slice rest = slice_cut(text, at, at + 4);
    ARENA_AUTO scratch;
    arena_init(&scratch, 4096);
    if (at >= text.len || !is_letter_at(text, at))
        return false;
    size_t len = 1;
    while (len < rest.len && ((unsigned char)rest.data[len] & 0xc0) == 0x80)
        len++;
    rest.len = len;
    struct slice folded = fold_case_in(&scratch, rest);
    bool small = slice_equal(folded, rest) && !is_digit(rest.data[0]);
    return small;
}

static bool ends_word_short_capitals(struct slice text, size_t dot)
{
    size_t from = dot;
    while (from > 0 && is_upper_ascii(text.data[from - 1]))
        from--;
    return from < dot && dot - from <= 3;
}

/* Whether a sentence ends behind byte `at`. */
static bool sentence_ends(const struct work *w, size_t at)
{
    struct slice text = w->text;
    char c = text.data[at];

    if (c == '\n') {
        size_t next = at + 1;
        if (next >= text.len)
            return true;
        size_t start = skip_layout(text, next);
        bool item = start > next && memchr(text.data + next, '-', start - next);
        if (item || w->numbering[start < text.len ? start : at])
            return true;
        if (text.data[next] != '\n')        /* one line break inside a paragraph */
            return false;
        while (next < text.len && (text.data[next] == '\n' || text.data[next] == ' '))
            next++;
        next = skip_layout(text, next);
        return !goes_on(text, next);
    }
    if (c != '.' || w->numbering[at] || at + 1 >= text.len || ends_word_short_capitals(text, at))
        return false;
    return text.data[at + 1] == ' ' || text.data[at + 1] == '*';
}

static bool find_sentences(struct work *w, struct plan_coverage *c, struct error *e)
{
    size_t from = 0, room = 16;

    for (size_t i = 0; i < w->text.len; i++)
        room += w->text.data[i] == '\n' || w->text.data[i] == '.';
    c->sentences = arena_array(w->arena, room, sizeof *c->sentences);
    if (!c->sentences)
        return error_set(e, "not enough memory for %s", "the coverage");
    for (size_t i = 0; i < w->text.len; i++) {
        if (i + 1 < w->text.len && !sentence_ends(w, i))
            continue;
        if (count_letters(w, from, i + 1) > 0)
            c->sentences[c->sentence_count++] =
                (struct plan_sentence){ .from = from, .to = i + 1, .kind = PLAN_LAYOUT };
        else if (c->sentence_count)
            c->sentences[c->sentence_count - 1].to = i + 1;
        from = i + 1;
    }
    return true;
}

/* ---- marks ------------------------------------------------------------------------------------ */

static void add_mark(struct work *w, size_t from, size_t to, const struct plan_obligation *o,
                     const struct plan_aside *aside)
{
    if (w->mark_count < w->mark_room)
        w->marks[w->mark_count++] = (struct mark){ from, to, o, aside };
}

static bool find_marks(struct work *w, struct error *e)
{
    const struct plan *plan = w->plan;
    struct plan_text *folded = plan_text_fold(plan->text, w->arena);
    size_t from, to;

    w->mark_room = 16384;
    w->marks = arena_array(w->arena, w->mark_room, sizeof *w->marks);
    if (!folded || !w->marks)
        return error_set(e, "not enough memory for %s", "the coverage");
    for (uint32_t i = 0; i < plan->obligation_count; i++) {
        const struct plan_obligation *o = &plan->obligations[i];
        for (uint32_t k = 0; k < o->quote_count; k++)
            if (plan_text_find(folded, o->quotes[k], o->clause->heading, w->arena, &from, &to, NULL))
                add_mark(w, from, to, o, NULL);
    }
    /* what stands aside does so wherever it stands */
    for (uint32_t i = 0; i < plan->aside_count; i++)
        for (uint32_t k = 0; k < plan->asides[i].quote_count; k++) {
            size_t start = 0;
            struct slice rest = plan->text;
            struct plan_text *part = folded;
            while (part && plan_text_find(part, plan->asides[i].quotes[k], SLICE_NONE, w->arena,
                                          &from, &to, NULL)) {
                add_mark(w, start + from, start + to, NULL, &plan->asides[i]);
                start += to;
                rest = slice_after(plan->text, start);
                part = rest.len ? plan_text_fold(rest, w->arena) : NULL;
            }
        }
    return true;
}

static int compare_size(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static bool find_cuts(struct work *w, const struct plan_coverage *c, struct error *e)
{
    uint32_t room = 2 * w->mark_count + 2 * c->sentence_count + 2, n = 0, kept = 0;

    w->cuts = arena_array(w->arena, room, sizeof *w->cuts);
    if (!w->cuts)
        return error_set(e, "not enough memory for %s", "the coverage");
    w->cuts[n++] = 0;
    w->cuts[n++] = w->text.len;
    for (uint32_t i = 0; i < w->mark_count; i++) {
        w->cuts[n++] = w->marks[i].from;
        w->cuts[n++] = w->marks[i].to;
    }
    for (uint32_t i = 0; i < c->sentence_count; i++) {
        w->cuts[n++] = c->sentences[i].from;
        w->cuts[n++] = c->sentences[i].to;
    }
    qsort(w->cuts, n, sizeof *w->cuts, compare_size);
    for (uint32_t i = 0; i < n; i++)
        if (kept == 0 || w->cuts[kept - 1] != w->cuts[i])
            w->cuts[kept++] = w->cuts[i];
    w->cut_count = kept;
    return true;
}

/* ---- pieces ----------------------------------------------------------------------------------- */

static bool fill_piece(struct work *w, struct plan_piece *p, struct error *e)
{
    uint32_t count = 0;

    for (int pass = 0; pass < 2; pass++) {
        count = 0;
        for (uint32_t i = 0; i < w->mark_count; i++) {
            const struct mark *m = &w->marks[i];
            if (m->from > p->from || m->to < p->to)
                continue;
            if (m->aside)
                p->aside = m->aside;
            else if (count && p->obligations && p->obligations[count - 1] == m->obligation)
                continue;
            else {
                if (p->obligations)
                    p->obligations[count] = m->obligation;
                count++;
            }
        }
        if (pass == 0 && count) {
            p->obligations = arena_array(w->arena, count, sizeof *p->obligations);
            if (!p->obligations)
                return error_set(e, "not enough memory for %s", "the coverage");
            memset(p->obligations, 0, count * sizeof *p->obligations);
        }
    }
    p->obligation_count = count;
    if (count_letters(w, p->from, p->to) == 0 && !count && !p->aside)
        p->kind = PLAN_LAYOUT;
    else
        p->kind = count ? PLAN_COVERED : p->aside ? PLAN_ASIDE : PLAN_MISSED;
    if (count)
        p->aside = NULL;
    return true;
}

static void tally(struct work *w, struct plan_coverage *c)
{
    for (uint32_t i = 0, s = 0; i < c->piece_count; i++) {
        struct plan_piece *p = &c->pieces[i];
        size_t letters = count_letters(w, p->from, p->to);
        while (s + 1 < c->sentence_count && c->sentences[s + 1].from <= p->from)
            s++;
        p->sentence = s;
        c->covered += p->kind == PLAN_COVERED ? letters : 0;
        c->aside += p->kind == PLAN_ASIDE ? letters : 0;
        c->missed += p->kind == PLAN_MISSED ? letters : 0;
        if (!letters || !c->sentence_count)
            continue;
        enum plan_piece_kind *kind = &c->sentences[s].kind;
        if (p->kind == PLAN_MISSED || *kind == PLAN_MISSED)
            *kind = PLAN_MISSED;
        else if (p->kind == PLAN_COVERED || *kind == PLAN_COVERED)
            *kind = PLAN_COVERED;
        else
            *kind = PLAN_ASIDE;
    }
    for (uint32_t i = 0; i < c->sentence_count; i++) {
        c->sentences_covered += c->sentences[i].kind == PLAN_COVERED;
        c->sentences_aside += c->sentences[i].kind == PLAN_ASIDE;
        c->sentences_missed += c->sentences[i].kind == PLAN_MISSED;
    }
}

bool plan_cover(const struct plan *plan, struct arena *arena, struct plan_coverage *coverage_out,
                struct error *e)
{
    struct work w = { .plan = plan, .text = plan->text, .arena = arena };
    struct plan_coverage c = { 0 };

    w.numbering = arena_zero(arena, plan->text.len + 1);
    if (!w.numbering)
        return error_set(e, "not enough memory for %s", "the coverage");
    mark_numbering(&w);
    if (!find_sentences(&w, &c, e) || !find_marks(&w, e) || !find_cuts(&w, &c, e))
        return false;
    c.pieces = arena_zero(arena, (w.cut_count + 1) * sizeof *c.pieces);
    if (!c.pieces)
        return error_set(e, "not enough memory for %s", "the coverage");
    for (uint32_t i = 0; i + 1 < w.cut_count; i++) {
        struct plan_piece *p = &c.pieces[c.piece_count++];
        p->from = w.cuts[i];
        p->to = w.cuts[i + 1];
        if (!fill_piece(&w, p, e))
            return false;
    }
    tally(&w, &c);
    *coverage_out = c;
    return true;
}
