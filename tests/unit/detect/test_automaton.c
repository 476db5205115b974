/* The library's scans lose nothing: expressions beside PCRE2, literals beside a plain search. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "detect/automaton.h"
#include "detect/regex.h"
#include "test.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define TEXT_MOST 300u
#define SET_MOST 1200u

static int seen(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *owner)
{
    bool *hits = owner;
    (void)from, (void)to, (void)flags;
    hits[id] = true;
    return 0;
}

struct machine { hs_database_t *database; hs_scratch_t *scratch; };

static void machine_free(struct machine *m)
{
    hs_free_scratch(m->scratch);
    hs_free_database(m->database);
}

/* One expression both ways; PCRE2 NULL: it has none of its own. */
struct both {
    struct machine machine;
    pcre2_code *pcre;
    pcre2_match_data *match;
};

static bool compile(const char *text, unsigned flags, struct both *b)
{
    struct error e = ERROR_NONE;
    *b = (struct both){ .machine = { NULL, NULL } };
    if (!regex_compile(slice_of(text), flags, &b->machine.database, &e) || !b->machine.database)
        return false;
    CHECK(hs_alloc_scratch(b->machine.database, &b->machine.scratch) == HS_SUCCESS);
    b->pcre = regex_compile_pcre(slice_of(text), flags, &e);
    b->match = pcre2_match_data_create(4, NULL);
    CHECK(b->pcre && b->match);
    return true;
}

static void both_free(struct both *b)
{
    machine_free(&b->machine);
    pcre2_match_data_free(b->match);
    pcre2_code_free(b->pcre);
}

static void check_alike(const struct both *b, const char *expression, unsigned flags, struct slice text)
{
    bool hit = false;
    automaton_scan(b->machine.database, text, b->machine.scratch, seen, &hit);
    bool wanted = pcre2_match(b->pcre, (PCRE2_SPTR)text.data, text.len, 0, PCRE2_NO_UTF_CHECK,
                              b->match, NULL) >= 0;
    if (hit != wanted)
        print_error("# /%s/, flags %u, in %zu bytes: %s by %s\n", expression, flags, text.len,
                    wanted ? "a match is lost" : "a match is made up", automaton_build());
    CHECK(hit == wanted);
}

