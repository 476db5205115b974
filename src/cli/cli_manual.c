/* The build asks the program for its own manual page and shell completion; a test asks it to try
 * every example of its table. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#include "cli/help.h"

static int run_manual(struct cli *cli)
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    cli_manual(commands, cli->language, &out);
    return cli_put(cli, buffer_slice(&out));
}

static int run_completion(struct cli *cli)
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    cli_completion(commands, &out);
    return cli_put(cli, buffer_slice(&out));
}

const struct command cli_manual_command = {
    .name = "manual",
    .group = "Build",
    .summary = "print the manual page",
    .hidden = true,
    .run = run_manual,
};

const struct command cli_completion_command = {
    .name = "completion",
    .group = "Build",
    .summary = "print the bash completion",
    .hidden = true,
    .run = run_completion,
};

/* ---- the table tried on itself ----------------------------------------------------------------- */

#define WORDS_MOST 32

/* Words of a line as a shell takes them: blanks part, quotes keep together; what feeds or follows the
 * command (|, <, >, ;) ends it. Cuts in place. */
static int split_words(char *line, char **words)
{
    int count = 0;
    char *to = line;
    while (*line && !strchr("|<>;", *line) && count < WORDS_MOST) {
        char quote = 0;
        if (*line == ' ') {
            line++;
            continue;
        }
        words[count++] = to;
        for (; *line && (quote || !strchr(" |<>;", *line)); line++) {
            if (quote ? *line == quote : *line == '\'' || *line == '"')
                quote = quote ? 0 : *line;
            else
                *to++ = *line;
        }
        bool end = !*line || *line != ' ';
        *to++ = '\0';
        if (end)
            break;
        line++;
    }
    return count;
}

/* An example that runs another program (kill, curl) is not ours to judge; in one with a pipe, only
 * the part that is. */
static bool try_example(const struct command *command, const char *line)
{
    struct cli cli;
    char copy[512], *words[WORDS_MOST];
    const char *ours = strstr(line, "haidang ");
    if (strncmp(line, "kill ", 5) == 0)
        return true;
    snprintf(copy, sizeof copy, "%s", ours ? ours : "");
    int count = split_words(copy, words);
    bool fine = count > 1 && cli_parse(&cli, commands, count, words) == -1 && cli.command == command;
    if (count > 1)
        arena_free(&cli.arena);
    return fine;
}

static int run_examples(struct cli *cli)
{
    unsigned number = 0, failed = 0;
    (void)cli;
    for (size_t i = 0; commands[i]; i++) {
        if (commands[i]->hidden)
            continue;
        bool any = commands[i]->examples != NULL;
        failed += !any;
        printf("%s %u - %s has an example\n", any ? "ok" : "not ok", ++number, commands[i]->name);
        for (const struct cli_example *x = commands[i]->examples; x && x->line; x++) {
            bool fine = try_example(commands[i], x->line);
            failed += !fine;
            printf("%s %u - %s\n", fine ? "ok" : "not ok", ++number, x->line);
        }
    }
    printf("1..%u\n", number);
    return failed ? CLI_NO : CLI_FINE;
}

const struct command cli_examples_command = {
    .name = "examples",
    .group = "Build",
    .summary = "parse every example of the help, as TAP",
    .hidden = true,
    .run = run_examples,
};

/* ---- texts without Vietnamese ------------------------------------------------------------------ */

static unsigned put_untranslated(struct buffer *out, const char *text)
{
    if (!text || text_in("vi", text) != text)
        return 0;
    for (; *text; text++) /* as texts/vi.d wants its keys */
        if (*text == '\n')
            buffer_add(out, SLICE("\\n"));
        else
            buffer_add_byte(out, *text);
    buffer_add_byte(out, '\n');
    return 1;
}

static unsigned put_options_untranslated(struct buffer *out, const struct cli_option *o)
{
    unsigned missing = 0;
    for (; o && o->name; o++)
        missing += put_untranslated(out, o->help);
    return missing;
}

static int run_untranslated(struct cli *cli)
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    unsigned missing = put_options_untranslated(&out, cli_common_options);
    for (size_t i = 0; commands[i]; i++) {
        const struct command *c = commands[i];
        if (c->hidden)
            continue;
        missing += put_untranslated(&out, c->group) + put_untranslated(&out, c->summary) +
                   put_untranslated(&out, c->about) + put_options_untranslated(&out, c->options);
        for (const struct cli_example *x = c->examples; x && x->line; x++)
            missing += put_untranslated(&out, x->help);
    }
    int code = cli_put(cli, buffer_slice(&out));
    return missing ? CLI_NO : code;
}

const struct command cli_untranslated_command = {
    .name = "untranslated",
    .group = "Build",
    .summary = "print the help's texts that have no Vietnamese",
    .hidden = true,
    .run = run_untranslated,
};
