/* What each modifier makes of an item's values. IMPLEMENTS sigma-2/modifier-order: modifiers apply from
 * left to right. */
#include "detect/item.h"

#include "base/buffer.h"
#include "detect/encode.h"

static bool needs_text(struct item *item, const struct modifier *self, struct error *e)
{
    for (uint32_t i = 0; i < item->count; i++)
        if (!item->is_text[i])
            return yaml_error(e, item->node, "modifier '%s' needs text values", self->name);
    return true;
}

/* IMPLEMENTS sigma-2/contains sigma-2/startswith sigma-2/endswith sigma-2/fieldref-modes */
static bool compile_affix(struct item *item, const struct modifier *self, struct error *e)
{
    for (uint32_t i = 0; i < item->count; i++) {
        struct test *t = &item->values[i];
        if (t->kind == TEST_FIELD && t->mode == FIELD_EQUAL) {
            t->mode = self->argument == 3 ? FIELD_CONTAINS
                      : self->argument == 1 ? FIELD_ENDS : FIELD_STARTS;
            continue;
        }
        if (!item->is_text[i])
            return yaml_error(e, item->node, "modifier '%s' needs text values", self->name);
        if (!pattern_widen(&t->pattern, self->argument & 1, self->argument & 2, item->arena))
            return item_no_memory(item, e);
        t->mode = self->argument == 3 ? FIELD_CONTAINS
                  : self->argument == 1 ? FIELD_ENDS : FIELD_STARTS;
    }
    return true;
}

/* IMPLEMENTS sigma-2/all: the list becomes AND. */
static bool compile_all(struct item *item, const struct modifier *self, struct error *e)
{
    (void)self, (void)e;
    item->all = true;
    return true;
}

/* IMPLEMENTS sigma-2/neq sigma-2/neq-absent: NOT of the whole item. */
static bool compile_neq(struct item *item, const struct modifier *self, struct error *e)
{
    if (!item->field.len)
        return yaml_error(e, item->node, "modifier '%s' needs a field", self->name);
    item->neq = true;
    return true;
}

/* IMPLEMENTS sigma-2/cased */
static bool compile_cased(struct item *item, const struct modifier *self, struct error *e)
{
    for (uint32_t i = 0; i < item->count; i++) {
        struct test *t = &item->values[i];
        if (!item->is_text[i] && t->kind != TEST_FIELD)
            return yaml_error(e, item->node, "modifier '%s' needs text values", self->name);
        t->cased = true;
    }
    return true;
}

/* IMPLEMENTS sigma-2/re: of values as they are written; only expand may stand before it. */
static bool compile_re(struct item *item, const struct modifier *self, struct error *e)
{
    if (!needs_text(item, self, e))
        return false;
    for (uint32_t i = 0; i < item->count; i++) {
        struct test *t = &item->values[i];
        if (!t->text.len)
            return yaml_error(e, item->node, "the regular expression is empty");
        t->kind = TEST_REGEX;
        item->is_text[i] = false;
    }
    item->has_regex = true;
    return true;
}

/* IMPLEMENTS sigma-2/re-flags */
static bool compile_flag(struct item *item, const struct modifier *self, struct error *e)
{
    if (!item->has_regex)
        return yaml_error(e, item->node, "modifier '%s' belongs behind 're'", self->name);
    for (uint32_t i = 0; i < item->count; i++)
        item->values[i].flags |= (unsigned)self->argument;
    return true;
}

/* IMPLEMENTS sigma-2/cidr */
static bool compile_cidr(struct item *item, const struct modifier *self, struct error *e)
{
    if (!needs_text(item, self, e))
        return false;
    for (uint32_t i = 0; i < item->count; i++) {
        struct test *t = &item->values[i];
        if (!network_parse(t->text, &t->network)) {
            yaml_error(e, item->node, "'%.*s' is no network", SLICE_ARGS(t->text));
            return error_hint(e, "write 10.0.0.0/8 or 2001:db8::/32");
        }
        t->kind = TEST_CIDR;
        item->is_text[i] = false;
    }
    return true;
}

