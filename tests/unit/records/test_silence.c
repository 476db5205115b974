/* Rhythm, silences and clocks: what is learnt of a source, and when its agency is told. */
#include "fixture.h"
#include "records/gap.h"
#include "records/records.h"
#include "records/rhythm.h"
#include "records/silence.h"

#define WEB SLICE("so-a.cong.web")
#define SKEW (5 * CLOCK_MINUTE)

static void hear(struct records *records, int64_t first, int64_t last, int64_t skew)
{
    struct error e = ERROR_NONE;
    struct records_source_count count = { .source = WEB, .received = 10, .stored = 10,
                                          .first = first, .last = last, .skew = skew };
    CHECK(records_source_fold(records, &count, &e));
}

static struct records_silence_news watch(struct records *records, int64_t now)
{
    struct error e = ERROR_NONE;
    struct records_silence_news news;
    clock_set(now);
    if (!records_silence_watch(records, now, SKEW, &news, &e))
        fprintf(stderr, "%s\n", e.sentence);
    CHECK(!e.set);
    return news;
}

static uint64_t alerts(struct records *records, const char *agency, const char *states)
{
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;
    struct records_scope scope = { .agency = slice_of(agency) };
    struct records_alert_filter filter = { .states = slice_of(states) };
    struct records_page page = { 0 };
    struct records_alert_list list;
    arena_init(&arena, 0);
    CHECK(records_alert_list(records, &scope, &filter, &page, &arena, &list, &e));
    return list.total;
}

/* Every ten minutes of [from, to), or only in working hours (local 8 to 17). */
static void hear_often(struct records *records, int64_t from, int64_t to, bool working_hours)
{
    for (int64_t t = from; t < to; t += 10 * CLOCK_MINUTE) {
        int64_t hour = (t + CLOCK_ZONE) / CLOCK_HOUR % 24;
        if (!working_hours || (hour >= 8 && hour < 17))
            hear(records, t, t + CLOCK_SECOND, 0);
    }
}

TEST("a source silent beyond its cadence raises one alert to its agency, and the next event closes it")
{
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    hear(records, NOON, NOON, 0);
    CHECK_INT(watch(records, NOON + 10 * CLOCK_MINUTE).fell_silent, 0);
    CHECK_INT(watch(records, NOON + 16 * CLOCK_MINUTE).fell_silent, 1);
    CHECK_INT(watch(records, NOON + 17 * CLOCK_MINUTE).fell_silent, 0); /* told once */
    CHECK_INT(alerts(records, "so-a", "new"), 1);
    CHECK_INT(alerts(records, "so-b", ""), 0);
    hear(records, NOON + 20 * CLOCK_MINUTE, NOON + 20 * CLOCK_MINUTE, 0);
    CHECK_INT(watch(records, NOON + 20 * CLOCK_MINUTE).spoke_again, 1);
    CHECK_INT(alerts(records, "so-a", "new"), 0);
    CHECK_INT(alerts(records, "so-a", "closed"), 1);
    struct records_silence *rows;
    uint32_t count;
    CHECK(records_silence_list(records, WEB, &arena, &rows, &count, &e));
    CHECK_INT(count, 1);
    CHECK(rows[0].began_at == NOON && rows[0].ended_at == NOON + 20 * CLOCK_MINUTE);
    CHECK_INT(watch(records, NOON + 40 * CLOCK_MINUTE).fell_silent, 1); /* the same day: it opens again */
    CHECK_INT(alerts(records, "so-a", "new"), 1);
    CHECK_INT(alerts(records, "so-a", ""), 1);
    records_close(&records);
}

TEST("nobody is silent while we ourselves were deaf") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    hear(records, NOON, NOON, 0);
    CHECK(records_gap_add(records, SLICE(""), NOON + CLOCK_MINUTE, NOON + 14 * CLOCK_MINUTE,
                          SLICE("stopped"), &e));
    CHECK_INT(watch(records, NOON + 20 * CLOCK_MINUTE).fell_silent, 0);
    CHECK_INT(watch(records, NOON + 29 * CLOCK_MINUTE).fell_silent, 1);
    records_close(&records);
}

TEST("a busy source is silent after minutes, once its pauses are learnt; our gaps are none of them") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    int64_t from = NOON - 4 * CLOCK_DAY;
    CHECK(records_gap_add(records, SLICE(""), NOON - 2 * CLOCK_DAY, NOON - 2 * CLOCK_DAY + CLOCK_HOUR,
                          SLICE("stopped"), &e));
    for (int64_t t = from; t < NOON; t += CLOCK_MINUTE)
        if (t < NOON - 2 * CLOCK_DAY || t >= NOON - 2 * CLOCK_DAY + CLOCK_HOUR)
            hear(records, t, t + 30 * CLOCK_SECOND, 0);
    clock_set(NOON);
    CHECK(records_rhythm_learn(records, NOON, &e));
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_source source;
    CHECK(records_source_get(records, &RECORDS_SCOPE_ALL, WEB, &arena, &source, &e));
    CHECK(source.usual_pause <= 91 * CLOCK_SECOND && source.usual_pause >= 29 * CLOCK_SECOND);
    CHECK_INT(source.silent_after / CLOCK_SECOND, 300);
    int64_t last = NOON - 30 * CLOCK_SECOND;
    CHECK_INT(watch(records, last + 299 * CLOCK_SECOND).fell_silent, 0);
    CHECK_INT(watch(records, last + 301 * CLOCK_SECOND).fell_silent, 1);
    records_close(&records);
}

