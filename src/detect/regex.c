#include "detect/regex.h"

#include <ctype.h>

#include "base/fold.h"
#include "detect/automaton.h"

#define LONG_S SLICE("\xc5\xbf")       /* ſ, an s without case */
#define KELVIN SLICE("\xe2\x84\xaa")   /* K, a k without case */

/* Length of the escape at i when it stands for ASCII characters, or for a kind that no other belongs to. */
static size_t narrow_escape(struct slice t, size_t i, bool caseless)
{
    char c = i + 1 < t.len ? t.data[i + 1] : 0;
    if (c == 'x')
        return i + 3 < t.len && t.data[i + 2] >= '0' && t.data[i + 2] <= '7' &&
               isxdigit((unsigned char)t.data[i + 3]) ? 4 : 0;
    if (!isalnum((unsigned char)c))
        return c ? 2 : 0;
    /* \w and \b know k and s only with their own case */
    return strchr(caseless ? "dDsStnrfeaAzZ" : "dDsSwWbBtnrfeaAzZ", c) ? 2 : 0;
}

unsigned regex_narrow(struct slice t, unsigned flags)
{
    bool begins = slice_starts(t, SLICE("(?i)")), caseless = begins || flags & REGEX_CASELESS;
    for (size_t i = begins ? 4 : 0; i < t.len;) {
        char c = t.data[i], next = i + 1 < t.len ? t.data[i + 1] : 0;
        size_t step = c == '\\' ? narrow_escape(t, i, caseless) : 1;
        bool option = c == '(' && next == '?' && !slice_starts(slice_after(t, i), SLICE("(?:"));
        if (!step || (unsigned char)c >= 0x80 || option || (c == '(' && next == '*') ||
            (c == '[' && caseless && next && strchr(":.=", next)))
            return 0;
        i += step;
    }
    return REGEX_NARROW | (caseless ? REGEX_NARROW_CASELESS : 0);
}

struct slice regex_narrowed(struct slice text, unsigned flags, struct buffer *room)
{
    bool caseless = flags & REGEX_NARROW_CASELESS;
    buffer_clear(room);
    for (size_t i = 0, n; i < text.len; i += n) {
        struct slice rest = slice_after(text, i);
        unsigned char c = (unsigned char)rest.data[0];
        n = fold_character(text, i);
        if (!fold_is_utf8(slice_cut(rest, 0, n)))
            n = 1;
        buffer_add_byte(room, c < 0x80 ? (char)c
                        : caseless && slice_starts(rest, LONG_S) ? 's'
                        : caseless && slice_starts(rest, KELVIN) ? 'k' : '\xff');
    }
    return text.len ? buffer_slice(room) : text;
}

bool regex_compile(struct slice text, unsigned flags, hs_database_t **out, struct error *e)
{
    unsigned hs = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY;
    hs |= flags & REGEX_NARROW ? 0 : HS_FLAG_UTF8;
    hs |= flags & REGEX_CASELESS ? HS_FLAG_CASELESS : 0;
    hs |= flags & REGEX_MULTILINE ? HS_FLAG_MULTILINE : 0;
    hs |= flags & REGEX_DOTALL ? HS_FLAG_DOTALL : 0;
    hs_compile_error_t *wrong = NULL;
    *out = NULL;
    if (slice_find_byte(text, '\0') < text.len)
        return error_set(e, "the regular expression holds a NUL byte");
    char *expression = calloc(1, text.len + 1);
    if (!expression)
        return error_set(e, "no memory left for a regular expression");
    if (text.len)
        memcpy(expression, text.data, text.len);
    bool fine = hs_compile(expression, hs, HS_MODE_BLOCK, automaton_platform(), out, &wrong) == HS_SUCCESS;
    free(expression);
    if (fine)
        return true;
    hs_free_compile_error(wrong);
    *out = NULL;
    pcre2_code *code = regex_compile_pcre(text, flags, e);
    pcre2_code_free(code);
    return code != NULL;
}

pcre2_code *regex_compile_pcre(struct slice text, unsigned flags, struct error *e)
{
    uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
    int number;
    PCRE2_SIZE at;
    options |= flags & REGEX_CASELESS ? PCRE2_CASELESS : 0;
    options |= flags & REGEX_MULTILINE ? PCRE2_MULTILINE : 0;
    options |= flags & REGEX_DOTALL ? PCRE2_DOTALL : 0;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text.data, text.len, options, &number, &at, NULL);
    if (!code) {
        PCRE2_UCHAR message[160] = "";
        pcre2_get_error_message(number, message, sizeof message);
        error_set(e, "regular expression, character %zu: %s", (size_t)at + 1, (char *)message);
        return NULL;
    }
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    return code;
}

/* What ends a run: the length of the escape at i when it is one plain character, else 0. */
static char escaped_character(char c)
{
    bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return word || (unsigned char)c >= 0x80 ? 0 : c;
}

