#include "base/buffer.h"
#include "base/clock.h"
#include "plan/plan_check.h"

#include <stdlib.h>

/* One measure run for one period, topics and due date; found again by these. */
struct run {
    const struct plan_target *target;
    struct period period;
    int64_t due;
    struct measure_rows rows;
    bool open;              /* evidence of the kinds it needs arrived while there was time */
};

struct check {
    const struct plan *plan;
    struct measures *measures;
    struct arena *arena;
    struct error *e;
    struct plan_result *result;
    struct run *runs;
    uint32_t run_count, run_room;
    struct evidence_kind {
        struct slice kind;
        int64_t since;
    } *kinds;
    uint32_t kind_count;
    struct plan_exemption *exemptions;
    uint32_t exemption_count;
    uint32_t standing_room;
};

/* ---- what the register knows ------------------------------------------------------------------ */

/* Room for one more of an array in the arena; false when memory is short. */
static bool grow(struct arena *arena, void **array, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room)
        return true;
    uint32_t more = *room ? *room * 2 : 64;
    void *grown = arena_array(arena, more, size);
    if (!grown)
        return false;
    if (count)
        memcpy(grown, *array, count * size);
    *array = grown;
    *room = more;
    return true;
}

struct collect {
    struct arena *arena;
    void *array;
    uint32_t count, room;
    bool failed;
};

#define COLLECT(c, type) \
    (grow((c)->arena, &(c)->array, (c)->count, &(c)->room, sizeof(type)) \
         ? &((type *)(c)->array)[(c)->count++] : ((c)->failed = true, (type *)NULL))

static bool take_agency(void *context, const struct slice *v, int count)
{
    struct collect *c = context;
    struct plan_agency *a = COLLECT(c, struct plan_agency);
    (void)count;
    if (!a)
        return false;
    *a = (struct plan_agency){
        .key = arena_copy(c->arena, v[0]), .kind = arena_copy(c->arena, v[1]),
        .name = arena_copy(c->arena, v[2]), .name_en = arena_copy(c->arena, v[3]),
        .valid_from = arena_copy(c->arena, v[4]), .valid_to = arena_copy(c->arena, v[5]),
        .has_system = slice_is(v[6], "1"),
    };
    return true;
}

static bool take_kind(void *context, const struct slice *v, int count)
{
    struct collect *c = context;
    struct evidence_kind *k = COLLECT(c, struct evidence_kind);
    (void)count;
    if (!k)
        return false;
    *k = (struct evidence_kind){ .kind = arena_copy(c->arena, v[0]), .since = INT64_MAX };
    slice_to_i64(v[1], &k->since);
    return true;
}

static int64_t day_start_or(struct slice day, int64_t otherwise)
{
    int64_t start;
    return calendar_day_start(day, &start) ? start : otherwise;
}

/* The moment behind a last day; days beyond the clock are open ends. */
static int64_t day_end(struct slice day)
{
    int64_t start = day_start_or(day, INT64_MAX);
    return start > INT64_MAX - CLOCK_DAY ? INT64_MAX : start + CLOCK_DAY;
}

static bool take_exemption(void *context, const struct slice *v, int count)
{
    struct collect *c = context;
    struct plan_exemption *x = COLLECT(c, struct plan_exemption);
    if (!x)
        return false;
    struct slice *fields[] = { &x->obligation, &x->agency, &x->subject, &x->reason, &x->document,
                               &x->granted_by, &x->holds_from, &x->holds_to };
    (void)count;
    x->id = 0;
    slice_to_i64(v[0], &x->id);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        *fields[i] = arena_copy(c->arena, v[i + 1]);
    x->from = day_start_or(x->holds_from, INT64_MIN);
    x->to = day_end(x->holds_to);
    x->learnt_at = INT64_MAX;
    slice_to_i64(v[9], &x->learnt_at);
    return true;
}

struct name {
    struct slice key;
    struct plan_words words;
};

