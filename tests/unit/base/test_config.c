#include "test.h"

#include "base/config.h"
#include "base/file.h"

static const struct config_option options[] = {
    { "data", CONFIG_PATH, .value = "./var", .help = "data directory" },
    { "listen.console", CONFIG_ADDRESS, .value = "127.0.0.1:8080", .help = "console and API" },
    { "intake.peers", CONFIG_COUNT, .min = 1, .max = 65535, .value = "1k", .help = "senders" },
    { "intake.idle", CONFIG_SECONDS, .min = 1, .value = "5m", .help = "idle time" },
    { "old.name", CONFIG_TEXT, .value = "", .help = "", .obsolete = "write `data` instead" },
    { "files", CONFIG_LIST, .value = "", .help = "files followed" },
};
static const struct config_table table = { options, sizeof options / sizeof *options };

static bool load(const char *text, struct arena *a, struct config **config, struct error *e)
{
    char *path = file_join(a, test_folder(), "c.yaml");
    return file_replace(path, slice_of(text), 0600, e) && config_load(path, &table, 1, a, config, e);
}

TEST("defaults hold until the file says otherwise") {
    ARENA_AUTO a;
    struct config *c;
    struct error e = ERROR_NONE;
    arena_init(&a, ARENA_NO_CEILING);
    CHECK(load("listen: {console: '[::1]:9000'}\nfiles: [/a, /b]\n", &a, &c, &e));
    CHECK_TEXT(config_text(c, "data"), "./var");
    CHECK_TEXT(config_text(c, "listen.console"), "[::1]:9000");
    CHECK_INT(config_number(c, "intake.peers"), 1024);
    CHECK_INT(config_number(c, "intake.idle"), 300);
    CHECK_TEXT(config_text(c, "files"), "/a\n/b");
}

TEST("what is wrong in the file is named with its place") {
    static const struct { const char *text, *sentence; } rows[] = {
        { "nonsense: 1\n", "unknown option 'nonsense'" },
        { "intake:\n  peers: 70k\n", "must lie between" },
        { "intake:\n  peers: many\n", "whole number" },
        { "intake: {idle: 5x}\n", "length of time" },
        { "listen: {console: here}\n", "address and a port" },
        { "listen: {console: '::1:80'}\n", "address and a port" },
        { "old: {name: x}\n", "is gone" },
        { "files: /a\n", "needs a list" },
        { "- 1\n", "must be a mapping" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO a;
        struct config *c;
        struct error e = ERROR_NONE;
        arena_init(&a, ARENA_NO_CEILING);
        CHECK(!load(rows[i].text, &a, &c, &e));
        CHECK_ERROR(e, rows[i].sentence);
        CHECK(strstr(e.place, "c.yaml:"));
    }
}
