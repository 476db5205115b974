#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "sink.h"
#include "test.h"

#define PATIENCE INT64_C(400000000)

static void append(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");

    fputs(text, file);
    fclose(file);
}

/* A folder with app.log, which is followed. */
struct place {
    const char *folder;
    char path[300];
    struct intake_file file;
    struct sink_options options;
};

static void place_make(struct place *place)
{
    log_init("test", LOG_ERROR_);
    place->folder = test_folder();
    snprintf(place->path, sizeof place->path, "%s/app.log", place->folder);
    place->file = (struct intake_file){ .path = place->path, .source = "so-tttt.file" };
    place->options = (struct sink_options){ .files = &place->file, .file_count = 1,
                                            .state_folder = place->folder, .file_patience = PATIENCE };
}

static void move(const struct place *place, const char *from, const char *to)
{
    char a[400], b[400];

    snprintf(a, sizeof a, "%s%s", place->path, from);
    snprintf(b, sizeof b, "%s%s", place->path, to);
    CHECK_INT(rename(a, b), 0);
}

static void copy(const struct place *place, const char *to)
{
    char path[400];
    ARENA_AUTO arena;
    struct slice text;

    arena_init(&arena, 1u << 20);
    snprintf(path, sizeof path, "%s%s", place->path, to);
    CHECK(file_read(place->path, 1u << 20, &arena, &text, NULL));
    append(path, text.data);
}

/* How many were refused, of which so many are to come: what stands in the ledger is handed on each second,
 * and later where the machine is busy. */
static uint64_t refused(struct sink *sink, uint64_t wanted)
{
    for (int i = 0; i == 0 || (i < 20 && sink->refused < wanted); i++) {
        usleep(1300000);
        intake_tick(sink->intake);
        usleep(100000);
    }
    return sink->refused;
}

/* Reads until `count` events are there, and no more; stops. The events as lines, in the arena. */
static const char *read_all(const struct place *place, size_t count, struct arena *arena)
{
    const char *all = "";
    struct sink *sink = sink_start(&place->options);

    CHECK(sink_wait(sink, count));
    usleep(150000);
    for (size_t i = 0; i < sink->count; i++)
        all = arena_print(arena, "%s%s\n", all, sink_event(sink, i)->raw).data;
    sink_stop(&sink);
    return all;
}

TEST("a file is followed through rotation, truncation and a restart, no line twice or lost") {
    char path[300], rotated[310];
    const char *folder = test_folder();
    struct intake_file file = { .path = path, .source = "so-tttt.file" };
    struct sink_options options = { .files = &file, .file_count = 1, .state_folder = folder,
                                    .file_patience = PATIENCE };

    snprintf(path, sizeof path, "%s/app.log", folder);
    snprintf(rotated, sizeof rotated, "%s.1", path);
    append(path, "one\ntwo\nhalf");
    struct sink *sink = sink_start(&options);
    CHECK(sink_wait(sink, 2));
    append(path, " a line\n");
    CHECK(sink_wait(sink, 3));
    CHECK_TEXT(sink_event(sink, 2)->raw, "half a line");
    CHECK_TEXT(sink_event(sink, 2)->source, "so-tttt.file");
    append(path, "last of the old");
    rename(path, rotated);
    append(path, "first of the new\n");
    CHECK(sink_wait(sink, 5));
    CHECK_TEXT(sink_event(sink, 3)->raw, "first of the new");
    CHECK_TEXT(sink_event(sink, 4)->raw, "last of the old"); /* when it was given up */
    CHECK(truncate(path, 0) == 0);
    usleep(1200000);
    append(path, "anew\n");
    CHECK(sink_wait(sink, 6));
    CHECK_TEXT(sink_event(sink, 5)->raw, "anew");
    sink_stop(&sink);

    append(path, "while down\n");
    rename(path, rotated);
    append(path, "after rotation\n");
    sink = sink_start(&options);
    CHECK(sink_wait(sink, 2));
    usleep(200000);
    CHECK_INT(sink->count, 2);
    CHECK_TEXT(sink_event(sink, 0)->raw, "while down");
    CHECK_TEXT(sink_event(sink, 1)->raw, "after rotation");
    sink_stop(&sink);
}

TEST("lines whose batch was not stored are read again") {
    char path[300];
    const char *folder = test_folder();
    struct intake_file file = { .path = path, .source = "so-tttt.file" };
    struct sink_options options = { .files = &file, .file_count = 1, .state_folder = folder };

    snprintf(path, sizeof path, "%s/app.log", folder);
    struct sink *sink = sink_start(&options);
    sink_set(sink, true, false);
    append(path, "one\ntwo\n");
    usleep(400000);
    CHECK_INT(sink->count, 0);
    sink_set(sink, false, false);
    CHECK(sink_wait(sink, 2));
    usleep(200000);
    CHECK_INT(sink->count, 2);
    sink_stop(&sink);
}

