#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"

#define TESTS_MOST 2000

static struct CMUnitTest tests[TESTS_MOST];
static size_t test_count;

void test_register(const char *sentence, void (*function)(void **))
{
    if (test_count == TESTS_MOST)
        abort();
    tests[test_count++] = (struct CMUnitTest){ .name = sentence, .test_func = function };
}

unsigned test_random(unsigned below)
{
    static uint64_t state = 802;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % below;
}

void test_check_int(long long actual, long long expected, const char *what, const char *file, int line)
{
    if (actual != expected) {
        print_error("# %s is %lld, expected %lld\n", what, actual, expected);
        _fail(file, line);
    }
}

void test_check_slice(struct slice actual, const char *expected, const char *what, const char *file,
                      int line)
{
    if (!slice_is(actual, expected)) {
        print_error("# %s is \"%.*s\", expected \"%s\"\n", what, SLICE_ARGS(actual), expected);
        _fail(file, line);
    }
}

void test_check_text(const char *actual, const char *expected, const char *what, const char *file,
                     int line)
{
    test_check_slice(slice_of(actual), expected, what, file, line);
}

void test_check_error(const struct error *e, const char *part, const char *file, int line)
{
    if (!e->set || (!strstr(e->sentence, part) && !strstr(e->place, part) && !strstr(e->hint, part))) {
        print_error("# the error is \"%s: %s (%s)\", expected \"%s\" in it\n", e->place, e->sentence,
                    e->hint, part);
        _fail(file, line);
    }
}

void test_skip(const char *why)
{
    print_message("# skipped: %s\n", why);
    skip();
}

static char folders[256][64];
static size_t folder_count;

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static void remove_folders(void)
{
    for (size_t i = 0; i < folder_count; i++)
        nftw(folders[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_folder(void)
{
    if (folder_count == 0)
        atexit(remove_folders);
    if (folder_count == sizeof folders / sizeof *folders)
        abort();
    char *path = folders[folder_count];
    snprintf(path, sizeof folders[0], "%.30s/haidang-test.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(path))
        abort();
    folder_count++;
    return path;
}

int test_enter_as_nobody(const char *folder)
{
    int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (before < 0 || chdir(folder) != 0)
        abort();
    if (getuid() == 0 && seteuid(65534) != 0) {
        test_leave(before);
        test_skip("there is no other user");
    }
    return before;
}

void test_leave(int before)
{
    if (seteuid(getuid()) != 0 || fchdir(before) != 0 || close(before) != 0)
        abort();
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests("unit", tests, test_count, NULL, NULL);
}