/* IMPLEMENTS sigma-2/compare */
static bool compile_compare(struct item *item, const struct modifier *self, struct error *e)
{
    double number;
    for (uint32_t i = 0; i < item->count; i++) {
        struct test *t = &item->values[i];
        if (!item->is_text[i] || !slice_to_double(t->text, &number)) {
            yaml_error(e, item->node, "modifier '%s' needs a number", self->name);
            return error_hint(e, "write 10, not '10 MB'");
        }
        t->kind = TEST_COMPARE;
        t->compare = (enum compare)self->argument;
        item->is_text[i] = false;
    }
    return true;
}

/* IMPLEMENTS sigma-2/time-parts */
static bool compile_time(struct item *item, const struct modifier *self, struct error *e)
{
    for (uint32_t i = 0; i < item->count; i++) {
        struct test *t = &item->values[i];
        if (!item->is_text[i] || !slice_to_i64(t->text, &t->number))
            return yaml_error(e, item->node, "modifier '%s' needs a whole number", self->name);
        t->kind = TEST_TIME;
        t->part = (enum time_part)self->argument;
        item->is_text[i] = false;
    }
    return true;
}

/* IMPLEMENTS sigma-2/exists */
static bool compile_exists(struct item *item, const struct modifier *self, struct error *e)
{
    for (uint32_t i = 0; i < item->count; i++) {
        struct test *t = &item->values[i];
        bool yes = slice_equal_nocase(t->text, SLICE("true"));
        if (item->count != 1 || (!yes && !slice_equal_nocase(t->text, SLICE("false"))))
            return yaml_error(e, item->node, "modifier '%s' needs true or false", self->name);
        t->kind = TEST_EXISTS;
        t->exists = yes;
        item->is_text[i] = false;
    }
    return item->field.len || yaml_error(e, item->node, "modifier '%s' needs a field", self->name);
}

/* IMPLEMENTS sigma-2/fieldref */
static bool compile_fieldref(struct item *item, const struct modifier *self, struct error *e)
{
    if (!needs_text(item, self, e))
        return false;
    for (uint32_t i = 0; i < item->count; i++) {
        struct test *t = &item->values[i];
        if (!t->text.len)
            return yaml_error(e, item->node, "modifier '%s' needs the name of a field", self->name);
        t->kind = TEST_FIELD;
        item->is_text[i] = false;
    }
    return true;
}

static bool word_byte(const char *text, size_t len, size_t at)
{
    if (at >= len)
        return false;
    unsigned char c = (unsigned char)text[at];
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c >= 0x80;
}

/* Every flag dash of the text replaced by `dash`: a - or / with no word character before and one
 * behind it. */
static struct slice replace_dashes(struct arena *arena, struct slice text, const char *dash,
                                   bool *any)
{
    BUFFER_AUTO out;
    buffer_init(&out, text.len * 4 + 16);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool flag = (c == '-' || c == '/') && !(i && word_byte(text.data, text.len, i - 1)) &&
                    word_byte(text.data, text.len, i + 1);
        if (flag)
            buffer_add(&out, slice_of(dash));
        else
            buffer_add_byte(&out, c);
        *any = *any || flag;
    }
    return arena_copy(arena, buffer_slice(&out));
}

/* The value with its flag dashes replaced, in its pieces and, for expand, as it is written: an escape
 * or a wildcard is no word character, so both see the same flags. */
static bool with_dashes(struct item *item, const struct test *test, const char *dash,
                        struct test *out, bool *any)
{
    const struct pattern *old = &test->pattern;
    struct piece *pieces = arena_array(item->arena, old->count + 1, sizeof *pieces);
    *out = *test;
    out->pattern.pieces = pieces;
    out->text = replace_dashes(item->arena, test->text, dash, any);
    for (uint32_t k = 0; pieces && k < old->count; k++) {
        pieces[k] = old->pieces[k];
        if (pieces[k].kind == PIECE_TEXT)
            pieces[k].text = replace_dashes(item->arena, pieces[k].text, dash, any);
    }
    return pieces != NULL;
}

/* IMPLEMENTS sigma-2/windash sigma-2/windash-wildcard: one replacement for all flag dashes of a value. */
static bool compile_windash(struct item *item, const struct modifier *self, struct error *e)
{
    static const char *const dashes[] = { "-", "/", "–", "—", "―" };
    uint32_t before = item->count;
    if (!needs_text(item, self, e))
        return false;
    for (uint32_t i = 0; i < before; i++) {
        bool any = false;
        for (size_t d = 0; d < sizeof dashes / sizeof *dashes; d++) {
            struct test copy;
            if (!with_dashes(item, &item->values[i], dashes[d], &copy, &any))
                return item_no_memory(item, e);
            if (!any)
                break;
            if (!item_add(item, &copy, true))
                return item_no_memory(item, e);
        }
    }
    return true;
}

