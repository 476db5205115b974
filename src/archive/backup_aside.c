/* Files that were set aside (aside.h), taken along as they are: they may be all that is left of some hours.
 * They never change, so one whose copy has its size and time is left. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/aside.h"
#include "archive/backup.h"
#include "base/buffer.h"
#include "base/file.h"

#define PATH 4096
#define NAME (DAY_FILE + 40)
#define PIECE (256u * 1024)
#define LIST "aside.sha256"          /* as sha256sum(1) writes and checks it */
#define LIST_MOST (64u * 1024 * 1024)
#define HEX (2 * crypto_hash_sha256_BYTES)

struct copying {
    const char *directory, *to;
    struct arena arena;
    struct slice before;             /* the list of the last back-up */
    struct buffer list;
    struct backup_result *result;
};

/* The next line of a list, and the name in it. */
static bool next_line(struct slice *rest, struct slice *line, struct slice *name)
{
    while (slice_split(rest, '\n', line))
        if (line->len > HEX + 2) {
            *name = slice_after(*line, HEX + 2);
            return true;
        }
    return false;
}

/* Empty: it does not stand there. */
static struct slice line_of(struct slice list, struct slice name)
{
    struct slice line, other;
    while (next_line(&list, &line, &other))
        if (slice_equal(other, name))
            return line;
    return SLICE("");
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool copy_bytes(struct copying *c, int from, int to, const char *name, unsigned char *digest,
                       struct error *e)
{
    crypto_hash_sha256_state state;
    unsigned char *piece = arena_alloc(&c->arena, PIECE);
    ssize_t n = -1;
    crypto_hash_sha256_init(&state);
    while (piece && (n = read(from, piece, PIECE)) > 0) {
        for (ssize_t at = 0, wrote; at < n; at += wrote)
            if ((wrote = write(to, piece + at, (size_t)(n - at))) < 0)
                return error_errno(e, errno, "the copy %s cannot be put in its place", name);
        crypto_hash_sha256_update(&state, piece, (unsigned long long)n);
        c->result->bytes += (uint64_t)n;
    }
    if (n < 0)
        return error_errno(e, piece ? errno : ENOMEM, "%s cannot be read", name);
    crypto_hash_sha256_final(&state, digest);
    return true;
}

/* Made whole beside its place, then renamed. */
static bool copy_one(struct copying *c, int from, const struct stat *status, const char *path,
                     const char *name, struct error *e)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char part[PATH + 8], hex[HEX + 1];
    const struct timespec times[2] = { status->st_atim, status->st_mtim };
    snprintf(part, sizeof part, "%s.part", path);
    FILE_AUTO to = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (to < 0)
        return error_errno(e, errno, "the copy %s cannot be put in its place", name);
    if (!copy_bytes(c, from, to, name, digest, e)) {
        unlink(part);
        return false;
    }
    if (futimens(to, times) != 0 || fsync(to) != 0 || rename(part, path) != 0)
        return error_errno(e, errno, "the copy %s cannot be put in its place", name);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    buffer_print(&c->list, "%s  %s\n", hex, name);
    return true;
}

/* *there_out: false when it is gone (an operator moves such files) or never was, as most logs. */
static bool copy_unless_done(struct copying *c, const char *name, bool *there_out, struct error *e)
{
    char from[PATH], path[PATH];
    struct stat here, there;
    *there_out = false;
    if (snprintf(from, sizeof from, "%s/%s", c->directory, name) >= PATH ||
        snprintf(path, sizeof path, "%s/%s", c->to, name) >= PATH)
        return error_set(e, "the path of the archive is too long");
    FILE_AUTO fd = open(from, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return true;
    if (fd < 0 || fstat(fd, &here) != 0)
        return error_errno(e, errno, "%s cannot be read", name);
    *there_out = true;
    struct slice known = line_of(c->before, slice_of(name));
    if (known.len && stat(path, &there) == 0 && there.st_size == here.st_size &&
        same_time(&there.st_mtim, &here.st_mtim)) {
        buffer_print(&c->list, "%.*s\n", SLICE_ARGS(known));
        return true;
    }
    return copy_one(c, fd, &here, path, name, e);
}

/* What is gone here is kept there, with its line. */
static bool write_list(struct copying *c, struct error *e)
{
    struct slice rest = c->before, line, name;
    char path[PATH];
    if (snprintf(path, sizeof path, "%s/" LIST, c->to) >= PATH)
        return error_set(e, "the path of the archive is too long");
    while (next_line(&rest, &line, &name))
        if (!line_of(buffer_slice(&c->list), name).len)
            buffer_print(&c->list, "%.*s\n", SLICE_ARGS(line));
    if (c->list.failed)
        return error_set(e, "memory is short for the back-up");
    return c->list.len == 0 || slice_equal(buffer_slice(&c->list), c->before) ||
           file_replace(path, buffer_slice(&c->list), 0640, e);
}

static void copy_all(struct copying *c, const struct aside *list, size_t count, struct error *e)
{
    static const char *const ends[] = { "", "-wal" };
    for (size_t i = 0; i < 2 * count; i++) {
        struct error reason = ERROR_NONE;
        char name[NAME];
        bool there;
        snprintf(name, sizeof name, "%s%s", list[i / 2].file, ends[i % 2]);
        struct arena_mark mark = arena_mark(&c->arena);
        bool well = copy_unless_done(c, name, &there, &reason);
        arena_reset(&c->arena, mark);
        c->result->aside += well && there && i % 2 == 0;
        c->result->failed += !well;
        if (!well && e && !e->set)
            *e = reason;
    }
}

bool backup_aside(const char *directory, const char *to, struct backup_result *result,
                  struct error *e)
{
    ARENA_AUTO arena;
    struct copying c = { .directory = directory, .to = to, .result = result };
    struct error first = ERROR_NONE;
    struct aside *list;
    size_t count;
    char path[PATH];
    arena_init(&arena, ARENA_NO_CEILING);
    arena_init(&c.arena, 2 * PIECE);
    buffer_init(&c.list, LIST_MOST);
    snprintf(path, sizeof path, "%s/" LIST, to);
    if (access(path, F_OK) == 0)
        file_read(path, LIST_MOST, &arena, &c.before, &first);
    if (!first.set && aside_list(directory, &arena, &list, &count, &first)) {
        copy_all(&c, list, count, &first);
        write_list(&c, &first);
    }
    buffer_free(&c.list);
    arena_free(&c.arena);
    if (first.set && e)
        *e = first;
    return !first.set;
}
