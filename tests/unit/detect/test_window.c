/* What slides is what a recount says, whatever order the hits come in. */
#include <math.h>
#include <stdlib.h>

#include "detect/window.h"
#include "test.h"

#define SPAN 100
#define RULES 4

static unsigned dice = 7;

static unsigned roll(unsigned below)
{
    dice = dice * 1103515245u + 12345u;
    return (dice >> 16) % below;
}

static double recount(enum correlation_type type, const struct entry *e, uint32_t first, uint32_t next)
{
    double sum = 0, numbers = 0, different = 0, kinds = 0;
    for (uint32_t i = first; i < next; i++) {
        bool new_value = true, new_kind = true;
        for (uint32_t k = first; k < i; k++) {
            new_value = new_value && e[k].value != e[i].value;
            new_kind = new_kind && e[k].position != e[i].position;
        }
        different += new_value;
        kinds += new_kind;
        if (isfinite(e[i].number)) {
            sum += e[i].number;
            numbers++;
        }
    }
    switch (type) {
    case CORRELATION_EVENT_COUNT: return next - first;
    case CORRELATION_VALUE_COUNT: return different;
    case CORRELATION_TEMPORAL: return kinds;
    case CORRELATION_VALUE_SUM: return sum;
    default: return numbers ? sum / numbers : NAN;
    }
}

static void check_tally(const struct window_hits *w, const struct blob_correlation *k,
                        const struct tally *t)
{
    double value = NAN, wanted = recount((enum correlation_type)k->type, w->entries, t->first, t->next);
    int64_t last = w->entries[t->next - 1].time;
    tally_holds(t, k, w->entries, &value);
    if (!(isnan(value) && isnan(wanted)) && fabs(value - wanted) > 1e-9)
        fail_msg("type %u: [%u, %u) has %f, counted %f", k->type, t->first, t->next, wanted, value);
    CHECK(last - w->entries[t->first].time <= SPAN);
    CHECK(t->first == 0 || last - w->entries[t->first - 1].time > SPAN);
}

static void run(enum correlation_type type, unsigned late_of_ten, uint32_t most)
{
    struct blob_correlation k = { .type = type, .timespan = SPAN, .rule_count = RULES, .bound_count = 1 };
    struct window_hits w = { 0 };
    int64_t now = 1000;
    uint32_t alive = 0;
    for (unsigned n = 0; n < 4000; n++) {
        uint32_t forgotten, lost;
        now += roll(4);
        struct entry entry = { .time = now - (roll(10) < late_of_ten ? (int64_t)roll(250) : 0),
                               .value = roll(30) * UINT64_C(0x100000001), .position = roll(RULES),
                               .number = roll(5) ? roll(1000) / 8.0 : NAN };
        uint32_t at = window_insert(&w, &k, &entry, most, &forgotten, &lost);
        alive += (at != UINT32_MAX) - forgotten;
        CHECK(w.count == alive && alive <= most && lost <= 1);
        if (at == UINT32_MAX) {
            CHECK(entry.time < now - 2 * SPAN + 250);
            continue;
        }
        CHECK(w.entries[at].time == entry.time && w.entries[at].value == entry.value);
        for (uint32_t i = 1; i < w.count; i++)
            CHECK(w.entries[i - 1].time <= w.entries[i].time);
        struct tally late = { 0 }, *tally = window_first(&w, &k, at, &late);
        uint32_t windows = 0;
        do {
            CHECK(tally->first <= at && at < tally->next);
            check_tally(&w, &k, tally);
            windows++;
        } while (window_next(&w, &k, at, tally));
        uint32_t wanted = 0;
        for (uint32_t last = at; last < w.count && w.entries[last].time - entry.time <= SPAN; last++)
            wanted++;
        CHECK(windows == wanted);
        tally_free(&late);
        CHECK(w.tally.next == w.count);
        check_tally(&w, &k, &w.tally);
    }
    window_free(&w);
}

TEST("sliding counts are what a recount says, in order and late, with and without a ceiling")
{
    static const enum correlation_type types[] = {
        CORRELATION_EVENT_COUNT, CORRELATION_VALUE_COUNT, CORRELATION_TEMPORAL, CORRELATION_VALUE_SUM,
        CORRELATION_VALUE_AVG
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (unsigned late = 0; late < 6; late += 2) {
            run(types[i], late, 100000);
            run(types[i], late, 20);
        }
}
