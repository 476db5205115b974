/* data - how commands come to the server's data: settings, reading, changing.
 *
 * Reading commands open the files themselves, read-only. Changing ones go to the hub while a server
 * runs, and otherwise to the records directly; either way the same function does it
 * (serve/change.h).
 */
#ifndef CLI_DATA_H
#define CLI_DATA_H

#include "archive/heads.h"
#include "serve/change.h"
#include "serve/options.h"

#include "cli/command.h"

/* The configuration as --config and the usual places give it, in the command's arena. As root the
 * process becomes the owner of the data directory where that exists, so that no file of root's
 * appears in it: read what only root may read before. */
bool cli_settings(struct cli *cli, struct serve_settings *settings_out, struct error *e);

/* The option that names it. */
#define OPTION_ARCHIVE                                                                            \
    {                                                                                             \
        .name = "archive", .kind = CLI_FOLDER, .value = "DIR",                                    \
        .help = "folder of day files instead of the configured one"                               \
    }

/* The folder of the command's --archive or of the configuration; NULL: e is set. */
const char *cli_archive_folder(struct cli *cli, struct error *e);

/* Where the signed heads of that archive stand: in the data directory for the configured one, beside
 * the day files for one of --archive. */
struct heads_place cli_heads_place(struct cli *cli, const char *folder);

/* The records, read-only. ERROR_NOT_FOUND with what to do when there are none yet. */
bool cli_records(struct cli *cli, const struct serve_settings *settings,
                 struct records **records_out, struct error *e);

/* Carries out the request of serve/change.h; the result is in the command's arena. */
bool cli_change(struct cli *cli, const struct serve_settings *settings, struct slice request,
                const struct json **result_out, struct error *e);

#endif