TEST("what a writer that does not know of the rotation adds to the old file is read, too") {
    struct place place;

    place_make(&place);
    append(place.path, "one\n");
    struct sink *sink = sink_start(&place.options);
    CHECK(sink_wait(sink, 1));
    FILE *late = fopen(place.path, "a");
    fputs("ha", late);
    fflush(late);
    usleep(200000);
    move(&place, "", ".1");
    append(place.path, "");
    usleep(800000); /* the new one is empty: longer than it would else be waited for */
    fputs("lf\ntwo\n", late);
    fflush(late);
    CHECK(sink_wait(sink, 3));
    append(place.path, "first of the new\n");
    CHECK(sink_wait(sink, 4));
    fputs("last\n", late);
    fflush(late);
    CHECK(sink_wait(sink, 5));
    usleep(1600000);
    fputs("long after\n", late);
    fclose(late);
    append(place.path, "end\n");
    CHECK(sink_wait(sink, 6));
    CHECK_TEXT(sink_event(sink, 1)->raw, "half");
    CHECK_TEXT(sink_event(sink, 4)->raw, "last");
    CHECK_TEXT(sink_event(sink, 5)->raw, "end");
    sink_stop(&sink);
}

TEST("lines whose batch was not stored are read again, though their file was rotated or cut meanwhile") {
    struct place place;

    place_make(&place);
    append(place.path, "zero\n");
    struct sink *sink = sink_start(&place.options);
    CHECK(sink_wait(sink, 1));
    sink_set(sink, true, false);
    append(place.path, "one\ntwo\n");
    usleep(300000);
    move(&place, "", ".1");
    append(place.path, "three\n");
    usleep(900000);
    move(&place, ".1", ".2");
    copy(&place, ".1");
    CHECK_INT(truncate(place.path, 0), 0);
    append(place.path, "four\n");
    usleep(900000);
    sink_set(sink, false, false);
    CHECK(sink_wait(sink, 5));
    usleep(1500000);
    CHECK_INT(sink->count, 5);
    CHECK_TEXT(sink_event(sink, 1)->raw, "one");
    CHECK_TEXT(sink_event(sink, 3)->raw, "three");
    CHECK_TEXT(sink_event(sink, 4)->raw, "four");
    sink_stop(&sink);
}

TEST("rotations while nothing runs lose no file, by number or by date") {
    ARENA_AUTO arena;
    struct place place;

    arena_init(&arena, 0);
    place_make(&place);
    append(place.path, "one\n");
    move(&place, "", ".1"); /* of before the first start */
    append(place.path, "two\n");
    CHECK_TEXT(read_all(&place, 1, &arena), "two\n");
    append(place.path, "three\n");
    move(&place, ".1", ".3");
    move(&place, "", ".2");
    append(place.path, "four\n");
    move(&place, "", ".1");
    append(place.path, "five\n");
    append(arena_print(&arena, "%s.err", place.path).data, "another log\n");
    CHECK_TEXT(read_all(&place, 3, &arena), "three\nfour\nfive\n");

    append(place.path, "six\n");
    move(&place, "", "-20261124");
    append(place.path, "seven\n");
    move(&place, "", "-20261125");
    CHECK_TEXT(read_all(&place, 2, &arena), "six\nseven\n"); /* though none has the name now */
    append(place.path, "eight\n");
    CHECK_TEXT(read_all(&place, 1, &arena), "eight\n");
}

TEST("an empty file that was rotated is not older than the one before it that was written to at last") {
    ARENA_AUTO arena;
    struct place place;

    arena_init(&arena, 0);
    place_make(&place);
    append(place.path, "one\n");
    struct sink *sink = sink_start(&place.options);
    CHECK(sink_wait(sink, 1));
    FILE *late = fopen(place.path, "a");
    move(&place, "", ".1");
    append(place.path, "");
    usleep(100000);
    fputs("two\n", late);
    fclose(late);
    CHECK(sink_wait(sink, 2));
    move(&place, ".1", ".2");
    move(&place, "", ".1");
    append(place.path, "three\n");
    CHECK(sink_wait(sink, 3));
    usleep(1600000);
    CHECK_INT(sink->count, 3);
    sink_stop(&sink);
    CHECK_TEXT(read_all(&place, 0, &arena), "");
}