static bool take_name(void *context, const struct slice *v, int count)
{
    struct collect *c = context;
    struct name *n = COLLECT(c, struct name);
    (void)count;
    if (!n)
        return false;
    n->key = arena_print(c->arena, "%.*s:%.*s", SLICE_ARGS(v[0]), SLICE_ARGS(v[1]));
    n->words.vi = arena_copy(c->arena, v[2]);
    n->words.en = arena_copy(c->arena, v[3]);
    return true;
}

/* Names by "kind:id", sorted. */
struct name_book {
    struct name *rows;
    uint32_t count;
};

static int compare_name(const void *a, const void *b)
{
    return slice_compare(((const struct name *)a)->key, ((const struct name *)b)->key);
}

/* all_names: also those of alerts, of which there are many. */
static bool read_register(struct check *c, bool all_names)
{
    struct plan_result *r = c->result;
    struct collect agencies = { .arena = c->arena }, kinds = { .arena = c->arena };
    struct collect exemptions = { .arena = c->arena }, names = { .arena = c->arena };
    struct slice known[2];

    known[0] = c->plan->key.number;
    known[1] = arena_print(c->arena, "%lld", (long long)r->at);
    if (!measures_query(c->measures,
                        "SELECT a.id, a.kind, n.name, n.name_en, a.valid_from, a.valid_to,"
                        " a.id IN (SELECT agency FROM m_system UNION SELECT operator FROM m_system)"
                        " FROM m_agency a JOIN m_name n ON n.kind = 'agency' AND n.id = a.id"
                        " ORDER BY a.rank, a.id",
                        NULL, 0, take_agency, &agencies, c->e) ||
        !measures_query(c->measures, "SELECT kind, since FROM m_evidence_kind", NULL, 0, take_kind,
                        &kinds, c->e) ||
        !measures_query(c->measures,
                        "SELECT id, obligation, agency, subject, reason, document, granted_by,"
                        " holds_from, holds_to, learnt_at FROM m_exemption WHERE plan = ?1"
                        " AND learnt_at <= CAST(?2 AS INTEGER)"
                        " AND (revoked_at IS NULL OR revoked_at > CAST(?2 AS INTEGER))"
                        " ORDER BY holds_from, id",
                        known, 2, take_exemption, &exemptions, c->e) ||
        !measures_query(c->measures,
                        all_names ? "SELECT kind, id, name, name_en FROM m_name"
                                  : "SELECT kind, id, name, name_en FROM m_name WHERE kind <> 'alert'",
                        NULL, 0, take_name, &names, c->e))
        return false;
    struct name_book *book = arena_zero(c->arena, sizeof *book);
    if (!book || agencies.failed || kinds.failed || exemptions.failed || names.failed ||
        c->arena->exhausted)
        return error_set(c->e, "not enough memory for %s", "the check");
    r->agencies = agencies.array;
    r->agency_count = agencies.count;
    c->kinds = kinds.array;
    c->kind_count = kinds.count;
    c->exemptions = exemptions.array;
    c->exemption_count = exemptions.count;
    book->rows = names.array;
    book->count = names.count;
    if (book->count)
        qsort(book->rows, book->count, sizeof *book->rows, compare_name);
    r->names = book;
    return true;
}

struct slice plan_result_name(const struct plan_result *result, struct slice kind, struct slice id,
                              const char *language)
{
    const struct name_book *book = result->names;
    char text[300];
    struct name wanted = { 0 }, *found;

    if (kind.len + id.len + 1 > sizeof text || !book->count)
        return id;
    memcpy(text, kind.data, kind.len);
    text[kind.len] = ':';
    if (id.len)
        memcpy(text + kind.len + 1, id.data, id.len);
    wanted.key = slice_from(text, kind.len + 1 + id.len);
    found = bsearch(&wanted, book->rows, book->count, sizeof *book->rows, compare_name);
    return found && found->words.vi.len ? plan_words_in(&found->words, language) : id;
}

/* ---- who owes --------------------------------------------------------------------------------- */

