#include "archive/indicator.h"

#include <arpa/inet.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "archive/tree.h"

const char *indicator_kind_name(enum indicator_kind kind)
{
    static const char *const names[] = { "address", "hash", "host" };
    return kind < INDICATOR_KINDS ? names[kind] : "?";
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool copy_lower(struct slice value, char *text, size_t *len_out)
{
    for (size_t i = 0; i < value.len; i++)
        text[i] = lower(value.data[i]);
    *len_out = value.len;
    return true;
}

/* What stands before a port, and between the brackets that an IPv6 address has before one. */
static struct slice without_port(struct slice value)
{
    size_t end = value.len;
    while (end > 0 && value.len - end < 5 && value.data[end - 1] >= '0' && value.data[end - 1] <= '9')
        end--;
    bool port = end > 1 && end < value.len && value.data[end - 1] == ':';
    if (value.len > 2 && value.data[0] == '[') {
        struct slice inner = port ? slice_cut(value, 0, end - 1) : value;
        return slice_ends(inner, SLICE("]")) ? slice_cut(inner, 1, inner.len - 1) : value;
    }
    return port && slice_find_byte(value, ':') == end - 1 ? slice_cut(value, 0, end - 1) : value;
}

static bool address_of(struct slice value, char *text, size_t *len_out)
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    unsigned char bytes[16];
    unsigned len = value.len >= 3 && value.len <= 45 ? tree_address(value, bytes) : 0;
    if (len == 4) /* a dotted quad is taken in one form alone: without leading zeros */
        return copy_lower(value, text, len_out);
    if (!len)
        return false;
    bool folded = memcmp(bytes, mapped, sizeof mapped) == 0; /* ::ffff:10.0.0.1 is 10.0.0.1 */
    if (!inet_ntop(folded ? AF_INET : AF_INET6, folded ? bytes + sizeof mapped : bytes, text,
                   INDICATOR_TEXT))
        return false;
    *len_out = strlen(text);
    return true;
}

static bool hash_of(struct slice value, char *text, size_t *len_out)
{
    if (value.len != 32 && value.len != 40 && value.len != 64)
        return false;
    bool letter = false, digit = false;
    for (size_t i = 0; i < value.len; i++) {
        if (!slice_is_hex(value.data[i]))
            return false;
        letter |= value.data[i] > '9';
        digit |= value.data[i] <= '9';
    }
    return letter && digit && copy_lower(value, text, len_out); /* not a long number, not "aaaa…" */
}

/* Labels of letters, digits, '-' and '_', two at least, the last one beginning with a letter. */
static bool host_of(struct slice value, char *text, size_t *len_out)
{
    size_t labels = 1, label = 0;
    if (slice_ends(value, SLICE(".")))
        value.len--;
    if (value.len < 4 || value.len > 253)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        char c = lower(value.data[i]);
        bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (c == '.' ? label == 0 : !good)
            return false;
        label = c == '.' ? 0 : label + 1;
        labels += c == '.';
        if (label > 63)
            return false;
    }
    char first = label ? lower(value.data[value.len - label]) : '0';
    return labels >= 2 && label >= 2 && first >= 'a' && first <= 'z' &&
           copy_lower(value, text, len_out);
}

bool indicator_of(struct slice value, bool host_too, enum indicator_kind *kind_out, char *text,
                  size_t *len_out)
{
    value = without_port(slice_trim(value));
    if (address_of(value, text, len_out))
        *kind_out = INDICATOR_ADDRESS;
    else if (hash_of(value, text, len_out))
        *kind_out = INDICATOR_HASH;
    else if (host_too && host_of(value, text, len_out))
        *kind_out = INDICATOR_HOST;
    else
        return false;
    return true;
}

static void try_value(struct slice value, bool host_too, indicator_take *take, void *owner)
{
    enum indicator_kind kind;
    char text[INDICATOR_TEXT];
    size_t len;
    if (indicator_of(value, host_too, &kind, text, &len))
        take(owner, kind, slice_from(text, len));
}

/* MD5=…,SHA256=… */
static void try_parts(struct slice value, indicator_take *take, void *owner)
{
    struct slice part;
    while (slice_split(&value, ',', &part)) {
        size_t equals = slice_find_byte(part, '=');
        try_value(equals < part.len ? slice_after(part, equals + 1) : part, false, take, owner);
    }
}

/* --- text ------------------------------------------------------------------------------------ */

/* A text is long, and little of it is an indicator. So it is not read byte by byte: dots are sought, colons,
 * and hexadecimal digits where a hash cannot but have one; what stands around them is looked at. */

enum { DIGIT = 1, HEX = 2, LETTER = 4, DOT = 8, COLON = 16, DASH = 32 };
#define ALNUM (DIGIT | HEX | LETTER)
#define HASH_LEAST 32u

static const unsigned char signs[256] = {
    ['0' ... '9'] = DIGIT, ['a' ... 'f'] = HEX,    ['A' ... 'F'] = HEX, ['g' ... 'z'] = LETTER,
    ['G' ... 'Z'] = LETTER, ['.'] = DOT, [':'] = COLON, ['-'] = DASH, ['_'] = DASH,
};

