/* haidang enrol …: certificates for senders. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

#include "records/certificate.h"

#include "cli/data.h"

#define CERTIFICATE_MOST (64u * 1024)

/* ---- requests -------------------------------------------------------------------------------- */

static void put_holder(struct cli *cli, struct json_writer *w, const char *key)
{
    json_text_member(w, cli_flag(cli, "relay") || cli_text(cli, "relay-of") ? "relay" : "source",
                     slice_of(key));
}

static bool put_certificate(struct cli *cli, struct json_writer *w, struct error *e)
{
    struct slice bytes;
    if (!file_read(cli_text(cli, "certificate"), CERTIFICATE_MOST, &cli->arena, &bytes, e))
        return error_kind(e, ERROR_INPUT);
    size_t size = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(&cli->arena, size);
    if (!text)
        return error_set(e, "not enough memory for a certificate");
    sodium_bin2base64(text, size, (const unsigned char *)bytes.data, bytes.len,
                      sodium_base64_VARIANT_ORIGINAL);
    json_text_member(w, "bytes", slice_of(text));
    return true;
}

static bool change(struct cli *cli, struct buffer *request, const struct json **result_out,
                   struct error *e)
{
    struct serve_settings settings;
    return cli_settings(cli, &settings, e) &&
           cli_change(cli, &settings, buffer_slice(request), result_out, e);
}

/* ---- haidang enrol KEY ------------------------------------------------------------------------ */

/* A new file, readable by its owner only: a package is a secret until it was used. */
static bool write_package(const char *path, struct slice bytes, struct error *e)
{
    FILE_AUTO fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len &&
                   fsync(fd) == 0;
    if (written)
        return true;
    error_errno(e, errno, "cannot write %s", path);
    if (fd >= 0)
        unlink(path);
    else
        error_hint(e, "name a file that is not there yet: --out FILE");
    return error_kind(e, ERROR_INPUT);
}

