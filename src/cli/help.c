#include "cli/help.h"

#include <string.h>

#include "base/text.h"

static const char *const languages[] = { "vi", "en", NULL };

const struct cli_option cli_common_options[] = {
    { "config", 'c', CLI_FILE, "FILE", "configuration file" },
    { "json", 0, CLI_FLAG, NULL, "print data as JSON" },
    { "language", 0, CLI_CHOICE, "LANGUAGE", "language of messages", .choices = languages },
    { "help", 'h', CLI_FLAG, NULL, "show this help" },
    { "version", 'V', CLI_FLAG, NULL, "show the version" },
    { NULL },
};

bool cli_common_applies(const struct command *command, const struct cli_option *option)
{
    if (strcmp(option->name, "config") == 0)
        return command->takes_config;
    if (strcmp(option->name, "json") == 0)
        return command->takes_json;
    return true;
}

/* Columns that UTF-8 text takes: Vietnamese is one column a code point once composed (NFC). */
static unsigned columns(const char *text)
{
    unsigned n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void pad(struct buffer *out, unsigned from, unsigned to)
{
    do
        buffer_add_byte(out, ' ');
    while (++from < to);
}

static void put_row(struct buffer *out, const char *left, const char *right, unsigned column)
{
    buffer_print(out, "  %s", left);
    pad(out, 2 + columns(left), column);
    buffer_print(out, "%s\n", right);
}

/* A heading once per group, in the order in which the groups first appear. */
static bool group_seen_before(const struct command *const *table, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (!table[i]->hidden && strcmp(table[i]->group, table[at]->group) == 0)
            return true;
    return false;
}

void cli_help_list(const struct command *const *table, const char *language, struct buffer *out)
{
    buffer_print(out, "%s\n\n%s haidang COMMAND [OPTION]... [ARGUMENT]...\n",
                 text_in(language, "Hải Đăng, the cyber-assurance system of a province."),
                 text_in(language, "Usage:"));
    for (size_t i = 0; table[i]; i++) {
        if (table[i]->hidden || group_seen_before(table, i))
            continue;
        buffer_print(out, "\n%s\n", text_in(language, table[i]->group));
        for (size_t k = i; table[k]; k++)
            if (!table[k]->hidden && strcmp(table[k]->group, table[i]->group) == 0)
                put_row(out, table[k]->name, text_in(language, table[k]->summary), 24);
    }
    buffer_print(out, "\n%s\n", text_in(language, "haidang COMMAND --help shows a command's options "
                                                  "and examples."));
    buffer_print(out, "%s\n", text_in(language, "Exit status: 0 fine, 1 the answer is 'no', "
                                                "2 wrong use, 3 failed."));
}

static void put_option(struct buffer *out, const char *language, const struct cli_option *o)
{
    BUFFER_AUTO left;
    buffer_init(&left, 0);
    if (o->letter)
        buffer_print(&left, "-%c, ", o->letter);
    buffer_print(&left, "--%s", o->name);
    if (o->value)
        buffer_print(&left, " %s", o->value);
    buffer_add_byte(&left, '\0');
    if (left.failed)
        return;
    BUFFER_AUTO right;
    buffer_init(&right, 0);
    buffer_print(&right, "%s", text_in(language, o->help));
    for (size_t i = 0; o->choices && o->choices[i]; i++)
        buffer_print(&right, "%s%s", i ? ", " : ": ", o->choices[i]);
    if (o->required)
        buffer_print(&right, " (%s)", text_in(language, "required"));
    else if (o->repeated)
        buffer_print(&right, " (%s)", text_in(language, "may be repeated"));
    buffer_add_byte(&right, '\0');
    if (!right.failed)
        put_row(out, left.data, right.data, 28);
}

static void put_options(struct buffer *out, const char *language, const struct command *command)
{
    buffer_print(out, "\n%s\n", text_in(language, "Options:"));
    for (const struct cli_option *o = command->options; o && o->name; o++)
        put_option(out, language, o);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        if (cli_common_applies(command, o))
            put_option(out, language, o);
}

void cli_help_command(const struct command *command, const char *language, struct buffer *out)
{
    buffer_print(out, "haidang %s: %s\n\n%s haidang %s", command->name,
                 text_in(language, command->summary), text_in(language, "Usage:"), command->name);
    for (const struct cli_option *o = command->options; o && o->name; o++)
        if (o->required)
            buffer_print(out, " --%s %s", o->name, o->value ? o->value : "");
    buffer_print(out, " [OPTION]...%s%s\n", command->arguments ? " " : "",
                 command->arguments ? command->arguments : "");
    if (command->about)
        buffer_print(out, "\n%s\n", text_in(language, command->about));
    put_options(out, language, command);
    if (command->examples)
        buffer_print(out, "\n%s\n", text_in(language, "Examples:"));
    for (const struct cli_example *x = command->examples; x && x->line; x++)
        buffer_print(out, "  %s\n      %s\n", x->line, text_in(language, x->help));
}

const char *cli_version(void)
{
    return HAIDANG_VERSION;
}
