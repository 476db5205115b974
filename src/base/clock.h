/* clock - time. Inside: int64_t nanoseconds since 1970 UTC. At the edges: Asia/Ho_Chi_Minh,
 * ISO 8601 with zone.
 *
 * Good: clock_now() everywhere, so that a test can set the time.
 * Never: time() or localtime() elsewhere; the zone is UTC+7 without daylight saving since 1975,
 *        so no zone database is needed for it.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/slice.h"

#define CLOCK_SECOND INT64_C(1000000000)
#define CLOCK_MINUTE (60 * CLOCK_SECOND)
#define CLOCK_HOUR (60 * CLOCK_MINUTE)
#define CLOCK_DAY (24 * CLOCK_HOUR)
#define CLOCK_ZONE (7 * CLOCK_HOUR)   /* Asia/Ho_Chi_Minh */
#define CLOCK_TEXT 40

/* Wall clock; tests shift it by clock_shift or by HAIDANG_CLOCK_SHIFT (seconds) in a debug build. */
int64_t clock_now(void);
/* Never goes back; for intervals only. */
int64_t clock_steady(void);
void clock_shift(int64_t by);

struct clock_date {
    int year, month, day;              /* 1..12, 1..31 */
    int hour, minute, second;
    int32_t nanosecond;
};

/* Broken down in the zone UTC + offset (ns), Gregorian for all years 1..9999. */
struct clock_date clock_split(int64_t time, int64_t offset);
/* Back; false when a part is out of range (second 60 is taken as 59) or the time does not fit. */
bool clock_join(const struct clock_date *date, int64_t offset, int64_t *time_out);
/* 0 = Monday … 6 = Sunday. */
int clock_weekday(int64_t time, int64_t offset);

/* "2026-11-24T07:31:02.123+07:00"; text has CLOCK_TEXT bytes. */
void clock_print(int64_t time, char *text);
/* "2026-11-24T00:31:02.123456789Z" */
void clock_print_utc(int64_t time, char *text);
/* ISO 8601: date, or date and time with 'T' or blank, optional fraction (.,), zone Z or ±hh[:mm];
 * without a zone: Asia/Ho_Chi_Minh. Whole slice. */
bool clock_parse(struct slice text, int64_t *time_out);
/* 20261124 in the zone UTC + offset, and back to the day's first nanosecond. */
int32_t clock_day(int64_t time, int64_t offset);
bool clock_from_day(int32_t day, int64_t offset, int64_t *time_out);

#endif
