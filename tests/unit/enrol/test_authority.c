#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "enrol/authority.h"
#include "enrol/template.h"
#include "test.h"

static struct authority *open_at(const char *folder)
{
    struct authority *authority = NULL;
    struct error e = ERROR_NONE;
    CHECK(authority_open(folder, &authority, &e));
    return authority;
}

TEST("the authority is made once, its key is its owner's only, and is found again")
{
    ARENA_AUTO arena;
    struct stat info;
    const char *folder = test_folder();
    arena_init(&arena, 0);
    struct authority *first = open_at(folder);
    struct slice pem = arena_copy(&arena, authority_pem(first));
    authority_close(&first);
    CHECK(stat(file_join(&arena, folder, "authority.key"), &info) == 0);
    CHECK_INT(info.st_mode & 0777, 0600);
    struct authority *again = open_at(folder);
    CHECK(slice_equal(authority_pem(again), pem));
    authority_close(&again);
}

TEST("a lost or a strange key is told, and nothing is made over it")
{
    ARENA_AUTO arena;
    struct authority *authority;
    struct error e = ERROR_NONE;
    const char *folder = test_folder(), *other = test_folder();
    arena_init(&arena, 0);
    authority = open_at(folder);
    authority_close(&authority);
    authority = open_at(other);
    authority_close(&authority);
    const char *key = file_join(&arena, folder, "authority.key");
    CHECK(rename(file_join(&arena, other, "authority.key"), key) == 0);
    CHECK(!authority_open(folder, &authority, &e));
    CHECK_ERROR(e, "do not belong together");
    error_clear(&e);
    CHECK(unlink(key) == 0);
    CHECK(!authority_open(folder, &authority, &e));
    CHECK(e.set);
    CHECK(access(key, F_OK) != 0);
}

TEST("an issued certificate carries our name and times, and proves what its key signs")
{
    ARENA_AUTO arena;
    struct authority_certificate c, read;
    struct slice key;
    struct error e = ERROR_NONE;
    struct authority *authority = open_at(test_folder());
    arena_init(&arena, 0);
    CHECK(authority_issue(authority, SLICE("so-a.cong.web"), 30, &arena, &c, &key, &e));
    CHECK_SLICE(c.subject, "CN=so-a.cong.web");
    CHECK(slice_starts(c.issuer, SLICE("CN=Hai Dang ")));
    CHECK(c.valid_from < clock_now() && c.valid_to > clock_now() + 29 * CLOCK_DAY);
    CHECK(c.valid_to < clock_now() + 31 * CLOCK_DAY);
    CHECK(slice_find(key, SLICE("PRIVATE KEY")) < key.len);
    CHECK(authority_read(c.der, &arena, &read, &e));
    CHECK_TEXT(read.sha256, c.sha256);
    CHECK(!authority_proves(c.pem, SLICE("said"), SLICE("nothing"), &e));
    CHECK_INT(e.kind, ERROR_FORBIDDEN);
    authority_close(&authority);
}

TEST("what is no request, or a weak one, is refused with the reason")
{
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        { "", "empty or too large" },
        { "hello", "PKCS#10" },
        { "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "PKCS#10" },
    };
    struct authority *authority = open_at(test_folder());
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO arena;
        struct authority_certificate c;
        struct error e = ERROR_NONE;
        arena_init(&arena, 0);
        CHECK(!authority_sign(authority, slice_of(rows[i].text), SLICE("x"), 1, &arena, &c, &e));
        CHECK_ERROR(e, rows[i].sentence);
        CHECK_INT(e.kind, ERROR_INPUT);
    }
    authority_close(&authority);
}

TEST("the listeners' certificate stays while it fits, and is made anew for other names")
{
    ARENA_AUTO arena;
    struct slice first, second;
    struct error e = ERROR_NONE;
    bool replaced;
    const char *folder = test_folder();
    struct authority *authority = open_at(test_folder());
    arena_init(&arena, 0);
    const char *path = file_join(&arena, folder, "server.pem");
    CHECK(authority_serve(authority, folder, "10.1.2.3\nhaidang.example", &replaced, &e) && !replaced);
    CHECK(file_read(path, 65536, &arena, &first, &e));
    CHECK(authority_serve(authority, folder, "10.1.2.3\nhaidang.example", &replaced, &e) && !replaced);
    CHECK(file_read(path, 65536, &arena, &second, &e) && slice_equal(first, second));
    CHECK(authority_serve(authority, folder, "other.example", &replaced, &e) && replaced);
    CHECK(file_read(path, 65536, &arena, &second, &e) && !slice_equal(first, second));
    authority_close(&authority);
}

TEST("templates: names are filled, what lacks is said, what is unknown has its line")
{
    static const struct template_value values[] = { { "source", { "so-a", 4 } }, { "port", { "", 0 } } };
    static const struct {
        const char *text, *out;
        bool lacking;
        const char *place;
    } rows[] = {
        { "a {{source}} b {{ source }}{x}", "a so-a b so-a{x}", false, NULL },
        { "{{port}}", "", true, NULL },
        { "one\n{{nothing}}\n", NULL, false, "t:2" },
        { "{{source\n}}", NULL, false, "t:1" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error e = ERROR_NONE;
        BUFFER_AUTO out;
        bool lacking;
        buffer_init(&out, 0);
        bool ok = template_fill(slice_of(rows[i].text), "t", values, 2, &out, &lacking, &e);
        CHECK_INT(ok, rows[i].out != NULL);
        if (ok)
            CHECK_SLICE(buffer_slice(&out), rows[i].out);
        if (ok)
            CHECK_INT(lacking, rows[i].lacking);
        else
            CHECK_TEXT(e.place, rows[i].place);
    }
}
