/* haidang archive backup */
#include "archive/backup.h"
#include "cli/command.h"
#include "cli/data.h"

#include <stdio.h>
#include <sys/stat.h>

static int run_backup(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct backup_result done;
    const char *folder = cli_archive_folder(cli, &e);
    if (!folder)
        return cli_fail(cli, &e);
    umask(0077);
    bool well = backup_run(folder, cli_heads_place(cli, folder).folder, cli->arguments[0], &done, &e);
    well = backup_aside(folder, cli->arguments[0], &done, well ? &e : NULL) && well;
    fprintf(stderr, cli_say(cli, "%llu day files copied (%llu bytes), %llu unchanged, %llu set aside, "
                                 "%llu failed\n"),
            (unsigned long long)done.copied, (unsigned long long)done.bytes,
            (unsigned long long)done.unchanged, (unsigned long long)done.aside,
            (unsigned long long)done.failed);
    return well ? CLI_FINE : cli_fail(cli, &e);
}

static const struct cli_option options_of_backup[] = {
    { .name = "archive", .kind = CLI_FOLDER, .value = "DIR",
      .help = "folder of day files instead of the configured one" },
    { .name = NULL },
};

static const struct cli_example examples_of_backup[] = {
    { "haidang archive backup /mnt/backup/archive", "every night, from a timer, to another disk" },
    { NULL },
};

const struct command cli_archive_backup_command = {
    .name = "archive backup",
    .group = "Events",
    .summary = "copy the archive into another folder, also while the server runs",
    .arguments = "FOLDER",
    .argument_least = 1,
    .argument_most = 1,
    .about = "Each day file is copied as it stood at one moment; one that has not changed since its\n"
             "last copy is left. The folder is an archive of its own: it can be verified and searched\n"
             "with --archive. What retention deletes here is not deleted there.",
    .takes_config = true,
    .options = options_of_backup,
    .examples = examples_of_backup,
    .run = run_backup,
};