static bool alive(const struct plan_agency *a, const struct period *period)
{
    char from[CALENDAR_DAY], to[CALENDAR_DAY];
    calendar_day_text(period->from, from);
    calendar_day_text(period->to, to);
    return slice_compare(a->valid_from, slice_of(to)) < 0 &&
           slice_compare(a->valid_to, slice_of(from)) >= 0;
}

static bool owes(const struct plan_role *role, const struct plan_agency *a)
{
    if (role->agency.len)
        return slice_equal(role->agency, a->key);
    if (role->having_system && !a->has_system)
        return false;
    for (uint32_t i = 0; i < role->kind_count; i++)
        if (slice_equal(role->kinds[i], a->kind))
            return true;
    return false;
}

/* ---- measures --------------------------------------------------------------------------------- */

static bool is_open(const struct check *c, const struct plan_measure *m, const struct period *period,
                    int64_t due)
{
    int64_t end = due > period->to ? due : period->to;

    for (uint32_t i = 0; i < m->need_count; i++) {
        bool found = false;
        for (uint32_t k = 0; k < c->kind_count; k++)
            found = found || (slice_equal(c->kinds[k].kind, m->needs[i]) &&
                              c->kinds[k].since < end && c->kinds[k].since <= c->result->at);
        if (!found)
            return false;
    }
    return true;
}

static bool same_run(const struct run *run, const struct plan_target *t, const struct period *period,
                     int64_t due)
{
    if (run->target->measure != t->measure || run->period.from != period->from ||
        run->period.to != period->to || run->due != due ||
        run->target->topic_count != t->topic_count)
        return false;
    for (uint32_t i = 0; i < t->topic_count; i++)
        if (!slice_equal(run->target->topics[i].value, t->topics[i].value) ||
            !slice_equal(run->target->topics[i].name, t->topics[i].name))
            return false;
    return true;
}

static struct run *find_run(struct check *c, const struct plan_target *t, const struct period *period,
                            int64_t due)
{
    for (uint32_t i = 0; i < c->run_count; i++)
        if (same_run(&c->runs[i], t, period, due))
            return &c->runs[i];
    if (!grow(c->arena, (void **)&c->runs, c->run_count, &c->run_room, sizeof *c->runs)) {
        error_set(c->e, "not enough memory for %s", "the check");
        return NULL;
    }
    struct run *run = &c->runs[c->run_count];
    struct measure_input input = { .plan = c->plan, .period = *period, .asof = c->result->at,
                                   .due = due, .topics = t->topics, .topic_count = t->topic_count };
    *run = (struct run){ .target = t, .period = *period, .due = due,
                         .open = is_open(c, t->measure, period, due) };
    if (!measure_run(c->measures, t->measure, &input, c->arena, &run->rows, c->e))
        return NULL;
    c->run_count++;
    return run;
}

/* The rows of one agency within rows that are ordered by agency. */
static struct measure_rows rows_of(const struct measure_rows *rows, struct slice agency)
{
    uint32_t low = 0, high = rows->count, end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (slice_compare(rows->rows[middle].agency, agency) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < rows->count && slice_equal(rows->rows[end].agency, agency); end++)
        ;
    return (struct measure_rows){ rows->count ? rows->rows + low : NULL, end - low };
}

/* ---- exemptions ------------------------------------------------------------------------------- */

/* About this duty of this agency, and granted before it stood as not met: what is finished stays. */
static bool speaks_of(const struct plan_exemption *x, const struct plan_standing *s,
                      struct slice subject)
{
    return slice_equal(x->obligation, s->obligation->id) && slice_equal(x->agency, s->agency->key) &&
           slice_equal(x->subject, subject) && x->learnt_at < s->due + s->obligation->grace;
}

/* Exempt when exemptions cover more than half of the period's days on which the agency exists,
 * whatever the moment asked: one day exempts from no year, one day without it brings no year back.
 * Answers the last of them. They are ordered by their first days. */
static const struct plan_exemption *find_exemption(const struct check *c,
                                                   const struct plan_standing *s,
                                                   struct slice subject)
{
    const struct plan_exemption *last = NULL;
    int64_t from = day_start_or(s->agency->valid_from, INT64_MIN), to = day_end(s->agency->valid_to);
    int64_t covered = 0;

