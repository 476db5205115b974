/* calendar - the periods of a regime, and its working days. All in Asia/Ho_Chi_Minh.
 *
 * A period is named as people name it (2026, 2026-H1, 2026-Q3, 2026-11); where it begins and ends
 * is the regime's: with the cut-off day 14, the year 2026 runs from 15/12/2025 to 14/12/2026.
 * Never: calendar arithmetic elsewhere; holidays in code.
 */
#ifndef PLAN_CALENDAR_H
#define PLAN_CALENDAR_H

#include "base/arena.h"
#include "base/error.h"

enum period_kind { PERIOD_MONTH, PERIOD_QUARTER, PERIOD_HALF, PERIOD_YEAR, PERIOD_KINDS };

struct period {
    enum period_kind kind;
    int year, index;        /* month 1..12, quarter 1..4, half 1..2, year 1 */
    int64_t from, to;       /* [from, to), ns UTC */
    char id[12];            /* "2026-Q3" */
};

/* "month", "quarter", "half", "year"; NULL-safe the other way. */
const char *period_kind_name(enum period_kind kind);
bool period_kind_parse(struct slice name, enum period_kind *kind_out);

/* cutoff: last day of a period within its last month, 1..28, or 0 for calendar months.
 * False when the id is none of ours or the year lies outside 1900..2999. */
bool period_parse(struct slice id, int cutoff, struct period *period_out);
/* The period of that kind that holds the moment. */
struct period period_at(enum period_kind kind, int64_t time, int cutoff);
/* The one before / n periods before. */
struct period period_before(const struct period *period, int cutoff);
/* "quý III năm 2026" / "third quarter of 2026". text has PERIOD_LABEL bytes. */
#define PERIOD_LABEL 64
void period_label(const struct period *period, const char *language, char *text);

struct calendar {
    struct slice id;
    uint32_t weekend;            /* bit per weekday, 0 = Monday */
    int32_t *off;                /* days off, YYYYMMDD, sorted */
    uint32_t off_count;
    int32_t *worked;             /* weekend days that are worked, sorted */
    uint32_t worked_count;
    int32_t *fixed;              /* MMDD of every year */
    uint32_t fixed_count;
    bool confirmed;
    struct slice source;
};

/* Reads a calendar file; its memory is the arena's. */
bool calendar_load(const char *path, struct arena *arena, struct calendar *calendar_out,
                   struct error *e);
/* Whether the local day YYYYMMDD is a working day. */
bool calendar_works(const struct calendar *calendar, int32_t day);
/* Working days after the day of `from`, up to and with the day of `to`; 0 when to is earlier.
 * Counts at most 20 years. */
int64_t calendar_working_days(const struct calendar *calendar, int64_t from, int64_t to);
/* The end (next midnight) of the n-th working day from `time` on: time at midnight counts its own
 * day as the first. */
int64_t calendar_after_working_days(const struct calendar *calendar, int64_t time, int n);

/* Whole local days from the day of a to the day of b, negative when b is earlier. */
int64_t calendar_days_between(int64_t a, int64_t b);
/* "2026-11-24" of the moment's local day; text has CALENDAR_DAY bytes. */
#define CALENDAR_DAY 11
void calendar_day_text(int64_t time, char *text);
/* First moment of the local day "2026-11-24"; false when it is none. */
bool calendar_day_start(struct slice day, int64_t *time_out);

#endif
