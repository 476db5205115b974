#include "plain_value.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <utf8proc.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buffer.h"
#include "test.h"

/* --- text as characters --- */

int32_t plain_fold(int32_t c)
{
    if (c < 0 || c >= 0x110000 || c == 0x130 || c == 0x131)
        return c;
    return utf8proc_tolower(utf8proc_toupper(c));
}

static int32_t next_point(struct slice s, size_t *at)
{
    utf8proc_int32_t c;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.data + *at,
                                          (utf8proc_ssize_t)(s.len - *at), &c);
    if (n <= 0) {
        c = 0x110000 + (unsigned char)s.data[*at];
        n = 1;
    }
    *at += (size_t)n;
    return c;
}

struct points plain_points(struct slice s, struct arena *arena)
{
    struct points out = { arena_array(arena, s.len + 1, sizeof(int32_t)), 0 };
    for (size_t i = 0; i < s.len;)
        out.at[out.count++] = next_point(s, &i);
    return out;
}

/* "\*", "\?" and "\\" are characters, any other backslash is one itself; * and ? are wildcards. */
static struct points wild_points(struct slice s, struct arena *arena)
{
    struct points in = plain_points(s, arena), out = { arena_array(arena, s.len + 1, sizeof(int32_t)), 0 };
    for (size_t i = 0; i < in.count; i++) {
        int32_t next = i + 1 < in.count ? in.at[i + 1] : 0;
        if (in.at[i] == '\\' && (next == '*' || next == '?' || next == '\\'))
            out.at[out.count++] = in.at[++i];
        else
            out.at[out.count++] = in.at[i] == '*' ? ANY : in.at[i] == '?' ? ONE : in.at[i];
    }
    return out;
}

static struct slice to_bytes(struct points p, struct arena *arena)
{
    char *out = arena_alloc(arena, p.count * 4 + 1);
    size_t n = 0;
    for (size_t i = 0; i < p.count; i++) {
        if (p.at[i] < 0)
            fail_msg("a wildcard cannot be encoded");
        if (p.at[i] >= 0x110000)
            out[n++] = (char)(p.at[i] - 0x110000);
        else
            n += (size_t)utf8proc_encode_char(p.at[i], (utf8proc_uint8_t *)out + n);
    }
    return slice_from(out, n);
}

/* --- modifiers --- */

static void put(struct plain_item *item, const struct plain_value *value, struct arena *arena)
{
    if (!(item->count & (item->count - 1))) {
        struct plain_value *grown = arena_array(arena, item->count ? item->count * 2 : 1, sizeof *grown);
        if (item->count)
            memcpy(grown, item->values, item->count * sizeof *grown);
        item->values = grown;
    }
    item->values[item->count++] = *value;
}

static void widen(struct points *p, bool front, bool back, struct arena *arena)
{
    struct points out = { arena_array(arena, p->count + 2, sizeof(int32_t)), 0 };
    if (front)
        out.at[out.count++] = ANY;
    for (size_t i = 0; i < p->count; i++)
        out.at[out.count++] = p->at[i];
    if (back)
        out.at[out.count++] = ANY;
    *p = out;
}

static bool word(int32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c >= 0x80;
}

static void windash(struct plain_item *item, struct arena *arena)
{
    static const int32_t dashes[] = { '-', '/', 0x2013, 0x2014, 0x2015 };
    size_t before = item->count;
    for (size_t i = 0; i < before; i++)
        for (size_t d = 0; d < 5; d++) {
            struct plain_value copy = item->values[i];
            struct points old = copy.pattern;
            copy.pattern.at = arena_array(arena, old.count + 1, sizeof(int32_t));
            for (size_t k = 0; k < old.count; k++) {
                bool flag = (old.at[k] == '-' || old.at[k] == '/') && (!k || !word(old.at[k - 1])) &&
                            k + 1 < old.count && word(old.at[k + 1]);
                copy.pattern.at[k] = flag ? dashes[d] : old.at[k];
            }
            put(item, &copy, arena);
        }
}