static bool plain_bytes(struct item *item, const struct modifier *self, uint32_t i,
                        struct slice *out, struct error *e)
{
    if (item->is_text[i] && pattern_plain(&item->values[i].pattern, out))
        return out->len > 0 || yaml_error(e, item->node, "modifier '%s' has nothing to encode: "
                                                         "the value is empty", self->name);
    yaml_error(e, item->node, "modifier '%s' cannot encode a value with wildcards", self->name);
    return error_hint(e, "write the wildcards behind: '%s|contains'", self->name);
}

static bool set_bytes(struct item *item, struct test *t, struct slice bytes)
{
    t->text = bytes;
    return bytes.data && pattern_read(bytes, false, item->arena, &t->pattern);
}

/* IMPLEMENTS sigma-2/base64: the whole value, padding kept. */
static bool compile_base64(struct item *item, const struct modifier *self, struct error *e)
{
    struct slice bytes;
    for (uint32_t i = 0; i < item->count; i++) {
        if (!plain_bytes(item, self, i, &bytes, e))
            return false;
        if (!set_bytes(item, &item->values[i], encode_base64(item->arena, bytes)))
            return item_no_memory(item, e);
    }
    return true;
}

/* IMPLEMENTS sigma-2/base64offset: the value at each of the three shifts. One byte alone does not
 * reach over a whole character at the second. */
static bool compile_base64offset(struct item *item, const struct modifier *self, struct error *e)
{
    uint32_t before = item->count;
    for (uint32_t i = 0; i < before; i++) {
        struct slice bytes;
        if (!plain_bytes(item, self, i, &bytes, e))
            return false;
        if (bytes.len < 2)
            return yaml_error(e, item->node, "modifier '%s' needs values of two bytes or more: of "
                                             "one, nothing can be told at the second offset",
                              self->name);
        for (size_t shift = 0; shift < 3; shift++) {
            struct test copy = item->values[i];
            struct slice part = encode_base64_shifted(item->arena, bytes, shift);
            if (!set_bytes(item, shift ? &copy : &item->values[i], part) ||
                (shift && !item_add(item, &copy, true)))
                return item_no_memory(item, e);
        }
    }
    return true;
}

/* IMPLEMENTS sigma-2/utf16: argument 1 big-endian, 2 with FF FE before it. */
static bool compile_utf16(struct item *item, const struct modifier *self, struct error *e)
{
    struct slice text;
    for (uint32_t i = 0; i < item->count; i++) {
        if (!plain_bytes(item, self, i, &text, e))
            return false;
        struct slice units = encode_utf16(item->arena, text, self->argument & 1,
                                          self->argument & 2);
        if (!set_bytes(item, &item->values[i], units))
            return item_no_memory(item, e);
    }
    return true;
}

/* The name in %name% at `at`, its end in *end_out; false when there is none. */
static bool placeholder_at(struct slice text, size_t at, struct slice *name_out, size_t *end_out)
{
    if (text.data[at] != '%' || (at && text.data[at - 1] == '\\'))
        return false;
    for (size_t i = at + 1; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%' && i > at + 1) {
            *name_out = slice_cut(text, at + 1, i);
            *end_out = i + 1;
            return true;
        }
        if (!word_byte(text.data, text.len, i) && c != '.' && c != '-')
            return false;
    }
    return false;
}

static struct slice without_escapes(struct arena *arena, struct slice text)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < text.len; i++)
        if (!(text.data[i] == '\\' && i + 1 < text.len && text.data[i + 1] == '%'))
            out[n++] = text.data[i];
    return (struct slice){ out, n };
}

