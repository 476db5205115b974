#include "fixture.h"
#include "records/outbox.h"

TEST("an alert offered twice stands once, and matches of one day fold") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    struct arena arena;
    arena_init(&arena, 0);
    bool fresh;
    for (int round = 0; round < 3; round++)
        for (uint64_t i = 1; i <= 30; i++) {
            struct records_alert_match match = fixture_match("so-a", i);
            char event[32];
            snprintf(event, sizeof event, "20261124.standard.%d", (int)i);
            struct records_alert_event v = { .event = slice_of(event), .raw = SLICE("line") };
            match.events = &v;
            CHECK(records_alert_fold(records, &match, &fresh, &e));
            CHECK_INT(fresh, round == 0);
        }
    struct records_alert_filter filter = { 0 };
    struct records_alert_list list;
    CHECK(records_alert_list(records, &RECORDS_SCOPE_ALL, &filter, NULL, &arena, &list, &e));
    CHECK_INT(list.total, 1);
    CHECK_INT(list.matches, 30);
    CHECK_SLICE(list.rows[0].agency_name, "Sở Tài chính");
    struct records_alert_event *events;
    uint32_t count;
    CHECK(records_alert_events(records, &RECORDS_SCOPE_ALL, list.rows[0].id, &arena, &events,
                               &count, &e));
    CHECK_INT(count, RECORDS_ALERT_EVENTS);
    CHECK_SLICE(events[19].event, "20261124.standard.20");
    arena_free(&arena);
    records_close(&records);
}

TEST("another agency, rule, entity or day is another alert") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    struct arena arena;
    arena_init(&arena, 0);
    struct records_alert_match m[5];
    for (int i = 0; i < 5; i++)
        m[i] = fixture_match(i == 1 ? "so-b" : "so-a", (uint64_t)i + 1);
    m[2].rule = SLICE("rule-2");
    m[3].entity = SLICE("src_ip=203.0.113.78");
    m[4].time += CLOCK_DAY;
    for (int i = 0; i < 5; i++)
        CHECK(records_alert_fold(records, &m[i], NULL, &e));
    struct records_alert_filter filter = { 0 };
    struct records_alert_list list;
    CHECK(records_alert_list(records, &RECORDS_SCOPE_ALL, &filter, NULL, &arena, &list, &e));
    CHECK_INT(list.total, 5);
    filter.words = SLICE("password GUESSING 78");
    CHECK(records_alert_list(records, &RECORDS_SCOPE_ALL, &filter, NULL, &arena, &list, &e));
    CHECK_INT(list.total, 1);
    struct records_alert_counts counts;
    filter.words = SLICE_NONE;
    CHECK(records_alert_counts(records, &RECORDS_SCOPE_ALL, &filter, SLICE("x"), &counts, &e));
    CHECK_INT(counts.fresh, 5);
    arena_free(&arena);
    records_close(&records);
}

TEST("pages hold every row once, in every order, also while rows are added") {
    static const char *const sorts[] = { "-last_time", "last_time", "-level", "level", "-matches" };
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    struct arena arena;
    arena_init(&arena, 0);
    for (uint64_t i = 1; i <= 25; i++) {
        struct records_alert_match match = fixture_match("so-a", i);
        char rule[32];
        snprintf(rule, sizeof rule, "rule-%d", (int)i);
        match.rule = slice_of(rule);
        match.level = (int)(i % 5);
        match.time += (int64_t)(i % 7) * CLOCK_MINUTE;
        CHECK(records_alert_fold(records, &match, NULL, &e));
    }
    for (size_t k = 0; k < sizeof sorts / sizeof *sorts; k++) {
        struct records_page page = { .limit = 5, .sort = slice_of(sorts[k]) };
        struct records_alert_filter filter = { 0 };
        struct records_alert_list list;
        uint32_t seen = 0, pages = 0;
        bool known[64] = { false };
        do {
            CHECK(records_alert_list(records, &RECORDS_SCOPE_ALL, &filter, &page, &arena, &list,
                                     &e));
            for (uint32_t i = 0; i < list.count; i++) {
                CHECK(!known[list.rows[i].id]);
                known[list.rows[i].id] = true;
                seen++;
            }
            page.cursor = list.next;
            pages++;
        } while (list.next.len);
        CHECK_INT(seen, 25);
        CHECK_INT(pages, 5);
    }
    struct records_page page = { .cursor = SLICE("bm9uc2Vuc2U") };
    struct records_alert_filter filter = { 0 };
    struct records_alert_list list;
    CHECK(!records_alert_list(records, &RECORDS_SCOPE_ALL, &filter, &page, &arena, &list, &e));
    CHECK_ERROR(e, "cursor");
    error_clear(&e);
    page = (struct records_page){ .sort = SLICE("rule; DROP TABLE alert") };
    CHECK(!records_alert_list(records, &RECORDS_SCOPE_ALL, &filter, &page, &arena, &list, &e));
    CHECK_ERROR(e, "cannot be sorted");
    arena_free(&arena);
    records_close(&records);
}

TEST("the outbox's cursor goes on and never back") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    struct records_outbox o = { .stream = "alerts", .day = 20261124, .class = SLICE("standard") };
    CHECK(records_outbox_get(records, &o, &e));
    CHECK_INT(o.sequence, 0);
    o.sequence = 7;
    CHECK(records_outbox_put(records, &o, &e));
    CHECK(records_outbox_put(records, &o, &e));
    o.sequence = 6;
    CHECK(!records_outbox_put(records, &o, &e));
    CHECK_INT(e.kind, ERROR_CONFLICT);
    CHECK(records_outbox_get(records, &o, NULL));
    CHECK_INT(o.sequence, 7);
    records_close(&records);
}
