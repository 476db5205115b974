/* standing - the report of the plan's standing: what stands in its fields and lists. The fields are
 * listed in docs/plan.md. */
#include "base/clock.h"
#include "report/docx.h"
#include "report/report.h"

#include <stdio.h>
#include <utf8proc.h>

#define VI "vi"

struct slice report_template(void)
{
    static const unsigned char bytes[] = {
#include "standing_template.inc"
    };
    return slice_from(bytes, sizeof bytes);
}

/* ---- tables in the making --------------------------------------------------------------------- */

struct table {
    struct docx_list list;
    struct slice *values;
    uint32_t room;
};

struct work {
    const struct plan_result *r;
    struct arena *arena;
    struct table clauses, agencies, pressing, unknown, notes;
};

static void add_record(struct work *w, struct table *t, const struct slice *values)
{
    uint32_t width = t->list.field_count;

    if (t->list.record_count == t->room) {
        uint32_t more = t->room ? t->room * 2 : 32;
        struct slice *grown = arena_array(w->arena, (size_t)more * width, sizeof *grown);
        if (!grown)
            return;     /* arena->exhausted is asked at the end */
        if (t->list.record_count)
            memcpy(grown, t->values, (size_t)t->list.record_count * width * sizeof *grown);
        t->values = grown;
        t->list.values = grown;
        t->room = more;
    }
    memcpy(t->values + (size_t)t->list.record_count * width, values, width * sizeof *values);
    t->list.record_count++;
}

static struct slice print_count(struct work *w, uint32_t count)
{
    return arena_print(w->arena, "%u", count);
}

static struct slice print_day(struct work *w, int64_t time)
{
    struct clock_date d = clock_split(time, CLOCK_ZONE);
    return arena_print(w->arena, "%02d/%02d/%04d", d.day, d.month, d.year);
}

static struct slice print_date(struct work *w, struct slice day)
{
    int64_t time;
    return calendar_day_start(day, &time) ? print_day(w, time) : day;
}

static struct slice say(struct work *w, const struct plan_standing *s)
{
    BUFFER_AUTO text;
    buffer_init(&text, 8192);
    plan_say_standing(w->r, s, VI, &text);
    return arena_copy(w->arena, buffer_slice(&text));
}

/* ---- lists ------------------------------------------------------------------------------------ */

static const char *const count_fields[] = { "key", "name", "met", "due", "late", "not_met", "exempt",
                                            "unknown" };
enum { COUNT_FIRST = 2, COUNT_FIELDS = 8 };

static void add_counts(struct work *w, struct table *t, struct slice key, struct slice name,
                       const uint32_t counts[STANDINGS])
{
    struct slice values[COUNT_FIELDS] = { key, name };
    for (int i = 0; i < STANDINGS; i++)     /* the columns follow enum standing */
        values[COUNT_FIRST + i] = print_count(w, counts[i]);
    add_record(w, t, values);
}

static void fill_clauses(struct work *w)
{
    const struct plan *plan = w->r->plan;

    for (uint32_t c = 0; c < plan->clause_count; c++) {
        uint32_t counts[STANDINGS] = { 0 }, all = 0;
        for (uint32_t i = 0; i < w->r->standing_count; i++) {
            const struct plan_standing *s = &w->r->standings[i];
            if (s->obligation->clause == &plan->clauses[c] && !s->trial) {
                counts[s->standing]++;
                all++;
            }
        }
        if (all)
            add_counts(w, &w->clauses, plan->clauses[c].id, plan->clauses[c].title.vi, counts);
    }
    add_counts(w, &w->clauses, SLICE(""), SLICE("Cộng"), w->r->counts);
}

static void fill_agencies(struct work *w)
{
    uint32_t number = 0;

    for (uint32_t a = 0; a < w->r->agency_count; a++) {
        uint32_t counts[STANDINGS] = { 0 }, all = 0;
        for (uint32_t i = 0; i < w->r->standing_count; i++) {
            const struct plan_standing *s = &w->r->standings[i];
            if (s->agency == &w->r->agencies[a] && !s->trial) {
                counts[s->standing]++;
                all++;
            }
        }
        if (all)
            add_counts(w, &w->agencies, print_count(w, ++number), w->r->agencies[a].name, counts);
    }
}

static const char *const pressing_fields[] = { "clause", "agency", "title", "standing", "sentence",
                                               "due", "days" };

static void fill_pressing(struct work *w)
{
    static const enum standing order[] = { STANDING_NOT_MET, STANDING_LATE };

    for (int o = 0; o < 2; o++)
        for (uint32_t i = 0; i < w->r->standing_count; i++) {
            const struct plan_standing *s = &w->r->standings[i];
            if (s->standing != order[o] || s->trial)
                continue;
            const struct slice values[] = {
                s->obligation->id, s->agency->name, s->obligation->title.vi,
                slice_of(plan_say_standing_name(s->standing, VI)), say(w, s),
                print_day(w, s->due - 1),
                arena_print(w->arena, "%lld", (long long)s->late_days),
            };
            add_record(w, &w->pressing, values);
        }
    if (w->pressing.list.record_count == 0) {
        const struct slice none[] = { SLICE("–"), SLICE("Không có"), SLICE("–"), SLICE("–"),
                                      SLICE("–"), SLICE("–"), SLICE("–") };
        add_record(w, &w->pressing, none);
    }
}