/* Replaces the first placeholder by each of its values, and goes on behind them. */
static bool expand_one(struct item *item, const struct test *test, struct slice text, size_t from,
                       struct error *e)
{
    struct slice name;
    size_t at = from, end = 0;
    while (at < text.len && !placeholder_at(text, at, &name, &end))
        at++;
    if (at >= text.len) {
        struct test copy = *test;
        bool regex = test->kind == TEST_REGEX;
        copy.text = without_escapes(item->arena, text);
        return (copy.text.data &&
                (regex || pattern_read(copy.text, true, item->arena, &copy.pattern)) &&
                item_add(item, &copy, !regex)) || item_no_memory(item, e);
    }
    char *key = arena_text(item->arena, name);
    const struct yaml *list = yaml_member(item->placeholders->document, key ? key : "");
    if (!list || list->kind == YAML_MAPPING) {
        yaml_error(e, item->node, "there is no list for the placeholder %%%.*s%%", SLICE_ARGS(name));
        return error_hint(e, "give it by --placeholders FILE or detect.placeholders, as '%.*s: [value, …]'",
                          SLICE_ARGS(name));
    }
    uint32_t count = list->kind == YAML_SCALAR ? 1 : list->count;
    const struct yaml *values = list->kind == YAML_SCALAR ? list : list->children;
    for (uint32_t i = 0; i < count; i++) {
        struct slice grown = arena_print(item->arena, "%.*s%.*s%.*s", (int)at, text.data,
                                         SLICE_ARGS(values[i].text), (int)(text.len - end),
                                         text.data + end);
        if (!grown.data || !expand_one(item, test, grown, at + values[i].text.len, e))
            return item_no_memory(item, e);
    }
    return true;
}

/* IMPLEMENTS sigma-2/expand: an unknown placeholder refuses the rule. Behind re the list's values are
 * parts of expressions. */
static bool compile_expand(struct item *item, const struct modifier *self, struct error *e)
{
    struct item old = *item;
    if (!item->has_regex && !needs_text(item, self, e))
        return false;
    if (item->encoded)
        return yaml_error(e, item->node, "modifier '%s' must stand before '%s'", self->name,
                          item->encoded->name);
    item->values = NULL;
    item->is_text = NULL;
    item->count = item->capacity = 0;
    for (uint32_t i = 0; i < old.count; i++) {
        struct test t = old.values[i];
        int affix = (int)t.mode;
        uint32_t before = item->count;
        if (!expand_one(item, &t, t.text, 0, e))
            return false;
        for (uint32_t k = before; k < item->count; k++) /* each of the list's is a value of its own */
            item->values[k].origin = t.origin << 16 | (k - before);
        for (uint32_t k = before; affix && k < item->count; k++)
            if (!pattern_widen(&item->values[k].pattern, affix != FIELD_STARTS, affix != FIELD_ENDS,
                               item->arena))
                return item_no_memory(item, e);
    }
    return true;
}

/* May this one follow those before it? What makes something else of a value takes it as written, but
 * expand may stand before it, and contains, startswith, endswith, cased before fieldref. */
static bool may_follow(struct item *item, const struct modifier *m, struct error *e)
{
    bool expand = m->compile == compile_expand;
    const struct modifier *before = m->kind != MODIFIER_TYPE ? NULL
                                    : m->compile == compile_fieldref ? item->rewritten
                                    : item->changed;
    if (item->has_regex && m->kind != MODIFIER_FLAG && m->kind != MODIFIER_LIST && !expand)
        return yaml_error(e, item->node, "modifier '%s' cannot be combined with 're'", m->name);
    return !before || yaml_error(e, item->node, "modifier '%s' cannot stand behind '%s'", m->name,
                                 before->name);
}

static void remember(struct item *item, const struct modifier *m)
{
    bool changes = m->kind == MODIFIER_TEXT || m->kind == MODIFIER_ENCODE;
    if (!changes || m->compile == compile_expand)
        return;
    item->changed = m;
    if (m->kind == MODIFIER_ENCODE || m->compile == compile_windash)
        item->rewritten = m;
    if (m->kind == MODIFIER_ENCODE)
        item->encoded = m;
    for (uint32_t i = 0; m->compile != compile_cased && i < item->count; i++)
        item->values[i].number_text = SLICE_NONE; /* it is text now */
}

