#include "cli/help.h"
#include "table.h"
#include "test.h"

static bool holds(const struct buffer *out, const char *text)
{
    return slice_find(buffer_slice(out), slice_of(text)) < out->len;
}

TEST("the manual names every command, option and example that is not hidden")
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    cli_manual(table, "en", &out);
    CHECK(!out.failed);
    CHECK(holds(&out, "haidang look WORD...") && holds(&out, "haidang plan check"));
    CHECK(holds(&out, "\\-n, \\-\\-limit") && holds(&out, "\\-\\-colour") && holds(&out, "blue, red"));
    CHECK(holds(&out, "haidang look \\-\\-limit 3 'a b'"));
    CHECK(!holds(&out, "secret"));
}

TEST("a line of the manual that begins with a dot is not a request")
{
    static const struct cli_option dotted[] = { { "x", 0, CLI_FLAG, NULL, ".so /etc/passwd" }, { NULL } };
    static const struct command row = { .name = "x", .group = "X", .summary = ".br", .options = dotted,
                                        .run = run_nothing };
    static const struct command *const rows[] = { &row, NULL };
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    cli_manual(rows, "en", &out);
    CHECK(!holds(&out, "\n.so") && !holds(&out, "\n.br"));
}

TEST("the completion knows commands, sub-commands, options and choices")
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    cli_completion(table, &out);
    CHECK(holds(&out, "look") && holds(&out, "--limit") && holds(&out, "blue red"));
    CHECK(holds(&out, "'plan check')") && !holds(&out, "secret"));
}

TEST("help columns count letters, not bytes")
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    cli_help_command(&look, "vi", &out);
    CHECK(!out.failed && holds(&out, "haidang look"));
}
