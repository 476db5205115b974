#include "serve/duties.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

#include "process/message.h"

#include "records/alarm.h"
#include "records/audit.h"
#include "records/gap.h"
#include "records/rhythm.h"
#include "records/silence.h"
#include "records/source.h"
#include "records/user.h"

#include "serve/judge.h"
#include "serve/roles.h"

#define WATCH_EVERY (5 * CLOCK_SECOND)
#define LEARN_EVERY CLOCK_HOUR
#define TIDY_EVERY (10 * CLOCK_MINUTE)
#define KEEP_EVERY CLOCK_HOUR           /* the law counts days; a file goes within the hour */
#define KEEP_FIRST (30 * CLOCK_SECOND)  /* after the start: what is to be folded is folded */
#define JUDGE_EVERY CLOCK_HOUR          /* terms end at midnight */
#define JUDGE_FIRST (10 * CLOCK_SECOND)
#define DISK_EVERY (2 * CLOCK_SECOND)

/* Its time has come; the next is that much later. */
static bool is_due(int64_t *due, int64_t every)
{
    int64_t now = clock_steady();
    if (now < *due)
        return false;
    *due = now + every;
    return true;
}

static void watch(struct duties *d)
{
    struct records_silence_news news;
    struct error e = ERROR_NONE;
    if (!records_silence_watch(d->records, clock_now(), d->skew_most, &news, &e))
        log_error(&e, "watching the sources");
    if (news.fell_silent || news.spoke_again)
        log_info("%u sources fell silent, %u are heard again", news.fell_silent, news.spoke_again);
    if (news.clocks_wrong || news.clocks_right)
        log_info("%u clocks are wrong, %u are right again", news.clocks_wrong, news.clocks_right);
}

static void learn(struct duties *d)
{
    struct error e = ERROR_NONE;
    if (!records_rhythm_learn(d->records, clock_now(), &e))
        log_error(&e, "learning how sources send");
}

static void tidy(struct duties *d)
{
    struct error e = ERROR_NONE;
    if (!records_source_tidy(d->records, &e) || !records_session_tidy(d->records, &e))
        log_error(&e, "tidying");
}

static void judge(struct duties *d)
{
    struct error e = ERROR_NONE;
    if (d->plan && !judge_store(d->records, d->records_path, d->plan, clock_now(), &e))
        log_error(&e, "where the plan stands is not stored");
}

/* ---- keeping no longer than is due --------------------------------------------------------------- */

static size_t going(const struct keeper_file *files, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += files[i].stay == KEEPER_GOES;
    return n;
}

static struct slice detail_of(struct buffer *out, struct slice rule, uint32_t days)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "rule", rule);
    json_integer_member(&w, "days", days);
    json_close_object(&w);
    return buffer_slice(out);
}

/* Files of the last orders that are gone by now: each is a row of the audit log. */
static void audit_gone(struct duties *d)
{
    for (size_t i = 0; i < d->ordered_count; i++) {
        struct keeper_file *file = &d->ordered[i];
        char name[DAY_FILE], path[4096], object[64];
        struct error e = ERROR_NONE;
        if (file->stay != KEEPER_GOES)
            continue;
        day_name_print(&file->due.name, name);
        int len = snprintf(path, sizeof path, "%s/%s", d->keeper.archive, name);
        if (len < 0 || len >= (int)sizeof path || access(path, F_OK) == 0)
            continue;
        BUFFER_AUTO detail;
        buffer_init(&detail, 0);
        snprintf(object, sizeof object, "archive:%s", name);
        if (!records_audit(d->records, &ACTOR_SYSTEM, SLICE_NONE, "archive.expire",
                           slice_of(object),
                           detail_of(&detail, file->due.rule->cite, file->due.rule->days), &e))
            log_error(&e, "a deletion could not be written into the audit log");
        file->stay = KEEPER_NOT_FOLDED; /* told */
    }
}

