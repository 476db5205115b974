#include "serve/keeper.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"

#include "records/hold.h"
#include "records/outbox.h"

#include "serve/canary_send.h"

#define REGIMES_MOST 1000u
#define OWN_DAYS 7     /* of the canary, which no law asks for */

/* A class of day files, and the value of the regime that tells its term. */
static const struct {
    const char *class, *value;
} terms[] = {
    { "standard", "log_days_unclassified" }, { "quarantine", "log_days_unclassified" },
    { "level-1", "log_days_level_1" },       { "level-2", "log_days_level_2" },
    { "level-3", "log_days_level_3" },       { "level-4", "log_days_level_4" },
    { "level-5", "log_days_level_5" },
};

#define TERMS (sizeof terms / sizeof *terms)

/* That regime, or the one that has taken its place by today. */
static const struct regime *regime_of_today(const struct regime *regime, int64_t now)
{
    char text[CLOCK_TEXT];
    clock_print(now, text);
    struct slice today = slice_from(text, 10);
    while (regime->successor && regime->holds_to.len && slice_compare(regime->holds_to, today) < 0)
        regime = regime->successor;
    return regime;
}

static bool holds_on(const struct regime *regime, struct slice day)
{
    return slice_compare(regime->holds_from, day) <= 0 &&
           (regime->holds_to.len == 0 || slice_compare(day, regime->holds_to) <= 0);
}

bool keeper_regime(const char *folder, int64_t now, struct arena *arena,
                   const struct regime **regime_out, struct error *e)
{
    static const char *const ends[] = { ".yaml", NULL };
    struct slice *paths;
    size_t count, begin = strlen(folder) + 1;
    char today[CLOCK_TEXT];
    clock_print(now, today);
    *regime_out = NULL;
    if (!file_list(folder, ends, REGIMES_MOST, arena, &paths, &count, e))
        return false;
    for (size_t i = 0; i < count && !*regime_out; i++) {
        struct slice id = slice_cut(paths[i], begin, paths[i].len - (sizeof ".yaml" - 1));
        struct regime *regime;
        struct error broken = ERROR_NONE; /* another one may be whole */
        if (slice_find_byte(id, '/') == id.len && regime_load(folder, id, arena, &regime, &broken) &&
            holds_on(regime, slice_from(today, 10)))
            *regime_out = regime;
    }
    return *regime_out || error_set(e, "no regime in %s holds today", folder);
}

static size_t make_rules(const struct keeper *k, int64_t now, bool law_alone, struct arena *arena,
                         struct retention_rule *rules)
{
    size_t count = 0;
    const struct regime *regime = regime_of_today(k->regime, now);
    for (size_t i = 0; i < TERMS; i++) {
        const struct regime_value *value = regime_value(regime, slice_of(terms[i].value));
        if (!value || value->number <= 0 || (!law_alone && k->keep_days == 0))
            continue; /* no term is known, or all stays as long as the disk allows */
        struct retention_rule *rule = &rules[count++];
        *rule = (struct retention_rule){ .days = (uint32_t)value->number };
        memcpy(rule->class, terms[i].class, strlen(terms[i].class) + 1);
        if (!law_alone && k->keep_days > value->number)
            rule->days = (uint32_t)k->keep_days;
        rule->cite = arena_print(arena, "%.*s %s = %lld (%.*s%s)%s", SLICE_ARGS(regime->id),
                                 terms[i].value, (long long)value->number,
                                 SLICE_ARGS(value->source),
                                 value->confirmed ? "" : "; to be confirmed",
                                 law_alone ? "; the disk is short"
                                           : k->keep_days > value->number ? "; archive.keep" : "");
    }
    rules[count] = (struct retention_rule){ .class = CANARY_CLASS, .days = OWN_DAYS,
                                            .cite = SLICE("the canary's own events") };
    return count + 1;
}

static bool judge(const struct keeper *k, struct keeper_file *file, struct error *e)
{
    struct slice class = slice_of(file->due.name.class);
    struct records_outbox cursor = { .stream = KEEPER_CURSOR, .day = file->due.name.day,
                                     .class = class };
    if (!records_outbox_get(k->records, &cursor, e) ||
        !records_hold_of_day(k->records, file->due.name.day, class, &file->incident, e))
        return false;
    if (slice_is(class, CANARY_CLASS))
        file->incident = 0;
    file->stay = cursor.sequence < file->due.last_batch ? KEEPER_NOT_FOLDED
                 : file->incident ? KEEPER_HELD : KEEPER_GOES;
    return true;
}

static uint64_t size_of(const char *archive, const struct day_name *name)
{
    char file[DAY_FILE], path[4096];
    struct stat info;
    day_name_print(name, file);
    int len = snprintf(path, sizeof path, "%s/%s", archive, file);
    return len > 0 && len < (int)sizeof path && stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}

/* Of what the disk's shortness lets go, only so much that twice the reserve is free again. */
static size_t enough_for_disk(const struct keeper *k, struct keeper_file *files, size_t count)
{
    uint64_t left, total;
    size_t taken = 0;
    if (!file_room(k->archive, &left, &total))
        return 0;
    uint64_t wanted = 2 * keeper_reserve(k->reserve, total);
    for (; taken < count && left < wanted; taken++)
        if (files[taken].stay == KEEPER_GOES)
            left += size_of(k->archive, &files[taken].due.name);
    return taken;
}

bool keeper_list(const struct keeper *k, int64_t now, bool short_of_disk, struct arena *arena,
                 struct keeper_file **files_out, size_t *count_out, struct error *e)
{
    struct retention_rule *rules = arena_array(arena, TERMS + 1, sizeof *rules);
    struct retention_due *due;
    size_t count;
    *count_out = 0;
    if (!rules)
        return error_set(e, "memory is short for the list of day files");
    if (!k->regime)
        return error_set(e, "no regime can be read, so no term is known: nothing is deleted");
    size_t rule_count = make_rules(k, now, short_of_disk, arena, rules);
    if (!retention_list(k->archive, rules, rule_count, now, arena, &due, &count, e))
        return false;
    struct keeper_file *files = arena_array(arena, count + 1, sizeof *files);
    if (!files)
        return error_set(e, "memory is short for the list of day files");
    for (size_t i = 0; i < count; i++) {
        files[i] = (struct keeper_file){ .due = due[i] };
        if (!judge(k, &files[i], e))
            return false;
    }
    *files_out = files;
    *count_out = short_of_disk ? enough_for_disk(k, files, count) : count;
    return true;
}