    from = from > s->period.from ? from : s->period.from;
    to = to < s->period.to ? to : s->period.to;
    int64_t half = (to - from) / 2, reached = from;
    for (uint32_t i = 0; i < c->exemption_count; i++) {
        const struct plan_exemption *x = &c->exemptions[i];
        if (!speaks_of(x, s, subject) || x->to <= reached || x->from >= to)
            continue;
        int64_t start = x->from > reached ? x->from : reached;
        reached = x->to < to ? x->to : to;
        covered += reached - start;
        last = x;
    }
    return covered > half ? last : NULL;
}

/* Copies an agency's rows; those of an exempted subject leave both sums and say so. */
static bool copy_rows(struct check *c, const struct plan_standing *s, struct measure_rows rows,
                      struct target_standing *t)
{
    t->rows = arena_array(c->arena, rows.count ? rows.count : 1, sizeof *t->rows);
    if (!t->rows)
        return error_set(c->e, "not enough memory for %s", "the check");
    t->row_count = rows.count;
    for (uint32_t i = 0; i < rows.count; i++) {
        t->rows[i] = rows.rows[i];
        if (c->exemption_count && find_exemption(c, s, rows.rows[i].subject)) {
            t->rows[i].weight = 0;
            t->rows[i].reason = SLICE("exempted");
        }
    }
    return true;
}

/* ---- one standing ----------------------------------------------------------------------------- */

static int64_t due_of(const struct check *c, const struct plan_obligation *o,
                      const struct period *period)
{
    const struct regime_value *value = regime_value(c->plan->regime, o->due_value);
    int64_t due = period->to;

    if (value && value->kind == REGIME_NUMBER) {
        due = calendar_after_working_days(&c->plan->regime->calendar, period->to, (int)value->number);
    } else if (value) {
        struct clock_date date = { .year = period->year, .month = value->month, .day = value->day };
        if (!clock_join(&date, CLOCK_ZONE, &due))
            due = period->to;
    }
    return due;
}

static bool judge(struct check *c, const struct plan_obligation *o, const struct plan_agency *a,
                  const struct period *period)
{
    struct plan_result *r = c->result;
    bool started = r->first_start < period->to && r->first_start <= r->at;

    if (!grow(c->arena, (void **)&r->standings, r->standing_count, &c->standing_room,
              sizeof *r->standings))
        return error_set(c->e, "not enough memory for %s", "the check");
    struct plan_standing *s = &r->standings[r->standing_count++];
    *s = (struct plan_standing){ .obligation = o, .agency = a, .period = *period };
    s->due = due_of(c, o, period);
    s->exemption = c->exemption_count ? find_exemption(c, s, SLICE("")) : NULL;
    s->targets = arena_zero(c->arena, o->target_count * sizeof *s->targets);
    if (!s->targets)
        return error_set(c->e, "not enough memory for %s", "the check");
    for (uint32_t i = 0; i < o->target_count; i++) {
        struct target_standing *t = &s->targets[i];
        struct run *run = find_run(c, &o->targets[i], period, s->due);
        if (!run)
            return false;
        t->target = &o->targets[i];
        if (!copy_rows(c, s, rows_of(&run->rows, a->key), t))
            return false;
        target_judge(t, run->open, started);
    }
    standing_judge(s, r->at);
    if (!s->trial)
        r->counts[s->standing]++;
    return true;
}

static bool judge_period(struct check *c, const struct plan_obligation *o, struct period period,
                         struct slice agency)
{
    struct plan_result *r = c->result;

    if (period.to <= c->plan->in_force_from || period.from > r->at ||
        (c->plan->in_force_to && period.from >= c->plan->in_force_to))
        return true;
    bool vacant = o->who->agency.len > 0;
    for (uint32_t i = 0; i < r->agency_count; i++) {
        const struct plan_agency *a = &r->agencies[i];
        if (!owes(o->who, a) || !alive(a, &period))
            continue;
        vacant = false;
        if ((!agency.len || slice_equal(agency, a->key)) && !judge(c, o, a, &period))
            return false;
    }
    if (vacant)     /* it may not vanish unseen */
        r->vacant[o - c->plan->obligations] = true;
    return true;
}

