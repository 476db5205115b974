#include "plain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* --- text as code points --- */

struct points { int32_t at[70000]; size_t count; };

static int32_t fold_point(int32_t c)
{
    if (c == 0x130 || c == 0x131)
        return c;
    return utf8proc_tolower(utf8proc_toupper(c));
}

static void to_points(struct slice s, bool cased, struct points *out)
{
    out->count = 0;
    for (size_t i = 0; i < s.len && out->count < 70000;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.data + i,
                                              (utf8proc_ssize_t)(s.len - i), &c);
        if (n <= 0) {
            c = 0x110000 + (unsigned char)s.data[i];
            n = 1;
        }
        out->at[out->count++] = cased || c >= 0x110000 ? c : fold_point(c);
        i += (size_t)n;
    }
}

#define ANY (-1)
#define ONE (-2)

static struct points pattern, text;

static void to_pattern(const struct pattern *p, bool cased, bool everywhere)
{
    static struct points piece;
    pattern.count = 0;
    if (everywhere)
        pattern.at[pattern.count++] = ANY;
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->pieces[i].kind != PIECE_TEXT) {
            pattern.at[pattern.count++] = p->pieces[i].kind == PIECE_ANY ? ANY : ONE;
            continue;
        }
        to_points(p->pieces[i].text, cased, &piece);
        for (size_t k = 0; k < piece.count; k++)
            pattern.at[pattern.count++] = piece.at[k];
    }
    if (everywhere)
        pattern.at[pattern.count++] = ANY;
}

/* The row of a table: which prefixes of the text does this much of the pattern match? */
static bool like(void)
{
    static bool row[70001];
    memset(row, 0, sizeof row[0] * (text.count + 1));
    row[0] = true;
    for (size_t p = 0; p < pattern.count; p++) {
        bool before = row[0];
        if (pattern.at[p] != ANY)
            row[0] = false;
        for (size_t t = 1; t <= text.count; t++) {
            bool was = row[t];
            if (pattern.at[p] == ANY)
                row[t] = row[t] || row[t - 1];
            else
                row[t] = before && (pattern.at[p] == ONE || pattern.at[p] == text.at[t - 1]);
            before = was;
        }
    }
    return row[text.count];
}

/* --- one value --- */

struct plain {
    const struct event *event;
    const char *const *renamed;
};

static bool number_of(struct slice s, double *out)
{
    char copy[64], *end;
    if (!s.len || s.len >= sizeof copy)
        return false;
    memcpy(copy, s.data, s.len);
    copy[s.len] = 0;
    for (size_t i = 0; i < s.len; i++)
        if (!strchr("+-.0123456789eE", copy[i]))
            return false;
    *out = strtod(copy, &end);
    return *end == 0;
}

static bool regex(const struct test *t, struct slice s)
{
    int code;
    PCRE2_SIZE at;
    uint32_t options = PCRE2_UTF | (t->flags & REGEX_CASELESS ? PCRE2_CASELESS : 0) |
                       (t->flags & REGEX_MULTILINE ? PCRE2_MULTILINE : 0) |
                       (t->flags & REGEX_DOTALL ? PCRE2_DOTALL : 0);
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)t->text.data, t->text.len, options, &code, &at, NULL);
    pcre2_match_data *m = re ? pcre2_match_data_create_from_pattern(re, NULL) : NULL;
    bool hit = m && pcre2_match(re, (PCRE2_SPTR)(s.data ? s.data : ""), s.len, 0, 0, m, NULL) >= 0;
    pcre2_match_data_free(m);
    pcre2_code_free(re);
    return hit;
}

static bool value_holds(const struct test *t, const struct event_field *f)
{
    double a, b;
    struct network_address address;
    if (f->kind == EVENT_NULL)
        return false;
    switch (t->kind) {
    case TEST_PATTERN:
        to_points(f->value, t->cased, &text);
        to_pattern(&t->pattern, t->cased, !t->field.len);
        return like();
    case TEST_REGEX: return regex(t, f->value);
    case TEST_CIDR: return network_address_parse(f->value, &address) &&
                           network_holds(&t->network, &address);
    case TEST_COMPARE:
        if (!number_of(f->value, &a) || !number_of(t->text, &b))
            return false;
        return t->compare == COMPARE_LT ? a < b : t->compare == COMPARE_LTE ? a <= b
               : t->compare == COMPARE_GT ? a > b : a >= b;
    default: return false;
    }
}

/* --- fields --- */

