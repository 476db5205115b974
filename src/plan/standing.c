#include "base/clock.h"
#include "plan/standing.h"

const char *standing_name(enum standing standing)
{
    static const char *const names[STANDINGS] = {
        "met", "due", "late", "not_met", "exempt", "unknown"
    };
    return names[standing];
}

/* num ÷ of is reached by part ÷ whole, exactly. */
static bool reaches(__int128 part, __int128 whole, int64_t num, int64_t of)
{
    return part * of >= num * whole;
}

struct sums {
    int64_t ok, failed, unknown, pending;   /* weights */
    uint32_t counted;
    const struct measure_row *note;
    const struct measure_row *unknown_row;
};

static struct sums sum_rows(struct target_standing *t)
{
    struct sums s = { 0 };

    for (uint32_t i = 0; i < t->row_count; i++) {
        const struct measure_row *row = &t->rows[i];
        if (row->weight == 0) {
            s.note = row;
            continue;
        }
        s.counted++;
        if (row->ok >= 0) {
            *(row->ok ? &s.ok : &s.failed) += row->weight;
            t->basis_rows[row->basis]++;
            continue;
        }
        *(row->pending ? &s.pending : &s.unknown) += row->weight;
        t->unknown += !row->pending;
        t->pending += row->pending;
        if (!s.unknown_row || (s.unknown_row->pending && !row->pending))
            s.unknown_row = row;
        if (!row->pending && (t->fault == FAULT_NONE || row->fault == FAULT_OURS))
            t->fault = row->fault;
    }
    return s;
}

static enum verdict judge_sums(const struct target_standing *t, const struct sums *s)
{
    const struct plan_target *goal = t->target;
    int64_t open = s->unknown + s->pending;
    bool ratio = goal->measure->as == PLAN_RATIO;
    __int128 all = (__int128)s->ok + s->failed + open;

    if (reaches(s->ok, ratio ? all : 1, goal->num, goal->of))
        return VERDICT_HOLDS;
    if (!reaches((__int128)s->ok + open, ratio ? all : 1, goal->num, goal->of))
        return VERDICT_FAILS;
    return s->unknown ? VERDICT_UNKNOWN : VERDICT_PENDING;
}

static struct plan_sentence_form say(const char *form)
{
    return (struct plan_sentence_form){ .form = form };
}

static void judge_empty(struct target_standing *t, const struct sums *s, bool started)
{
    static const enum verdict by_rule[] = {     /* order of enum plan_empty */
        VERDICT_UNKNOWN, VERDICT_HOLDS, VERDICT_EMPTY
    };
    t->verdict = by_rule[t->target->measure->empty];
    if (!started && t->target->measure->empty != PLAN_EMPTY_EXEMPT) {
        t->verdict = VERDICT_UNKNOWN;
        t->fault = FAULT_OURS;
        t->said = say("before the first start of this installation");
    } else if (s->note) {
        t->said.reason = s->note->reason;
    } else if (t->verdict == VERDICT_UNKNOWN) {
        t->said = say("no evidence yet");
    } else {
        t->said = say(t->verdict == VERDICT_HOLDS ? "nothing happened that would have to be measured"
                                                  : "there is nothing to measure");
    }
}

/* While nobody could give any evidence, what is missing speaks against nobody: rows become unknown, but
 * those that rest on evidence, which came all the same, though too late for the others. Answers whether
 * there are any. */
static bool hear_only_evidence(struct target_standing *t, bool started)
{
    bool heard = false;

    for (uint32_t i = 0; i < t->row_count; i++) {
        struct measure_row *row = &t->rows[i];
        if (started && slice_starts(row->evidence, SLICE("evidence:"))) {
            heard = heard || row->weight > 0;
            continue;
        }
        *row = (struct measure_row){
            .agency = row->agency, .subject = row->subject, .evidence = row->evidence,
            .weight = row->weight, .basis = row->basis, .ok = -1, .reason = SLICE("no evidence yet"),
        };
    }
    return heard;
}

void target_judge(struct target_standing *t, bool open, bool started)
{
    bool heard = open || hear_only_evidence(t, started);
    struct sums s = sum_rows(t);

    if (!heard) {
        t->verdict = VERDICT_UNKNOWN;
        t->said = say("no evidence yet");
        return;
    }
    if (s.counted == 0) {
        judge_empty(t, &s, started);
        return;
    }
    t->has_figure = s.ok + s.failed > 0;
    t->numerator = s.ok;
    t->denominator = t->target->measure->as == PLAN_RATIO ? s.ok + s.failed : 0;
    t->verdict = t->target->show ? VERDICT_HOLDS : judge_sums(t, &s);
    t->near = t->verdict == VERDICT_FAILS && t->target->warn_of &&
              reaches(s.ok, t->denominator ? t->denominator : 1, t->target->warn_num,
                      t->target->warn_of);
    if (!t->has_figure && s.unknown_row)
        t->said.reason = s.unknown_row->reason;
}

static bool counts(const struct target_standing *t)
{
    return !t->target->show;
}

static const struct target_standing *find_verdict(const struct plan_standing *s, enum verdict verdict)
{
    for (uint32_t i = 0; i < s->obligation->target_count; i++)
        if (counts(&s->targets[i]) && s->targets[i].verdict == verdict)
            return &s->targets[i];
    return NULL;
}

static void find_basis(struct plan_standing *s)
{
    for (int basis = BASIS_MEASURED; basis >= BASIS_DECLARED; basis--)
        for (uint32_t i = 0; i < s->obligation->target_count; i++)
            if (counts(&s->targets[i]) && s->targets[i].basis_rows[basis]) {
                s->has_basis = true;
                s->basis = (enum basis)basis;
            }
}

static enum standing after_due(struct plan_standing *s, int64_t at)
{
    if (at < s->due)
        return STANDING_DUE;
    s->late_days = calendar_days_between(s->due - 1, at);
    return at < s->due + s->obligation->grace ? STANDING_LATE : STANDING_NOT_MET;
}

void standing_judge(struct plan_standing *s, int64_t at)
{
    const struct target_standing *t;

    s->trial = s->obligation->trial_until > at;
    find_basis(s);
    if (s->exemption) {
        s->standing = STANDING_EXEMPT;
        s->said = say("exempt until {1}, granted by {2}");
        s->said.arguments[0] = s->exemption->holds_to;
        s->said.arguments[1] = s->exemption->granted_by;
        return;
    }
    if ((t = find_verdict(s, VERDICT_FAILS))) {
        s->standing = after_due(s, at);
    } else if ((t = find_verdict(s, VERDICT_UNKNOWN))) {
        s->standing = STANDING_UNKNOWN;
        s->fault = t->fault;
    } else if ((t = find_verdict(s, VERDICT_PENDING))) {
        s->standing = STANDING_DUE;     /* its own clock runs, whether or not the period is over */
    } else if ((t = find_verdict(s, VERDICT_HOLDS))) {
        s->standing = STANDING_MET;
    } else {
        t = find_verdict(s, VERDICT_EMPTY);
        s->standing = STANDING_EXEMPT;
    }
    s->deciding = t;
    if (t)
        s->said = t->said;
}