/* Bits of the bytes, six at a time, from bit `from` of the alphabet's digits. */
static struct slice base64(struct slice in, struct arena *arena)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = arena_alloc(arena, in.len * 2 + 8);
    size_t n = 0;
    for (size_t bit = 0; bit < in.len * 8; bit += 6) {
        unsigned digit = 0;
        for (size_t b = bit; b < bit + 6; b++)
            digit = digit << 1 | (b < in.len * 8 ? (unsigned char)in.data[b / 8] >> (7 - b % 8) & 1 : 0);
        out[n++] = digits[digit];
    }
    while (n % 4)
        out[n++] = '=';
    return slice_from(out, n);
}

/* All digits that depend on these bytes alone, when `shift` others stand before them. */
static struct slice base64_inner(struct slice in, size_t shift, struct arena *arena)
{
    char *room = arena_alloc(arena, in.len + shift + 1);
    memset(room, 0, shift);
    memcpy(room + shift, in.data, in.len);
    struct slice all = base64(slice_from(room, in.len + shift), arena);
    size_t first = (shift * 8 + 5) / 6, last = (shift + in.len) * 8 / 6;
    return slice_cut(all, first, last);
}

static struct slice utf16(struct slice in, bool big, bool mark, struct arena *arena)
{
    struct points p = plain_points(in, arena);
    char *out = arena_alloc(arena, in.len * 4 + 4);
    size_t n = 0;
    for (size_t i = mark ? SIZE_MAX : 0; i == SIZE_MAX || i < p.count; i++) {
        int32_t c = i == SIZE_MAX ? 0xfeff : p.at[i];
        int32_t units[2] = { c, -1 };
        if (c >= 0x10000) {
            units[0] = 0xd800 + ((c - 0x10000) >> 10);
            units[1] = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        for (int u = 0; u < 2 && units[u] >= 0; u++) {
            out[n + big] = (char)(units[u] & 255);
            out[n + !big] = (char)(units[u] >> 8);
            n += 2;
        }
    }
    return slice_from(out, n);
}

static void encode(struct plain_item *item, struct slice name, struct arena *arena)
{
    size_t before = item->count;
    for (size_t i = 0; i < before; i++) {
        struct slice in = to_bytes(item->values[i].pattern, arena);
        if (slice_is(name, "base64offset")) {
            for (size_t shift = 1; shift < 3; shift++) {
                struct plain_value copy = item->values[i];
                copy.pattern = plain_points(base64_inner(in, shift, arena), arena);
                put(item, &copy, arena);
            }
            item->values[i].pattern = plain_points(base64_inner(in, 0, arena), arena);
            continue;
        }
        struct slice out = slice_is(name, "base64") ? base64(in, arena)
                           : utf16(in, slice_is(name, "utf16be"), slice_is(name, "utf16"), arena);
        item->values[i].pattern = plain_points(out, arena);
    }
}

/* Characters of the text, or of the pattern: a name between two %, no backslash before it. */
static bool find_name(struct points p, size_t *from, size_t *to)
{
    for (size_t i = 0; i < p.count; i++) {
        size_t k = i + 1;
        if (p.at[i] != '%' || (i && p.at[i - 1] == '\\'))
            continue;
        while (k < p.count && (word(p.at[k]) || p.at[k] == '-' || p.at[k] == '.'))
            k++;
        if (k < p.count && p.at[k] == '%' && k > i + 1) {
            *from = i;
            *to = k + 1;
            return true;
        }
    }
    return false;
}

static struct points replaced(struct points p, size_t from, size_t to, struct points by,
                              struct arena *arena)
{
    struct points out = { arena_array(arena, p.count + by.count + 1, sizeof(int32_t)), 0 };
    for (size_t i = 0; i < from; i++)
        out.at[out.count++] = p.at[i];
    for (size_t i = 0; i < by.count; i++)
        out.at[out.count++] = by.at[i];
    for (size_t i = to; i < p.count; i++)
        out.at[out.count++] = p.at[i];
    return out;
}

static struct points unescaped(struct points p, struct arena *arena)
{
    struct points out = { arena_array(arena, p.count + 1, sizeof(int32_t)), 0 };
    for (size_t i = 0; i < p.count; i++)
        if (!(p.at[i] == '\\' && i + 1 < p.count && p.at[i + 1] == '%'))
            out.at[out.count++] = p.at[i];
    return out;
}

/* Replaces the first name of each value by each of its list; false when there was none. */
static bool expand_once(struct plain_item *item, const struct yaml *lists, struct arena *arena)
{
    struct plain_item out = { 0 };
    bool any = false;
    for (size_t i = 0; i < item->count; i++) {
        struct plain_value v = item->values[i];
        struct points text = plain_points(v.text, arena);
        v.of <<= 16; /* each of a list's is a value of its own */
        size_t from, to, at, end;
        if (!find_name(text, &from, &to)) {
            put(&out, &v, arena);
            continue;
        }
        struct points inside = { text.at + from + 1, to - from - 2 };
        const struct yaml *list = yaml_member(lists, arena_text(arena, to_bytes(inside, arena)));
        CHECK(list != NULL && find_name(v.pattern, &at, &end));
        any = true;
        for (uint32_t k = 0; k < (list->kind == YAML_SCALAR ? 1 : list->count); k++) {
            struct slice one = list->kind == YAML_SCALAR ? list->text : list->children[k].text;
            struct plain_value copy = v;
            copy.text = to_bytes(replaced(text, from, to, plain_points(one, arena), arena), arena);
            copy.pattern = replaced(v.pattern, at, end, wild_points(one, arena), arena);
            copy.of += k;
            put(&out, &copy, arena);
        }
    }
    item->values = out.values;
    item->count = out.count;
    return any;
}

static void expand(struct plain_item *item, const struct yaml *lists, struct arena *arena)
{
    while (expand_once(item, lists, arena))
        ;
    for (size_t i = 0; i < item->count; i++) {
        struct plain_value *v = &item->values[i];
        v->pattern = unescaped(v->pattern, arena);
        v->text = to_bytes(unescaped(plain_points(v->text, arena), arena), arena);
    }
}

static bool one_of(struct slice name, const char *const *names)
{
    while (*names && !slice_is(name, *names))
        names++;
    return *names != NULL;
}

static void become(struct plain_item *item, enum plain_kind kind)
{
    for (size_t i = 0; i < item->count; i++)
        item->values[i].kind = kind;
}

static void modify(struct plain_item *item, struct slice name, const struct yaml *lists,
                   struct arena *arena)
{
    static const char *const encoders[] = { "base64", "base64offset", "wide", "utf16le", "utf16be",
                                            "utf16", NULL };
    static const char *const compares[] = { "lt", "lte", "gt", "gte", NULL };
    static const char *const parts[] = { "minute", "hour", "day", "week", "month", "year", NULL };
    bool starts = slice_is(name, "startswith"), ends = slice_is(name, "endswith");
    bool contains = slice_is(name, "contains");
    for (size_t i = 0; i < item->count; i++)
        item->values[i].number = item->values[i].number && (slice_is(name, "all") ||
                                 slice_is(name, "neq") || slice_is(name, "cased"));
    if (starts || ends || contains) {
        item->affix = contains ? AFFIX_CONTAINS : starts ? AFFIX_STARTS : AFFIX_ENDS;
        for (size_t i = 0; i < item->count; i++)
            widen(&item->values[i].pattern, !starts, !ends, arena);
    } else if (slice_is(name, "all")) {
        item->all = true;
    } else if (slice_is(name, "neq")) {
        item->neq = true;
    } else if (slice_is(name, "cased")) {
        item->cased = true;
    } else if (slice_is(name, "windash")) {
        windash(item, arena);
    } else if (one_of(name, encoders)) {
        encode(item, name, arena);
    } else if (slice_is(name, "expand")) {
        expand(item, lists, arena);
    } else if (slice_is(name, "re")) {
        become(item, PLAIN_REGEX);
    } else if (slice_is(name, "i") || slice_is(name, "ignorecase")) {
        item->caseless = true;
    } else if (slice_is(name, "m") || slice_is(name, "multiline")) {
        item->multiline = true;
    } else if (slice_is(name, "s") || slice_is(name, "dotall")) {
        item->dotall = true;
    } else if (slice_is(name, "cidr")) {
        become(item, PLAIN_NETWORK);
    } else if (slice_is(name, "exists")) {
        become(item, PLAIN_EXISTS);
    } else if (slice_is(name, "fieldref")) {
        become(item, PLAIN_FIELD);
    } else if (one_of(name, compares) || one_of(name, parts)) {
        become(item, one_of(name, compares) ? PLAIN_COMPARE : PLAIN_TIME);
        item->type = name;
    } else {
        fail_msg("the specification has no modifier '%.*s'", SLICE_ARGS(name));
    }
}

/* A number as JSON has them: no zero in front, no sign +, no hexadecimal digits. */
static bool is_number(struct slice s)
{
    char copy[64], *end;
    size_t digits = s.len && s.data[0] == '-';
    if (!s.len || s.len >= sizeof copy)
        return false;
    memcpy(copy, s.data, s.len);
    copy[s.len] = 0;
    if (strspn(copy, "0123456789.eE+-") != s.len || copy[digits] < '0' || copy[digits] > '9' ||
        copy[s.len - 1] < '0' || copy[s.len - 1] > '9' || strstr(copy, ".e") || strstr(copy, ".E") ||
        (copy[digits] == '0' && copy[digits + 1] >= '0' && copy[digits + 1] <= '9'))
        return false;
    strtod(copy, &end);
    return *end == 0;
}

static void add_value(struct plain_item *item, const struct yaml *node, struct arena *arena)
{
    struct plain_value v = { .text = node->text, .pattern = wild_points(node->text, arena),
                             .of = item->count };
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
    if (node->plain && one_of(node->text, nulls))
        v.kind = PLAIN_NULL;
    v.number = node->plain && item->field.len && is_number(node->text);
    put(item, &v, arena);
}

void plain_item_read(const struct yaml *node, bool keyed, const struct yaml *lists,
                     struct arena *arena, struct plain_item *out)
{
    struct slice key = keyed ? node->key : SLICE(""), name;
    *out = (struct plain_item){ 0 };
    slice_split(&key, '|', &out->field);
    if (node->kind == YAML_SCALAR)
        add_value(out, node, arena);
    for (uint32_t i = 0; node->kind == YAML_SEQUENCE && i < node->count; i++)
        add_value(out, &node->children[i], arena);
    while (key.len && slice_split(&key, '|', &name))
        modify(out, name, lists, arena);
    for (size_t i = 0; !out->field.len && i < out->count; i++)
        if (out->values[i].kind == PLAIN_PATTERN)
            widen(&out->values[i].pattern, true, true, arena);
}

/* --- one value against another --- */

/* Which prefixes of the text does this much of the pattern match? */
static bool like(struct points pattern, struct points text, bool cased, struct arena *arena)
{
    size_t fixed = 0;
    while (fixed < pattern.count && pattern.at[fixed] != ANY)
        fixed++;
    if (fixed == pattern.count && fixed != text.count) /* without *: as long as the text */
        return false;
    bool *row = arena_array(arena, text.count + 1, sizeof *row);
    memset(row, 0, text.count + 1);
    row[0] = true;
    for (size_t p = 0; p < pattern.count; p++) {
        int32_t want = cased ? pattern.at[p] : plain_fold(pattern.at[p]);
        bool before = row[0];
        row[0] = row[0] && want == ANY;
        for (size_t t = 1; t <= text.count; t++) {
            int32_t have = cased ? text.at[t - 1] : plain_fold(text.at[t - 1]);
            bool was = row[t];
            row[t] = want == ANY ? row[t] || row[t - 1] : before && (want == ONE || want == have);
            before = was;
        }
    }
    return row[text.count];
}

static bool number_of(struct slice s, double *out)
{
    char copy[64], *end;
    if (!s.len || s.len >= sizeof copy)
        return false;
    memcpy(copy, s.data, s.len);
    copy[s.len] = 0;
    *out = strtod(copy, &end);
    return *end == 0 && strspn(copy, "+-.0123456789eE") == s.len;
}

static bool regex(const struct plain_item *item, struct slice expression, struct slice s)
{
    int code;
    PCRE2_SIZE at;
    uint32_t options = PCRE2_UTF | (item->caseless ? PCRE2_CASELESS : 0) |
                       (item->multiline ? PCRE2_MULTILINE : 0) | (item->dotall ? PCRE2_DOTALL : 0);
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)expression.data, expression.len, options, &code, &at,
                                   NULL);
    pcre2_match_data *m = re ? pcre2_match_data_create_from_pattern(re, NULL) : NULL;
    bool hit = m && pcre2_match(re, (PCRE2_SPTR)(s.data ? s.data : ""), s.len, 0, 0, m, NULL) >= 0;
    pcre2_match_data_free(m);
    pcre2_code_free(re);
    return hit;
}

