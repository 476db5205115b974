#include "cli/help.h"

#include <string.h>

#include "base/text.h"

/* man(7): a leading dot or quote would be a request, a backslash an escape, and a hyphen that is to
 * be copied must be \-. */
static void put_roff(struct buffer *out, const char *text)
{
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            buffer_add(out, SLICE("\\&"));
        if (*text == '\\')
            buffer_add(out, SLICE("\\e"));
        else if (*text == '-')
            buffer_add(out, SLICE("\\-"));
        else
            buffer_add_byte(out, *text);
        line_start = *text == '\n';
    }
}

static void put_line(struct buffer *out, const char *request, const char *text)
{
    buffer_add(out, slice_of(request));
    put_roff(out, text);
    buffer_add_byte(out, '\n');
}

static void put_option(struct buffer *out, const char *language, const struct cli_option *o)
{
    buffer_add(out, SLICE(".TP\n.B "));
    if (o->letter)
        buffer_print(out, "\\-%c, ", o->letter);
    put_roff(out, "--");
    put_roff(out, o->name);
    if (o->value)
        buffer_print(out, " \\fI%s\\fR", o->value);
    buffer_add_byte(out, '\n');
    put_roff(out, text_in(language, o->help));
    for (size_t i = 0; o->choices && o->choices[i]; i++) {
        buffer_add(out, i ? SLICE(", ") : SLICE(": "));
        put_roff(out, o->choices[i]);
    }
    if (o->required)
        buffer_print(out, " (%s)", text_in(language, "required"));
    if (o->repeated)
        buffer_print(out, " (%s)", text_in(language, "may be repeated"));
    buffer_add_byte(out, '\n');
}

static void put_command(struct buffer *out, const char *language, const struct command *command)
{
    buffer_add(out, SLICE(".SS \"haidang "));
    put_roff(out, command->name);
    if (command->arguments) {
        buffer_add_byte(out, ' ');
        put_roff(out, command->arguments);
    }
    buffer_add(out, SLICE("\"\n"));
    put_roff(out, text_in(language, command->summary));
    buffer_add(out, SLICE(".\n"));
    if (command->about)
        put_line(out, ".PP\n", text_in(language, command->about));
    for (const struct cli_option *o = command->options; o && o->name; o++)
        put_option(out, language, o);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        if ((command->takes_config && strcmp(o->name, "config") == 0) ||
            (command->takes_json && strcmp(o->name, "json") == 0))
            put_option(out, language, o);
    for (const struct cli_example *x = command->examples; x && x->line; x++) {
        put_line(out, ".PP\n", text_in(language, x->help));
        put_line(out, ".PP\n.RS 4\n.nf\n", x->line);
        buffer_add(out, SLICE(".fi\n.RE\n"));
    }
}

void cli_manual(const struct command *const *table, const char *language, struct buffer *out)
{
    buffer_print(out, ".TH HAIDANG 1 \"\" \"haidang %s\" \"Hải Đăng\"\n.SH %s\nhaidang \\- ",
                 cli_version(), text_in(language, "NAME"));
    put_roff(out, text_in(language, "Hải Đăng, the cyber-assurance system of a province."));
    buffer_print(out, "\n.SH %s\n.B haidang\n\\fICOMMAND\\fR [\\fIOPTION\\fR]... "
                      "[\\fIARGUMENT\\fR]...\n.SH %s\n",
                 text_in(language, "SYNOPSIS"), text_in(language, "OPTIONS"));
    put_line(out, "", text_in(language, "Every command takes these:"));
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        if (strcmp(o->name, "config") != 0 && strcmp(o->name, "json") != 0)
            put_option(out, language, o);
    buffer_print(out, ".SH %s\n", text_in(language, "COMMANDS"));
    for (size_t i = 0; table[i]; i++)
        if (!table[i]->hidden)
            put_command(out, language, table[i]);
    buffer_print(out, ".SH %s\n", text_in(language, "EXIT STATUS"));
    put_line(out, "", text_in(language, "Exit status: 0 fine, 1 the answer is 'no', "
                                        "2 wrong use, 3 failed."));
    buffer_print(out, ".SH %s\n", text_in(language, "FILES"));
    put_line(out, ".TP\n.I ", "haidang.yaml, /etc/haidang/haidang.yaml");
    put_line(out, "", text_in(language, "The configuration, looked for in this order where "
                                        "--config and HAIDANG_CONFIG name none."));
}