static const char *const unknown_fields[] = { "clause", "title", "count", "reason" };

/* One line an obligation and reason. */
static void fill_unknown(struct work *w)
{
    for (uint32_t i = 0, to; i < w->r->standing_count; i = to) {
        const struct plan_standing *first = &w->r->standings[i];
        uint32_t count = 0;
        struct slice reason = SLICE_NONE;
        for (to = i; to < w->r->standing_count &&
                     w->r->standings[to].obligation == first->obligation &&
                     w->r->standings[to].period.from == first->period.from; to++) {
            const struct plan_standing *s = &w->r->standings[to];
            if (s->standing != STANDING_UNKNOWN)
                continue;
            if (!count++)
                reason = say(w, s);
        }
        if (count) {
            const struct slice values[] = { first->obligation->id, first->obligation->title.vi,
                                            print_count(w, count), reason };
            add_record(w, &w->unknown, values);
        }
    }
    if (w->unknown.list.record_count == 0) {
        const struct slice none[] = { SLICE("–"), SLICE("Không có"), SLICE("–"), SLICE("–") };
        add_record(w, &w->unknown, none);
    }
}

static const char *const note_fields[] = { "text" };

static void add_note(struct work *w, struct slice text)
{
    add_record(w, &w->notes, &text);
}

/* What a reader must know before the figures: regime, unconfirmed constants, days not known. */
static void fill_notes(struct work *w)
{
    const struct plan *plan = w->r->plan;
    const struct regime *regime = plan->regime;

    if (regime->successor)
        add_note(w, arena_print(w->arena, "Kế hoạch được đánh giá theo %.*s; từ ngày %.*s đã được thay "
                                          "bằng %.*s.",
                                SLICE_ARGS(regime->title.vi),
                                SLICE_ARGS(print_date(w, regime->successor->holds_from)),
                                SLICE_ARGS(regime->successor->title.vi)));
    if (w->r->first_start == INT64_MAX)
        add_note(w, SLICE("Hệ thống chưa từng chạy: mọi số liệu đo là chưa xác định."));
    else if (w->r->first_start > w->r->chosen.from)
        add_note(w, arena_print(w->arena, "Các ngày trước %.*s, khi hệ thống chạy lần đầu, là chưa xác "
                                          "định và không tính vào số liệu.",
                                SLICE_ARGS(print_day(w, w->r->first_start))));
    for (uint32_t i = 0; i < plan->role_count; i++) {
        BUFFER_AUTO vacant;
        buffer_init(&vacant, 8192);
        if (plan_say_vacant(w->r, &plan->roles[i], VI, &vacant))
            add_note(w, arena_print(w->arena, "Chưa có cơ quan thực hiện: %.*s.",
                                    SLICE_ARGS(buffer_slice(&vacant))));
    }
    for (uint32_t i = 0; i < regime->value_count; i++)
        if (!regime->values[i].confirmed)
            add_note(w, arena_print(w->arena, "Cần xác nhận: %.*s (%.*s).",
                                    SLICE_ARGS(regime->values[i].title.vi),
                                    SLICE_ARGS(regime->values[i].source)));
    if (!regime->calendar.confirmed)
        add_note(w, arena_print(w->arena, "Cần xác nhận: lịch nghỉ (%.*s).",
                                SLICE_ARGS(regime->calendar.source)));
    for (uint32_t i = 0; i < plan->note_count; i++)
        add_note(w, arena_print(w->arena, "%.*s.", SLICE_ARGS(plan->notes[i].vi)));
    if (w->notes.list.record_count == 0)
        add_note(w, SLICE("Không có."));
}

/* ---- fields ----------------------------------------------------------------------------------- */

static struct slice capitals(struct work *w, struct slice text)
{
    BUFFER_AUTO out;
    buffer_init(&out, 64 + 4 * text.len);
    for (size_t i = 0; i < text.len;) {
        utf8proc_int32_t letter;
        utf8proc_uint8_t bytes[4];
        utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)text.data + i,
                                                 (utf8proc_ssize_t)(text.len - i), &letter);
        if (used < 1)
            break;
        utf8proc_ssize_t len = utf8proc_encode_char(utf8proc_toupper(letter), bytes);
        buffer_add(&out, slice_from(bytes, (size_t)len));
        i += (size_t)used;
    }
    return arena_copy(w->arena, buffer_slice(&out));
}

static struct slice lead_name(const struct plan_result *r)
{
    const struct plan_role *lead = plan_role(r->plan, SLICE("lead"));
    if (!lead)
        return r->plan->key.issuer;
    struct slice name = lead->agency.len ? plan_result_name(r, SLICE("agency"), lead->agency, VI)
                                         : SLICE_NONE;
    return name.len && !slice_equal(name, lead->agency) ? name : lead->title.vi;
}

