/* Which file is it? A followed name moves on to another file when logs are rotated, and may have done so any
 * number of times while nobody looked. Rotated files keep the name with a number (the higher, the older) or a
 * date behind it; compressed ones are not read. */
#include "intake/follow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

#define SIBLINGS_MOST 4096u
#define COPIED_BEFORE (2 * CLOCK_SECOND) /* a copy may be ready so long before the file is cut */

struct sibling {
    const char *path;
    struct slice suffix;          /* digits and what parts dates */
    uint64_t number;              /* of ".N"; 0: a date */
    struct stat status;
};

struct siblings {
    struct arena arena;
    struct sibling *all;          /* oldest first; numbers before dates */
    uint32_t count;
};

/* Regular files only: a FIFO would wait for its writer. -1 with the reason. */
static int open_file(const char *path, struct stat *status, const char **why)
{
    int fd = -1;

    *why = NULL;
    errno = 0;
    if (stat(path, status) == 0 && S_ISREG(status->st_mode))
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, status) == 0 && S_ISREG(status->st_mode))
        return fd;
    *why = errno ? strerror(errno) : "it is no regular file";
    file_close(&fd);
    return -1;
}

static int64_t nanoseconds(const struct timespec *time)
{
    return time->tv_sec * CLOCK_SECOND + time->tv_nsec;
}

int64_t follow_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return nanoseconds(&now);
}

/* --- the beginning ---------------------------------------------------------------------------- */

void follow_head_take(int fd, uint64_t len, struct follow_head *out)
{
    unsigned char bytes[FOLLOW_HEAD_MOST];
    ssize_t n = pread(fd, bytes, len < sizeof bytes ? (size_t)len : sizeof bytes, 0);

    *out = (struct follow_head){ .len = n > 0 ? (uint32_t)n : 0 };
    if (out->len)
        crypto_generichash(out->digest, sizeof out->digest, bytes, out->len, NULL, 0);
}

bool follow_head_fits(int fd, const struct follow_head *head)
{
    struct follow_head now;

    if (!head->len)
        return true;
    follow_head_take(fd, head->len, &now);
    return now.len == head->len && memcmp(now.digest, head->digest, sizeof now.digest) == 0;
}

/* --- rotated files ---------------------------------------------------------------------------- */

static bool is_suffix(struct slice suffix)
{
    if (suffix.len < 2 || (suffix.data[0] != '.' && suffix.data[0] != '-'))
        return false;
    for (size_t i = 1; i < suffix.len; i++)
        if (!strchr("0123456789-._:T", suffix.data[i]) || !suffix.data[i])
            return false;
    return true;
}

static int by_age(const void *left, const void *right)
{
    const struct sibling *a = left, *b = right;

    if (a->number != b->number)
        return a->number > b->number ? -1 : 1;
    return slice_compare(a->suffix, b->suffix);
}

static void add_sibling(struct siblings *s, const char *folder, struct slice base, const char *name)
{
    struct slice suffix = slice_after(slice_of(name), base.len);
    struct sibling *new = &s->all[s->count];

    if (s->count == SIBLINGS_MOST || !slice_starts(slice_of(name), base) || !is_suffix(suffix))
        return;
    *new = (struct sibling){ .path = file_join(&s->arena, folder, name),
                             .suffix = arena_copy(&s->arena, suffix) };
    if (suffix.data[0] == '.' && suffix.len <= 7)
        slice_to_u64(slice_after(new->suffix, 1), &new->number);
    if (new->path && lstat(new->path, &new->status) == 0 && S_ISREG(new->status.st_mode))
        s->count++;
}

static void siblings_free(struct siblings *s)
{
    arena_free(&s->arena);
}

#define SIBLINGS_AUTO __attribute__((cleanup(siblings_free))) struct siblings

static void list_siblings(const char *path, struct siblings *s)
{
    const char *slash = strrchr(path, '/');

    *s = (struct siblings){ .count = 0 };
    arena_init(&s->arena, ARENA_NO_CEILING);
    s->all = arena_array(&s->arena, SIBLINGS_MOST + 1, sizeof *s->all);
    const char *folder = arena_print(&s->arena, "%.*s", slash ? (int)(slash - path) + 1 : 1,
                                     slash ? path : ".").data;
    DIR *open_folder = s->all && folder ? opendir(folder) : NULL;
    if (!open_folder)
        return;
    for (struct dirent *entry; (entry = readdir(open_folder));)
        add_sibling(s, folder, slice_of(slash ? slash + 1 : path), entry->d_name);
    closedir(open_folder);
    qsort(s->all, s->count, sizeof *s->all, by_age);
}

