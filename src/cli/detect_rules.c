#include "cli/detect_rules.h"

#include <dirent.h>
#include <pthread.h>
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

/* Looking at thousands of files takes as long as loading what was compiled of them, so a thread looks while
 * the newest compiled file is loaded. */
struct look {
    const struct compiler_options *options;
    uint64_t mark;
    bool fine, apart; /* apart: in its own thread */
    struct error e;
    pthread_t thread;
};

static void *look(void *argument)
{
    struct look *l = argument;
    const struct compiler_options *o = l->options;
    l->mark = ruleset_key();
    l->fine = true;
    for (const char *const *f = o->rules; l->fine && *f; f++)
        l->fine = folder_mark(*f, &l->mark, &l->e);
    l->fine = l->fine && (!o->logsources || folder_mark(o->logsources, &l->mark, &l->e)) &&
              (!o->placeholders || folder_mark(o->placeholders, &l->mark, &l->e));
    return NULL;
}

static void look_begin(struct look *l, const struct compiler_options *options)
{
    *l = (struct look){ .options = options };
    l->apart = pthread_create(&l->thread, NULL, look, l) == 0;
}

static bool look_end(struct look *l, struct error *e)
{
    if (l->apart)
        pthread_join(l->thread, NULL);
    else
        look(l);
    if (!l->fine)
        *e = l->e;
    return l->fine;
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

/* A set's compiled files: its own names in one folder. */
struct shelf {
    const char *folder;
    struct slice path, set; /* path up to the mark; the same without the folder */
};

static struct shelf shelf_of(struct slice path, struct arena *arena)
{
    size_t slash = path.len;
    while (slash && path.data[slash - 1] != '/')
        slash--;
    return (struct shelf){ slash ? arena_text(arena, slice_cut(path, 0, slash)) : ".", path,
                           slice_after(path, slash) };
}

/* What was compiled of the set, whether or not its rules are as they were; NULL: nothing. */
static const char *shelf_find(const struct shelf *shelf, struct arena *arena)
{
    const char *found = NULL;
    DIR *folder = opendir(shelf->folder);
    for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
        struct slice name = slice_of(entry->d_name);
        if (is_of_set(name, shelf->set) && name.len == shelf->set.len + 16)
            found = file_join(arena, shelf->folder, entry->d_name);
    }
    if (folder)
        closedir(folder);
    return found;
}

/* What was compiled of the same set before its rules, or this program, changed. */
static void remove_older(const struct shelf *shelf, struct slice mark)
{
    DIR *folder = opendir(shelf->folder);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct slice name = slice_of(entry->d_name);
        if (is_of_set(name, shelf->set) && !slice_starts(slice_after(name, shelf->set.len), mark))
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
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

/* The compiled file that fits the rules as they are; where there is none it is made. */
static bool from_shelf(struct cli *cli, const struct compiler_options *options, const struct shelf *shelf,
                       bool anew, struct ruleset **out, struct compiler_count *count, struct error *e)
{
    struct look looking;
    struct error ignored = ERROR_NONE;
    look_begin(&looking, options);
    const char *found = anew ? NULL : shelf_find(shelf, &cli->arena);
    bool loaded = found && ruleset_load(found, out, &ignored);
    if (!look_end(&looking, e)) {
        ruleset_free(out);
        return false;
    }
    struct slice mark = arena_print(&cli->arena, "%016llx", (unsigned long long)looking.mark);
    const char *path = arena_print(&cli->arena, "%.*s%s", SLICE_ARGS(shelf->path), mark.data).data;
    const char *refused = arena_print(&cli->arena, "%s.refused", path).data;
    bool fits = loaded && slice_ends(slice_of(found), mark);
    if (!fits)
        ruleset_free(out);
    if (fits || (!anew && found && ruleset_load(path, out, &ignored))) {
        count->refused = read_refused(refused, &cli->arena);
        return true;
    }
    if (!compiler_run(options, out, count, e) || !save(*out, count, path, refused, e))
        return false;
    remove_older(shelf, mark);
    return true;
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
    bool fine;
    *out = NULL;
    if (compiled) {
        struct slice path = arena_print(
            &cli->arena, "%s.%016llx.", compiled,
            (unsigned long long)set_mark(folders, options.logsources, options.placeholders));
        struct shelf shelf = shelf_of(path, &cli->arena);
        fine = from_shelf(cli, &options, &shelf, anew, out, &count, e);
    } else {
        fine = compiler_run(&options, out, &count, e);
    }
    if (count_out)
        *count_out = count;
    return fine;
}
