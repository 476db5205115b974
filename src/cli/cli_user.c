/* haidang user …, haidang source token: who may log in and who may send. */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "records/user.h"

#include "cli/data.h"

static const char *const roles[] = { "lead", "agency", "responder", "finance", "police",
                                     "assessor", "leader", "admin", NULL };

/* One line of standard input; on a terminal asked for, without echo. False: wrong use was said. */
static bool read_password(struct cli *cli, char *text, size_t size)
{
    struct termios before, silent;
    bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        fprintf(stderr, "%s ", cli_say(cli, "Password:"));
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    char *line = fgets(text, (int)size, stdin);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    if (!line || (!strchr(text, '\n') && strlen(text) == size - 1)) {
        cli_wrong(cli, "there is no password in the input");
        return false;
    }
    text[strcspn(text, "\r\n")] = '\0';
    return true;
}

static void put_request(struct cli *cli, const char *what, const char *password, struct buffer *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "do", slice_of(what));
    json_text_member(&w, strncmp(what, "user", 4) == 0 ? "name" : "source",
                     slice_of(cli->arguments[0]));
    if (password)
        json_text_member(&w, "password", slice_of(password));
    if (strcmp(what, "user disable") == 0)
        json_boolean_member(&w, "disabled", strcmp(cli->command->name, "user disable") == 0);
    if (strcmp(what, "user add") == 0) {
        const char *agency = cli_text(cli, "agency"), *name = cli_text(cli, "full-name");
        json_text_member(&w, "role", slice_of(cli_text(cli, "role")));
        json_text_member(&w, "agency", agency ? slice_of(agency) : SLICE(""));
        json_text_member(&w, "full_name", name ? slice_of(name) : slice_of(cli->arguments[0]));
        json_text_member(&w, "language", slice_of(cli->language));
    }
    json_close_object(&w);
}

/* Sends it; shows the password or token that was made. */
static int change_and_show(struct cli *cli, const char *what, const char *password, bool show)
{
    struct serve_settings settings;
    const struct json *result;
    struct error e = ERROR_NONE;
    BUFFER_AUTO request, out;
    buffer_init(&request, 0);
    buffer_init(&out, 0);
    put_request(cli, what, password, &request);
    if (!cli_settings(cli, &settings, &e) ||
        !cli_change(cli, &settings, buffer_slice(&request), &result, &e))
        return cli_fail(cli, &e);
    struct slice token = json_member_text(result, "token");
    struct slice secret = token.len ? token : show ? slice_of(password) : SLICE_NONE;
    if (cli->json) {
        struct json_writer w;
        json_writer_init(&w, &out);
        json_open_object(&w);
        json_text_member(&w, token.len ? "source" : "name", slice_of(cli->arguments[0]));
        if (secret.len)
            json_text_member(&w, token.len ? "token" : "password", secret);
        json_close_object(&w);
        buffer_add_byte(&out, '\n');
    } else if (secret.len) {
        fprintf(stderr, "%s\n", cli_say(cli, "Shown once, and kept only as a hash:"));
        buffer_print(&out, "%.*s\n", SLICE_ARGS(secret));
    }
    return cli_put(cli, buffer_slice(&out));
}

static int run_with_password(struct cli *cli)
{
    char password[RECORDS_PASSWORD_MOST + 2];
    bool given = cli_flag(cli, "password-stdin");
    if (given && !read_password(cli, password, sizeof password))
        return CLI_WRONG;
    if (!given)
        records_password_make(password);
    int code = change_and_show(cli, cli->command->name, password, !given);
    explicit_bzero(password, sizeof password);
    return code;
}

static int run_disable(struct cli *cli)
{
    return change_and_show(cli, "user disable", NULL, false);
}

static int run_token(struct cli *cli)
{
    return change_and_show(cli, "source token", NULL, false);
}

/* ---- the list ------------------------------------------------------------------------------------ */

static void put_user(struct cli *cli, const struct records_user *user, struct buffer *out)
{
    struct json_writer w;
    if (!cli->json) {
        buffer_print(out, "%-20.*s %-10s %-20.*s %.*s%s%s\n", SLICE_ARGS(user->name),
                     role_name(user->role), SLICE_ARGS(user->agency), SLICE_ARGS(user->full_name),
                     user->disabled ? "  " : "", user->disabled ? cli_say(cli, "disabled") : "");
        return;
    }
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "name", user->name);
    json_text_member(&w, "full_name", user->full_name);
    json_text_member(&w, "role", slice_of(role_name(user->role)));
    json_text_member(&w, "agency", user->agency);
    json_boolean_member(&w, "disabled", user->disabled);
    json_time_member(&w, "last_login", user->last_login);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