/* Names may have moved on since they were listed. */
static int open_sibling(const struct sibling *sibling, struct stat *status)
{
    const char *why;
    int fd = open_file(sibling->path, status, &why);

    if (fd >= 0 && (status->st_ino != sibling->status.st_ino || status->st_dev != sibling->status.st_dev))
        file_close(&fd);
    return fd;
}

bool follow_is_part(const struct follow_part *part, const struct stat *status)
{
    return part && part->inode == status->st_ino && part->device == status->st_dev;
}

static bool is_any_part(const struct follow_file *file, const struct stat *status)
{
    const struct follow_part *part = file->parts;

    while (part && !follow_is_part(part, status))
        part = part->next;
    return part != NULL;
}

/* --- a file known from before ----------------------------------------------------------------- */

static int only_if_it_is(int fd, const struct stat *status, const struct follow_part *part)
{
    if (fd >= 0 && ((uint64_t)status->st_size < part->stored || !follow_head_fits(fd, &part->head)))
        file_close(&fd);
    return fd;
}

static int find_copy(const struct follow_file *file, const struct follow_part *part, const struct siblings *s,
                     struct stat *status)
{
    int fd = -1;

    for (uint32_t i = 0; part->head.len && fd < 0 && i < s->count; i++) {
        const struct sibling *sibling = &s->all[i];
        if (nanoseconds(&sibling->status.st_mtim) >= file->seen - COPIED_BEFORE &&
            !is_any_part(file, &sibling->status))
            fd = only_if_it_is(open_sibling(sibling, status), status, part);
    }
    return fd;
}

int follow_find_copy(const struct follow_file *file, const struct follow_part *part,
                     struct stat *status)
{
    SIBLINGS_AUTO s;

    list_siblings(file->path, &s);
    return find_copy(file, part, &s, status);
}

int follow_find(const struct follow_file *file, const struct follow_part *part, struct stat *status)
{
    const char *why;
    SIBLINGS_AUTO s;
    int fd = stat(file->path, status) == 0 && status->st_ino == part->inode
                 ? open_file(file->path, status, &why) : -1;

    fd = only_if_it_is(fd, status, part);
    list_siblings(file->path, &s);
    for (uint32_t i = 0; fd < 0 && i < s.count; i++)
        if (s.all[i].status.st_ino == part->inode)
            fd = only_if_it_is(open_sibling(&s.all[i], status), status, part);
    return fd < 0 ? find_copy(file, part, &s, status) : fd;
}

/* --- the one after ---------------------------------------------------------------------------- */

/* The first sibling after the last part: by its place among them, or else by when that part last had the
 * name. */
static const struct sibling *first_newer(const struct follow_file *file, const struct siblings *s,
                                         bool *torn_out)
{
    const struct follow_part *last = follow_last(file);
    uint32_t at = 0;

    *torn_out = false;
    while (at < s->count && !follow_is_part(last, &s->all[at].status))
        at++;
    for (uint32_t i = at < s->count ? at + 1 : 0; i < s->count; i++) {
        const struct sibling *sibling = &s->all[i];
        bool newer = at < s->count ? !sibling->number == !s->all[at].number
                                   : file->seen && nanoseconds(&sibling->status.st_mtim) > file->seen;
        if (!newer || is_any_part(file, &sibling->status))
            continue;
        *torn_out = at == s->count;
        return sibling;
    }
    return NULL;
}

int follow_next(const struct follow_file *file, struct stat *status, bool *torn_out, const char **why)
{
    struct stat named;
    SIBLINGS_AUTO s = { .count = 0 };

    /* first the one that has the name: what is rotated from here on comes after it */
    int fd = open_file(file->path, &named, why);
    list_siblings(file->path, &s);
    const struct sibling *between = first_newer(file, &s, torn_out);
    if (between && (fd < 0 || between->status.st_ino != named.st_ino)) {
        file_close(&fd);
        *why = NULL;
        return open_sibling(between, status);
    }
    *torn_out = false;
    *status = named;
    return fd;
}