/* One `case` arm a command; option kinds choose what may follow. */
static void put_completion(struct buffer *out, const struct command *command)
{
    buffer_print(out, "    '%s') options='", command->name);
    for (const struct cli_option *o = command->options; o && o->name; o++)
        buffer_print(out, "--%s ", o->name);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        if (cli_common_applies(command, o))
            buffer_print(out, "--%s ", o->name);
    buffer_add(out, SLICE("'\n      case $previous in\n"));
    for (unsigned pass = 0; pass < 2; pass++)
        for (const struct cli_option *o = pass ? cli_common_options : command->options;
             o && o->name; o++) {
            if (o->kind == CLI_FLAG || (pass && !cli_common_applies(command, o)))
                continue;
            buffer_print(out, "        --%s) ", o->name);
            for (size_t i = 0; o->choices && o->choices[i]; i++)
                buffer_print(out, "%s%s", i ? " " : "words='", o->choices[i]);
            buffer_add(out, o->choices                ? SLICE("'; kind=words ;;\n")
                            : o->kind == CLI_FILE   ? SLICE("kind=files ;;\n")
                            : o->kind == CLI_FOLDER ? SLICE("kind=folders ;;\n")
                                                    : SLICE("kind=none ;;\n"));
        }
    buffer_add(out, SLICE("      esac ;;\n"));
}

void cli_completion(const struct command *const *table, struct buffer *out)
{
    buffer_add(out, SLICE("# bash completion for haidang, made from its table of commands\n"
                          "_haidang() {\n"
                          "  local word=${COMP_WORDS[COMP_CWORD]}"
                          " previous=${COMP_WORDS[COMP_CWORD-1]}\n"
                          "  local command= first= options= words= kind=\n"
                          "  COMPREPLY=()\n"
                          "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                          "    COMPREPLY=($(compgen -W '"));
    for (size_t i = 0; table[i]; i++)
        if (!table[i]->hidden)
            buffer_print(out, "%s%.*s", i ? " " : "",
                         (int)strcspn(table[i]->name, " "), table[i]->name);
    buffer_add(out, SLICE("' -- \"$word\")); return\n  fi\n"
                          "  first=${COMP_WORDS[1]}\n  case $first in\n"));
    for (size_t i = 0; table[i]; i++) {
        size_t len = strcspn(table[i]->name, " ");
        bool seen = table[i]->name[len] == '\0' || table[i]->hidden;
        for (size_t k = 0; k < i && !seen; k++)
            seen = strncmp(table[k]->name, table[i]->name, len + 1) == 0;
        if (seen)
            continue;
        buffer_print(out, "    %.*s) if [ \"$COMP_CWORD\" -eq 2 ]; then COMPREPLY=($(compgen -W '",
                     (int)len, table[i]->name);
        for (size_t k = i; table[k]; k++)
            if (!table[k]->hidden && strncmp(table[k]->name, table[i]->name, len + 1) == 0)
                buffer_print(out, "%s ", table[k]->name + len + 1);
        buffer_print(out, "' -- \"$word\")); return; fi; command=\"%.*s ${COMP_WORDS[2]}\" ;;\n",
                     (int)len, table[i]->name);
    }
    buffer_add(out, SLICE("    *) command=$first ;;\n  esac\n  case $command in\n"));
    for (size_t i = 0; table[i]; i++)
        if (!table[i]->hidden)
            put_completion(out, table[i]);
    buffer_add(out, SLICE(
        "  esac\n"
        "  if [ -z \"$kind\" ]; then case $word in -*) kind=words words=$options ;;"
        " *) kind=files ;; esac; fi\n"
        "  case $kind in\n"
        "    words) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
        "    files) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
        "    folders) COMPREPLY=($(compgen -d -- \"$word\")) ;;\n"
        "  esac\n"
        "}\n"
        "complete -o filenames -F _haidang haidang\n"));
}
