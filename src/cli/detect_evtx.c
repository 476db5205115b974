#include "cli/detect_evtx.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

#define READ_FIRST 8192u /* of a chunk: its head, and often all that is used */
#define SIGNATURE 8u     /* behind what is used: a record that the head does not count? */

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

/* More of the chunk, so that its bytes [0, end) are there, or all up to the end of the file. */
static bool read_up_to(struct detect_evtx *evtx, int fd, uint64_t number, size_t end,
                       struct slice *have)
{
    uint64_t at = EVTX_HEAD + number * EVTX_CHUNK + have->len;
    ssize_t got = end > have->len ? read_at(fd, evtx->chunk + have->len, end - have->len, at) : 0;
    *have = slice_from(evtx->chunk, have->len + (got > 0 ? (size_t)got : 0));
    return got >= 0;
}

/* Only what is used is read of a sound chunk, the beginning of one that was never written. All is
 * read where records may stand behind what the head counts. */
static bool fetch_chunk(struct detect_evtx *evtx, int fd, struct evtx_chunk *chunk)
{
    struct slice *have = &chunk->bytes;
    *have = slice_from(evtx->chunk, 0);
    if (!read_up_to(evtx, fd, chunk->number, READ_FIRST, have))
        return false;
    if (evtx_is_unused(*have))
        return true;
    size_t used = chunk->dirty ? EVTX_CHUNK : evtx_used(*have);
    if (used + SIGNATURE <= EVTX_CHUNK) {
        if (!read_up_to(evtx, fd, chunk->number, used + SIGNATURE, have))
            return false;
        chunk->sound = have->len >= used + SIGNATURE && !evtx_is_record(slice_after(*have, used)) &&
                       evtx_is_sound(*have);
    }
    return chunk->sound || read_up_to(evtx, fd, chunk->number, EVTX_CHUNK, have);
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
        } else if (fd < 0 || !fetch_chunk(evtx, fd, &chunk)) {
            error_errno(&e, errno, "%s cannot be read", block->path);
            damage(sink->owner, &e);
            return;
        }
        evtx_read_chunk(evtx->reader, &chunk, sink, &e);
        tell(block, &e, sink->owner, damage);
    }
}
