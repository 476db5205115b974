#include "relay/spool_frame.h"

#include "event/relayed.h"

#define LEVEL 3
#define PLAIN_MOST (64u * 1024 * 1024)

bool spool_frame_init(struct spool_frame *f, struct error *e)
{
    buffer_init(&f->plain, PLAIN_MOST);
    buffer_init(&f->packed, PLAIN_MOST);
    f->zstd = ZSTD_createCCtx();
    if (!f->zstd)
        return error_set(e, "not enough memory to start");
    ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_checksumFlag, 1);
    return true;
}

void spool_frame_free(struct spool_frame *f)
{
    ZSTD_freeCCtx(f->zstd);
    buffer_free(&f->plain);
    buffer_free(&f->packed);
}

static struct slice field(const struct event *event, const char *name)
{
    for (uint32_t i = 0; i < event->field_count; i++)
        if (slice_is(event->fields[i].name, name))
            return event->fields[i].value;
    return SLICE("");
}

/* last: the record put before in this block, at first none. */
static void put_batch(struct buffer *out, const struct batch *batch, struct relayed *last)
{
    for (uint32_t i = 0; i < batch->event_count; i++) {
        const struct event *event = &batch->events[i];
        struct relayed record = {
            .source = event->source, .sender = field(event, "sender"),
            .decoder = field(event, "decoder"), .raw = event->raw, .heard = event->received,
            .cut = event->flags & EVENT_CUT, .syslog = field(event, "syslog").len > 0,
            .header = { field(event, "fields"), field(event, "date"), false },
        };
        relayed_put(out, &record, last);
        *last = record;
    }
}

bool spool_frame_pack(struct spool_frame *f, struct batch *const *batches, size_t count, struct error *e)
{
    struct relayed last = { .heard = 0 };
    buffer_clear(&f->plain);
    buffer_clear(&f->packed);
    relayed_begin(&f->plain);
    for (size_t i = 0; i < count; i++)
        put_batch(&f->plain, batches[i], &last);
    size_t most = ZSTD_compressBound(f->plain.len);
    char *room = f->plain.failed ? NULL : buffer_extend(&f->packed, most);
    size_t size = room ? ZSTD_compress2(f->zstd, room, most, f->plain.data,
                                        f->plain.len) : 0;
    if (!room || ZSTD_isError(size))
        return error_set(e, "not enough memory for the events");
    f->packed.len = size;
    return true;
}

bool spool_frame_whole(struct spool_frame *f, struct slice frame, uint32_t count)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame.data, frame.len);
    uint32_t records;
    buffer_clear(&f->plain);
    char *to = size < PLAIN_MOST ? buffer_extend(&f->plain, (size_t)size + 1) : NULL;
    size_t got = to ? ZSTD_decompress(to, (size_t)size, frame.data, frame.len) : 0;
    if (!to || ZSTD_isError(got))
        return false;
    f->plain.len = got;
    return relayed_check(buffer_slice(&f->plain), &records) && records == count;
}