static bool is_sign(struct slice text, size_t at, unsigned which)
{
    return at < text.len && signs[(unsigned char)text.data[at]] & which;
}

/* escaped: the text stands in JSON, where the letter behind a backslash belongs to no word. */
struct text {
    struct slice bytes;
    bool escaped;
    indicator_take *take;
    void *owner;
};

static bool is_escape(const struct text *t, size_t at)
{
    size_t slash = at;
    while (t->escaped && slash > 0 && t->bytes.data[slash - 1] == '\\')
        slash--;
    return (at - slash) & 1;
}

/* Whether the word that begins there goes on before it. */
static bool goes_back(const struct text *t, size_t at, unsigned which)
{
    return at > 0 && is_sign(t->bytes, at - 1, which) && !is_escape(t, at - 1);
}

static size_t back(const struct text *t, size_t at, size_t least, unsigned which)
{
    while (at > least && goes_back(t, at, which))
        at--;
    return at;
}

static size_t ahead(const struct text *t, size_t at, unsigned which)
{
    while (is_sign(t->bytes, at, which))
        at++;
    return at;
}

static size_t count_byte(struct slice text, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == c;
    return count;
}

/* Dotted quads, also within a longer word, as in 10.0.0.1-10.0.0.9. */
static void try_quads(const struct text *t, struct slice word)
{
    for (size_t i = 0; i < word.len;) {
        size_t start = i;
        while (is_sign(word, i, DIGIT | DOT))
            i++;
        size_t end = i;
        while (end > start && word.data[end - 1] == '.')
            end--;
        if (end - start >= 7)
            try_value(slice_cut(word, start, end), false, t->take, t->owner);
        i += i == start;
    }
}

static bool is_file(struct slice ending)
{
    static const struct slice endings[] = { /* of files, and of no host; the most frequent first */
        SLICE("exe"), SLICE("dll"), SLICE("log"), SLICE("sys"),  SLICE("tmp"),  SLICE("txt"),  SLICE("dat"),
        SLICE("ini"), SLICE("xml"), SLICE("php"), SLICE("html"), SLICE("htm"),  SLICE("json"), SLICE("conf"),
        SLICE("jpg"), SLICE("png"), SLICE("gif"), SLICE("css"),  SLICE("java"), SLICE("js"),
    };
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (slice_equal_nocase(ending, endings[i]))
            return true;
    return false;
}

/* In a text a name is taken for a host's only where it ends as those do: in letters, or in xn--. */
static bool ends_like_host(struct slice word)
{
    size_t label = word.len;
    bool letters = true;
    for (; label > 0 && word.data[label - 1] != '.'; label--)
        letters &= is_sign(word, label - 1, HEX | LETTER);
    struct slice ending = slice_after(word, label);
    return letters ? ending.len >= 2 && !is_file(ending) : slice_starts(ending, SLICE("xn--"));
}

static void seek_dots(const struct text *t)
{
    struct slice bytes = t->bytes;
    for (size_t at = 0, done = 0; (at += slice_find_byte(slice_after(bytes, at), '.')) < bytes.len;) {
        if (at == 0 || !is_sign(bytes, at - 1, ALNUM) || !is_sign(bytes, at + 1, ALNUM)) {
            at++;
            continue;
        }
        size_t start = back(t, at, done, ALNUM | DOT | DASH), end = ahead(t, at, ALNUM | DOT | DASH);
        at = done = end;
        while (is_sign(bytes, end - 1, DOT | DASH))
            end--;
        struct slice word = slice_cut(bytes, start, end);
        if (ends_like_host(word))
            try_value(word, true, t->take, t->owner);
        else if (count_byte(word, '.') >= 3)
            try_quads(t, word);
    }
}

/* IPv6; what has dots behind it is found by these. */
static void seek_colons(const struct text *t)
{
    struct slice bytes = t->bytes;
    for (size_t at = 0, done = 0; (at += slice_find_byte(slice_after(bytes, at), ':')) < bytes.len;) {
        if (!is_sign(bytes, at + 1, DIGIT | HEX | COLON)) {
            at++;
            continue;
        }
        size_t start = back(t, at, done, DIGIT | HEX | COLON), end = ahead(t, at, DIGIT | HEX | COLON);
        at = done = end;
        bool longer = is_sign(bytes, end, LETTER | DASH) || (is_sign(bytes, end, DOT) &&
                                                             is_sign(bytes, end + 1, DIGIT));
        if (goes_back(t, start, LETTER | DASH | DOT)) /* src:2001:db8::1 */
            start += slice_find_byte(slice_cut(bytes, start, end), ':') + 1;
        struct slice word = slice_cut(bytes, start, end);
        if (slice_ends(word, SLICE(":")) && !slice_ends(word, SLICE("::")))
            word.len--;
        if (!longer && word.len > 2 &&
            (slice_find(word, SLICE("::")) < word.len || count_byte(word, ':') == 7))
            try_value(word, false, t->take, t->owner);
    }
}