static bool address(struct slice s, unsigned char out[16], int *bits)
{
    char copy[64];
    if (s.len >= sizeof copy)
        return false;
    memcpy(copy, s.data ? s.data : "", s.len);
    copy[s.len] = 0;
    *bits = inet_pton(AF_INET, copy, out) == 1 ? 32 : inet_pton(AF_INET6, copy, out) == 1 ? 128 : 0;
    return *bits > 0;
}

static bool in_network(struct slice network, struct slice value)
{
    unsigned char a[16], b[16];
    int of, have;
    uint64_t prefix;
    size_t slash = slice_find_byte(network, '/');
    if (!address(slice_cut(network, 0, slash), a, &of) || !address(value, b, &have) || of != have)
        return false;
    if (slash == network.len)
        prefix = (uint64_t)of;
    else
        slice_to_u64(slice_after(network, slash + 1), &prefix);
    for (uint64_t bit = 0; bit < prefix; bit++)
        if ((a[bit / 8] ^ b[bit / 8]) >> (7 - bit % 8) & 1)
            return false;
    return true;
}

static bool compares(struct slice how, double a, double b)
{
    return slice_is(how, "lt") ? a < b : slice_is(how, "lte") ? a <= b : slice_is(how, "gt") ? a > b
                                                                                             : a >= b;
}

