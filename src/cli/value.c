#include "cli/command.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"

static const struct cli_option *declared(const struct cli *cli, const char *name)
{
    for (const struct cli_option *o = cli->command->options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

static const struct cli_value *last(const struct cli *cli, const char *name)
{
    const struct cli_option *option = declared(cli, name);
    assert(option && "an option that the command's row does not name");
    for (unsigned i = cli->value_count; i-- > 0;)
        if (cli->values[i].option == option)
            return &cli->values[i];
    return NULL;
}

const char *cli_text(const struct cli *cli, const char *option)
{
    const struct cli_value *value = last(cli, option);
    return value ? value->text : NULL;
}

const char *cli_text_at(const struct cli *cli, const char *option, unsigned n)
{
    const struct cli_option *wanted = declared(cli, option);
    assert(wanted && wanted->repeated);
    for (unsigned i = 0; i < cli->value_count; i++)
        if (cli->values[i].option == wanted && n-- == 0)
            return cli->values[i].text;
    return NULL;
}

bool cli_flag(const struct cli *cli, const char *option)
{
    return last(cli, option) != NULL;
}

int64_t cli_number(const struct cli *cli, const char *option, int64_t fallback)
{
    const struct cli_value *value = last(cli, option);
    return value ? value->number : fallback;
}

const char *cli_say(const struct cli *cli, const char *english)
{
    return text_in(cli->language, english);
}

static void put_error_json(const struct cli *cli, const struct error *e)
{
    BUFFER_AUTO out;
    struct json_writer w;
    buffer_init(&out, 0);
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_open_object_member(&w, "error");
    json_text_member(&w, "sentence", slice_of(error_sentence(e, cli->language)));
    json_text_member(&w, "place", slice_of(e->place));
    json_text_member(&w, "hint", slice_of(error_hint_in(e, cli->language)));
    json_close_object(&w);
    json_close_object(&w);
    fprintf(stderr, "%.*s\n", SLICE_ARGS(buffer_slice(&out)));
}

int cli_fail(const struct cli *cli, const struct error *e)
{
    assert(e->set);
    if (cli->json) {
        put_error_json(cli, e);
    } else {
        BUFFER_AUTO out;
        buffer_init(&out, 0);
        error_print(e, cli->language, &out);
        fprintf(stderr, "haidang: %.*s", SLICE_ARGS(buffer_slice(&out)));
    }
    return e->kind == ERROR_INPUT || e->kind == ERROR_NOT_FOUND || e->kind == ERROR_CONFLICT
               ? CLI_WRONG
               : CLI_FAILED;
}

int cli_wrong(const struct cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("haidang: ", stderr);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the translation keeps the conversions */
    vfprintf(stderr, cli_say(cli, format), args);
#pragma GCC diagnostic pop
    va_end(args);
    fputs("\n", stderr);
    fprintf(stderr, "%s haidang %s%s--help\n", cli_say(cli, "Try:"),
            cli->command ? cli->command->name : "", cli->command ? " " : "");
    return CLI_WRONG;
}

int cli_put(const struct cli *cli, struct slice text)
{
    while (text.len) {
        ssize_t put = write(STDOUT_FILENO, text.data, text.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EPIPE)
            return CLI_FAILED;
        if (put < 0) {
            struct error e = ERROR_NONE;
            error_errno(&e, errno, "cannot write the output");
            return cli_fail(cli, &e);
        }
        text = slice_after(text, (size_t)put);
    }
    return CLI_FINE;
}
