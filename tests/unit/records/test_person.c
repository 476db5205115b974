#include <sqlite3.h>

#include "fixture.h"
#include "records/person.h"

static struct records *records;

/* Puts the only post of a person, on that day after noon of the 24th. */
static void put(int day, const char *title, const char *until)
{
    enum records_change change;
    struct error e = ERROR_NONE;
    struct records_post post = { .agency = SLICE("so-a"), .duty = SLICE("focal"), .title = slice_of(title),
                                 .holds_from = SLICE("2026-01-01"), .holds_to = slice_of(until) };
    struct records_person person = { .key = SLICE("an"), .name = SLICE("An"), .posts = &post,
                                     .post_count = 1 };
    clock_set(NOON + day * CLOCK_DAY);
    CHECK(records_person_put(records, &ACTOR_SYSTEM, &person, &change, &e));
    clock_shift(0);
}

/* The day after the 24th on which the column was learnt; -1: NULL. */
static int learnt(const char *path, const char *column)
{
    char sql[100];
    sqlite3 *db;
    sqlite3_stmt *row;
    snprintf(sql, sizeof sql, "SELECT %s FROM m_post", column);
    CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_step(row), SQLITE_ROW);
    int day = sqlite3_column_type(row, 0) == SQLITE_NULL
                  ? -1 : (int)((sqlite3_column_int64(row, 0) - NOON) / CLOCK_DAY);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return day;
}

TEST("that a post ends is learnt when it is told, and the post stays learnt when it was") {
    static const struct {
        const char *title, *until;
        int end_learnt;
    } steps[] = {
        { "", "", -1 },           { "Trưởng phòng", "", -1 }, { "Trưởng phòng", "2026-12-31", 2 },
        { "", "2026-12-31", 2 },  { "", "2026-11-30", 4 },    { "", "", -1 },
    };
    const char *path;
    records = fixture_empty(&path);
    fixture_fill(records);
    for (int i = 0; i < (int)(sizeof steps / sizeof *steps); i++) {
        put(i, steps[i].title, steps[i].until);
        CHECK_INT(learnt(path, "learnt_at"), 0);
        CHECK_INT(learnt(path, "end_learnt_at"), steps[i].end_learnt);
    }
    records_close(&records);
}
