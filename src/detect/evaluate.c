/* The meaning of each test, clause by clause. */
#include "detect/evaluate.h"

#include "base/clock.h"
#include "base/fold.h"
#include "detect/automaton.h"
#include "detect/regex.h"

#define PCRE_STEPS_MOST 1000000u

bool evaluator_init(struct evaluator *v, const struct ruleset *ruleset)
{
    *v = (struct evaluator){ .ruleset = ruleset, .trust_index = true };
    buffer_init(&v->clean, 0);
    v->memo = calloc(ruleset->atom_count + 1, sizeof *v->memo);
    v->match = pcre2_match_data_create(32, NULL);
    v->context = pcre2_match_context_create(NULL);
    if (v->context)
        pcre2_set_match_limit(v->context, PCRE_STEPS_MOST);
    bool scratch = !ruleset->scratch ||
                   hs_clone_scratch(ruleset->scratch, &v->scratch) == HS_SUCCESS;
    return view_init(&v->view, ruleset) && v->memo && v->match && v->context && scratch;
}

void evaluator_free(struct evaluator *v)
{
    view_free(&v->view);
    free(v->memo);
    pcre2_match_data_free(v->match);
    pcre2_match_context_free(v->context);
    hs_free_scratch(v->scratch);
    buffer_free(&v->clean);
}

static bool contains(struct slice text, struct slice part)
{
    return part.len == 0 || slice_find(text, part) < text.len;
}

/* Does a run of pieces without * match at `at`? Its end, or SIZE_MAX. */
static size_t run_at(const struct ruleset *r, const struct glob_piece *p, uint32_t count,
                     struct slice text, size_t at)
{
    for (uint32_t i = 0; i < count; i++) {
        if (p[i].kind == PIECE_ONE) {
            if (at >= text.len)
                return SIZE_MAX;
            at += fold_character(text, at);
            continue;
        }
        struct slice part = blob_text(r, p[i].text);
        if (text.len - at < part.len || memcmp(text.data + at, part.data, part.len) != 0)
            return SIZE_MAX;
        at += part.len;
    }
    return at;
}

/* First place at or behind `at` where the run matches; its end, or SIZE_MAX. */
static size_t run_find(const struct ruleset *r, const struct glob_piece *p, uint32_t count,
                       struct slice text, size_t at)
{
    for (; at <= text.len; at += at < text.len ? fold_character(text, at) : 1) {
        if (p[0].kind == PIECE_TEXT) {
            size_t skip = slice_find(slice_after(text, at), blob_text(r, p[0].text));
            if (at + skip >= text.len)
                return SIZE_MAX;
            at += skip;
        }
        size_t end = run_at(r, p, count, text, at);
        if (end != SIZE_MAX)
            return end;
    }
    return SIZE_MAX;
}

/* Last run: must end at the text's end; it has a fixed number of characters. */
static bool run_ends(const struct ruleset *r, const struct glob_piece *p, uint32_t count,
                     struct slice text, size_t from)
{
    for (size_t at = from; at <= text.len; at += at < text.len ? fold_character(text, at) : 1)
        if (run_at(r, p, count, text, at) == text.len)
            return true;
    return false;
}

/* IMPLEMENTS sigma-2/wildcards: * any run, ? exactly one character (not byte). */
static bool glob(const struct ruleset *r, const struct atom *atom, struct slice text)
{
    const struct glob_piece *p = r->pieces + atom->pieces.first;
    uint32_t count = atom->pieces.count, i = 0;
    size_t at = 0;
    bool anchored = true;
    while (i < count) {
        if (p[i].kind == PIECE_ANY) {
            anchored = false;
            i++;
            continue;
        }
        uint32_t n = 1;
        while (i + n < count && p[i + n].kind != PIECE_ANY)
            n++;
        bool last = i + n == count;
        if (anchored)
            at = run_at(r, p + i, n, text, at);
        else if (last)
            return run_ends(r, p + i, n, text, at);
        else
            at = run_find(r, p + i, n, text, at);
        if (at == SIZE_MAX)
            return false;
        i += n;
        anchored = true;
    }
    return at == text.len || (count && p[count - 1].kind == PIECE_ANY);
}

static int found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                 void *owner)
{
    (void)id, (void)from, (void)to, (void)flags;
    *(bool *)owner = true;
    return 1;
}

static bool is_ascii(struct slice text)
{
    uint64_t seen = 0, part = 0;
    size_t i = 0;
    for (; i + sizeof part <= text.len; i += sizeof part) {
        memcpy(&part, text.data + i, sizeof part);
        seen |= part;
    }
    for (; i < text.len; i++)
        seen |= (uint64_t)(unsigned char)text.data[i];
    return !(seen & UINT64_C(0x8080808080808080));
}

/* Regexes want UTF-8: what is none becomes U+FFFD. */
static struct slice repaired(struct evaluator *v, struct slice text)
{
    if (fold_is_utf8(text))
        return text;
    buffer_clear(&v->clean);
    for (size_t i = 0; i < text.len; i++) {
        size_t n = fold_character(text, i);
        if (fold_is_utf8(slice_cut(text, i, i + n))) {
            buffer_add(&v->clean, slice_cut(text, i, i + n));
            i += n - 1;
        } else {
            buffer_add(&v->clean, SLICE("\xef\xbf\xbd"));
        }
    }
    return buffer_slice(&v->clean);
}

