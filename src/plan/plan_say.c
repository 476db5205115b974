/* plan_say - results in words. Sentences are English forms with {1}…{4}: the program's own are
 * translated by base/text.h, those of measures by the plan's `reasons`. */
#include "base/buffer.h"
#include "base/text.h"
#include "plan/plan_check.h"

#include <inttypes.h>

static bool is_vi(const char *language)
{
    return language && language[0] == 'v' && language[1] == 'i';
}

void plan_say_number(int64_t number, const char *language, struct buffer *out)
{
    char digits[32];
    char point = is_vi(language) ? '.' : ',';
    struct buffer b;

    buffer_init(&b, sizeof digits);
    buffer_print(&b, "%" PRId64, number < 0 ? -number : number);
    if (number < 0)
        buffer_add_byte(out, '-');
    for (size_t i = 0; i < b.len; i++) {
        if (i && (b.len - i) % 3 == 0)
            buffer_add_byte(out, point);
        buffer_add_byte(out, b.data[i]);
    }
    buffer_free(&b);
}

/* "2026-11-24" as 24/11/2026; long whole numbers with separators; anything else as it is. */
static void say_argument(struct slice text, const char *language, struct buffer *out)
{
    int64_t number, day;

    if (text.len == 10 && calendar_day_start(text, &day) && is_vi(language))
        buffer_print(out, "%.2s/%.2s/%.4s", text.data + 8, text.data + 5, text.data);
    else if (text.len > 3 && slice_to_i64(text, &number))
        plan_say_number(number, language, out);
    else
        buffer_add(out, text);
}

/* The form with {n} replaced. */
static void fill(struct slice form, const struct slice *arguments, uint32_t count,
                 const char *language, struct buffer *out)
{
    for (size_t i = 0; i < form.len; i++) {
        if (i + 2 < form.len && form.data[i] == '{' && form.data[i + 2] == '}' &&
            form.data[i + 1] >= '1' && form.data[i + 1] < (char)('1' + (int)count)) {
            say_argument(arguments[form.data[i + 1] - '1'], language, out);
            i += 2;
        } else {
            buffer_add_byte(out, form.data[i]);
        }
    }
}

void plan_say_reason(const struct plan *plan, struct slice reason, const char *language,
                     struct buffer *out)
{
    struct slice arguments[PLAN_ARGUMENTS], form, part;
    uint32_t count = 0;

    if (!slice_split(&reason, '|', &form))
        return;
    while (count < PLAN_ARGUMENTS && slice_split(&reason, '|', &part))
        arguments[count++] = part;
    if (is_vi(language)) {
        bool found = false;
        for (uint32_t i = 0; i < plan->reason_count && !found; i++)
            if (slice_equal(plan->reasons[i].en, form)) {
                form = plan->reasons[i].vi;
                found = true;
            }
        char key[128];
        if (!found && form.len < sizeof key) {  /* the engine's own words */
            memcpy(key, form.data, form.len);
            key[form.len] = 0;
            const char *vi = text_in(language, key);
            if (vi != key)
                form = slice_of(vi);
        }
    }
    fill(form, arguments, count, language, out);
}

static void say_form(const struct plan *plan, const struct plan_sentence_form *said,
                     const char *language, struct buffer *out)
{
    if (said->form)
        fill(slice_of(text_in(language, said->form)), said->arguments, PLAN_ARGUMENTS, language, out);
    else
        plan_say_reason(plan, said->reason, language, out);
}

/* num ÷ of as a percentage with as many decimals as it has, at most two. */
static void say_percent(int64_t num, int64_t of, const char *language, struct buffer *out)
{
    int64_t hundredths = num * 10000 / of;
    buffer_print(out, "%" PRId64, hundredths / 100);
    if (hundredths % 100)
        buffer_print(out, "%c%02" PRId64, is_vi(language) ? ',' : '.', hundredths % 100);
    buffer_add(out, is_vi(language) ? SLICE("%") : SLICE(" %"));
}

