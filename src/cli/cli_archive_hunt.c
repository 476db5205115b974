/* haidang archive hunt */
#include <stdio.h>

#include "archive/hunt.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#include "cli/data.h"

struct hunter {
    struct cli *cli;
    uint64_t found;
    int code;
};

static bool put_hit(void *owner, const struct hunt_hit *hit)
{
    struct hunter *hunter = owner;
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    hunter->found++;
    if (hunter->cli->json) {
        struct json_writer w;
        json_writer_init(&w, &out);
        json_open_object(&w);
        json_integer_member(&w, "day", hit->day.day);
        json_text_member(&w, "class", slice_of(hit->day.class));
        json_text_member(&w, "kind", slice_of(indicator_kind_name(hit->kind)));
        json_text_member(&w, "value", hit->value);
        json_integer_member(&w, "count", (int64_t)hit->count);
        json_close_object(&w);
        buffer_add_byte(&out, '\n');
    } else
        buffer_print(&out, "%d\t%s\t%.*s\t%llu\n", (int)hit->day.day,
                     indicator_kind_name(hit->kind), SLICE_ARGS(hit->value),
                     (unsigned long long)hit->count);
    hunter->code = cli_put(hunter->cli, buffer_slice(&out));
    return hunter->code == CLI_FINE;
}

#define HUNT_FILE_MAX (256u * 1024 * 1024)

/* The lines of the file that are neither empty nor comments. */
static bool read_indicators(struct cli *cli, struct slice **list_out, size_t *count_out,
                            struct error *e)
{
    struct slice all, line, rest;
    size_t lines = 1;
    if (!file_read(cli->arguments[0], HUNT_FILE_MAX, &cli->arena, &all, e))
        return false;
    for (size_t i = 0; i < all.len; i++)
        lines += all.data[i] == '\n';
    *list_out = arena_array(&cli->arena, lines, sizeof **list_out);
    *count_out = 0;
    if (!*list_out)
        return error_set(e, "memory is short for the hunt");
    for (rest = all; slice_split(&rest, '\n', &line);) {
        line = slice_trim(line);
        if (line.len && line.data[0] != '#')
            (*list_out)[(*count_out)++] = line;
    }
    return true;
}

static int32_t day_option(struct cli *cli, const char *name)
{
    int64_t time = cli_number(cli, name, 0);
    return time ? clock_day(time, CLOCK_ZONE) : 0;
}

static int run_hunt(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct hunter hunter = { .cli = cli };
    struct hunt_foot foot;
    struct slice *list;
    size_t count;
    const char *folder = cli_archive_folder(cli, &e);
    if (!folder || !read_indicators(cli, &list, &count, &e) ||
        !hunt_run(folder, list, count, day_option(cli, "from"), day_option(cli, "to"), put_hit,
                  &hunter, &foot, &e))
        return cli_fail(cli, &e);
    if (hunter.code != CLI_FINE)
        return hunter.code;
    fprintf(stderr,
            cli_say(cli, "%llu indicators (%llu are none) in %llu days: %llu found, %.3f s\n"),
            (unsigned long long)foot.given, (unsigned long long)foot.refused,
            (unsigned long long)foot.days, (unsigned long long)hunter.found,
            (double)foot.elapsed_ns / 1e9);
    fprintf(stderr, "%s\n",
            cli_say(cli, "looked at: values that are an indicator, hosts of URLs, the text of messages, "
                         "command lines and undecoded lines; what stands inside of other values is found "
                         "by: haidang search"));
    if (foot.damaged)
        fprintf(stderr, cli_say(cli, "%llu day files could not be read\n"),
                (unsigned long long)foot.damaged);
    return hunter.found ? CLI_FINE : foot.damaged ? CLI_FAILED : CLI_NO;
}

static const struct cli_option options_of_hunt[] = {
    { .name = "from", .kind = CLI_TIME, .value = "DATE", .help = "only receipt days from this one on" },
    { .name = "to", .kind = CLI_TIME, .value = "DATE", .help = "only receipt days up to this one" },
    OPTION_ARCHIVE,
    { .name = NULL },
};

static const struct cli_example examples_of_hunt[] = {
    { "haidang archive hunt indicators.txt --from -30d", "one indicator a line; # begins a comment" },
    { NULL },
};

const struct command cli_archive_hunt_command = {
    .name = "archive hunt",
    .group = "Events",
    .summary = "find many indicators in the whole archive",
    .about = "FILE holds addresses, hashes (MD5, SHA-1, SHA-256) and host names. Each day keeps an\n"
             "exact table of those it saw, so a hundred thousand of them are looked for in seconds.\n"
             "It has fields that are such a value (with a port or without), hosts of URLs, and what\n"
             "stands in the text of messages, command lines and undecoded lines; not what stands inside\n"
             "of other values: look for that with haidang search.\n"
             "Prints day, kind, value and number of events. The exit status is 1 when none is found.",
    .arguments = "FILE",
    .argument_least = 1,
    .argument_most = 1,
    .takes_config = true,
    .takes_json = true,
    .options = options_of_hunt,
    .examples = examples_of_hunt,
    .run = run_hunt,
};
