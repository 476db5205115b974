#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/help.h"

struct parser {
    struct cli *cli;
    const struct command *const *table;
    char **argv;
    int argc, at;
    bool help, version, rest; /* rest: after "--" all are arguments */
};

static const char *environment_language(void)
{
    static const char *const names[] = { "HAIDANG_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strncmp(value, "vi", 2) == 0 ? "vi" : "en";
    }
    return "en";
}

/* Edits (insert, drop, change) between two short words; more than 31 letters are not compared. */
static unsigned distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    unsigned row[32];
    if (na > 31 || nb > 31)
        return 99;
    for (size_t j = 0; j <= nb; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned corner = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned change = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            unsigned least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = change < least ? change : least;
        }
    }
    return row[nb];
}

static void nearer(const char *word, const char *candidate, const char **best, unsigned *best_at)
{
    unsigned d = distance(word, candidate);
    if (d < *best_at && d <= 1 + strlen(word) / 3) {
        *best = candidate;
        *best_at = d;
    }
}

/* The command whose words stand at argv[1..], longest first ("plan check" before "plan"). */
static const struct command *find_command(struct parser *p)
{
    for (int words = 2; words >= 1; words--) {
        char name[80];
        if (p->argc < 1 + words)
            continue;
        if (words == 2)
            snprintf(name, sizeof name, "%s %s", p->argv[1], p->argv[2]);
        else
            snprintf(name, sizeof name, "%s", p->argv[1]);
        for (size_t i = 0; p->table[i]; i++)
            if (strcmp(p->table[i]->name, name) == 0) {
                p->at = 1 + words;
                return p->table[i];
            }
    }
    return NULL;
}

static bool is_group(const struct parser *p, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; p->table[i]; i++)
        if (strncmp(p->table[i]->name, word, len) == 0 && p->table[i]->name[len] == ' ')
            return true;
    return false;
}

static void list_group(const struct parser *p, const char *word, struct buffer *out)
{
    size_t len = strlen(word);
    buffer_init(out, 0);
    buffer_print(out, "haidang %s:\n", word);
    for (size_t i = 0; p->table[i]; i++)
        if (strncmp(p->table[i]->name, word, len) == 0 && strchr(" ", p->table[i]->name[len]) &&
            !p->table[i]->hidden)
            buffer_print(out, "  haidang %-20s %s\n", p->table[i]->name,
                         cli_say(p->cli, p->table[i]->summary));
}

static int unknown_command(struct parser *p)
{
    const char *word = p->argv[1], *best = NULL;
    unsigned best_at = 99;
    char typed[80];
    snprintf(typed, sizeof typed, "%s%s%s", word, is_group(p, word) && p->argc > 2 ? " " : "",
             is_group(p, word) && p->argc > 2 ? p->argv[2] : "");
    for (size_t i = 0; p->table[i]; i++)
        if (!p->table[i]->hidden)
            nearer(typed, p->table[i]->name, &best, &best_at);
    if (best)
        return cli_wrong(p->cli, "there is no command '%s'; did you mean '%s'?", typed, best);
    if (!is_group(p, word))
        return cli_wrong(p->cli, "there is no command '%s'", typed);
    struct buffer out;
    list_group(p, word, &out);
    fprintf(stderr, "%.*s", SLICE_ARGS(buffer_slice(&out)));
    buffer_free(&out);
    return CLI_WRONG;
}

static const struct cli_option *find_option(const struct parser *p, struct slice name, char letter)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        const struct cli_option *o = pass ? cli_common_options
                                     : p->cli->command ? p->cli->command->options : NULL;
        for (; o && o->name; o++)
            if ((letter ? o->letter == letter : slice_is(name, o->name)) &&
                (!pass || !p->cli->command || cli_common_applies(p->cli->command, o)))
                return o;
    }
    return NULL;
}

