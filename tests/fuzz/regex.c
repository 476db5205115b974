/* Regexes of |re on values: whatever matches holds the literal by which the rule is indexed, as the
 * index folds it; an expression over narrowed text finds what it finds in UTF-8; no expression or
 * value breaks the libraries behind.
 * Input: a byte of flags, the expression, a line break, the value. */
#include <stdlib.h>

#include "base/fold.h"
#include "detect/automaton.h"
#include "detect/regex.h"

#define STEPS_MOST 20000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool pcre_matches(struct slice text, unsigned flags, struct slice value)
{
    struct error e = ERROR_NONE;
    pcre2_code *code = regex_compile_pcre(text, flags, &e);
    pcre2_match_data *match = code ? pcre2_match_data_create(4, NULL) : NULL;
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    bool hit = false;
    if (match && context) {
        pcre2_set_match_limit(context, STEPS_MOST);
        hit = pcre2_match(code, (PCRE2_SPTR)value.data, value.len, 0, 0, match, context) >= 0;
    }
    pcre2_match_context_free(context);
    pcre2_match_data_free(match);
    pcre2_code_free(code);
    return hit;
}

static int seen(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *hit)
{
    (void)id, (void)from, (void)to, (void)flags;
    *(bool *)hit = true;
    return 1;
}

static bool scan_matches(const hs_database_t *database, struct slice value)
{
    hs_scratch_t *scratch = NULL;
    bool hit = false;
    if (hs_alloc_scratch(database, &scratch) == HS_SUCCESS)
        automaton_scan(database, value, scratch, seen, &hit);
    hs_free_scratch(scratch);
    return hit;
}

/* Narrowed text and the database for it must say what UTF-8 says. */
static void narrow_agrees(struct slice text, unsigned flags, struct slice value, bool hit)
{
    struct error e = ERROR_NONE;
    struct buffer room;
    hs_database_t *database = NULL;
    unsigned narrow = flags | regex_narrow(text, flags);
    if (narrow == flags || !regex_compile(text, narrow, &database, &e) || !database)
        return;
    buffer_init(&room, 0);
    if (scan_matches(database, regex_narrowed(value, narrow, &room)) != hit)
        abort();
    buffer_free(&room);
    hs_free_database(database);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    struct error e = ERROR_NONE;
    hs_database_t *database = NULL;
    arena_init(&arena, 1u << 20);
    if (size < 2 || size > 300)
        return 0;
    unsigned flags = data[0] & (REGEX_CASELESS | REGEX_MULTILINE | REGEX_DOTALL);
    struct slice value = slice_from(data + 1, size - 1), text;
    slice_split(&value, '\n', &text);
    if (!value.data || !text.len || !fold_is_utf8(text) || !fold_is_utf8(value) ||
        !regex_compile(text, flags, &database, &e))
        return 0;
    struct slice literal = regex_literal(text, flags, &arena);
    bool hit = database ? scan_matches(database, value) : pcre_matches(text, flags, value);
    if (database)
        narrow_agrees(text, flags, value, hit);
    hs_free_database(database);
    if (hit && literal.len) {
        struct slice folded = fold_case_in(&arena, value), part = fold_case_in(&arena, literal);
        if (slice_find(folded, part) + part.len > folded.len)
            abort(); /* the index would lose the rule */
    }
    struct slice needs = regex_needs(text, flags, &arena);
    if (hit && needs.len && slice_find(value, needs) == value.len)
        abort(); /* the expression would not be scanned for */
    return 0;
}
