/* haidang import agencies, organisations, systems, sources, people: sheets into the register, all or
 * nothing. */
#include <sodium.h>

#include "base/file.h"

#include "serve/error_json.h"

#include "cli/data.h"

#define SHEET_MOST (16u * 1024 * 1024)

static bool make_request(struct cli *cli, const char *sheet, struct slice bytes, struct buffer *out,
                         struct error *e)
{
    struct json_writer w;
    size_t size = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(&cli->arena, size);
    if (!text)
        return error_set(e, "not enough memory for the sheet");
    sodium_bin2base64(text, size, (const unsigned char *)bytes.data, bytes.len,
                      sodium_base64_VARIANT_ORIGINAL);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "do", SLICE("import"));
    json_text_member(&w, "sheet", slice_of(sheet));
    json_text_member(&w, "file", slice_of(cli->arguments[0]));
    json_text_member(&w, "bytes", slice_of(text));
    json_boolean_member(&w, "store", !cli_flag(cli, "preview"));
    json_close_object(&w);
    return !out->failed || error_set(e, "not enough memory for the sheet");
}

static int count_of(const struct json *result, const char *name)
{
    return (int)json_integer(json_member(result, name), 0);
}

static void put_summary(struct cli *cli, const struct json *result, struct buffer *out)
{
    static const char *const names[] = { "fresh", "changed", "unchanged", "wrong" };
    static const char *const labels[] = { "new", "changed", "unchanged", "wrong" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        buffer_print(out, "%s%d %s", i ? ", " : "", count_of(result, names[i]),
                     cli_say(cli, labels[i]));
    bool stored = json_boolean(json_member(result, "stored"), false);
    buffer_print(out, ". %s\n", cli_say(cli, stored ? "Stored." : "Nothing was stored."));
}

static void put_errors(struct cli *cli, const struct json *result)
{
    const struct json *errors = json_member(result, "errors");
    for (uint32_t i = 0; errors && i < errors->count; i++) {
        struct error e = ERROR_NONE;
        error_json_get(&errors->children[i], &e);
        cli_fail(cli, &e);
    }
}

static void put_notes(struct cli *cli, const struct json *result)
{
    const struct json *notes = json_member(result, "notes");
    for (uint32_t i = 0; notes && i < notes->count; i++) {
        struct error note = ERROR_NONE;
        BUFFER_AUTO out;
        buffer_init(&out, 0);
        error_json_get(&notes->children[i], &note);
        buffer_print(&out, "%s: ", cli_say(cli, "note"));
        error_print(&note, cli->language, &out);
        fprintf(stderr, "%.*s", SLICE_ARGS(buffer_slice(&out)));
    }
}

static void put_notes_json(struct cli *cli, const struct json *result, struct json_writer *w)
{
    const struct json *notes = json_member(result, "notes");
    json_open_array_member(w, "notes");
    for (uint32_t i = 0; notes && i < notes->count; i++) {
        struct error note = ERROR_NONE;
        error_json_get(&notes->children[i], &note);
        json_open_object(w);
        json_text_member(w, "place", slice_of(note.place));
        json_text_member(w, "sentence", slice_of(error_sentence(&note, cli->language)));
        json_text_member(w, "hint", slice_of(error_hint_in(&note, cli->language)));
        json_close_object(w);
    }
    json_close_array(w);
}

static void put_json(struct cli *cli, const struct json *result, struct buffer *out)
{
    static const char *const names[] = { "fresh", "changed", "unchanged", "wrong" };
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        json_integer_member(&w, names[i], count_of(result, names[i]));
    json_boolean_member(&w, "stored", json_boolean(json_member(result, "stored"), false));
    put_notes_json(cli, result, &w);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

static int run_import(struct cli *cli)
{
    struct serve_settings settings;
    struct slice bytes;
    const struct json *result;
    struct error e = ERROR_NONE;
    BUFFER_AUTO request, out;
    buffer_init(&request, CHANGE_BYTES_MAX);
    buffer_init(&out, 0);
    const char *file = strcmp(cli->arguments[0], "-") == 0 ? "/dev/stdin" : cli->arguments[0];
    const char *sheet = cli->command->name + sizeof "import " - 1;
    if (!file_read(file, SHEET_MOST, &cli->arena, &bytes, &e)) {
        error_kind(&e, ERROR_INPUT);
        return cli_fail(cli, &e);
    }
    if (!cli_settings(cli, &settings, &e) || !make_request(cli, sheet, bytes, &request, &e) ||
        !cli_change(cli, &settings, buffer_slice(&request), &result, &e))
        return cli_fail(cli, &e);
    put_errors(cli, result);
    if (cli->json) {
        put_json(cli, result, &out);
    } else {
        put_notes(cli, result);
        put_summary(cli, result, &out);
    }
    int code = cli_put(cli, buffer_slice(&out));
    return count_of(result, "wrong") ? CLI_WRONG : code;
}

static const struct cli_option options[] = {
    { "preview", 'n', CLI_FLAG, NULL, "show what it would do and store nothing" },
    { NULL },
};

#define ABOUT                                                                                      \
    "Rows are found again by their key, so the same sheet twice changes nothing. When one row is " \
    "wrong nothing is stored, and every wrong cell is named."

#define IMPORT(sheet, what)                                                             \
    static const struct cli_example sheet##_examples[] = {                              \
        { "haidang import " #sheet " --preview " #sheet ".csv", "what it would do" },   \
        { "haidang import " #sheet " " #sheet ".csv", "do it" },                        \
        { NULL },                                                                       \
    };                                                                                  \
    const struct command cli_import_##sheet##_command = {                               \
        .name = "import " #sheet,                                                       \
        .group = "Register",                                                            \
        .summary = what,                                                                \
        .about = ABOUT,                                                                 \
        .arguments = "FILE.csv",                                                        \
        .argument_least = 1,                                                            \
        .argument_most = 1,                                                             \
        .takes_config = true,                                                           \
        .takes_json = true,                                                             \
        .options = options,                                                             \
        .examples = sheet##_examples,                                                   \
        .run = run_import,                                                              \
    }

IMPORT(agencies, "read agencies from a sheet");
IMPORT(organisations, "read firms and bodies outside from a sheet");
IMPORT(systems, "read information systems from a sheet");
IMPORT(sources, "read log sources from a sheet");
IMPORT(people, "read officials and their posts from a sheet");