TEST("a file cut or made anew while nothing runs is read from its beginning, its copy to its end") {
    ARENA_AUTO arena;
    struct place place;

    arena_init(&arena, 0);
    place_make(&place);
    append(place.path, "one\ntwo\n");
    CHECK_TEXT(read_all(&place, 2, &arena), "one\ntwo\n");
    append(place.path, "three\n");
    copy(&place, ".1");
    CHECK_INT(truncate(place.path, 0), 0);
    append(place.path, "longer than what was read before\n");
    CHECK_TEXT(read_all(&place, 2, &arena), "three\nlonger than what was read before\n");

    CHECK_INT(truncate(place.path, 0), 0); /* as another file that was given the same inode */
    append(place.path, "the first of many lines of another file\nlast\n");
    struct sink *sink = sink_start(&place.options);
    CHECK(sink_wait(sink, 2));
    CHECK_TEXT(sink_event(sink, 0)->raw, "the first of many lines of another file");
    CHECK_INT(refused(sink, 1), 1); /* nobody knows what stood behind what was read */
    sink_stop(&sink);
}

TEST("a file that is gone with what nobody read of it is told, but not one read whole") {
    ARENA_AUTO arena;
    struct place place;

    arena_init(&arena, 0);
    place_make(&place);
    append(place.path, "one\n");
    CHECK_TEXT(read_all(&place, 1, &arena), "one\n");
    move(&place, "", ".1.gz");
    append(place.path, "anew\n");
    struct sink *sink = sink_start(&place.options);
    CHECK(sink_wait(sink, 1));
    CHECK_TEXT(sink_event(sink, 0)->raw, "anew");
    CHECK_INT(refused(sink, 1), 1); /* all had been read of it, but who knows what came while nobody looked */
    move(&place, "", ".1");
    append(place.path, "next\n");
    CHECK(sink_wait(sink, 2));
    sink_stop(&sink);
    move(&place, ".1", ".1.gz"); /* of which all was read, and the next one begun */
    append(place.path, "end\n");
    sink = sink_start(&place.options);
    CHECK(sink_wait(sink, 1));
    CHECK_TEXT(sink_event(sink, 0)->raw, "end");
    CHECK_INT(refused(sink, 0), 0);
    sink_stop(&sink);
}

TEST("rotations while intake is shut lose no file, and what was not kept is counted") {
    struct place place;

    place_make(&place);
    append(place.path, "one\n");
    struct sink *sink = sink_start(&place.options);
    CHECK(sink_wait(sink, 1));
    for (int round = 0; round < 2; round++) {
        usleep(round ? 1600000 : 300000);
        intake_shut(sink->intake, true);
        usleep(1200000);
        append(place.path, "a\n");
        move(&place, "", ".2");
        append(place.path, "b\n");
        move(&place, "", ".1");
        append(place.path, "c\n");
        if (round) { /* and once more: the first one is gone, though not for who has it open */
            move(&place, ".1", ".2");
            move(&place, "", ".1");
            append(place.path, "d\n");
        }
        intake_shut(sink->intake, false);
        CHECK(sink_wait(sink, round ? 8 : 4));
    }
    for (int i = 0; i < 7; i++)
        CHECK_INT(sink_event(sink, (size_t)i + 1)->raw[0], "abcabcd"[i]);
    CHECK_INT(refused(sink, 1), 1);
    sink_stop(&sink);
}

TEST("the state of an earlier release is read: no line twice") {
    ARENA_AUTO arena;
    struct place place;
    struct stat status;

    arena_init(&arena, 0);
    place_make(&place);
    append(place.path, "one\ntwo\n");
    CHECK_INT(stat(place.path, &status), 0);
    append(arena_print(&arena, "%s/follow.json", place.folder).data,
           arena_print(&arena, "[{\"path\":\"%s\",\"inode\":%llu,\"offset\":4}]", place.path,
                       (unsigned long long)status.st_ino).data);
    move(&place, "", ".1");
    append(place.path, "three\n");
    CHECK_TEXT(read_all(&place, 2, &arena), "two\nthree\n");
}

TEST("a FIFO in the place of a followed file holds up neither the others nor the end") {
    struct place place;
    char fifo[320];

    place_make(&place);
    snprintf(fifo, sizeof fifo, "%s/fifo", place.folder);
    CHECK_INT(mkfifo(fifo, 0600), 0);
    struct intake_file files[] = { { .path = fifo, .source = "so-tttt.file" }, place.file };
    place.options.files = files;
    place.options.file_count = 2;
    append(place.path, "one\n");
    struct sink *sink = sink_start(&place.options);
    CHECK(sink_wait(sink, 1));
    sink_stop(&sink);
}
