/* haidang backup: everything that a server needs to go on elsewhere, copied while it runs.
 *
 * The order is what makes the copy consistent: how far followed files were read, then the records, then
 * the archive, then the rest. What came meanwhile is then in the archive and not yet in the records: a
 * hub folds it, once each; and a followed file is read again from an earlier place, never a later one. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/backup.h"
#include "base/file.h"

#include "cli/data.h"

#define FILES_MOST 100000u
#define FILE_MOST (256u * 1024 * 1024)

struct whole {
    struct cli *cli;
    struct serve_settings settings;
    const char *to;
    struct backup_result archive;
    uint64_t bytes;              /* of the records */
    uint64_t files;              /* others */
};

static const char *in(struct whole *w, const char *name)
{
    return file_join(&w->cli->arena, w->to, name);
}

static bool copy_file(struct whole *w, const char *from, const char *to, struct error *e)
{
    ARENA_AUTO arena;
    struct slice bytes;
    struct stat info;
    arena_init(&arena, ARENA_NO_CEILING);
    if (stat(from, &info) != 0)
        return true; /* gone since it was listed */
    if (!file_read(from, FILE_MOST, &arena, &bytes, e) ||
        !file_replace(to, bytes, info.st_mode & 0777, e))
        return false;
    w->files++;
    return true;
}

static bool make_folder_of(struct whole *w, const char *path, struct error *e)
{
    struct slice whole = slice_of(path);
    size_t end = whole.len;
    while (end > 0 && path[end - 1] != '/')
        end--;
    const char *folder = arena_text(&w->cli->arena, slice_cut(whole, 0, end));
    return folder && file_make_folder(folder, 0700, e);
}

/* A folder of small files with what is below it. */
static bool copy_folder(struct whole *w, const char *from, const char *name, struct error *e)
{
    static const char *const any[] = { "", NULL };
    struct slice *paths;
    size_t count, begin = strlen(from) + 1;
    if (access(from, F_OK) != 0)
        return true;
    if (!file_list(from, any, FILES_MOST, &w->cli->arena, &paths, &count, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_text(&w->cli->arena, paths[i]);
        const char *to = path ? in(w, arena_print(&w->cli->arena, "%s/%s", name,
                                                  path + begin).data) : NULL;
        if (!to)
            return error_set(e, "memory is short for the back-up");
        if (!make_folder_of(w, to, e) || !copy_file(w, path, to, e))
            return false;
    }
    return true;
}

static bool copy_follow(struct whole *w, struct error *e)
{
    const char *from = file_join(&w->cli->arena, w->settings.run, "follow.json");
    return from && (access(from, F_OK) != 0 || copy_file(w, from, in(w, "run/follow.json"), e));
}

static bool copy_records(struct whole *w, struct error *e)
{
    if (access(w->settings.records, F_OK) != 0) {
        error_set(e, "there are no records yet at %s", w->settings.records);
        error_kind(e, ERROR_NOT_FOUND);
        return error_hint(e, "start the server once: haidang serve");
    }
    return backup_database(w->settings.records, in(w, "records/haidang.db"), &w->bytes, e);
}

static bool copy_all(struct whole *w, struct error *e)
{
    static const char *const folders[] = { ".", "run", "records", "archive", "secrets" };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (!file_make_folder(in(w, folders[i]), 0700, e))
            return false;
    return copy_follow(w, e) && copy_records(w, e) &&
           backup_run(w->settings.archive, w->settings.heads, in(w, "archive"), &w->archive, e) &&
           copy_folder(w, w->settings.heads, "heads", e) &&
           copy_folder(w, w->settings.secrets, "secrets", e) &&
           copy_folder(w, w->settings.tls, "tls", e);
}

static int run_backup(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct whole w = { .cli = cli, .to = cli->arguments[0] };
    umask(0077);
    if (!cli_settings(cli, &w.settings, &e) || !copy_all(&w, &e))
        return cli_fail(cli, &e);
    bool aside = backup_aside(w.settings.archive, in(&w, "archive"), &w.archive, &e);
    fprintf(stderr, cli_say(cli, "records copied (%llu bytes); %llu day files copied (%llu bytes), "
                                 "%llu unchanged, %llu set aside; %llu other files\n"),
            (unsigned long long)w.bytes, (unsigned long long)w.archive.copied,
            (unsigned long long)w.archive.bytes, (unsigned long long)w.archive.unchanged,
            (unsigned long long)w.archive.aside, (unsigned long long)w.files);
    return aside ? CLI_FINE : cli_fail(cli, &e);
}

static const struct cli_example examples[] = {
    { "haidang backup /mnt/backup/haidang", "every night, from a timer, to another disk" },
    { NULL },
};

const struct command cli_backup_command = {
    .name = "backup",
    .group = "Server",
    .summary = "copy everything that a server needs to go on, also while it runs",
    .about = "Records, archive, signed heads, secrets, certificates, and how far followed files were\n"
             "read, in an order in which a server that is started on the copy loses nothing and counts\n"
             "nothing twice. Day files that have not changed since the last copy are left. FOLDER then\n"
             "is a data directory: to restore, copy it into an empty one with the same owner and start.\n"
             "It holds secrets: keep it as you keep the server's own. The configuration is not in it.",
    .arguments = "FOLDER",
    .argument_least = 1,
    .argument_most = 1,
    .takes_config = true,
    .examples = examples,
    .run = run_backup,
};