static int unknown_option(struct parser *p, const char *word)
{
    char typed[40];
    const char *best = NULL;
    unsigned best_at = 99;
    snprintf(typed, sizeof typed, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (const struct cli_option *o = p->cli->command->options; o && o->name; o++)
        nearer(typed, o->name, &best, &best_at);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        if (cli_common_applies(p->cli->command, o))
            nearer(typed, o->name, &best, &best_at);
    return best ? cli_wrong(p->cli, "there is no option '%s'; did you mean '--%s'?", word, best)
                : cli_wrong(p->cli, "there is no option '%s'", word);
}

/* "-24h": so long before now; anything else as clock_parse. */
static bool parse_time(const struct cli *cli, const char *text, int64_t *out)
{
    static const struct { char unit; int64_t length; } units[] = {
        { 's', CLOCK_SECOND }, { 'm', CLOCK_MINUTE }, { 'h', CLOCK_HOUR },
        { 'd', CLOCK_DAY },    { 'w', 7 * CLOCK_DAY },
    };
    struct slice s = slice_of(text);
    if (slice_is(s, "now")) {
        *out = cli->now;
        return true;
    }
    if (s.len < 3 || s.data[0] != '-')
        return clock_parse(s, out);
    int64_t count;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (s.data[s.len - 1] == units[i].unit)
            return slice_to_i64(slice_cut(s, 1, s.len - 1), &count) && count >= 0 &&
                   !__builtin_mul_overflow(count, units[i].length, &count) &&
                   !__builtin_sub_overflow(cli->now, count, out);
    return false;
}

static int check_choice(struct parser *p, const struct cli_option *o, const char *text)
{
    char list[200] = "";
    size_t used = 0;
    for (size_t i = 0; o->choices[i]; i++) {
        if (strcmp(o->choices[i], text) == 0)
            return -1;
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                     o->choices[i]);
    }
    return cli_wrong(p->cli, "--%s is one of %s, not '%s'", o->name, list, text);
}

static int take_value(struct parser *p, const struct cli_option *o, const char *text)
{
    struct cli *cli = p->cli;
    struct cli_value value = { .option = o, .text = text };
    if (o->kind == CLI_NUMBER &&
        (!slice_to_i64(slice_of(text), &value.number) || value.number < o->least ||
         (o->most && value.number > o->most)))
        return cli_wrong(cli, "--%s needs a whole number from %lld to %lld, not '%s'", o->name,
                         (long long)o->least, (long long)(o->most ? o->most : INT64_MAX), text);
    if (o->kind == CLI_TIME && !parse_time(cli, text, &value.number))
        return cli_wrong(cli, "--%s needs a time such as 2026-11-24, 2026-11-24T07:30 or -24h, "
                              "not '%s'", o->name, text);
    if (o->kind == CLI_CHOICE) {
        int code = check_choice(p, o, text);
        if (code >= 0)
            return code;
    }
    if (strcmp(o->name, "config") == 0 && cli->command->takes_config)
        cli->config = text;
    if (strcmp(o->name, "language") == 0)
        cli->language = text;
    if (cli->value_count == CLI_VALUES_MOST)
        return cli_wrong(cli, "too many options");
    cli->values[cli->value_count++] = value;
    return -1;
}

static int take_flag(struct parser *p, const struct cli_option *o)
{
    if (strcmp(o->name, "help") == 0)
        p->help = true;
    if (strcmp(o->name, "version") == 0)
        p->version = true;
    if (strcmp(o->name, "json") == 0)
        p->cli->json = true;
    if (p->cli->value_count == CLI_VALUES_MOST)
        return cli_wrong(p->cli, "too many options");
    p->cli->values[p->cli->value_count++] = (struct cli_value){ .option = o, .text = "" };
    return -1;
}

/* --name, --name=value, --name value, -n, -n value, -nvalue */
static int take_option(struct parser *p, const char *word)
{
    bool lengthy = word[1] == '-';
    struct slice name = slice_of(lengthy ? word + 2 : word + 1), value = SLICE_NONE;
    size_t equals = slice_find_byte(name, '=');
    if (lengthy && equals < name.len) {
        value = slice_after(name, equals + 1);
        name = slice_cut(name, 0, equals);
    }
    const struct cli_option *o = lengthy || !name.len ? find_option(p, name, 0)
                                                      : find_option(p, name, name.data[0]);
    if (o && !lengthy && name.len > 1 && o->kind == CLI_FLAG)
        o = NULL;
    else if (o && !lengthy && name.len > 1)
        value = slice_after(name, 1);
    if (!o)
        return lengthy ? unknown_option(p, word)
                       : cli_wrong(p->cli, "there is no option '%s'", word);
    if (o->kind == CLI_FLAG && value.data)
        return cli_wrong(p->cli, "--%s takes no value", o->name);
    if (o->kind == CLI_FLAG)
        return take_flag(p, o);
    if (!value.data && p->at == p->argc)
        return cli_wrong(p->cli, "--%s needs %s", o->name, o->value);
    return take_value(p, o, value.data ? value.data : p->argv[p->at++]);
}