/* Of YYYY-MM-DD, perhaps with T or a blank and HH:MM behind it; the week is ISO's, by strftime. */
static bool has_part(struct slice part, struct slice value, struct slice wanted)
{
    struct tm tm = { 0 };
    char copy[64], week[8];
    int n = 0;
    uint64_t want;
    snprintf(copy, sizeof copy, "%.*s", SLICE_ARGS(value));
    if (sscanf(copy, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &n) != 3 || n != 10 ||
        !slice_to_u64(wanted, &want))
        return false;
    bool timed = sscanf(copy + 10, "%*1[T ]%2d:%2d", &tm.tm_hour, &tm.tm_min) == 2;
    int year = tm.tm_year, month = tm.tm_mon;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    int hour = tm.tm_hour, minute = tm.tm_min, day = tm.tm_mday;
    tm.tm_isdst = 0;
    timegm(&tm);
    strftime(week, sizeof week, "%V", &tm);
    int64_t have = slice_is(part, "year") ? year : slice_is(part, "month") ? month
                   : slice_is(part, "day") ? day : slice_is(part, "week") ? strtol(week, NULL, 10)
                   : !timed ? -1 : slice_is(part, "hour") ? hour : minute;
    return have == (int64_t)want;
}

/* The fewest digits that read back the same, whole numbers without a point. */
static const char *canonical(struct slice number)
{
    static char out[64];
    double value = 0;
    number_of(number, &value);
    bool whole = value == floor(value) && fabs(value) < 1e15;
    for (int digits = 1; !whole && digits < 18; digits++) {
        snprintf(out, sizeof out, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    if (whole)
        snprintf(out, sizeof out, "%.0f", value == 0 ? 0 : value);
    return out;
}

bool plain_value_holds(const struct plain_item *item, size_t i, const struct event_field *f,
                       struct arena *arena)
{
    const struct plain_value *v = &item->values[i];
    double a, b;
    if (f->kind == EVENT_NULL)
        return false;
    switch (v->kind) {
    case PLAIN_PATTERN:
        if (v->number && slice_is(f->value, canonical(v->text)))
            return true;
        return like(v->pattern, plain_points(f->value, arena), item->cased, arena);
    case PLAIN_REGEX: return regex(item, v->text, f->value);
    case PLAIN_NETWORK: return in_network(v->text, f->value);
    case PLAIN_COMPARE:
        return number_of(f->value, &a) && number_of(v->text, &b) && compares(item->type, a, b);
    case PLAIN_TIME: return has_part(item->type, f->value, v->text);
    default: return false;
    }
}
