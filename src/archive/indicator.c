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

static bool address_of(struct slice value, char *text, size_t *len_out)
{
    unsigned char bytes[16];
    unsigned len = value.len >= 3 && value.len <= 45 ? tree_address(value, bytes) : 0;
    if (len == 4) /* a dotted quad is taken in one form alone: without leading zeros */
        return copy_lower(value, text, len_out);
    if (!len || !inet_ntop(AF_INET6, bytes, text, INDICATOR_TEXT))
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
    value = slice_trim(value);
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

void indicator_line(struct slice line, indicator_take *take, void *owner)
{
    for (size_t i = 0; i < line.len;) {
        size_t start = i;
        while (i < line.len && ((line.data[i] >= '0' && line.data[i] <= '9') || line.data[i] == '.'))
            i++;
        if (i - start >= 7)
            try_value(slice_cut(line, start, i), false, take, owner);
        i += i == start;
    }
}

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
    static const char *const hosts[] = { "host", "domain", "dns", "query", "sni", "server_name" };
    unsigned names = name_has(name, "hash") ? INDICATOR_NAMES_HASHES : 0;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (name_has(name, hosts[i]))
            names |= INDICATOR_NAMES_HOST;
    return names;
}

void indicator_value(struct slice value, unsigned names, indicator_take *take, void *owner)
{
    if (value.len < 3 || value.len > 512)
        return;
    if ((names & INDICATOR_NAMES_HASHES) && value.len > 32 &&
        slice_find_byte(value, '=') < value.len) {
        try_parts(value, take, owner);
        return;
    }
    bool hashlike = value.len == 32 || value.len == 40 || value.len == 64;
    bool hostlike = (names & INDICATOR_NAMES_HOST) && slice_find_byte(value, '.') < value.len;
    struct slice inner = value.data[0] == ' ' ? slice_trim(value) : value;
    bool addresslike = inner.len >= 2 && inner.len <= 64 &&
                       (slice_is_hex(inner.data[0]) || inner.data[0] == ':') &&
                       (slice_is_hex(inner.data[1]) || inner.data[1] == ':' || inner.data[1] == '.') &&
                       (slice_find_byte(inner, '.') < inner.len ||
                        slice_find_byte(inner, ':') < inner.len);
    if (hashlike || hostlike || addresslike)
        try_value(value, hostlike, take, owner);
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
        if (!value.escaped) /* none of them has anything to escape */
            indicator_value(value.bytes, indicator_names(value.name), take, owner);
}
