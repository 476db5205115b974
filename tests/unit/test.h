/* test - unit tests as sentences, over cmocka.
 *
 *     TEST("an address outside the network does not match") {
 *         CHECK(!matches("10.0.0.0/8", "11.0.0.1"));
 *     }
 *
 * A test registers itself; test.c has main(). Several checks in one test: the first that fails
 * ends it. Prints TAP. SKIP("why") ends a test that cannot run here, and is counted as skipped.
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/slice.h"

void test_register(const char *sentence, void (*function)(void **));

#define TEST_JOIN_(a, b) a##b
#define TEST_JOIN(a, b) TEST_JOIN_(a, b)
#define TEST(sentence) TEST_AT(sentence, TEST_JOIN(test_body_, __LINE__), TEST_JOIN(test_add_, __LINE__))
#define TEST_AT(sentence, body, add)                                   \
    static void body(void **state);                                    \
    __attribute__((constructor)) static void add(void)                 \
    {                                                                  \
        test_register(sentence, body);                                 \
    }                                                                  \
    static void body(void **state __attribute__((unused)))

#define CHECK(condition) assert_true(condition)
#define CHECK_INT(actual, expected) \
    test_check_int((long long)(actual), (long long)(expected), #actual, __FILE__, __LINE__)
#define CHECK_TEXT(actual, expected) \
    test_check_text((actual), (expected), #actual, __FILE__, __LINE__)
#define CHECK_SLICE(actual, expected) \
    test_check_slice((actual), (expected), #actual, __FILE__, __LINE__)
/* The error is set and its place or sentence holds the part. */
#define CHECK_ERROR(e, part) test_check_error(&(e), (part), __FILE__, __LINE__)
#define SKIP(why) test_skip(why)

struct error;
/* 0 to below - 1, as if by chance; each run gives the same. */
unsigned test_random(unsigned below);
void test_check_int(long long actual, long long expected, const char *what, const char *file, int line);
void test_check_text(const char *actual, const char *expected, const char *what, const char *file,
                     int line);
void test_check_slice(struct slice actual, const char *expected, const char *what, const char *file,
                      int line);
void test_check_error(const struct error *e, const char *part, const char *file, int line);
void test_skip(const char *why);

/* A fresh empty folder under $TMPDIR or /tmp, removed when the program ends; path is kept for ever. */
const char *test_folder(void);
/* For what root may do and others not: makes the folder the current one, as user "nobody" where root runs the
 * test. Skips the test where there is no such user. What test_leave() goes back to. */
int test_enter_as_nobody(const char *folder);
void test_leave(int before);

#endif
