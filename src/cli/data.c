#include "cli/data.h"

#include <sys/stat.h>
#include <unistd.h>

#include "process/jail.h"

#include "serve/control.h"
#include "serve/enrolment.h"

bool cli_settings(struct cli *cli, struct serve_settings *settings_out, struct error *e)
{
    if (!serve_settings_load(cli->config, &cli->arena, settings_out, e))
        return false;
    return access(settings_out->data, F_OK) != 0 || jail_become_owner(settings_out->data, e);
}

bool cli_records(struct cli *cli, const struct serve_settings *settings,
                 struct records **records_out, struct error *e)
{
    (void)cli;
    if (access(settings->records, F_OK) == 0)
        return records_open(settings->records, RECORDS_READ, records_out, e);
    error_set(e, "there are no records yet at %s", settings->records);
    error_kind(e, ERROR_NOT_FOUND);
    return error_hint(e, "start the server once: haidang serve");
}

static bool open_office(struct cli *cli, const struct serve_settings *s, struct office **office_out,
                        struct error *e)
{
    struct enrolment_places places = {
        .secrets = s->secrets, .templates = s->enrol_templates, .trust = s->enrol_trust,
        .console_url = s->enrol_console, .names = s->names, .certificate = s->certificate,
        .syslog_tls = s->listen[INTAKE_SYSLOG_TLS],
        .https = s->listen[INTAKE_HTTPS], .console = s->console,
    };
    return enrolment_open(&places, &cli->arena, office_out, e);
}

static bool change_directly(struct cli *cli, const struct serve_settings *settings,
                            struct slice request, const struct json **result_out, struct error *e)
{
    RECORDS_AUTO records = NULL;
    BUFFER_AUTO result;
    struct json *json;
    struct office *office = NULL;
    buffer_init(&result, 0);
    umask(0077);
    if (!json_parse(request, &cli->arena, &json, e) || !serve_settings_folders(settings, e) ||
        !records_open(settings->records, RECORDS_WRITE, &records, e) ||
        !open_office(cli, settings, &office, e))
        return false;
    bool done = change_apply(records, office, json, &cli->arena, &result, e);
    office_close(&office);
    if (!done)
        return false;
    bool parsed = json_parse(arena_copy(&cli->arena, buffer_slice(&result)), &cli->arena, &json, e);
    *result_out = json;
    return parsed;
}

bool cli_change(struct cli *cli, const struct serve_settings *settings, struct slice request,
                const struct json **result_out, struct error *e)
{
    struct error nobody = ERROR_NONE;
    if (control_call(settings->control, request, &cli->arena, result_out, &nobody))
        return true;
    if (nobody.kind == ERROR_BUSY && access(settings->control, F_OK) != 0)
        return change_directly(cli, settings, request, result_out, e);
    *e = nobody;
    return false;
}
