#include "cli/detect_list.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/detect_input.h"
#include "event/evtx.h"

#define FILES_MOST 1000000u
#define PEEK 4096u

static bool one_of(struct slice name, const char *const *suffixes)
{
    for (; *suffixes; suffixes++)
        if (slice_ends_nocase(name, slice_of(*suffixes)))
            return true;
    return false;
}

static struct slice file_name(struct slice path)
{
    size_t at = path.len;
    while (at && path.data[at - 1] != '/')
        at--;
    return slice_after(path, at);
}

/* Without .gz or .zst, and without what rotation puts behind a name: .1, -20261124, .old. */
static struct slice plain_name(struct slice name)
{
    static const char *const behind[] = { ".gz", ".zst", ".old", NULL };
    for (size_t before = name.len + 1; before != name.len;) {
        before = name.len;
        for (const char *const *b = behind; *b; b++)
            if (slice_ends(name, slice_of(*b)))
                name = slice_cut(name, 0, name.len - strlen(*b));
        size_t digits = name.len;
        while (digits && name.data[digits - 1] >= '0' && name.data[digits - 1] <= '9')
            digits--;
        if (digits > 1 && digits < name.len &&
            (name.data[digits - 1] == '.' || name.data[digits - 1] == '-'))
            name = slice_cut(name, 0, digits - 1);
    }
    return name;
}

enum taste { TASTE_OTHER, TASTE_TEXT, TASTE_LOG };

static enum taste taste(const char *path)
{
    char bytes[PEEK];
    size_t len = input_peek(path, bytes, sizeof bytes), at = 0;
    if (evtx_is_file(slice_from(bytes, len)))
        return TASTE_LOG;
    if (!len || memchr(bytes, 0, len))
        return TASTE_OTHER;
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        at = 3;
    while (at < len && strchr(" \t\r\n", bytes[at]))
        at++;
    char first = at < len ? bytes[at++] : 0;
    while (at < len && strchr(" \t\r\n", bytes[at]))
        at++;
    bool json = at < len && ((first == '{' && bytes[at] == '"') || (first == '[' && bytes[at] == '{'));
    return json ? TASTE_LOG : TASTE_TEXT;
}

static bool is_log(struct slice path)
{
    static const char *const suffixes[] = { ".json", ".jsonl", ".ndjson", ".log", ".txt", ".evtx",
                                            ".raw", NULL };
    struct slice name = plain_name(file_name(path));
    if (one_of(name, suffixes) || eaccess(path.data, R_OK) != 0) /* opening it says why */
        return true;
    enum taste found = taste(path.data);
    return found == TASTE_LOG ||
           (found == TASTE_TEXT && slice_find_byte(name, '.') == name.len); /* syslog, messages */
}

static bool add(const char ***paths, size_t *count, const char *path, struct arena *arena)
{
    if (!(*count & (*count - 1))) { /* full at each power of two */
        const char **grown = arena_array(arena, *count ? *count * 2 : 1, sizeof *grown);
        if (!grown)
            return false;
        if (*count)
            memcpy(grown, *paths, *count * sizeof *grown);
        *paths = grown;
    }
    (*paths)[(*count)++] = path;
    return true;
}

static bool take(struct detect_list *list, const char *path, struct arena *arena)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISREG(info.st_mode))
        list->bytes += (uint64_t)info.st_size;
    return add(&list->paths, &list->count, path, arena);
}

static bool walk(struct detect_list *list, const char *folder, struct arena *arena, struct error *e)
{
    struct slice *found;
    size_t count;
    bool fine = true;
    if (!file_list(folder, NULL, FILES_MOST, arena, &found, &count, e))
        return false;
    for (size_t i = 0; i < count && fine; i++)
        fine = is_log(found[i]) ? take(list, found[i].data, arena)
                                : add(&list->left_out, &list->left_count, found[i].data, arena);
    return fine || error_set(e, "out of memory");
}

bool detect_list_make(char *const *arguments, unsigned count, struct arena *arena,
                      struct detect_list *out, struct error *e)
{
    *out = (struct detect_list){ 0 };
    for (unsigned i = 0; i < count; i++) {
        struct stat info;
        if (stat(arguments[i], &info) == 0 && S_ISDIR(info.st_mode)) {
            if (!walk(out, arguments[i], arena, e))
                return false;
        } else if (!take(out, arguments[i], arena)) {
            return error_set(e, "out of memory");
        }
    }
    return true;
}
