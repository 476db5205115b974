#include "test.h"

#include "base/clock.h"

TEST("times are read with their zone, and without one in Vietnam's") {
    static const struct { const char *text; int64_t seconds; } rows[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "1970-01-01", -7 * 3600 },
        { "2019-08-12 09:30", 1565577000 },
        { "2019-08-12T02:30:00+00:00", 1565577000 },
        { "2019-08-12T09:30:00,5+0700", 1565577000 },
        { "2000-02-29T00:00:00Z", 951782400 },
        { "2026-11-24T00:00:60Z", 1795478459 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t time;
        CHECK(clock_parse(slice_of(rows[i].text), &time));
        CHECK_INT((time - (time % CLOCK_SECOND)) / CLOCK_SECOND, rows[i].seconds);
    }
}

TEST("dates that do not exist, and rests, are refused") {
    static const char *const rows[] = { "2019-02-29", "2019-13-01", "2019-00-10", "2019-1-1", "",
                                        "2019-01-01T25:00", "2019-01-01T00:00:00Zx", "20190101",
                                        "2019-01-01T00", "2019-01-01T00:00:00+7", "0000-01-01" };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t time = 7;
        CHECK(!clock_parse(slice_of(rows[i]), &time));
    }
}

TEST("what is printed is read back to the millisecond") {
    char text[CLOCK_TEXT];
    for (int64_t time = -5 * CLOCK_DAY; time < INT64_C(80000) * CLOCK_DAY;
         time += 1234567 * CLOCK_SECOND + 1000000) {
        int64_t back;
        clock_print(time, text);
        CHECK(clock_parse(slice_of(text), &back));
        CHECK_INT(back, time);
    }
}

TEST("the day of an instant is its zone's, and turns back into its first nanosecond") {
    int64_t time;
    CHECK(clock_parse(SLICE("2026-11-24T23:30:00Z"), &time));
    CHECK_INT(clock_day(time, 0), 20261124);
    CHECK_INT(clock_day(time, CLOCK_ZONE), 20261125);
    CHECK(clock_from_day(20261125, CLOCK_ZONE, &time));
    CHECK_INT(clock_day(time, CLOCK_ZONE), 20261125);
    CHECK_INT(clock_day(time - 1, CLOCK_ZONE), 20261124);
    CHECK(!clock_from_day(20260230, 0, &time));
}

TEST("weekdays count from Monday") {
    int64_t time;
    CHECK(clock_parse(SLICE("2026-11-24T10:00:00+07:00"), &time));
    CHECK_INT(clock_weekday(time, CLOCK_ZONE), 1);
    CHECK_INT(clock_weekday(-CLOCK_DAY, 0), 2);
}