static struct slice plan_name(struct work *w)
{
    const struct plan_key *key = &w->r->plan->key;
    int64_t issued = 0;
    calendar_day_start(key->date, &issued);
    struct clock_date d = clock_split(issued, CLOCK_ZONE);
    return arena_print(w->arena, "Kế hoạch số %.*s ngày %02d/%d/%d của %.*s", SLICE_ARGS(key->number),
                       d.day, d.month, d.year, SLICE_ARGS(key->issuer));
}

static struct slice share_sentence(struct work *w)
{
    uint64_t rows[3] = { 0 };

    for (uint32_t i = 0; i < w->r->standing_count; i++)
        for (uint32_t k = 0; k < w->r->standings[i].obligation->target_count; k++)
            for (int b = 0; b < 3; b++)
                rows[b] += w->r->standings[i].targets[k].target->show
                               ? 0 : w->r->standings[i].targets[k].basis_rows[b];
    return arena_print(w->arena, "Các số liệu dựa trên %llu dòng minh chứng: %llu do hệ thống đo, %llu "
                                 "đã xác minh, %llu tự khai.",
                       (unsigned long long)(rows[0] + rows[1] + rows[2]),
                       (unsigned long long)rows[BASIS_MEASURED],
                       (unsigned long long)rows[BASIS_VERIFIED],
                       (unsigned long long)rows[BASIS_DECLARED]);
}

static struct slice summary(struct work *w)
{
    const uint32_t *c = w->r->counts;
    uint32_t all = 0;

    for (int i = 0; i < STANDINGS; i++)
        all += c[i];
    return arena_print(w->arena, "Trong %u tình trạng được xét (nghĩa vụ × cơ quan): %u đạt, %u sắp đến "
                                 "hạn, %u quá hạn, %u chưa đạt, %u được miễn, %u chưa xác định.",
                       all, c[STANDING_MET], c[STANDING_DUE], c[STANDING_LATE], c[STANDING_NOT_MET],
                       c[STANDING_EXEMPT], c[STANDING_UNKNOWN]);
}

/* Days below 10 and months 1, 2 are padded (Decree 30/2020, Appendix I, II.4). */
static struct slice place_and_date(struct work *w)
{
    struct clock_date d = clock_split(w->r->at, CLOCK_ZONE);
    struct slice place = w->r->plan->key.place;
    return arena_print(w->arena, d.month < 3 ? "%.*s, ngày %02d tháng %02d năm %d"
                                             : "%.*s, ngày %02d tháng %d năm %d",
                       SLICE_ARGS(place), d.day, d.month, d.year);
}

bool report_standing(const struct plan_result *result, struct slice template_bytes,
                     struct buffer *out, struct error *e)
{
    ARENA_AUTO arena;
    char label[PERIOD_LABEL];

    arena_init(&arena, 64u << 20);
    struct work w = {
        .r = result, .arena = &arena,
        .clauses.list = { "clauses", count_fields, COUNT_FIELDS, NULL, 0 },
        .agencies.list = { "agencies", count_fields, COUNT_FIELDS, NULL, 0 },
        .pressing.list = { "pressing", pressing_fields, 7, NULL, 0 },
        .unknown.list = { "unknown", unknown_fields, 4, NULL, 0 },
        .notes.list = { "notes", note_fields, 1, NULL, 0 },
    };
    fill_clauses(&w);
    fill_agencies(&w);
    fill_pressing(&w);
    fill_unknown(&w);
    fill_notes(&w);
    period_label(&result->chosen, VI, label);

    const struct plan_key *key = &result->plan->key;
    struct slice lead = lead_name(result);
    const struct docx_field fields[] = {
        { "superior", capitals(&w, key->issuer) },
        { "issuer", capitals(&w, lead) },
        { "issuer_name", lead },
        { "place_date", place_and_date(&w) },
        { "plan", plan_name(&w) },
        { "plan_title", result->plan->title.vi },
        { "plan_number", key->number },
        { "plan_issuer", key->issuer },
        { "period", slice_of(label) },
        { "period_from", print_day(&w, result->chosen.from) },
        { "period_to", print_day(&w, result->chosen.to - 1) },
        { "at", print_day(&w, result->at) },
        { "summary", summary(&w) },
        { "basis", share_sentence(&w) },
    };
    const struct docx_list lists[] = { w.clauses.list, w.agencies.list, w.pressing.list,
                                       w.unknown.list, w.notes.list };
    const struct docx_values values = { fields, sizeof fields / sizeof *fields, lists,
                                        sizeof lists / sizeof *lists };
    if (arena.exhausted)
        return error_set(e, "not enough memory for %s", "the report");
    return docx_fill(template_bytes.data ? template_bytes : report_template(), &values, out, e);
}

void report_standing_name(const struct plan_result *result, char *text)
{
    snprintf(text, REPORT_NAME, "bao-cao-%.*s-%s.docx", SLICE_ARGS(slice_cut(result->plan->id, 0, 80)),
             result->chosen.id);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x21 || (unsigned char)*c > 0x7e || *c == '"' || *c == '\\' || *c == '/')
            *c = '-';
}