/* IMPLEMENTS sigma-2/re: a search anywhere in the value, with case unless i. */
static bool regex(struct evaluator *v, const struct atom *atom, struct slice text)
{
    const struct blob_regex *x = &v->ruleset->regexes[atom->regex];
    struct slice needs = blob_text(v->ruleset, x->needs);
    text = text.data ? text : SLICE("");
    if (needs.len && slice_find(text, needs) == text.len)
        return false;
    if (!is_ascii(text))
        text = x->database != NONE && x->flags & REGEX_NARROW
                   ? regex_narrowed(text, x->flags, &v->clean) : repaired(v, text);
    if (x->database != NONE) {
        bool hit = false;
        automaton_scan(v->ruleset->opened[x->database], text, v->scratch, found, &hit);
        return hit;
    }
    int answer = pcre2_match(v->ruleset->pcre[atom->regex], (PCRE2_SPTR)text.data, text.len, 0,
                             PCRE2_NO_UTF_CHECK, v->match, v->context);
    if (answer < 0 && answer != PCRE2_ERROR_NOMATCH)
        v->regex_limit++;
    return answer >= 0;
}

static bool whole_number(struct slice s, int64_t *out)
{
    return slice_to_i64(s, out);
}

/* IMPLEMENTS sigma-2/compare: numbers; what is no number does not match. */
static bool compare(const struct atom *atom, struct slice have, struct slice want)
{
    int64_t a, b;
    double x, y;
    int order;
    if (whole_number(have, &a) && whole_number(want, &b))
        order = a < b ? -1 : a > b;
    else if (slice_to_double(have, &x) && slice_to_double(want, &y))
        order = x < y ? -1 : x > y;
    else
        return false;
    switch ((enum compare)atom->mode) {
    case COMPARE_LT: return order < 0;
    case COMPARE_LTE: return order <= 0;
    case COMPARE_GT: return order > 0;
    case COMPARE_GTE: return order >= 0;
    case COMPARE_EQ: return order == 0;
    default: return order != 0;
    }
}

static bool digits(struct slice s, size_t at, size_t count, int *out)
{
    *out = 0;
    if (at + count > s.len)
        return false;
    for (size_t i = at; i < at + count; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        *out = *out * 10 + (s.data[i] - '0');
    }
    return true;
}

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int iso_week(int year, int month, int day)
{
    static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    int ordinal = before[month - 1] + day + (month > 2 && leap(year));
    int64_t noon = 0;
    struct clock_date date = { .year = year, .month = month, .day = day, .hour = 12 };
    if (!clock_join(&date, 0, &noon))
        return 0;
    int weekday = clock_weekday(noon, 0) + 1;
    int week = (ordinal - weekday + 10) / 7;
    int y = week < 1 ? year - 1 : year;
    int p = (y + y / 4 - y / 100 + y / 400) % 7, q = (y - 1 + (y - 1) / 4 - (y - 1) / 100 +
                                                      (y - 1) / 400) % 7;
    int weeks = p == 4 || q == 3 ? 53 : 52;
    return week < 1 ? weeks : week > weeks ? 1 : week;
}

/* IMPLEMENTS sigma-2/time-parts: of an ISO 8601 date as it is written, no zone is converted. */
static bool time_part(const struct atom *atom, struct slice s)
{
    int year, month, day, hour = -1, minute = -1;
    if (!digits(s, 0, 4, &year) || s.len < 10 || (s.data[4] != '-' && s.data[4] != '/') ||
        !digits(s, 5, 2, &month) || !digits(s, 8, 2, &day) || month < 1 || month > 12 || day < 1 ||
        day > 31)
        return false;
    if (s.len >= 16 && (s.data[10] == 'T' || s.data[10] == ' ')) {
        if (!digits(s, 11, 2, &hour) || !digits(s, 14, 2, &minute))
            return false;
    }
    switch ((enum time_part)atom->part) {
    case TIME_MINUTE: return minute >= 0 && minute == atom->number;
    case TIME_HOUR: return hour >= 0 && hour == atom->number;
    case TIME_DAY: return day == atom->number;
    case TIME_WEEK: return iso_week(year, month, day) == atom->number;
    case TIME_MONTH: return month == atom->number;
    default: return year == atom->number;
    }
}

/* IMPLEMENTS sigma-2/fieldref: any value of the one with any value of the other. */
static bool field(struct evaluator *v, const struct atom *atom, struct view_value *value)
{
    for (int32_t i = view_head(&v->view, atom->other); i >= 0; i = v->view.values[i].next) {
        struct view_value *other = &v->view.values[i];
        if (other->kind == EVENT_NULL)
            continue;
        bool cased = atom->flags & ATOM_CASED;
        if (!cased)
            view_folded(&v->view, value);
        struct slice b = cased ? view_raw(&v->view, other) : view_folded(&v->view, other);
        struct slice a = cased ? view_raw(&v->view, value) : view_folded(&v->view, value);
        bool hit = atom->mode == FIELD_EQUAL ? slice_equal(a, b)
                   : atom->mode == FIELD_STARTS ? slice_starts(a, b)
                   : atom->mode == FIELD_ENDS ? slice_ends(a, b) : contains(a, b);
        if (hit)
            return true;
    }
    return false;
}