static int run_list(struct cli *cli)
{
    struct serve_settings settings;
    RECORDS_AUTO records = NULL;
    struct error e = ERROR_NONE;
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    if (!cli_settings(cli, &settings, &e) || !cli_records(cli, &settings, &records, &e))
        return cli_fail(cli, &e);
    struct records_page page = { .limit = RECORDS_LIMIT_MOST };
    struct records_user_list list;
    do {
        if (!records_user_list(records, SLICE_NONE, 0, &page, &cli->arena, &list, &e))
            return cli_fail(cli, &e);
        for (uint32_t i = 0; i < list.count; i++)
            put_user(cli, &list.rows[i], &out);
        page.cursor = list.next;
    } while (list.next.len);
    return cli_put(cli, buffer_slice(&out));
}

/* ---- rows ----------------------------------------------------------------------------------------- */

static const struct cli_option add_options[] = {
    { "role", 'r', CLI_CHOICE, "ROLE", "what the user may do", .choices = roles, .required = true },
    { "agency", 'a', CLI_TEXT, "KEY", "the user's agency, for the role agency" },
    { "full-name", 'n', CLI_TEXT, "NAME", "as people know them" },
    { "password-stdin", 0, CLI_FLAG, NULL, "read the password from standard input" },
    { NULL },
};

static const struct cli_example add_examples[] = {
    { "haidang user add an --role agency --agency so-tttt --full-name 'Trần Văn An'",
      "with a password that is made and shown once" },
    { "haidang user add binh --role lead --password-stdin <secret", "with a password of your own" },
    { NULL },
};

const struct command cli_user_add_command = {
    .name = "user add",
    .group = "Users",
    .summary = "add a user",
    .about = "Without --password-stdin a password is made and shown once.",
    .arguments = "NAME",
    .argument_least = 1,
    .argument_most = 1,
    .takes_config = true,
    .takes_json = true,
    .options = add_options,
    .examples = add_examples,
    .run = run_with_password,
};

static const struct cli_option password_options[] = {
    { "password-stdin", 0, CLI_FLAG, NULL, "read the password from standard input" },
    { NULL },
};

static const struct cli_example password_examples[] = {
    { "haidang user password an", "a new one, made and shown once" },
    { NULL },
};

const struct command cli_user_password_command = {
    .name = "user password",
    .group = "Users",
    .summary = "set a user's password and end their sessions",
    .arguments = "NAME",
    .argument_least = 1,
    .argument_most = 1,
    .takes_config = true,
    .takes_json = true,
    .options = password_options,
    .examples = password_examples,
    .run = run_with_password,
};

static const struct cli_example disable_examples[] = {
    { "haidang user disable an", "when somebody leaves" },
    { NULL },
};

const struct command cli_user_disable_command = {
    .name = "user disable",
    .group = "Users",
    .summary = "refuse a user's logins and end their sessions",
    .arguments = "NAME",
    .argument_least = 1,
    .argument_most = 1,
    .takes_config = true,
    .examples = disable_examples,
    .run = run_disable,
};

static const struct cli_example enable_examples[] = {
    { "haidang user enable an", "when they are back" },
    { NULL },
};

const struct command cli_user_enable_command = {
    .name = "user enable",
    .group = "Users",
    .summary = "let a disabled user log in again",
    .arguments = "NAME",
    .argument_least = 1,
    .argument_most = 1,
    .takes_config = true,
    .examples = enable_examples,
    .run = run_disable,
};

static const struct cli_example list_examples[] = {
    { "haidang user list", "everybody" },
    { "haidang user list --json", "one object a line" },
    { NULL },
};

const struct command cli_user_list_command = {
    .name = "user list",
    .group = "Users",
    .summary = "list the users",
    .takes_config = true,
    .takes_json = true,
    .examples = list_examples,
    .run = run_list,
};

static const struct cli_example token_examples[] = {
    { "haidang source token so-tttt.cong.web01", "a new token; the one before it ends" },
    { NULL },
};

const struct command cli_source_token_command = {
    .name = "source token",
    .group = "Register",
    .summary = "make a token with which a source sends over HTTP",
    .arguments = "SOURCE",
    .argument_least = 1,
    .argument_most = 1,
    .takes_config = true,
    .takes_json = true,
    .examples = token_examples,
    .run = run_token,
};