const struct modifier modifiers[] = {
    { "contains", MODIFIER_TEXT, compile_affix, 3, "path|contains: '.ssh'" },
    { "startswith", MODIFIER_TEXT, compile_affix, 2, "Image|startswith: 'C:\\Users\\'" },
    { "endswith", MODIFIER_TEXT, compile_affix, 1, "Image|endswith: '\\cmd.exe'" },
    { "all", MODIFIER_LIST, compile_all, 0, "CommandLine|contains|all: [net, user]" },
    { "neq", MODIFIER_LIST, compile_neq, 0, "user|neq: root" },
    { "cased", MODIFIER_TEXT, compile_cased, 0, "CommandLine|contains|cased: 'IEX'" },
    { "windash", MODIFIER_TEXT, compile_windash, 0, "CommandLine|contains|windash: ' -enc'" },
    { "base64", MODIFIER_ENCODE, compile_base64, 0, "Payload|base64|contains: 'http://'" },
    { "base64offset", MODIFIER_ENCODE, compile_base64offset, 0,
      "Payload|base64offset|contains: 'http://'" },
    { "wide", MODIFIER_ENCODE, compile_utf16, 0, "Payload|wide|base64offset|contains: 'IEX'" },
    { "utf16le", MODIFIER_ENCODE, compile_utf16, 0, "Payload|utf16le|base64|contains: 'IEX'" },
    { "utf16be", MODIFIER_ENCODE, compile_utf16, 1, "Payload|utf16be|base64|contains: 'IEX'" },
    { "utf16", MODIFIER_ENCODE, compile_utf16, 2, "Payload|utf16|base64|contains: 'IEX'" },
    { "expand", MODIFIER_TEXT, compile_expand, 0, "user|expand: '%administrators%'" },
    { "re", MODIFIER_TYPE, compile_re, 0, "CommandLine|re: 'c[a@]lc\\.exe'" },
    { "cidr", MODIFIER_TYPE, compile_cidr, 0, "src_ip|cidr: 10.0.0.0/8" },
    { "lt", MODIFIER_TYPE, compile_compare, COMPARE_LT, "bytes|lt: 100" },
    { "lte", MODIFIER_TYPE, compile_compare, COMPARE_LTE, "bytes|lte: 100" },
    { "gt", MODIFIER_TYPE, compile_compare, COMPARE_GT, "bytes|gt: 1000000" },
    { "gte", MODIFIER_TYPE, compile_compare, COMPARE_GTE, "bytes|gte: 1000000" },
    { "fieldref", MODIFIER_TYPE, compile_fieldref, 0, "TargetFilename|fieldref: Image" },
    { "exists", MODIFIER_TYPE, compile_exists, 0, "user|exists: true" },
    { "minute", MODIFIER_TYPE, compile_time, TIME_MINUTE, "time|minute: 30" },
    { "hour", MODIFIER_TYPE, compile_time, TIME_HOUR, "time|hour: [0, 1, 2, 3]" },
    { "day", MODIFIER_TYPE, compile_time, TIME_DAY, "time|day: 1" },
    { "week", MODIFIER_TYPE, compile_time, TIME_WEEK, "time|week: 52" },
    { "month", MODIFIER_TYPE, compile_time, TIME_MONTH, "time|month: 12" },
    { "year", MODIFIER_TYPE, compile_time, TIME_YEAR, "time|year: 2026" },
    { "i", MODIFIER_FLAG, compile_flag, REGEX_CASELESS, "CommandLine|re|i: 'invoke-\\w+'" },
    { "ignorecase", MODIFIER_FLAG, compile_flag, REGEX_CASELESS, "CommandLine|re|ignorecase: 'a+'" },
    { "m", MODIFIER_FLAG, compile_flag, REGEX_MULTILINE, "ScriptBlockText|re|m: '^iex '" },
    { "multiline", MODIFIER_FLAG, compile_flag, REGEX_MULTILINE, "Text|re|multiline: '^iex '" },
    { "s", MODIFIER_FLAG, compile_flag, REGEX_DOTALL, "ScriptBlockText|re|s: 'a.*b'" },
    { "dotall", MODIFIER_FLAG, compile_flag, REGEX_DOTALL, "ScriptBlockText|re|dotall: 'a.*b'" },
    { NULL }
};

static const struct modifier *modifier_find(struct slice name)
{
    for (const struct modifier *m = modifiers; m->name; m++)
        if (slice_is(name, m->name))
            return m;
    return NULL;
}

bool modifiers_apply(struct item *item, struct slice names, struct error *e)
{
    struct slice name;
    while (slice_split(&names, '|', &name)) {
        const struct modifier *m = modifier_find(name);
        if (!m) {
            yaml_error(e, item->node, "there is no modifier '%.*s'", SLICE_ARGS(name));
            return error_hint(e, "docs/detection.md lists them all");
        }
        if (!may_follow(item, m, e) || !m->compile(item, m, e))
            return false;
        remember(item, m);
    }
    return true;
}
