#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "serve/options.h"
#include "test.h"

/* The settings of that text; the error otherwise. */
static bool load(struct arena *arena, const char *text, struct serve_settings *settings,
                 struct error *e)
{
    char *path = file_join(arena, test_folder(), "haidang.yaml");
    CHECK(file_replace(path, slice_of(text), 0600, e));
    return serve_settings_load(path, arena, settings, e) && serve_settings_check(settings, e);
}

TEST("everything has a default, and paths stand below data")
{
    ARENA_AUTO arena;
    struct serve_settings s;
    struct error e = ERROR_NONE;
    arena_init(&arena, ARENA_NO_CEILING);
    CHECK(serve_settings_load("/dev/null", &arena, &s, &e) || e.set);
    error_clear(&e);
    load(&arena, "data: /srv/lua\n", &s, &e);
    CHECK_TEXT(s.records, "/srv/lua/records/haidang.db");
    CHECK_TEXT(s.control, "/srv/lua/run/control.sock");
    CHECK_TEXT(s.console, "127.0.0.1:8080");
}

TEST("what is wrong is told by its name")
{
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        { "colour: blue\n", "unknown option 'colour'" },
        { "listen: {console: nowhere}\n", "listen.console" },
        { "rules: /does/not/exist\n", "/does/not/exist" },
        { "tls: {certificate: /dev/null}\n", "tls.certificate" },
        { "console: {idle: 5}\n", "console.idle" },
        { "detect: {placeholders: /does/not/exist}\n", "/does/not/exist" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO arena;
        struct serve_settings s;
        struct error e = ERROR_NONE;
        arena_init(&arena, ARENA_NO_CEILING);
        CHECK(!load(&arena, rows[i].text, &s, &e));
        CHECK_ERROR(e, rows[i].sentence);
        CHECK_INT(e.kind, ERROR_INPUT);
    }
}

TEST("the data folders are the owner's alone")
{
    ARENA_AUTO arena;
    struct serve_settings s;
    struct error e = ERROR_NONE;
    struct stat info;
    char text[4200];
    arena_init(&arena, ARENA_NO_CEILING);
    snprintf(text, sizeof text, "data: %s/var\n", test_folder());
    load(&arena, text, &s, &e);
    error_clear(&e);
    CHECK(serve_settings_folders(&s, &e));
    CHECK(stat(s.tokens, &info) == 0 && (info.st_mode & 0777) == 0700);
}

/* A file of placeholders with this text; the error of the settings that name it. */
static bool with_lists(const char *text, struct error *e)
{
    ARENA_AUTO arena;
    struct serve_settings s;
    char config[600], path[500];
    arena_init(&arena, ARENA_NO_CEILING);
    snprintf(path, sizeof path, "%s/lists.yml", test_folder());
    snprintf(config, sizeof config, "plan: %s\nregimes: %s\nrules: %s\ndecoders: %s\nindicators: %s\n"
             "detect: {placeholders: %s}\n", "/", "/", "/", "/", "/", path);
    CHECK(file_replace(path, slice_of(text), 0600, e));
    return load(&arena, config, &s, e);
}

TEST("a file of placeholders has lists by name, or is told at its line")
{
    static const struct { const char *text, *sentence, *place; } wrong[] = {
        { "- a\n- b\n", "names with lists", "lists.yml:1" },
        { "admins: [root, [lan]]\n", "names with lists", "lists.yml:1" },
        { "ok: [a]\nservers: {a: b}\n", "names with lists", "lists.yml:2" },
        { "admins: [root\n", "", "lists.yml:" },
    };
    struct error e = ERROR_NONE;
    CHECK(with_lists("admins: [root, lan]\nserver: srv-1\n", &e));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error told = ERROR_NONE;
        CHECK(!with_lists(wrong[i].text, &told));
        CHECK_ERROR(told, wrong[i].sentence);
        CHECK(strstr(told.place, wrong[i].place));
        CHECK_INT(told.kind, ERROR_INPUT);
    }
}
