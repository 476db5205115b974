#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"

TEST("a replaced file is whole, has its mode and leaves nothing beside it") {
    ARENA_AUTO a;
    struct error e = ERROR_NONE;
    struct slice back, *paths;
    size_t count;
    struct stat info;
    arena_init(&a, ARENA_NO_CEILING);
    const char *folder = test_folder();
    char *path = file_join(&a, folder, "x");
    CHECK(file_replace(path, SLICE("one"), 0600, &e));
    CHECK(file_replace(path, SLICE("two\0three"), 0600, &e));
    CHECK(file_read(path, 100, &a, &back, &e));
    CHECK_INT(back.len, 9);
    CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
    CHECK(file_list(folder, NULL, 10, &a, &paths, &count, &e));
    CHECK_INT(count, 1);
}

TEST("a file over the ceiling is refused, one at the ceiling is read") {
    ARENA_AUTO a;
    struct error e = ERROR_NONE;
    struct slice back;
    arena_init(&a, ARENA_NO_CEILING);
    char *path = file_join(&a, test_folder(), "x");
    CHECK(file_replace(path, SLICE("12345"), 0600, &e));
    CHECK(file_read(path, 5, &a, &back, &e));
    CHECK_SLICE(back, "12345");
    CHECK(!file_read(path, 4, &a, &back, &e));
    CHECK_ERROR(e, "larger than 4");
}

TEST("files of unknown size are read whole") {
    ARENA_AUTO a;
    struct error e = ERROR_NONE;
    struct slice back;
    arena_init(&a, ARENA_NO_CEILING);
    CHECK(file_read("/proc/self/status", 1 << 20, &a, &back, &e));
    CHECK(slice_starts(back, SLICE("Name:")) && back.len > 500);
    CHECK_INT(strlen(back.data), back.len);
}

TEST("folders are made with those above, and listed sorted by suffix") {
    ARENA_AUTO a;
    struct error e = ERROR_NONE;
    struct slice *paths;
    size_t count;
    static const char *const yaml[] = { ".yml", ".yaml", NULL };
    arena_init(&a, ARENA_NO_CEILING);
    const char *folder = test_folder();
    CHECK(file_make_folder(file_join(&a, folder, "a/b/c"), 0700, &e));
    CHECK(file_replace(file_join(&a, folder, "a/b/2.yml"), SLICE(""), 0600, &e));
    CHECK(file_replace(file_join(&a, folder, "a/1.yaml"), SLICE(""), 0600, &e));
    CHECK(file_replace(file_join(&a, folder, "a/.hidden.yml"), SLICE(""), 0600, &e));
    CHECK(file_replace(file_join(&a, folder, "a/x.txt"), SLICE(""), 0600, &e));
    CHECK(file_list(folder, yaml, 10, &a, &paths, &count, &e));
    CHECK_INT(count, 2);
    CHECK(slice_ends(paths[0], SLICE("a/1.yaml")) && slice_ends(paths[1], SLICE("a/b/2.yml")));
    CHECK(!file_list(folder, yaml, 1, &a, &paths, &count, &e));
    CHECK_ERROR(e, "more than 1 files");
}

TEST("what is not there is said with its name") {
    ARENA_AUTO a;
    struct error e = ERROR_NONE;
    struct slice back;
    arena_init(&a, ARENA_NO_CEILING);
    CHECK(!file_read("/nowhere/at/all", 10, &a, &back, &e));
    CHECK_ERROR(e, "/nowhere/at/all: No such file");
}

TEST("a folder below that cannot be read is named, not passed over") {
    ARENA_AUTO a;
    struct error e = ERROR_NONE;
    struct slice *paths;
    size_t count;
    static const char *const yaml[] = { ".yml", NULL };
    arena_init(&a, ARENA_NO_CEILING);
    const char *folder = test_folder(), *shut = file_join(&a, folder, "b");
    CHECK(file_make_folder(shut, 0700, &e));
    CHECK(file_replace(file_join(&a, folder, "a.yml"), SLICE(""), 0644, &e));
    CHECK(chmod(folder, 0755) == 0 && chmod(shut, 0) == 0);
    int before = test_enter_as_nobody(folder);
    bool listed = file_list(".", yaml, 10, &a, &paths, &count, &e);
    test_leave(before);
    CHECK(chmod(shut, 0700) == 0);
    CHECK(listed);
    CHECK_INT(count, 2);
    CHECK_SLICE(paths[1], "./b");
}
