#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "table.h"
#include "test.h"

#define MOST 16

static struct cli cli;
static char said[8192];

/* Parses the words; what is printed goes to `said`. */
static int parse(const char *const *words)
{
    char *argv[MOST] = { (char *)"haidang" };
    int argc = 1;
    char path[4200];
    while (words[argc - 1]) {
        argv[argc] = (char *)words[argc - 1];
        argc++;
    }
    snprintf(path, sizeof path, "%s/said", test_folder());
    fflush(NULL);
    int out = dup(1), error = dup(2), fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(fd, 1);
    dup2(fd, 2);
    arena_free(&cli.arena);
    int code = cli_parse(&cli, table, argc, argv);
    fflush(NULL);
    dup2(out, 1);
    dup2(error, 2);
    ssize_t got = pread(fd, said, sizeof said - 1, 0);
    said[got > 0 ? got : 0] = '\0';
    close(fd);
    close(out);
    close(error);
    return code;
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

TEST("options come in each of their forms, arguments between them")
{
    CHECK_INT(PARSE("look", "-n7", "one", "--field=a", "-f", "b", "--deep", "--json", "--", "-x"), -1);
    CHECK(cli.command == &look && cli.json);
    CHECK_INT(cli_number(&cli, "limit", 0), 7);
    CHECK_TEXT(cli_text_at(&cli, "field", 0), "a");
    CHECK_TEXT(cli_text_at(&cli, "field", 1), "b");
    CHECK(!cli_text_at(&cli, "field", 2));
    CHECK(cli_flag(&cli, "deep"));
    CHECK_INT(cli.argument_count, 2);
    CHECK_TEXT(cli.arguments[1], "-x");
}

TEST("a single dash is an argument, and the last of an option counts")
{
    CHECK_INT(PARSE("look", "-", "--limit", "3", "--limit", "4"), -1);
    CHECK_TEXT(cli.arguments[0], "-");
    CHECK_INT(cli_number(&cli, "limit", 0), 4);
    CHECK_INT(PARSE("look", "-", "-n", "3", "-n5"), -1);
    CHECK_INT(cli_number(&cli, "limit", 0), 5);
}

TEST("times count back from now, or are dates")
{
    CHECK_INT(PARSE("look", "x", "--from", "-24h"), -1);
    CHECK_INT(cli_number(&cli, "from", 0), cli.now - CLOCK_DAY);
    CHECK_INT(PARSE("look", "x", "--from", "2026-11-24T00:00:00Z"), -1);
    CHECK_INT(cli_number(&cli, "from", 0), INT64_C(1795478400) * CLOCK_SECOND);
}

TEST("wrong use is told with what would be right, and exit status 2")
{
    static const struct {
        const char *words[7], *sentence;
    } rows[] = {
        { { "lok", "x" }, "did you mean 'look'?" },
        { { "plan", "chekc" }, "did you mean 'plan check'?" },
        { { "plan" }, "haidang plan check" },
        { { "look" }, "WORD... is missing" },
        { { "look", "a", "b", "c" }, "'c' is one argument too many" },
        { { "look", "x", "--limt", "3" }, "did you mean '--limit'?" },
        { { "look", "x", "-q" }, "there is no option '-q'" },
        { { "look", "x", "--limit" }, "--limit needs N" },
        { { "look", "x", "--limit", "0" }, "from 1 to 100" },
        { { "look", "x", "--limit", "many" }, "from 1 to 100" },
        { { "look", "x", "--colour", "green" }, "blue, red" },
        { { "look", "x", "--from", "soon" }, "--from needs a time" },
        { { "look", "x", "--deep=yes" }, "--deep takes no value" },
        { { "plan", "check" }, "--out is missing" },
        { { "plan", "check", "--out", "x", "--json" }, "there is no option '--json'" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(parse(rows[i].words), CLI_WRONG);
        if (!strstr(said, rows[i].sentence))
            CHECK_TEXT(said, rows[i].sentence);
    }
}

TEST("help and version are answered wherever they stand")
{
    CHECK_INT(PARSE("--version"), CLI_FINE);
    CHECK(strstr(said, "haidang "));
    CHECK_INT(PARSE("look", "--help"), CLI_FINE);
    CHECK(strstr(said, "three of them"));
    CHECK_INT(PARSE("help", "plan", "check"), CLI_FINE);
    CHECK(strstr(said, "--out FILE"));
    CHECK_INT(PARSE("--help"), CLI_FINE);
    CHECK(strstr(said, "look for something") && !strstr(said, "secret"));
    CHECK_INT(PARSE("plan", "--help"), CLI_FINE);
    CHECK(strstr(said, "haidang plan check") && !strstr(said, "look"));
    CHECK_INT(PARSE("help", "plan"), CLI_FINE);
    CHECK(strstr(said, "haidang plan check"));
    CHECK_INT(PARSE("plan", "--version"), CLI_FINE);
    CHECK(strstr(said, "haidang "));
    CHECK_INT(PARSE("help", "nonsense"), CLI_WRONG);
}

TEST("too many options are refused, not written past the end")
{
    char *argv[2 * CLI_VALUES_MOST + 8] = { (char *)"haidang", (char *)"look", (char *)"x" };
    int argc = 3;
    while (argc + 1 < (int)(sizeof argv / sizeof *argv))
        argv[argc++] = (char *)"-d";
    int error = dup(2), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, 2);
    arena_free(&cli.arena);
    int code = cli_parse(&cli, table, argc, argv);
    dup2(error, 2);
    close(null);
    close(error);
    CHECK_INT(code, CLI_WRONG);
    arena_free(&cli.arena);
}