static int put_and_end(struct cli *cli, struct buffer *out)
{
    int code = cli_put(cli, buffer_slice(out));
    buffer_free(out);
    return code;
}

static int answer_help(struct parser *p)
{
    struct buffer out;
    buffer_init(&out, 0);
    if (p->version)
        buffer_print(&out, "haidang %s\n", cli_version());
    else if (p->cli->command)
        cli_help_command(p->cli->command, p->cli->language, &out);
    else
        cli_help_list(p->table, p->cli->language, &out);
    return put_and_end(p->cli, &out);
}

static int check_required(struct parser *p)
{
    struct cli *cli = p->cli;
    for (const struct cli_option *o = cli->command->options; o && o->name; o++)
        if (o->required && !cli_flag(cli, o->name))
            return cli_wrong(cli, "--%s is missing", o->name);
    if (cli->argument_count < cli->command->argument_least)
        return cli_wrong(cli, "%s is missing", cli->command->arguments);
    if (cli->argument_count > cli->command->argument_most)
        return cli_wrong(cli, "'%s' is one argument too many",
                         cli->arguments[cli->command->argument_most]);
    return -1;
}

static bool is_one_of(const char *word, const char *one, const char *other)
{
    return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

/* haidang, haidang --help, haidang help, haidang --version; haidang archive --help, haidang help archive */
static int without_command(struct parser *p)
{
    if (p->argc < 2) {
        struct buffer out;
        buffer_init(&out, 0);
        cli_help_list(p->table, p->cli->language, &out);
        fprintf(stderr, "%.*s", SLICE_ARGS(buffer_slice(&out)));
        buffer_free(&out);
        return CLI_WRONG;
    }
    const char *word = p->argv[1], *last = p->argv[p->argc - 1];
    bool group = is_group(p, word) && p->argc <= 3;
    p->version = is_one_of(last, "--version", "-V") && (p->argc == 2 || group);
    if (group && (p->help || is_one_of(last, "--help", "-h"))) {
        struct buffer out;
        list_group(p, word, &out);
        return put_and_end(p->cli, &out);
    }
    if (p->version || (p->argc == 2 && (is_one_of(word, "--help", "-h") || strcmp(word, "help") == 0)))
        return answer_help(p);
    if (word[0] == '-')
        return cli_wrong(p->cli, "there is no option '%s'", word);
    return unknown_command(p);
}

int cli_parse(struct cli *cli, const struct command *const *table, int argc, char **argv)
{
    struct parser p = { .cli = cli, .table = table, .argc = argc, .argv = argv };
    *cli = (struct cli){ .language = environment_language(), .now = clock_now() };
    arena_init(&cli->arena, ARENA_NO_CEILING);
    cli->arguments = arena_array(&cli->arena, (size_t)argc + 1, sizeof *cli->arguments);
    if (!cli->arguments)
        return CLI_FAILED;
    if (argc > 2 && strcmp(argv[1], "help") == 0) { /* haidang help plan check */
        p.help = true;
        p.argv++;
        p.argc--;
    }
    cli->command = find_command(&p);
    if (!cli->command)
        return without_command(&p);
    while (p.at < p.argc) {
        char *word = p.argv[p.at++];
        int code = -1;
        if (p.rest || word[0] != '-' || word[1] == '\0')
            cli->arguments[cli->argument_count++] = word;
        else if (strcmp(word, "--") == 0)
            p.rest = true;
        else
            code = take_option(&p, word);
        if (code >= 0)
            return code;
    }
    if (p.help || p.version)
        return answer_help(&p);
    return check_required(&p);
}
