/* detect_unpack - the bytes of a file or a stream, .gz and .zst unpacked by their names. */
#ifndef CLI_DETECT_UNPACK_H
#define CLI_DETECT_UNPACK_H

#include <zlib.h>
#include <zstd.h>

#include "base/error.h"

struct unpacked {
    const char *path;      /* the caller's */
    int fd;
    gzFile gz;             /* .gz */
    ZSTD_DStream *zstd;    /* .zst */
    char *raw;             /* compressed bytes of zstd */
    size_t raw_len, raw_at;
    size_t zstd_left;      /* what the frame still wants: 0 between frames */
    uint64_t consumed;     /* bytes of the file that were read, compressed ones too */
    bool stream;           /* a pipe, a terminal, a socket: more may come at any time */
    bool ended;
    struct error failed;   /* set: it cannot be read on, or is damaged; what was given before is sound */
};

/* "-" is standard input. False: e says why, nothing is to be closed. */
bool unpacked_open(struct unpacked *u, const char *path, struct error *e);
/* Up to room bytes, waiting for the first of them. 0 at the end, and where failed is set. */
size_t unpacked_read(struct unpacked *u, char *out, size_t room);
/* Of a stream: a read would not wait, or not for longer than so many milliseconds. */
bool unpacked_more(const struct unpacked *u, int milliseconds);
/* Of a file that is not compressed; else 0. */
uint64_t unpacked_plain_size(const struct unpacked *u);
void unpacked_close(struct unpacked *u);

#endif
