#include "fixture.h"
#include "records/gap.h"

static enum records_health health_at(struct records *records, int64_t time)
{
    struct error e = ERROR_NONE;
    struct arena arena;
    arena_init(&arena, 0);
    struct records_source source;
    clock_set(time);
    CHECK(records_source_get(records, &RECORDS_SCOPE_ALL, SLICE("so-a.cong.web"), &arena, &source,
                             &e));
    arena_free(&arena);
    return source.health;
}

TEST("a source is never heard, heard, silent; and unknown when we ourselves were deaf") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    CHECK_INT(health_at(records, NOON), RECORDS_NEVER);
    struct records_source_count count = { .source = SLICE("so-a.cong.web"), .received = 5,
        .stored = 5, .first = NOON - CLOCK_MINUTE, .last = NOON };
    CHECK(records_source_fold(records, &count, &e));
    CHECK_INT(health_at(records, NOON + 10 * CLOCK_MINUTE), RECORDS_HEARD);
    CHECK_INT(health_at(records, NOON + 20 * CLOCK_MINUTE), RECORDS_SILENT);
    CHECK(records_gap_begin(records, SLICE(""), NOON + 5 * CLOCK_MINUTE, SLICE("stopped"), &e));
    CHECK(records_gap_begin(records, SLICE(""), NOON + 6 * CLOCK_MINUTE, SLICE("again"), &e));
    CHECK_INT(health_at(records, NOON + 20 * CLOCK_MINUTE), RECORDS_UNKNOWN);
    CHECK(records_gap_end(records, SLICE(""), NOON + 15 * CLOCK_MINUTE, &e));
    CHECK_INT(health_at(records, NOON + 20 * CLOCK_MINUTE), RECORDS_UNKNOWN);
    CHECK_INT(health_at(records, NOON + 26 * CLOCK_MINUTE), RECORDS_SILENT);
    records_close(&records);
}

TEST("counters add up by day, minute and hour") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    struct arena arena;
    arena_init(&arena, 0);
    clock_set(NOON);
    for (int i = 0; i < 4; i++) {
        struct records_source_count count = { .source = SLICE("so-a.cong.web"), .received = 10,
            .stored = 9, .refused = 1, .undecoded = 2, .last = NOON - i * 50 * CLOCK_MINUTE,
            .protocol = SLICE("syslog-tcp") };
        CHECK(records_source_fold(records, &count, &e));
    }
    struct records_source source;
    CHECK(records_source_get(records, &RECORDS_SCOPE_ALL, SLICE("so-a.cong.web"), &arena, &source,
                             &e));
    CHECK_INT(source.events_day, 40);
    CHECK_INT(source.undecoded_day, 8);
    CHECK_INT(source.events_recent, 10);
    CHECK_SLICE(source.protocol, "syslog-tcp");
    CHECK_INT(source.spark[RECORDS_SPARK - 1], 20);
    uint64_t sum = 0;
    for (int i = 0; i < RECORDS_SPARK; i++)
        sum += source.spark[i];
    CHECK_INT(sum, 40);
    struct records_intake intake;
    CHECK(records_intake(records, &RECORDS_SCOPE_ALL, NOON - CLOCK_HOUR, NOON + CLOCK_MINUTE, 4,
                         &arena, &intake, &e));
    CHECK_INT(intake.events, 20);
    CHECK_INT(intake.agencies[0].heard, 1);
    CHECK_INT(intake.agencies[1].heard, 0);
    CHECK_INT(intake.buckets[3], 10);
    CHECK(!records_intake(records, &RECORDS_SCOPE_ALL, NOON, NOON, 4, &arena, &intake, &e));
    arena_free(&arena);
    records_close(&records);
}

TEST("a source that cannot be is refused at its field") {
    struct records *records = fixture();
    struct arena arena;
    arena_init(&arena, 0);
    const struct records_source good = { .key = SLICE("so-a.cong.x"), .system = SLICE("so-a.cong"),
        .name = SLICE("X"), .kind = SLICE("syslog"), .network = SLICE("10.0.0.1") };
    struct { struct records_source source; const char *place; } cases[7];
    for (int i = 0; i < 7; i++)
        cases[i].source = good;
    cases[0].source.key = SLICE("Khóa");             cases[0].place = "key";
    cases[1].source.system = SLICE("so-z");          cases[1].place = "system";
    cases[2].source.kind = SLICE("pigeon");          cases[2].place = "kind";
    cases[3].source.network = SLICE("10.0.0.0/33");  cases[3].place = "network";
    cases[4].source.name = SLICE("");                cases[4].place = "name";
    cases[5].source.valid_to = SLICE("2026-02-30");  cases[5].place = "valid_to";
    cases[6].source.network = SLICE("");             cases[6].place = "network";
    for (int i = 0; i < 7; i++) {
        struct error e = ERROR_NONE;
        enum records_change change;
        CHECK(!records_source_put(records, &ACTOR_SYSTEM, &cases[i].source, &change, &e));
        CHECK_TEXT(e.place, cases[i].place);
        CHECK_INT(e.kind, ERROR_INPUT);
    }
    arena_free(&arena);
    records_close(&records);
}
