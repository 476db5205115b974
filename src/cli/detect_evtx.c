#include "cli/detect_evtx.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

#define CHUNK_HEAD 512u

struct detect_evtx {
    struct evtx_reader *reader;
    char chunk[EVTX_CHUNK];
};

struct detect_evtx *detect_evtx_new(void)
{
    struct detect_evtx *evtx = calloc(1, sizeof *evtx);
    if (evtx && !(evtx->reader = evtx_reader_new()))
        detect_evtx_free(&evtx);
    return evtx;
}

void detect_evtx_free(struct detect_evtx **evtx)
{
    if (*evtx)
        evtx_reader_free(&(*evtx)->reader);
    free(*evtx);
    *evtx = NULL;
}

/* As much as there is; -1 on an error. */
static ssize_t read_at(int fd, char *out, size_t len, uint64_t at)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = pread(fd, out + got, len - got, (off_t)(at + got));
        if (n < 0 && errno != EINTR)
            return -1;
        if (n == 0)
            break;
        got += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)got;
}

/* A chunk that was never written costs its head only. */
static bool fetch_chunk(struct detect_evtx *evtx, int fd, uint64_t number, struct slice *out)
{
    uint64_t at = EVTX_HEAD + number * EVTX_CHUNK;
    ssize_t head = read_at(fd, evtx->chunk, CHUNK_HEAD, at), rest = 0;
    *out = slice_from(evtx->chunk, head > 0 ? (size_t)head : 0);
    if (head == (ssize_t)CHUNK_HEAD && !evtx_is_unused(*out))
        rest = read_at(fd, evtx->chunk + CHUNK_HEAD, EVTX_CHUNK - CHUNK_HEAD, at + CHUNK_HEAD);
    out->len += rest > 0 ? (size_t)rest : 0;
    return head >= 0 && rest >= 0;
}

static void tell(const struct input_block *block, struct error *e, void *owner,
                 void (*damage)(void *owner, const struct error *e))
{
    char place[sizeof e->place];
    if (!e->set)
        return;
    snprintf(place, sizeof place, "%s", e->place);
    snprintf(e->place, sizeof e->place, "%.150s: %.90s", block->path, place);
    damage(owner, e);
}

void detect_evtx_read(struct detect_evtx *evtx, const struct input_block *block,
                      const struct evtx_sink *sink,
                      void (*damage)(void *owner, const struct error *e))
{
    FILE_AUTO fd = block->bytes ? -1 : open(block->path, O_RDONLY | O_CLOEXEC);
    for (uint64_t i = 0; i < (block->len + EVTX_CHUNK - 1) / EVTX_CHUNK; i++) {
        struct evtx_chunk chunk = { .number = block->first + i, .dirty = block->dirty };
        struct error e = ERROR_NONE;
        if (block->bytes) {
            chunk.bytes = slice_cut(slice_from(block->bytes, block->len), i * EVTX_CHUNK,
                                    (i + 1) * EVTX_CHUNK);
        } else if (fd < 0 || !fetch_chunk(evtx, fd, chunk.number, &chunk.bytes)) {
            error_errno(&e, errno, "%s cannot be read", block->path);
            damage(sink->owner, &e);
            return;
        }
        evtx_read_chunk(evtx->reader, &chunk, sink, &e);
        tell(block, &e, sink->owner, damage);
    }
}
