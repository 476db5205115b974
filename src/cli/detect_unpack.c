#include "cli/detect_unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define READ_SIZE (256u * 1024)

bool unpacked_open(struct unpacked *u, const char *path, struct error *e)
{
    struct slice name = slice_of(path);
    struct stat info;
    *u = (struct unpacked){ .path = path };
    u->fd = slice_is(name, "-") ? dup(0) : open(path, O_RDONLY | O_CLOEXEC);
    if (u->fd < 0)
        return error_errno(e, errno, "%s cannot be read", path);
    if (slice_ends(name, SLICE(".gz"))) {
        u->gz = gzdopen(dup(u->fd), "rb");
        if (u->gz)
            gzbuffer(u->gz, READ_SIZE);
    } else if (slice_ends(name, SLICE(".zst"))) {
        u->zstd = ZSTD_createDStream();
        u->raw = malloc(READ_SIZE);
    } else {
        u->stream = fstat(u->fd, &info) == 0 && !S_ISREG(info.st_mode);
    }
    if ((slice_ends(name, SLICE(".gz")) && !u->gz) ||
        (slice_ends(name, SLICE(".zst")) && (!u->zstd || !u->raw))) {
        unpacked_close(u);
        return error_set(e, "out of memory");
    }
    return true;
}

void unpacked_close(struct unpacked *u)
{
    if (u->gz)
        gzclose(u->gz);
    ZSTD_freeDStream(u->zstd);
    file_close(&u->fd);
    free(u->raw);
    *u = (struct unpacked){ .fd = -1 };
}

static void damaged(struct unpacked *u, const char *why)
{
    error_place(&u->failed, "%s: byte %llu", u->path, (unsigned long long)u->consumed);
    error_set(&u->failed, "the compressed file is damaged or cut off: %s", why);
    u->ended = true;
}

static ssize_t read_plain(struct unpacked *u, char *out, size_t room)
{
    ssize_t n = read(u->fd, out, room);
    u->consumed += n > 0 ? (uint64_t)n : 0;
    return n;
}

static ssize_t read_gz(struct unpacked *u, char *out, size_t room)
{
    int n = gzread(u->gz, out, (unsigned)room), number = 0;
    u->consumed = (uint64_t)gzoffset(u->gz);
    if (n <= 0 || (size_t)n < room) {
        const char *message = gzerror(u->gz, &number);
        if (number != Z_OK && number != Z_STREAM_END)
            damaged(u, message);
    }
    return n < 0 ? 0 : n;
}

static ssize_t read_zstd(struct unpacked *u, char *out, size_t room)
{
    ZSTD_outBuffer to = { out, room, 0 };
    while (to.pos == 0 && !u->ended) {
        if (u->raw_at == u->raw_len) {
            ssize_t n = read(u->fd, u->raw, READ_SIZE);
            if (n < 0)
                return -1;
            if (n == 0) {
                if (u->zstd_left)
                    damaged(u, "it ends within a frame");
                break;
            }
            u->raw_len = (size_t)n;
            u->raw_at = 0;
            u->consumed += (uint64_t)n;
        }
        ZSTD_inBuffer from = { u->raw, u->raw_len, u->raw_at };
        u->zstd_left = ZSTD_decompressStream(u->zstd, &to, &from);
        u->raw_at = from.pos;
        if (ZSTD_isError(u->zstd_left))
            damaged(u, ZSTD_getErrorName(u->zstd_left));
    }
    return (ssize_t)to.pos;
}

size_t unpacked_read(struct unpacked *u, char *out, size_t room)
{
    if (u->ended)
        return 0;
    ssize_t n = u->gz ? read_gz(u, out, room) : u->zstd ? read_zstd(u, out, room)
                                                        : read_plain(u, out, room);
    if (n < 0)
        error_errno(&u->failed, errno, "%s cannot be read", u->path);
    u->ended |= n <= 0;
    return n > 0 ? (size_t)n : 0;
}

bool unpacked_more(const struct unpacked *u, int milliseconds)
{
    struct pollfd one = { .fd = u->fd, .events = POLLIN };
    return poll(&one, 1, milliseconds) != 0;
}

uint64_t unpacked_plain_size(const struct unpacked *u)
{
    struct stat info;
    bool plain = !u->gz && !u->zstd && fstat(u->fd, &info) == 0 && S_ISREG(info.st_mode);
    return plain ? (uint64_t)info.st_size : 0;
}