static bool shape_name(struct slice name, char *out, size_t size)
{
    static const struct { const char *from, *to; } exact[] = {
        { "Event.System.EventID", "EventID" }, { "Event.System.Channel", "Channel" },
        { "Event.System.Computer", "Computer" }, { "Event.System.Level", "Level" },
        { "Event.System.Task", "Task" }, { "Event.System.Opcode", "Opcode" },
        { "Event.System.Keywords", "Keywords" },
        { "Event.System.EventRecordID", "EventRecordID" },
        { "Event.System.Provider.#attributes.Name", "Provider_Name" },
        { "SourceName", "Provider_Name" }, { "Hostname", "Computer" },
    };
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (slice_is(name, exact[i].from))
            return snprintf(out, size, "%s", exact[i].to) > 0;
    struct slice user = SLICE("Event.UserData.");
    if (slice_starts(name, SLICE("Event.EventData.")))
        return snprintf(out, size, "%.*s", SLICE_ARGS(slice_after(name, 16))) > 0;
    if (slice_starts(name, user)) {
        struct slice rest = slice_after(name, user.len);
        size_t dot = slice_find_byte(rest, '.');
        if (dot < rest.len)
            return snprintf(out, size, "%.*s", SLICE_ARGS(slice_after(rest, dot + 1))) > 0;
    }
    return false;
}

static bool same_tight(struct slice name, struct slice wanted)
{
    size_t k = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == ' ')
            continue;
        if (k == wanted.len || name.data[i] != wanted.data[k++])
            return false;
    }
    return k == wanted.len;
}

static bool is_called(const struct event_field *f, struct slice wanted)
{
    char shaped[512];
    return slice_equal(f->name, wanted) || same_tight(f->name, wanted) ||
           (shape_name(f->name, shaped, sizeof shaped) && same_tight(slice_of(shaped), wanted));
}

static bool present(const struct plain *p, struct slice name)
{
    for (uint32_t i = 0; i < p->event->field_count; i++)
        if (is_called(&p->event->fields[i], name))
            return true;
    return false;
}

static struct slice real_name(const struct plain *p, struct slice name)
{
    if (present(p, name))
        return name;
    for (size_t i = 0; p->renamed && p->renamed[i]; i += 2)
        if (slice_is(name, p->renamed[i]) && present(p, slice_of(p->renamed[i + 1])))
            return slice_of(p->renamed[i + 1]);
    return name;
}

static bool field_test(const struct plain *p, const struct test *t)
{
    struct slice a = real_name(p, t->field), b = real_name(p, t->text);
    for (uint32_t i = 0; i < p->event->field_count; i++)
        for (uint32_t k = 0; k < p->event->field_count; k++) {
            const struct event_field *x = &p->event->fields[i], *y = &p->event->fields[k];
            if (!is_called(x, a) || !is_called(y, b) || x->kind == EVENT_NULL ||
                y->kind == EVENT_NULL)
                continue;
            to_points(x->value, t->cased, &text);
            to_points(y->value, t->cased, &pattern);
            if (pattern.count > text.count || (t->mode == FIELD_EQUAL && pattern.count != text.count))
                continue;
            size_t from = t->mode == FIELD_ENDS ? text.count - pattern.count : 0;
            size_t to = t->mode == FIELD_CONTAINS ? text.count - pattern.count : from;
            for (; from <= to; from++)
                if (memcmp(text.at + from, pattern.at, pattern.count * sizeof *pattern.at) == 0)
                    return true;
        }
    return false;
}

static bool test_holds(const struct plain *p, const struct test *t)
{
    struct slice name = real_name(p, t->field);
    bool any = false, other = false;
    if (t->kind == TEST_FIELD)
        return field_test(p, t);
    for (uint32_t i = 0; i < p->event->field_count; i++) {
        const struct event_field *f = &p->event->fields[i];
        if (!t->field.len) {
            if (f->kind != EVENT_OBJECT && f->kind != EVENT_ARRAY && value_holds(t, f))
                return true;
            continue;
        }
        if (!is_called(f, name))
            continue;
        any = true;
        other = other || f->kind != EVENT_NULL;
        if (t->kind != TEST_NULL && t->kind != TEST_EXISTS && value_holds(t, f))
            return true;
    }
    if (!t->field.len && p->event->raw.len && p->event->raw.data[0] != '{') {
        struct event_field raw = { .value = p->event->raw };
        return value_holds(t, &raw);
    }
    if (t->kind == TEST_NULL)
        return !other;
    return t->kind == TEST_EXISTS && any == t->exists;
}

static bool holds(const struct plain *p, const struct expr *e)
{
    switch (e->op) {
    case EXPR_TEST: return test_holds(p, e->test);
    case EXPR_NOT: return !holds(p, e->children[0]);
    case EXPR_TRUE: return true;
    case EXPR_FALSE: return false;
    case EXPR_AND: case EXPR_OR: break;
    }
    for (uint32_t i = 0; i < e->count; i++)
        if (holds(p, e->children[i]) == (e->op == EXPR_OR))
            return e->op == EXPR_OR;
    return e->op == EXPR_AND;
}

bool plain_match(const struct rule *rule, const struct event *event, const char *const *renamed)
{
    struct plain p = { event, renamed };
    return holds(&p, rule->condition);
}
