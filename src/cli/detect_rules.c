#include "cli/detect_rules.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"

#define FOLDERS_MOST 64

static void tell(void *owner, const struct error *e, bool warning)
{
    struct cli *cli = owner;
    BUFFER_AUTO text;
    buffer_init(&text, 0);
    error_print(e, cli->language, &text);
    fprintf(stderr, "%s", warning ? cli_say(cli, "warning: ") : "");
    fwrite(text.data, 1, text.len, stderr);
}

static bool mark_file(void *owner, const char *path, const struct stat *info, struct error *e)
{
    uint64_t *mark = owner;
    uint64_t parts[] = { *mark, slice_hash(slice_of(path)), (uint64_t)info->st_size,
                         (uint64_t)info->st_mtim.tv_sec, (uint64_t)info->st_mtim.tv_nsec };
    (void)e;
    *mark = slice_hash(slice_from(parts, sizeof parts));
    return true;
}

/* Changes when a file is added, removed, resized or touched. */
static bool folder_mark(const char *path, uint64_t *mark, struct error *e)
{
    static const char *const suffixes[] = { ".yml", ".yaml", NULL };
    return file_walk(path, suffixes, mark_file, mark, e);
}

static bool marks(const char *const *folders, const char *logsources, const char *placeholders,
                  uint64_t *mark, struct error *e)
{
    *mark = ruleset_key();
    for (const char *const *f = folders; *f; f++)
        if (!folder_mark(*f, mark, e))
            return false;
    return (!logsources || folder_mark(logsources, mark, e)) &&
           (!placeholders || folder_mark(placeholders, mark, e));
}

/* The same for all rules of these folders, whatever stands in them. */
static uint64_t set_mark(const char *const *folders, const char *logsources, const char *placeholders)
{
    uint64_t mark = 0;
    for (const char *const *f = folders; *f; f++)
        mark = mark * 31 + slice_hash(slice_of(*f));
    mark = mark * 31 + slice_hash(slice_of(logsources ? logsources : ""));
    return mark * 31 + slice_hash(slice_of(placeholders ? placeholders : ""));
}

/* A name of ours: the set's beginning, a mark, and ".refused" or nothing. */
static bool is_of_set(struct slice name, struct slice set)
{
    struct slice rest = slice_after(name, set.len), mark = slice_cut(rest, 0, 16);
    bool ours = slice_starts(name, set) && mark.len == 16 &&
                (rest.len == 16 || slice_is(slice_after(rest, 16), ".refused"));
    for (size_t i = 0; ours && i < mark.len; i++)
        ours = slice_is_hex(mark.data[i]);
    return ours;
}

/* What was compiled of the same set before its rules, or this program, changed. */
static void remove_older(struct slice path, size_t set_len, struct arena *arena)
{
    size_t slash = path.len;
    while (slash && path.data[slash - 1] != '/')
        slash--;
    struct slice name = slice_after(path, slash), set = slice_cut(path, slash, set_len);
    DIR *folder = opendir(slash ? arena_text(arena, slice_cut(path, 0, slash)) : ".");
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (is_of_set(slice_of(entry->d_name), set) && !slice_starts(slice_of(entry->d_name), name))
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
}

/* Rules that were refused when the file was made: it must not hide them. */
static uint32_t read_refused(const char *path, struct arena *arena)
{
    struct slice text;
    struct error ignored = ERROR_NONE;
    uint64_t count = 0;
    slice_to_u64(file_read(path, 32, arena, &text, &ignored) ? slice_trim(text) : SLICE("0"), &count);
    return (uint32_t)count;
}

static bool save(const struct ruleset *ruleset, const struct compiler_count *count, const char *path,
                 const char *refused, struct error *e)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%u\n", count->refused);
    return ruleset_save(ruleset, path, e) &&
           (!count->refused || file_replace(refused, slice_from(text, (size_t)n), 0644, e));
}

bool detect_rules(struct cli *cli, const struct serve_settings *settings, bool anew,
                  struct ruleset **out, struct compiler_count *count_out, struct error *e)
{
    const char *folders[FOLDERS_MOST + 1] = { NULL }, *given = cli_text(cli, "logsources");
    const char *compiled = cli_text(cli, "compiled"), *lists = cli_text(cli, "placeholders"), *text;
    struct compiler_count count = { 0 };
    unsigned folder = 0;
    for (; folder < FOLDERS_MOST && (text = cli_text_at(cli, "rules", folder)); folder++)
        folders[folder] = text;
    if (!folder)
        folders[0] = settings->rules;
    struct compiler_options options = {
        .rules = folders, .logsources = given ? given : settings->logsources,
        .placeholders = lists || !settings->placeholders[0] ? lists : settings->placeholders,
        .report = tell, .owner = cli
    };
    struct slice path = SLICE_NONE, refused = SLICE_NONE;
    size_t set_len = 0;
    bool fine = false;
    if (compiled) {
        uint64_t mark;
        struct error ignored = ERROR_NONE;
        if (!marks(folders, options.logsources, options.placeholders, &mark, e))
            return false;
        struct slice set = arena_print(
            &cli->arena, "%s.%016llx.", compiled,
            (unsigned long long)set_mark(folders, options.logsources, options.placeholders));
        path = arena_print(&cli->arena, "%.*s%016llx", SLICE_ARGS(set), (unsigned long long)mark);
        set_len = set.len;
        refused = arena_print(&cli->arena, "%s.refused", path.data);
        fine = !anew && ruleset_load(path.data, out, &ignored);
        if (fine)
            count.refused = read_refused(refused.data, &cli->arena);
    }
    if (!fine) {
        fine = compiler_run(&options, out, &count, e) &&
               (!path.data || save(*out, &count, path.data, refused.data, e));
        if (fine && path.data)
            remove_older(path, set_len, &cli->arena);
    }
    if (count_out)
        *count_out = count;
    return fine;
}