static bool decode(struct cli *cli, struct slice text, struct slice *out)
{
    size_t most = text.len / 4 * 3 + 4, len = 0;
    char *bytes = arena_alloc(&cli->arena, most);
    if (!bytes || sodium_base642bin((unsigned char *)bytes, most, text.data, text.len, NULL, &len,
                                    NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return false;
    *out = slice_from(bytes, len);
    return true;
}

static int show(struct cli *cli, const char *path, const struct json *result)
{
    BUFFER_AUTO out;
    struct slice password = json_member_text(result, "password");
    struct slice certificate = json_member_text(result, "certificate");
    int64_t until = json_integer(json_member(result, "until"), 0);
    char time[CLOCK_TEXT];
    buffer_init(&out, 0);
    clock_print(until, time);
    if (cli->json) {
        struct json_writer w;
        json_writer_init(&w, &out);
        json_open_object(&w);
        if (path)
            json_text_member(&w, "file", slice_of(path));
        if (password.len)
            json_text_member(&w, "password", password);
        if (until)
            json_time_member(&w, "code_until", until);
        if (certificate.len)
            json_text_member(&w, "certificate", certificate);
        json_close_object(&w);
        buffer_add_byte(&out, '\n');
        return cli_put(cli, buffer_slice(&out));
    }
    if (path)
        buffer_print(&out, "%s\n", path);
    else
        buffer_print(&out, "%.*s\n", SLICE_ARGS(certificate));
    if (password.len) {
        fprintf(stderr, "%s\n", cli_say(cli, "The package's password, shown once; tell it by another "
                                             "way than the package goes:"));
        buffer_print(&out, "%.*s\n", SLICE_ARGS(password));
    }
    if (until)
        fprintf(stderr, "%s %s\n", cli_say(cli, "The code in the package works once, until"), time);
    return cli_put(cli, buffer_slice(&out));
}

static int run_register(struct cli *cli)
{
    struct error e = ERROR_NONE;
    const struct json *result;
    struct json_writer w;
    BUFFER_AUTO request;
    buffer_init(&request, 0);
    json_writer_init(&w, &request);
    json_open_object(&w);
    json_text_member(&w, "do", SLICE("enrol register"));
    put_holder(cli, &w, cli->arguments[0]);
    bool fine = put_certificate(cli, &w, &e);
    json_close_object(&w);
    if (!fine || !change(cli, &request, &result, &e))
        return cli_fail(cli, &e);
    return show(cli, NULL, result);
}

static int run_enrol(struct cli *cli)
{
    struct error e = ERROR_NONE;
    const struct json *result;
    struct slice zip = SLICE_NONE;
    struct json_writer w;
    BUFFER_AUTO request;
    buffer_init(&request, 0);
    if (cli_text(cli, "certificate"))
        return run_register(cli);
    const char *path = cli_text(cli, "out"), *agency = cli_text(cli, "relay-of");
    const char *folder = cli_text(cli, "folder");
    if (!path)
        path = arena_print(&cli->arena, "haidang-%s.zip", cli->arguments[0]).data;
    if (!path || access(path, F_OK) == 0)
        return cli_wrong(cli, "%s is there already: name another file with --out", path);
    json_writer_init(&w, &request);
    json_open_object(&w);
    json_text_member(&w, "do", SLICE("enrol"));
    put_holder(cli, &w, cli->arguments[0]);
    json_text_member(&w, "agency", agency ? slice_of(agency) : SLICE(""));
    json_boolean_member(&w, "with_key", cli_flag(cli, "with-key"));
    json_integer_member(&w, "days", cli_number(cli, "days", 0));
    json_text_member(&w, "folder", folder ? slice_of(folder) : SLICE(""));
    json_close_object(&w);
    if (!change(cli, &request, &result, &e))
        return cli_fail(cli, &e);
    if (!decode(cli, json_member_text(result, "zip"), &zip))
        error_set(&e, "the package is damaged");
    if (e.set || !write_package(path, zip, &e))
        return cli_fail(cli, &e);
    return show(cli, path, result);
}

/* ---- haidang enrol list ----------------------------------------------------------------------- */

static void put_row(struct cli *cli, const struct records_certificate *c, struct buffer *out)
{
    char to[CLOCK_TEXT];
    const char *state = records_certificate_state(c, cli->now);
    if (!cli->json) {
        clock_print(c->valid_to, to);
        buffer_print(out, "%-8s %.10s  %s%-30.*s %.*s\n", cli_say(cli, state), to,
                     c->holder.relay ? "relay:" : "", SLICE_ARGS(c->holder.key),
                     SLICE_ARGS(c->sha256));
        return;
    }
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, c->holder.relay ? "relay" : "source", c->holder.key);
    json_text_member(&w, "agency", c->agency);
    json_text_member(&w, "sha256", c->sha256);
    json_text_member(&w, "state", slice_of(state));
    json_text_member(&w, "origin", c->origin);
    json_time_member(&w, "from", c->valid_from);
    json_time_member(&w, "to", c->valid_to);
    json_time_member(&w, "revoked", c->revoked_at);
    json_text_member(&w, "reason", c->reason);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

static int run_list(struct cli *cli)
{
    struct serve_settings settings;
    struct error e = ERROR_NONE;
    RECORDS_AUTO records = NULL;
    struct records_certificate *rows;
    uint32_t count;
    BUFFER_AUTO out;
    struct slice wanted = cli->argument_count ? slice_of(cli->arguments[0]) : SLICE_NONE;
    buffer_init(&out, 0);
    if (!cli_settings(cli, &settings, &e) || !cli_records(cli, &settings, &records, &e) ||
        !records_certificate_list(records, &RECORDS_SCOPE_ALL, NULL, &cli->arena, &rows, &count,
                                  &e))
        return cli_fail(cli, &e);
    for (uint32_t i = 0; i < count; i++) {
        bool ending = rows[i].valid_to - cli->now < RECORDS_CERTIFICATE_ENDING;
        if ((!wanted.len || slice_equal(rows[i].holder.key, wanted)) &&
            (!cli_flag(cli, "ending") || (ending && !rows[i].revoked_at)))
            put_row(cli, &rows[i], &out);
    }
    return cli_put(cli, buffer_slice(&out));
}

/* ---- haidang enrol revoke ---------------------------------------------------------------------- */

static int run_revoke(struct cli *cli)
{
    struct error e = ERROR_NONE;
    const struct json *result;
    struct json_writer w;
    BUFFER_AUTO request;
    buffer_init(&request, 0);
    json_writer_init(&w, &request);
    json_open_object(&w);
    json_text_member(&w, "do", SLICE("enrol revoke"));
    json_text_member(&w, "certificate", slice_of(cli->arguments[0]));
    json_text_member(&w, "reason", slice_of(cli_text(cli, "reason")));
    json_close_object(&w);
    return change(cli, &request, &result, &e) ? CLI_FINE : cli_fail(cli, &e);
}

/* ---- the rows ---------------------------------------------------------------------------------- */

static const struct cli_option enrol_options[] = {
    { "with-key", 'k', CLI_FLAG, NULL, "make the key here and put it into the package, encrypted" },
    { "days", 'd', CLI_NUMBER, "N", "days that the certificate holds; 365", .least = 1,
      .most = 1095 },
    { "folder", 'f', CLI_TEXT, "DIR", "where the sender unpacks it; /etc/haidang-sender" },
    { "out", 'o', CLI_FILE, "FILE", "the package; haidang-KEY.zip" },
    { "relay", 'r', CLI_FLAG, NULL, "KEY is a relay, not a source" },
    { "relay-of", 'a', CLI_TEXT, "AGENCY", "KEY is a relay of that agency, made when new" },
    { "certificate", 'c', CLI_FILE, "FILE", "register this certificate of another authority instead" },
    { NULL },
};

static const struct cli_example enrol_examples[] = {
    { "haidang enrol so-tttt.cong.web01", "a package with a code that works once, for seven days" },
    { "haidang enrol so-tttt.cong.web01 --with-key --out /media/usb/web01.zip",
      "with the key in it, encrypted by a password" },
    { "haidang enrol so-tttt.tram --relay-of so-tttt", "for a relay at an agency" },
    { NULL },
};

const struct command cli_enrol_command = {
    .name = "enrol",
    .group = "Register",
    .summary = "make a sender's package: certificate and ready configuration",
    .about = "The package goes to the machine that sends, once; it holds configuration for rsyslog, "
             "syslog-ng, Fluent Bit, Winlogbeat and NXLog that works as it is. Without --with-key the "
             "machine makes its own key and asks for the certificate with the code in the package "
             "(enrol.sh), so that the key never leaves it.",
    .arguments = "KEY",
    .argument_least = 1,
    .argument_most = 1,
    .takes_config = true,
    .takes_json = true,
    .options = enrol_options,
    .examples = enrol_examples,
    .run = run_enrol,
};

static const struct cli_option list_options[] = {
    { "ending", 'e', CLI_FLAG, NULL, "only what ends within 30 days or has ended" },
    { NULL },
};

static const struct cli_example list_examples[] = {
    { "haidang enrol list --ending", "what must be renewed" },
    { NULL },
};

const struct command cli_enrol_list_command = {
    .name = "enrol list",
    .group = "Register",
    .summary = "list senders' certificates and their state",
    .arguments = "KEY",
    .argument_least = 0,
    .argument_most = 1,
    .takes_config = true,
    .takes_json = true,
    .options = list_options,
    .examples = list_examples,
    .run = run_list,
};

static const struct cli_option revoke_options[] = {
    { "reason", 'm', CLI_TEXT, "TEXT", "why, for the record", .required = true },
    { NULL },
};

static const struct cli_example revoke_examples[] = {
    { "haidang enrol revoke 3fa9… --reason 'máy bị mất'", "at once: its connections are cut" },
    { NULL },
};

const struct command cli_enrol_revoke_command = {
    .name = "enrol revoke",
    .group = "Register",
    .summary = "revoke a sender's certificate, at once and for good",
    .arguments = "SHA256",
    .argument_least = 1,
    .argument_most = 1,
    .takes_config = true,
    .options = revoke_options,
    .examples = revoke_examples,
    .run = run_revoke,
};