static bool judge_running(struct check *c, const struct plan_obligation *o, struct slice agency)
{
    for (int kind = 0; kind < PERIOD_KINDS; kind++) {
        if (!(o->periods >> kind & 1))
            continue;
        int cutoff = c->plan->regime->cutoff;
        struct period now = period_at((enum period_kind)kind, c->result->at, cutoff);
        struct period before = period_before(&now, cutoff);
        if (before.to > c->result->first_start && !judge_period(c, o, before, agency))
            return false;
        if (!judge_period(c, o, now, agency))
            return false;
    }
    return true;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static bool find_options(struct check *c, const struct plan_check_options *options)
{
    struct plan_result *r = c->result;
    int cutoff = c->plan->regime->cutoff;
    bool found = !options->agency.len;

    r->at = options->at ? options->at : clock_now();
    r->chosen = period_at(PERIOD_QUARTER, r->at, cutoff);
    if (options->period.len && !period_parse(options->period, cutoff, &r->chosen)) {
        error_kind(c->e, ERROR_INPUT);
        error_set(c->e, "'%.*s' is no period", SLICE_ARGS(options->period));
        return error_hint(c->e, "periods are written as 2026, 2026-H1, 2026-Q3, 2026-11");
    }
    if (options->obligation.len && !plan_obligation(c->plan, options->obligation)) {
        error_kind(c->e, ERROR_NOT_FOUND);
        return error_set(c->e, "the plan has no obligation '%.*s'", SLICE_ARGS(options->obligation));
    }
    if (!read_register(c, options->obligation.len > 0))
        return false;
    for (uint32_t i = 0; i < r->agency_count; i++)
        found = found || slice_equal(r->agencies[i].key, options->agency);
    if (!found) {
        error_kind(c->e, ERROR_NOT_FOUND);
        return error_set(c->e, "the register has no agency '%.*s'", SLICE_ARGS(options->agency));
    }
    return true;
}

bool plan_check(const struct plan *plan, const char *records_path,
                const struct plan_check_options *options, struct arena *arena,
                struct plan_result **result_out, struct error *e)
{
    MEASURES_AUTO *measures = NULL;
    struct check c = { .plan = plan, .arena = arena, .e = e };

    if (!measures_open(records_path, &measures, e))
        return false;
    c.measures = measures;
    c.result = arena_zero(arena, sizeof *c.result);
    if (!c.result || !(c.result->vacant = arena_zero(arena, plan->obligation_count)))
        return error_set(e, "not enough memory for %s", "the check");
    c.result->plan = plan;
    c.result->first_start = measures_first_start(measures);
    if (!find_options(&c, options))
        return false;
    for (uint32_t i = 0; i < plan->obligation_count; i++) {
        const struct plan_obligation *o = &plan->obligations[i];
        if (options->obligation.len && !slice_equal(options->obligation, o->id))
            continue;
        struct period period = options->exact ? c.result->chosen
                                              : plan_period_for(plan, o, &c.result->chosen);
        if (options->period.len ? !judge_period(&c, o, period, options->agency)
                                : !judge_running(&c, o, options->agency))
            return false;
    }
    if (arena->exhausted)
        return error_set(e, "not enough memory for %s", "the check");
    *result_out = c.result;
    return true;
}

const struct plan_standing *plan_result_find(const struct plan_result *result,
                                             struct slice obligation, struct slice agency,
                                             struct slice period)
{
    for (uint32_t i = 0; i < result->standing_count; i++) {
        const struct plan_standing *s = &result->standings[i];
        if (slice_equal(s->obligation->id, obligation) && slice_equal(s->agency->key, agency) &&
            slice_is(period, s->period.id))
            return s;
    }
    return NULL;
}