void plan_say_goal(const struct plan_target *target, const char *language, struct buffer *out)
{
    if (target->show) {
        buffer_add(out, slice_of(text_in(language, "shown only")));
    } else if (target->measure->as == PLAN_COUNT) {
        buffer_add(out, slice_of(text_in(language, "at least ")));
        plan_say_number((target->num + target->of - 1) / target->of, language, out);
    } else if (target->num == target->of) {
        buffer_add(out, slice_of(text_in(language, "all")));
    } else {
        buffer_add(out, slice_of(text_in(language, "at least ")));
        say_percent(target->num, target->of, language, out);
    }
}

static void say_figure(const struct target_standing *t, const char *language, struct buffer *out)
{
    BUFFER_AUTO part, whole, goal;
    buffer_init(&part, 64);
    buffer_init(&whole, 64);
    buffer_init(&goal, 256);
    plan_say_number(t->numerator, language, &part);
    plan_say_number(t->denominator, language, &whole);
    plan_say_goal(t->target, language, &goal);
    struct slice arguments[] = { buffer_slice(&part), buffer_slice(&whole),
                                 plan_words_in(&t->target->measure->unit->word, language),
                                 buffer_slice(&goal) };
    const char *form = t->target->show ? "{1} of {2} {3}" : "{1} of {2} {3}; target: {4}";
    if (t->denominator == 0 && t->target->measure->as == PLAN_COUNT)
        form = t->target->show ? "{1} {3}" : "{1} {3}; target: {4}";
    fill(slice_of(text_in(language, form)), arguments, 4, NULL, out);
}

static void say_rest(uint32_t count, const char *form, const char *language, struct buffer *out)
{
    if (count == 0)
        return;
    BUFFER_AUTO number;
    buffer_init(&number, 32);
    buffer_print(&number, "%u", count);
    struct slice arguments[] = { buffer_slice(&number) };
    fill(slice_of(text_in(language, form)), arguments, 1, language, out);
}

void plan_say_target(const struct plan_result *result, const struct target_standing *t,
                     const char *language, struct buffer *out)
{
    if (t->said.form || t->said.reason.len) {
        say_form(result->plan, &t->said, language, out);
        return;
    }
    say_figure(t, language, out);
    say_rest(t->pending, "; {1} still in time", language, out);
    say_rest(t->unknown, "; {1} unknown", language, out);
}

void plan_say_standing(const struct plan_result *result, const struct plan_standing *s,
                       const char *language, struct buffer *out)
{
    if (s->exemption)
        say_form(result->plan, &s->said, language, out);
    else if (s->deciding)
        plan_say_target(result, s->deciding, language, out);
    if (s->trial)
        buffer_add(out, slice_of(text_in(language, " (on trial, does not count yet)")));
}

bool plan_say_vacant(const struct plan_result *result, const struct plan_role *role,
                     const char *language, struct buffer *out)
{
    const struct plan *plan = result->plan;
    BUFFER_AUTO duties;

    buffer_init(&duties, 8192);
    for (uint32_t i = 0; i < plan->obligation_count; i++)
        if (result->vacant[i] && plan->obligations[i].who == role)
            buffer_print(&duties, "%s%.*s", duties.len ? ", " : "",
                         SLICE_ARGS(plan->obligations[i].id));
    if (!duties.len)
        return false;
    struct slice arguments[] = { role->agency, buffer_slice(&duties) };
    fill(slice_of(text_in(language, "the register has no agency '{1}' in the period, nobody owes {2}")),
         arguments, 2, language, out);
    return true;
}

const char *plan_say_standing_name(enum standing standing, const char *language)
{
    static const char *const names[STANDINGS] = {   /* order of enum standing */
        "met", "due", "late", "not met", "exempt", "unknown"
    };
    return text_in(language, names[standing]);
}