static void seek_hashes(const struct text *t)
{
    struct slice bytes = t->bytes;
    for (size_t at = HASH_LEAST - 1; at < bytes.len; at += HASH_LEAST) {
        if (!is_sign(bytes, at, DIGIT | HEX))
            continue;
        size_t start = back(t, at, 0, DIGIT | HEX), end = ahead(t, at, DIGIT | HEX);
        if (end - start >= HASH_LEAST && !goes_back(t, start, LETTER) && !is_sign(bytes, end, LETTER))
            try_value(slice_cut(bytes, start, end), false, t->take, t->owner);
        at = end > at ? end : at;
    }
}

static void try_text(struct slice bytes, bool escaped, indicator_take *take, void *owner)
{
    const struct text text = { bytes, escaped, take, owner };
    seek_dots(&text);
    seek_colons(&text);
    seek_hashes(&text);
}

void indicator_line(struct slice line, indicator_take *take, void *owner)
{
    try_text(line, line.len && line.data[0] == '{', take, owner);
}

/* https://user@host:8443/path; also host/path, host:443. */
static void try_url(struct slice value, indicator_take *take, void *owner)
{
    size_t scheme = slice_find(value, SLICE("://")), end = 0;
    if (scheme < value.len)
        value = slice_after(value, scheme + 3);
    while (end < value.len && !strchr("/?#\\", value.data[end]))
        end++;
    value = slice_cut(value, 0, end);
    size_t at = slice_find_byte(value, '@');
    try_value(at < value.len ? slice_after(value, at + 1) : value, true, take, owner);
}

/* --- fields ---------------------------------------------------------------------------------- */

static bool name_has(struct slice name, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= name.len; i++)
        if (slice_equal_nocase(slice_cut(name, i, i + len), slice_of(part)))
            return true;
    return false;
}

unsigned indicator_names(struct slice name)
{
    static const struct {
        const char *part;
        unsigned names;
    } parts[] = {
        { "hash", INDICATOR_NAMES_HASHES },
        { "host", INDICATOR_NAMES_HOST },
        { "domain", INDICATOR_NAMES_HOST },
        { "dns", INDICATOR_NAMES_HOST },
        { "query", INDICATOR_NAMES_HOST },
        { "sni", INDICATOR_NAMES_HOST },
        { "server", INDICATOR_NAMES_HOST },
        { "fqdn", INDICATOR_NAMES_HOST },
        { "url", INDICATOR_NAMES_URL },
        { "uri", INDICATOR_NAMES_URL },
        { "refer", INDICATOR_NAMES_URL },
        { "link", INDICATOR_NAMES_URL },
        { "message", INDICATOR_NAMES_TEXT },
        { "msg", INDICATOR_NAMES_TEXT },
        { "mail", INDICATOR_NAMES_TEXT },
        { "command", INDICATOR_NAMES_TEXT },
        { "script", INDICATOR_NAMES_TEXT },
    };
    unsigned names = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (name_has(name, parts[i].part))
            names |= parts[i].names;
    return names;
}

static void try_whole(struct slice value, unsigned names, indicator_take *take, void *owner)
{
    bool hashlike = value.len == 32 || value.len == 40 || value.len == 64;
    bool hostlike = (names & INDICATOR_NAMES_HOST) && slice_find_byte(value, '.') < value.len;
    struct slice inner = value.data[0] == ' ' ? slice_trim(value) : value;
    bool addresslike = inner.len >= 2 && inner.len <= 64 &&
                       (slice_is_hex(inner.data[0]) || inner.data[0] == ':' || inner.data[0] == '[') &&
                       (slice_is_hex(inner.data[1]) || inner.data[1] == ':' || inner.data[1] == '.') &&
                       (slice_find_byte(inner, '.') < inner.len ||
                        slice_find_byte(inner, ':') < inner.len);
    if (hashlike || hostlike || addresslike)
        try_value(value, hostlike, take, owner);
}

void indicator_value(struct slice value, bool escaped, unsigned names, indicator_take *take, void *owner)
{
    if (names & INDICATOR_NAMES_TEXT)
        try_text(value, escaped, take, owner);
    else if (escaped || value.len < 3 || value.len > INDICATOR_VALUE)
        return;
    else if ((names & INDICATOR_NAMES_HASHES) && value.len > 32 && slice_find_byte(value, '=') < value.len)
        try_parts(value, take, owner);
    else if (names & INDICATOR_NAMES_URL)
        try_url(value, take, owner);
    else
        try_whole(value, names, take, owner);
}

uint64_t indicator_key(enum indicator_kind kind, struct slice value)
{
    return XXH3_64bits_withSeed(value.data ? value.data : "", value.len, kind);
}

void indicator_each(const struct block_rows *rows, struct slice text, struct slice fields,
                    uint32_t row, indicator_take *take, void *owner)
{
    struct block_fields walk = block_fields_of(rows, text, fields, row);
    struct block_value value;
    if (rows->flags[row] & EVENT_UNDECODED)
        indicator_line(block_raw(rows, text, row), take, owner);
    while (block_fields_next(&walk, &value))
        indicator_value(value.bytes, value.escaped, indicator_names(value.name), take, owner);
}
