/* Expressions over narrowed text find what the same expressions find in UTF-8. */
#include "detect/automaton.h"
#include "detect/regex.h"
#include "test.h"

static const char *const narrow[] = {
    "a.c", "^.{3}$", "[^a-z]{2}", "\\D+x", "\\Sk\\S", "[^\\x00-\\x7f]", "a\\.b$", "(?:ab|cd).{1,64}x",
    ".{5,}", "(?i)k.s", "(?i)[^k]x", "\\bk\\b", "^\\w+$", "[[:alpha:]]k", "s\\b", "^$", "\\s", "k",
    "\\W{2}", "[^k]s",
};
static const char *const wide[] = {
    "ế", "\\xe1", "\\x{1ebf}", "\\p{L}", "\\h", "(?i)\\w", "(?i)\\bk", "(?i)[[:alpha:]]", "a(?i)k", "(?s).",
    "\\Qa\\E", "(*UTF)a", "\\x7", "(?<n>a)", "\\o{12}", "\\1", "a\\",
};
static const char *const texts[] = {
    "", "a", "abc", "aếc", "aếếc", "kẾs", "\xe2\x84\xaa", "\xe2\x84\xaas", "a\xc5\xbf", "\xc5\xbfx",
    "Kx", "k", "s", "\xc2\xa0", "\xc2\x85", "éxé", "abếx", "ếế", "đăng nhập", "a.b", "1x", "ế1x",
    "😀a.b", "ếk", "kế", "a\nc",
};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static int seen(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *hit)
{
    (void)id, (void)from, (void)to, (void)flags;
    *(bool *)hit = true;
    return 1;
}

struct machine { hs_database_t *database; hs_scratch_t *scratch; };

static struct machine machine_of(struct slice expression, unsigned flags)
{
    struct error e = ERROR_NONE;
    struct machine m = { NULL, NULL };
    CHECK(regex_compile(expression, flags, &m.database, &e) && m.database);
    CHECK(hs_alloc_scratch(m.database, &m.scratch) == HS_SUCCESS);
    return m;
}

static void machine_free(struct machine *m)
{
    hs_free_scratch(m->scratch);
    hs_free_database(m->database);
}

static bool finds(struct machine m, struct slice text)
{
    bool hit = false;
    automaton_scan(m.database, text, m.scratch, seen, &hit);
    return hit;
}

TEST("an expression to which all characters beyond ASCII are alike finds the same in narrowed text")
{
    struct buffer room;
    buffer_init(&room, 0);
    for (size_t i = 0; i < COUNT(narrow); i++)
        for (unsigned flags = 0; flags < 8; flags++) {
            struct slice expression = slice_of(narrow[i]);
            unsigned mode = flags | regex_narrow(expression, flags);
            if (mode == flags) {
                CHECK(flags & REGEX_CASELESS); /* \w and [:alpha:] know only the k of ASCII */
                continue;
            }
            struct machine utf8 = machine_of(expression, flags), bytes = machine_of(expression, mode);
            for (size_t t = 0; t < COUNT(texts); t++) {
                struct slice text = slice_of(texts[t]);
                struct slice narrowed = regex_narrowed(text, mode, &room);
                if (finds(utf8, text) != finds(bytes, narrowed))
                    fail_msg("'%s' with flags %u in '%s'", narrow[i], flags, texts[t]);
            }
            machine_free(&utf8);
            machine_free(&bytes);
        }
    buffer_free(&room);
}

TEST("an expression that tells characters beyond ASCII apart is searched in UTF-8")
{
    for (size_t i = 0; i < COUNT(wide); i++)
        if (regex_narrow(slice_of(wide[i]), 0))
            fail_msg("'%s' is narrow", wide[i]);
}

TEST("narrowed text has one byte for each character, and for each byte that is none")
{
    struct buffer room;
    buffer_init(&room, 0);
    unsigned caseless = REGEX_NARROW | REGEX_NARROW_CASELESS;
    CHECK_SLICE(regex_narrowed(SLICE("aế\xe1\xba" "b\xff😀"), REGEX_NARROW, &room),
                "a\xff\xff\xff" "b\xff\xff");
    CHECK_SLICE(regex_narrowed(SLICE("\xe2\x84\xaa\xc5\xbf"), caseless, &room), "ks");
    buffer_free(&room);
}

TEST("what an expression needs stands byte for byte in what it finds, or is not known")
{
    static const struct { const char *text, *needs; unsigned flags; } cases[] = {
        { "%[A-Z]+-[0-7]-BADAUTH:", "-BADAUTH:", 0 },
        { "%[A-Z]+:", "%", 0 },
        { "a\\.exe.*--noprofile", "--noprofile", 0 },
        { "powershell", "", REGEX_CASELESS },
        { "(?i)powershell", "", 0 },
        { "x|powershell", "", 0 },
        { "đăng nhập", "", 0 },
        { "[a-z]+", "", 0 },
    };
    ARENA_AUTO arena;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct slice needs = regex_needs(slice_of(cases[i].text), cases[i].flags, &arena);
        CHECK_SLICE(needs, cases[i].needs);
    }
}