static void order(struct duties *d, bool short_of_disk)
{
    BUFFER_AUTO orders;
    struct error e = ERROR_NONE;
    int64_t now = clock_now();
    buffer_init(&orders, 0);
    audit_gone(d);
    arena_clear(&d->ordered_arena);
    d->ordered_count = 0;
    if (!keeper_list(&d->keeper, now, short_of_disk, &d->ordered_arena, &d->ordered,
                     &d->ordered_count, &e)) {
        log_error(&e, "what is over is not deleted");
        return;
    }
    size_t count = going(d->ordered, d->ordered_count);
    if (!count)
        return;
    keeper_write_orders(d->ordered, d->ordered_count, now, &orders);
    if (!file_replace(d->orders, buffer_slice(&orders), 0600, &e)) {
        log_error(&e, "what is over is not deleted");
        return;
    }
    log_info("%zu day files are over and go", count);
    message_nudge(d->nudges, NUDGE_EXPIRE);
}

static bool was_asked(struct duties *d)
{
    ARENA_AUTO arena;
    struct slice asked;
    struct error e = ERROR_NONE;
    arena_init(&arena, 65536);
    if (!records_setting_get(d->records, DUTIES_RETAIN_ASKED, &arena, &asked, &e) ||
        slice_equal(asked, d->asked) || asked.len >= sizeof d->asked_bytes)
        return false;
    bool first = !d->asked.data;
    memcpy(d->asked_bytes, asked.data, asked.len);
    d->asked = slice_from(d->asked_bytes, asked.len);
    return !first || asked.len == 0;
}

/* ---- the disk --------------------------------------------------------------------------------------- */

static bool tell_disk(struct duties *d, uint64_t left, int64_t now, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    struct records_alarm alarm = {
        .rule = ALARM_DISK, .level = 4, .entity = SLICE("disk"), .since = now,
        .title = SLICE("The disk is almost full: no events are taken in"),
        .title_vi = SLICE("Đĩa sắp đầy: không nhận thêm log"),
    };
    log_failure("the disk is almost full: %llu MiB are free", (unsigned long long)(left >> 20));
    return records_begin(d->records, &t, e) && records_alarm_raise(d->records, &alarm, e) &&
           records_gap_begin(d->records, SLICE(""), now, SLICE("the disk was full"), e) &&
           records_commit(&t, e);
}

static bool tell_room(struct duties *d, int64_t now, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    return records_begin(d->records, &t, e) &&
           records_alarm_end(d->records, ALARM_DISK, SLICE("disk"),
                             SLICE("đã có chỗ trống (there is room again)"), NULL, e) &&
           records_gap_end(d->records, SLICE(""), now, e) && records_commit(&t, e);
}

/* What is beyond the law's term goes while there is still room; below the reserve the pipeline takes
 * nothing in, and people are told. */
static void watch_disk(struct duties *d)
{
    uint64_t left, total;
    struct error e = ERROR_NONE;
    int64_t now = clock_now();
    if (!d->keeper.reserve || !file_room(d->keeper.archive, &left, &total))
        return;
    uint64_t least = keeper_reserve(d->keeper.reserve, total);
    if (left < 2 * least && going(d->ordered, d->ordered_count) == 0)
        order(d, true);
    bool full = left < (d->disk_full ? least + least / 2 : least);
    if (full != d->disk_full && !(full ? tell_disk(d, left, now, &e) : tell_room(d, now, &e)))
        log_error(&e, "the disk");
    else
        d->disk_full = full;
}

void duties_end(struct duties *d)
{
    audit_gone(d);
    arena_free(&d->ordered_arena);
}

void duties_step(struct duties *d)
{
    if (!d->keep_due) {
        d->keep_due = clock_steady() + KEEP_FIRST;
        d->judge_due = clock_steady() + JUDGE_FIRST;
        d->disk_full = true; /* an alarm of a hub before us ends when there is room */
        was_asked(d);
        d->asked = d->asked.data ? d->asked : SLICE("");
    }
    if (is_due(&d->disk_due, DISK_EVERY)) {
        audit_gone(d);
        if (was_asked(d))
            d->keep_due = 1;
        watch_disk(d);
    }
    if (is_due(&d->keep_due, KEEP_EVERY))
        order(d, false);
    if (is_due(&d->judge_due, JUDGE_EVERY))
        judge(d);
    if (is_due(&d->learn_due, LEARN_EVERY))
        learn(d);
    if (d->listening && is_due(&d->watch_due, WATCH_EVERY))
        watch(d); /* else nobody can be heard, and nobody is silent */
    if (is_due(&d->tidy_due, TIDY_EVERY))
        tidy(d);
}