/* IMPLEMENTS sigma-2/number-forms: a JSON number is compared in its canonical digits; text as it
 * stands ("0x1" is not 1). */
bool evaluate_value(struct evaluator *v, const struct atom *atom, struct view_value *value)
{
    const struct ruleset *r = v->ruleset;
    struct network_address address;
    if (value->kind == EVENT_NULL)
        return false;
    bool fold = atom->kind <= ATOM_GLOB && !(atom->flags & ATOM_CASED);
    struct slice text = fold ? view_folded(&v->view, value) : view_raw(&v->view, value);
    struct slice want = blob_text(r, atom->text);
    switch ((enum atom_kind)atom->kind) {
    case ATOM_EXACT: return slice_equal(text, want);
    case ATOM_PREFIX: return slice_starts(text, want);
    case ATOM_SUFFIX: return slice_ends(text, want);
    case ATOM_CONTAINS: return contains(text, want);
    case ATOM_GLOB: return glob(r, atom, text);
    case ATOM_REGEX: return regex(v, atom, text);
    case ATOM_CIDR:
        return network_address_parse(text, &address) && network_holds(&atom->network, &address);
    case ATOM_COMPARE: return compare(atom, text, want);
    case ATOM_FIELD: return field(v, atom, value);
    case ATOM_TIME: return time_part(atom, text);
    case ATOM_NULL: case ATOM_EXISTS: break;
    }
    return false;
}

/* IMPLEMENTS sigma-2/null sigma-2/exists sigma-2/absent sigma-2/multi-value: any of the values. */
static bool test_slot(struct evaluator *v, const struct atom *atom)
{
    int32_t head = view_head(&v->view, atom->slot);
    if (atom->kind == ATOM_EXISTS)
        return (head >= 0) == ((atom->flags & ATOM_POSITIVE) != 0);
    if (atom->kind == ATOM_NULL) {
        for (int32_t i = head; i >= 0; i = v->view.values[i].next)
            if (v->view.values[i].kind != EVENT_NULL)
                return false;
        return true;
    }
    for (int32_t i = head; i >= 0; i = v->view.values[i].next)
        if (evaluate_value(v, atom, &v->view.values[i]))
            return true;
    return false;
}

/* IMPLEMENTS sigma-2/keywords: every value of the event, numbers too, and the raw line of text. */
static bool test_whole(struct evaluator *v, const struct atom *atom)
{
    struct view *view = &v->view;
    if (v->line_only)
        return view->is_text && evaluate_value(v, atom, &view->values[view->field_count - 1]);
    view_complete(view);
    for (uint32_t i = 0; i < view->field_count; i++) {
        struct view_value *value = &view->values[i];
        if (value->kind != EVENT_OBJECT && value->kind != EVENT_ARRAY &&
            evaluate_value(v, atom, value))
            return true;
    }
    return false;
}

static bool ask(struct evaluator *v, uint32_t index)
{
    const struct atom *atom = &v->ruleset->atoms[index];
    bool answer = atom->slot == SLOT_WHOLE ? test_whole(v, atom) : test_slot(v, atom);
    v->memo[index] = v->stamp << 1 | answer;
    return answer;
}

/* Most are known of this event, or the index would have found them. */
static inline bool atom_holds(struct evaluator *v, uint32_t index)
{
    if (v->memo[index] >> 1 == v->stamp)
        return v->memo[index] & 1;
    return !(v->trust_index && v->ruleset->atoms[index].flags & ATOM_IN_INDEX) && ask(v, index);
}

bool evaluate_atom(struct evaluator *v, uint32_t index)
{
    return atom_holds(v, index);
}

/* IMPLEMENTS sigma-2/absent-negated: two truth values; what is absent does not hold, its negation
 * does. */
bool evaluate_node(struct evaluator *v, uint32_t index)
{
    const struct node *node = &v->ruleset->nodes[index];
    switch ((enum expr_op)node->op) {
    case EXPR_TEST: return atom_holds(v, node->arg);
    case EXPR_NOT: return !evaluate_node(v, index + 1);
    case EXPR_TRUE: return true;
    case EXPR_FALSE: return false;
    case EXPR_AND: case EXPR_OR: break;
    }
    bool any = node->op == EXPR_OR;
    const struct node *nodes = v->ruleset->nodes;
    for (uint32_t child = index + 1; child < node->end; child = nodes[child].end) {
        bool holds = nodes[child].op == EXPR_TEST ? atom_holds(v, nodes[child].arg)
                                                  : evaluate_node(v, child);
        if (holds == any)
            return any;
    }
    return !any;
}