TEST("a source of working hours may sleep at night, but not through an hour that was never empty") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    int64_t morning = NOON - 2 * CLOCK_HOUR;   /* Tuesday 10:00 */
    hear_often(records, NOON - 30 * CLOCK_DAY, morning, true);
    clock_set(morning);
    CHECK(records_rhythm_learn(records, morning, &e));
    CHECK_INT(watch(records, morning + 30 * CLOCK_MINUTE).fell_silent, 0);
    CHECK_INT(watch(records, morning + 61 * CLOCK_MINUTE).fell_silent, 0); /* what is on its way */
    CHECK_INT(watch(records, morning + 63 * CLOCK_MINUTE).fell_silent, 1); /* 10:00 to 11:00 passed */
    records_close(&records);

    records = fixture();
    hear_often(records, NOON - 30 * CLOCK_DAY, NOON + 5 * CLOCK_HOUR, true); /* until 17:00 */
    clock_set(NOON + 6 * CLOCK_HOUR);
    CHECK(records_rhythm_learn(records, NOON + 6 * CLOCK_HOUR, &e));
    CHECK_INT(watch(records, NOON + 15 * CLOCK_HOUR).fell_silent, 0);      /* 3:00 */
    CHECK_INT(watch(records, NOON + 20 * CLOCK_HOUR).fell_silent, 0);      /* 8:00 */
    CHECK_INT(watch(records, NOON + 21 * CLOCK_HOUR + 3 * CLOCK_MINUTE).fell_silent, 1); /* 9:03 */
    records_close(&records);
}

TEST("the usual rhythm is the median of the same hour of the week") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    struct records_rhythm_hour hour;
    for (int week = 4; week > 0; week--)
        for (int i = 0; i < week; i++)
            hear(records, NOON - week * 7 * CLOCK_DAY, NOON - week * 7 * CLOCK_DAY, 0);
    hear(records, NOON - 29 * CLOCK_DAY, NOON - 29 * CLOCK_DAY, 0); /* first seen before */
    CHECK(records_rhythm_hours(records, WEB, NOON / CLOCK_HOUR, 1, &hour, &e));
    CHECK_INT(hour.usual, 30); /* of 10 20 30 40 */
    CHECK(hour.never_empty);
    CHECK(records_rhythm_hours(records, WEB, NOON / CLOCK_HOUR + 1, 1, &hour, &e));
    CHECK_INT(hour.usual, 0);
    CHECK(records_rhythm_hours(records, SLICE("so-b.cong.web"), NOON / CLOCK_HOUR, 1, &hour, &e));
    CHECK_INT(hour.usual, -1);
    records_close(&records);
}

TEST("a wrong clock is told of after five minutes, and taken back when it is right") {
    struct records *records = fixture();
    hear(records, NOON, NOON, 40 * CLOCK_MINUTE);
    CHECK_INT(watch(records, NOON).clocks_wrong, 0);
    hear(records, NOON + 6 * CLOCK_MINUTE, NOON + 6 * CLOCK_MINUTE, 41 * CLOCK_MINUTE);
    CHECK_INT(watch(records, NOON + 6 * CLOCK_MINUTE).clocks_wrong, 1);
    CHECK_INT(watch(records, NOON + 7 * CLOCK_MINUTE).clocks_wrong, 0);
    CHECK_INT(alerts(records, "so-a", "new"), 1);
    hear(records, NOON + 8 * CLOCK_MINUTE, NOON + 8 * CLOCK_MINUTE, CLOCK_SECOND);
    CHECK_INT(watch(records, NOON + 8 * CLOCK_MINUTE).clocks_right, 1);
    CHECK_INT(alerts(records, "so-a", "closed"), 1);
    records_close(&records);
}

TEST("refusals alone are no sign of life, but they count") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    hear(records, NOON, NOON, 0);
    struct records_source_count refused = { .source = WEB, .received = 3, .refused = 3,
        .first = NOON + CLOCK_HOUR, .last = NOON + CLOCK_HOUR };
    CHECK(records_source_fold(records, &refused, &e));
    CHECK_INT(watch(records, NOON + CLOCK_HOUR).fell_silent, 1);
    struct records_source_sums sums;
    CHECK(records_source_sums(records, WEB, &sums, &e));
    CHECK_INT(sums.received, 13);
    CHECK_INT(sums.received, sums.stored + sums.repeated + sums.quarantined + sums.refused);
    records_close(&records);
}