/* Index behind the "[:alpha:]" within a class that begins at i; 0: it is none. */
static size_t behind_posix(struct slice t, size_t i)
{
    size_t at = i + 2;
    while (at < t.len && (t.data[at] == '^' || (t.data[at] >= 'a' && t.data[at] <= 'z')))
        at++;
    return t.data[i + 1] == ':' && slice_starts(slice_after(t, at), SLICE(":]")) ? at + 2 : 0;
}

/* Index behind the group or class that begins at i; 0: libraries differ on where it ends. */
static size_t behind(struct slice t, size_t i)
{
    char open = t.data[i];
    unsigned depth = 0;
    if (open == '[') {
        i++;
        if (i < t.len && t.data[i] == '^')
            i++;
        if (i < t.len && t.data[i] == ']')
            i++;
        for (; i < t.len && t.data[i] != ']'; i++) {
            if (t.data[i] == '\\')
                i++;
            else if (t.data[i] == '[' && i + 1 < t.len && strchr(":.=", t.data[i + 1])) {
                size_t end = behind_posix(t, i);
                if (!end)
                    return 0;
                i = end - 1;
            }
        }
        return i < t.len ? i + 1 : t.len;
    }
    for (; i < t.len; i++) {
        if (t.data[i] == '\\')
            i++;
        else if (t.data[i] == '[') {
            size_t end = behind(t, i);
            if (!end)
                return 0;
            i = end - 1;
        } else if (t.data[i] == '(')
            depth++;
        else if (t.data[i] == ')' && --depth == 0)
            return i + 1;
    }
    return t.len;
}

/* Index behind the {n}, {n,} or {n,m} at i; i when it is none: then { stands for itself. */
static size_t behind_repeat(struct slice t, size_t i)
{
    size_t at = i + 1, digits = at;
    while (at < t.len && t.data[at] >= '0' && t.data[at] <= '9')
        at++;
    if (at == digits)
        return i;
    if (at < t.len && t.data[at] == ',')
        for (at++; at < t.len && t.data[at] >= '0' && t.data[at] <= '9';)
            at++;
    return at < t.len && t.data[at] == '}' ? at + 1 : i;
}

struct slice regex_literal(struct slice t, unsigned flags, struct arena *arena)
{
    char *run = arena_alloc(arena, t.len + 1);
    struct slice best = SLICE("");
    size_t n = 0, start = 0;
    (void)flags;
    /* quoted stretches read otherwise, and verbs such as (*ACCEPT) end a match early */
    if (!run || slice_find(t, SLICE("\\Q")) < t.len || slice_find(t, SLICE("(*")) < t.len)
        return best;
    for (size_t i = 0; i < t.len;) {
        char c = t.data[i], plain = 0;
        size_t next = i + 1;
        if (c == '|' || (c == '{' && (next = behind_repeat(t, i)) == i))
            return SLICE("");
        if (c == '(' || c == '[') {
            /* inline options such as (?x) change how the rest reads */
            if (c == '(' && i + 2 < t.len && t.data[i + 1] == '?' && t.data[i + 2] != ':' &&
                !slice_starts(slice_after(t, i), SLICE("(?i)")))
                return SLICE("");
            if (!(next = behind(t, i)))
                return SLICE("");
        } else if (c == '\\') {
            if (i + 1 >= t.len)
                return SLICE("");
            plain = escaped_character(t.data[i + 1]);
            if (!plain && strchr("xopPNuUcgk0123456789", t.data[i + 1]))
                return SLICE(""); /* more characters belong to it */
            next = i + 2;
        } else if (!strchr(".^$*+?{})]", c)) {
            plain = c;
        }
        bool optional = next < t.len && strchr("?*{", t.data[next]);
        if (plain && !optional) {
            run[n++] = plain;
        }
        if (!plain || optional || (next < t.len && t.data[next] == '+')) {
            if (n - start > best.len)
                best = (struct slice){ run + start, n - start };
            start = n;
        }
        i = next;
    }
    if (n - start > best.len)
        best = (struct slice){ run + start, n - start };
    /* half a character at its ends would not survive folding */
    while (best.len && (unsigned char)best.data[0] >= 0x80 && (unsigned char)best.data[0] < 0xc0)
        best = slice_after(best, 1);
    return fold_is_utf8(best) ? best : SLICE("");
}

struct slice regex_needs(struct slice text, unsigned flags, struct arena *arena)
{
    struct slice literal = SLICE("");
    if (!(flags & REGEX_CASELESS) && slice_find(text, SLICE("(?i)")) == text.len)
        literal = regex_literal(text, flags, arena);
    for (size_t i = 0; i < literal.len; i++)
        if ((unsigned char)literal.data[i] >= 0x80)
            return SLICE("");
    return literal;
}
