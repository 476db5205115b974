/* fixture - a records file with two agencies, their systems and sources, for the tests. */
#ifndef TEST_RECORDS_FIXTURE_H
#define TEST_RECORDS_FIXTURE_H

#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "records/agency.h"
#include "records/alert.h"
#include "records/source.h"
#include "records/system.h"
#include "test.h"

#define NOON INT64_C(1795496400000000000) /* 2026-11-24 12:00 +07:00 */

static inline void clock_set(int64_t time)
{
    clock_shift(0);
    clock_shift(time - clock_now());
}

static inline struct records *fixture_empty(const char **path_out)
{
    static struct arena paths; /* kept for ever */
    const char *path = file_join(&paths, test_folder(), "haidang.db");
    struct records *records = NULL;
    struct error e = ERROR_NONE;
    if (!records_open(path, RECORDS_WRITE, &records, &e))
        fprintf(stderr, "%s: %s\n", e.place, e.sentence);
    CHECK(records != NULL);
    if (path_out)
        *path_out = path;
    return records;
}

static inline void fixture_fill(struct records *records)
{
    struct error e = ERROR_NONE;
    enum records_change change;
    static const char *const keys[] = { "so-a", "so-b" };
    static const char *const systems[] = { "so-a.cong", "so-b.cong" };
    static const char *const sources[] = { "so-a.cong.web", "so-b.cong.web" };
    for (int i = 0; i < 2; i++) {
        struct records_agency agency = { .key = slice_of(keys[i]), .kind = SLICE("so-nganh"),
            .name = i ? SLICE("Sở Nội vụ") : SLICE("Sở Tài chính"), .rank = i + 1 };
        struct records_system system = { .key = slice_of(systems[i]), .agency = agency.key,
            .name = SLICE("Cổng thông tin"), .level = 3 };
        struct records_source source = { .key = slice_of(sources[i]), .system = system.key,
            .name = SLICE("Máy chủ web"), .kind = SLICE("syslog"), .network = SLICE("10.0.0.0/8"),
            .hostname = slice_of(keys[i]), .cadence = 900, .enabled = true };
        CHECK(records_agency_put(records, &ACTOR_SYSTEM, &agency, &change, &e));
        CHECK_INT(change, RECORDS_NEW);
        CHECK(records_system_put(records, &ACTOR_SYSTEM, &system, &change, &e));
        CHECK(records_source_put(records, &ACTOR_SYSTEM, &source, &change, &e));
    }
}

static inline struct records *fixture(void)
{
    struct records *records = fixture_empty(NULL);
    fixture_fill(records);
    return records;
}

/* A match of that agency ("so-a") at `sequence` of the day file. */
static inline struct records_alert_match fixture_match(const char *agency, uint64_t sequence)
{
    static const struct records_alert_event event = {
        .event = { "20261124.standard.1", 19 }, .raw = { "Failed password", 15 } };
    return (struct records_alert_match){
        .day = 20261124, .class = SLICE("standard"), .sequence = sequence,
        .rule = SLICE("rule-1"), .title = SLICE("Password guessing"), .level = 3,
        .agency = slice_of(agency), .entity = SLICE("src_ip=203.0.113.77"), .time = NOON - CLOCK_DAY,
        .system = slice_of(agency[3] == 'a' ? "so-a.cong" : "so-b.cong"),
        .source = slice_of(agency[3] == 'a' ? "so-a.cong.web" : "so-b.cong.web"),
        .events = &event, .event_count = 1 };
}

#endif