TEST("an expression finds a match at every place of a text of every length")
{
    static const char *const cases[][2] = {
        { "w.", "wa" }, { "[^z]w", "aw" }, { "b+[ab]*", "b" }, { "w", "w" }, { "[a-f]+$", "c" },
        { "(?:ab|cd)$", "cd" }, { "curl.*\\|\\s*python", "curl zzzzzzzz:8080/ 2>&1 | python" },
        { "a.{0,40}[0-9]x", "az1x" }, { "\\bq\\b", " q " },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        for (unsigned flags = 0; flags < 8; flags++) {
            struct both b;
            size_t part = strlen(cases[i][1]);
            CHECK(compile(cases[i][0], flags, &b));
            for (size_t len = part; len < TEXT_MOST; len += 1 + len / 40) {
                char *text = malloc(len); /* of its own, so that reading beyond it is seen */
                for (size_t at = 0; at + part <= len; at += 1 + at / 30) {
                    memset(text, 'z', len);
                    memcpy(text + at, cases[i][1], part);
                    check_alike(&b, cases[i][0], flags, slice_from(text, len));
                }
                free(text);
            }
            both_free(&b);
        }
}

static void make_expression(struct buffer *out)
{
    static const char *const pieces[] = { "a", "b", "w", "ab", "abc", "[ab]", "[a-f]", "[^a]", "[^z]", ".",
                                          "\\d", "\\w", "\\s", "x", "z", "%", "-", "foo", "\\.", "(?:ab|cd)",
                                          "(?:w|q)" };
    static const char *const repeats[] = { "", "", "", "", "", "+", "*", "?", "{2,3}", "{1,64}" };
    buffer_clear(out);
    if (test_random(10) == 0)
        buffer_add_byte(out, '^');
    for (unsigned n = test_random(6) + 1; n > 0; n--) {
        buffer_add(out, slice_of(pieces[test_random(COUNT(pieces))]));
        buffer_add(out, slice_of(repeats[test_random(COUNT(repeats))]));
    }
    if (test_random(8) == 0)
        buffer_add_byte(out, '$');
    buffer_add_byte(out, '\0');
}

/* One byte all along, or a mixture, with something in it that expressions look for. */
static struct slice make_text(char *text, size_t len)
{
    static const char mixed[] = "abcwqxz%- .foo19\n";
    static const char *const parts[] = { "a", "w", "ab", "abc", "foo", "w1", "cd", "-", "%", "q" };
    unsigned mode = test_random(4);
    for (size_t i = 0; i < len; i++)
        text[i] = mode == 0   ? 'z'
                  : mode == 1 ? '\0'
                  : mode == 2 ? mixed[test_random(sizeof mixed - 1)]
                              : (char)(test_random(127) + 1);
    for (unsigned n = test_random(5); n > 0; n--) {
        const char *part = parts[test_random(COUNT(parts))];
        size_t size = strlen(part);
        if (size <= len)
            memcpy(text + (test_random(3) ? test_random(len - size + 1) : len - size), part, size);
    }
    return slice_from(text, len);
}

TEST("EVIDENCE sigma-2/re: expressions made at random find what PCRE2 finds")
{
    BUFFER_AUTO expression;
    unsigned compared = 0;
    buffer_init(&expression, 0);
    for (unsigned round = 0; round < 1500; round++) {
        unsigned flags = test_random(8);
        struct both b;
        make_expression(&expression);
        flags |= test_random(2) ? regex_narrow(slice_of(expression.data), flags) : 0;
        if (!compile(expression.data, flags, &b))
            continue;
        for (unsigned tries = 0; tries < 30; tries++) {
            size_t len = test_random(TEXT_MOST);
            char *text = malloc(len + 1);
            check_alike(&b, expression.data, flags, make_text(text, len));
            free(text);
            compared++;
        }
        both_free(&b);
    }
    CHECK(compared > 20000);
}

/* Literals as the index has them. */
struct set {
    char texts[SET_MOST][32];
    const char *pointers[SET_MOST];
    size_t lengths[SET_MOST];
    unsigned ids[SET_MOST], flags[SET_MOST], count;
};

static void make_set(struct set *set, const char *letters)
{
    static const unsigned sizes[] = { 3, 40, 300, SET_MOST };
    size_t kinds = strlen(letters);
    unsigned least = test_random(3) + 1;
    set->count = test_random(sizes[test_random(COUNT(sizes))]) + 1;
    for (unsigned i = 0; i < set->count; i++) {
        set->lengths[i] = least + test_random(test_random(4) ? 8 : 28);
        for (size_t k = 0; k < set->lengths[i]; k++)
            set->texts[i][k] = letters[test_random(kinds)];
        set->pointers[i] = set->texts[i];
        set->ids[i] = i;
        set->flags[i] = 0;
    }
}

static void check_set(const struct set *set, const struct machine *m, const char *letters)
{
    size_t len = test_random(600), kinds = strlen(letters);
    char *text = malloc(len + 1);
    bool hits[SET_MOST] = { false };
    for (size_t i = 0; i < len; i++)
        text[i] = test_random(9) ? letters[test_random(kinds)] : (char)test_random(256);
    for (unsigned n = test_random(6); n > 0; n--) {
        unsigned i = test_random(set->count);
        if (set->lengths[i] <= len)
            memcpy(text + (test_random(2) ? test_random(len - set->lengths[i] + 1)
                                             : len - set->lengths[i]), set->texts[i], set->lengths[i]);
    }
    automaton_scan(m->database, slice_from(text, len), m->scratch, seen, hits);
    for (unsigned i = 0; i < set->count; i++)
        CHECK_INT(hits[i], memmem(text, len, set->texts[i], set->lengths[i]) != NULL);
    free(text);
}

TEST("EVIDENCE sigma-2/index-sound: literals in large and small sets are found wherever they stand")
{
    static const char *const letters[] = { "abcdefghijklmnopqrstuvwxyz0123456789\\-./ =", "abc\\.1" };
    struct set *set = calloc(1, sizeof *set);
    for (unsigned round = 0; round < 120; round++) {
        struct machine m = { NULL, NULL };
        hs_compile_error_t *wrong = NULL;
        const char *chosen = letters[test_random(COUNT(letters))];
        make_set(set, chosen);
        CHECK(hs_compile_lit_multi(set->pointers, set->flags, set->ids, set->lengths, set->count,
                                   HS_MODE_BLOCK, automaton_platform(), &m.database, &wrong) == HS_SUCCESS);
        CHECK(hs_alloc_scratch(m.database, &m.scratch) == HS_SUCCESS);
        for (unsigned tries = 0; tries < 30; tries++)
            check_set(set, &m, chosen);
        machine_free(&m);
    }
    free(set);
}
