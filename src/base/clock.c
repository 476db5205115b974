#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static _Atomic int64_t shift;
static _Atomic bool shift_read;

void clock_shift(int64_t by)
{
    atomic_store(&shift, by);
    atomic_store(&shift_read, true);
}

static int64_t shift_now(void)
{
#ifndef NDEBUG
    if (!atomic_load(&shift_read)) {
        const char *text = getenv("HAIDANG_CLOCK_SHIFT");
        int64_t seconds;
        if (text && slice_to_i64(slice_of(text), &seconds))
            atomic_store(&shift, seconds * CLOCK_SECOND);
        atomic_store(&shift_read, true);
    }
#endif
    return atomic_load(&shift);
}

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * CLOCK_SECOND + now.tv_nsec;
}

int64_t clock_now(void)
{
    return read_clock(CLOCK_REALTIME) + shift_now();
}

int64_t clock_steady(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* Days since 1970-01-01 of a Gregorian date, and back: shift the year's start to March, so that
 * the leap day is the last of its year (Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_from_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, struct clock_date *date)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    date->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    date->month = (int)(month < 10 ? month + 3 : month - 9);
    date->year = (int)(year_of_era + era * 400 + (date->month <= 2));
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct clock_date clock_split(int64_t time, int64_t offset)
{
    struct clock_date date;
    int64_t days = floor_div(time, CLOCK_DAY);
    int64_t rest = time - days * CLOCK_DAY + offset; /* added here, so that it cannot overflow */
    days += floor_div(rest, CLOCK_DAY);
    rest -= floor_div(rest, CLOCK_DAY) * CLOCK_DAY;
    date_from_days(days, &date);
    date.hour = (int)(rest / CLOCK_HOUR);
    date.minute = (int)(rest / CLOCK_MINUTE % 60);
    date.second = (int)(rest / CLOCK_SECOND % 60);
    date.nanosecond = (int32_t)(rest % CLOCK_SECOND);
    return date;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool clock_join(const struct clock_date *date, int64_t offset, int64_t *time_out)
{
    if (date->year < 1 || date->year > 9999 || date->month < 1 || date->month > 12 ||
        date->day < 1 || date->day > days_in_month(date->year, date->month) || date->hour < 0 ||
        date->hour > 23 || date->minute < 0 || date->minute > 59 || date->second < 0 ||
        date->second > 60 || date->nanosecond < 0 || date->nanosecond >= CLOCK_SECOND)
        return false;
    int second = date->second == 60 ? 59 : date->second;
    int64_t time, within = date->hour * CLOCK_HOUR + date->minute * CLOCK_MINUTE +
                           second * CLOCK_SECOND + date->nanosecond;
    if (__builtin_mul_overflow(days_from_date(date->year, date->month, date->day), CLOCK_DAY,
                               &time) ||
        __builtin_add_overflow(time, within, &time) ||
        __builtin_sub_overflow(time, offset, &time))
        return false;
    *time_out = time;
    return true;
}

int clock_weekday(int64_t time, int64_t offset)
{
    int64_t days = floor_div(time, CLOCK_DAY);
    days += floor_div(time - days * CLOCK_DAY + offset, CLOCK_DAY);
    return (int)(((days + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

void clock_print(int64_t time, char *text)
{
    struct clock_date d = clock_split(time, CLOCK_ZONE);
    snprintf(text, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03d+07:00", d.year, d.month, d.day,
             d.hour, d.minute, d.second, d.nanosecond / 1000000);
}

void clock_print_utc(int64_t time, char *text)
{
    struct clock_date d = clock_split(time, 0);
    snprintf(text, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ", d.year, d.month, d.day,
             d.hour, d.minute, d.second, d.nanosecond);
}

/* Exactly `digits` decimal digits at *at; steps over them. */
static bool take_number(struct slice s, size_t *at, size_t digits, int *out)
{
    uint64_t value;
    if (!slice_to_u64(slice_cut(s, *at, *at + digits), &value) || s.len - *at < digits)
        return false;
    *at += digits;
    *out = (int)value;
    return true;
}

static bool take_byte(struct slice s, size_t *at, const char *any)
{
    if (*at >= s.len || s.data[*at] == '\0' || !strchr(any, s.data[*at]))
        return false;
    ++*at;
    return true;
}

static void take_fraction(struct slice s, size_t *at, int32_t *out)
{
    int32_t value = 0, scale = 100000000;
    for (; *at < s.len && s.data[*at] >= '0' && s.data[*at] <= '9'; ++*at) {
        value += (s.data[*at] - '0') * scale;
        scale /= 10;
    }
    *out = value;
}

static bool take_zone(struct slice s, size_t *at, int64_t *offset_out)
{
    int hours, minutes = 0;
    if (take_byte(s, at, "Zz")) {
        *offset_out = 0;
        return true;
    }
    if (*at >= s.len || (s.data[*at] != '+' && s.data[*at] != '-'))
        return false;
    bool west = s.data[(*at)++] == '-';
    if (!take_number(s, at, 2, &hours) || hours > 23)
        return false;
    bool colon = take_byte(s, at, ":");
    if (*at < s.len || colon)
        if (!take_number(s, at, 2, &minutes) || minutes > 59)
            return false;
    *offset_out = (hours * CLOCK_HOUR + minutes * CLOCK_MINUTE) * (west ? -1 : 1);
    return true;
}

bool clock_parse(struct slice text, int64_t *time_out)
{
    struct clock_date d = { 0 };
    int64_t offset = CLOCK_ZONE;
    size_t at = 0;
    if (!take_number(text, &at, 4, &d.year) || !take_byte(text, &at, "-") ||
        !take_number(text, &at, 2, &d.month) || !take_byte(text, &at, "-") ||
        !take_number(text, &at, 2, &d.day))
        return false;
    if (at < text.len) {
        if (!take_byte(text, &at, "Tt ") || !take_number(text, &at, 2, &d.hour) ||
            !take_byte(text, &at, ":") || !take_number(text, &at, 2, &d.minute))
            return false;
        if (take_byte(text, &at, ":")) {
            if (!take_number(text, &at, 2, &d.second))
                return false;
            if (take_byte(text, &at, ".,"))
                take_fraction(text, &at, &d.nanosecond);
        }
        if (at < text.len && (!take_zone(text, &at, &offset) || at != text.len))
            return false;
    }
    return clock_join(&d, offset, time_out);
}

int32_t clock_day(int64_t time, int64_t offset)
{
    struct clock_date d = clock_split(time, offset);
    return d.year * 10000 + d.month * 100 + d.day;
}

bool clock_from_day(int32_t day, int64_t offset, int64_t *time_out)
{
    struct clock_date d = { .year = day / 10000, .month = day / 100 % 100, .day = day % 100 };
    return clock_join(&d, offset, time_out);
}
