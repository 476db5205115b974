#include "process/heritage.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/cursor.h"

enum heritage_kind { HERITAGE_TEXT = 1, HERITAGE_DESCRIPTOR = 2 };

void heritage_writer_init(struct heritage_writer *w)
{
    *w = (struct heritage_writer){ .descriptor_count = 0 };
    buffer_init(&w->bytes, MESSAGE_BYTES_MAX);
}

void heritage_writer_free(struct heritage_writer *w)
{
    buffer_free(&w->bytes);
}

void heritage_put(struct heritage_writer *w, const char *name, const char *value)
{
    buffer_add_u8(&w->bytes, HERITAGE_TEXT);
    buffer_add_slice(&w->bytes, slice_of(name));
    buffer_add_slice(&w->bytes, slice_of(value));
}

void heritage_put_descriptor(struct heritage_writer *w, const char *name, int fd)
{
    if (fd < 0)
        return;
    if (w->descriptor_count == MESSAGE_DESCRIPTORS_MAX) {
        w->bytes.failed = true;
        return;
    }
    buffer_add_u8(&w->bytes, HERITAGE_DESCRIPTOR);
    buffer_add_slice(&w->bytes, slice_of(name));
    w->descriptors[w->descriptor_count++] = fd;
}

bool heritage_send(int channel, const struct heritage_writer *w, struct error *e)
{
    if (w->bytes.failed)
        return error_set(e, "the configuration is too large to hand over");
    return message_send(channel, buffer_slice(&w->bytes), w->descriptors, w->descriptor_count, e);
}

bool heritage_receive(int channel, struct arena *arena, struct heritage *heritage_out,
                      struct error *e)
{
    struct message *message = arena_alloc(arena, sizeof *message);
    struct heritage heritage = { .arena = arena, .channel = channel };
    unsigned taken = 0;
    if (!message)
        return error_set(e, "not enough memory to start");
    if (!message_receive(channel, message, e))
        return error_set(e, "the supervisor is gone");
    struct cursor c = cursor_over(slice_from(message->bytes, message->len));
    heritage.items = arena_array(arena, message->len / 5 + 1, sizeof *heritage.items);
    while (heritage.items && cursor_left(&c)) {
        struct heritage_item *item = &heritage.items[heritage.count++];
        uint8_t kind = cursor_u8(&c);
        item->name = arena_text(arena, cursor_slice(&c));
        item->fd = -1;
        if (kind == HERITAGE_TEXT)
            item->value = arena_text(arena, cursor_slice(&c));
        else if (kind == HERITAGE_DESCRIPTOR && taken < message->descriptor_count)
            item->fd = message->descriptors[taken++];
        else
            return error_set(e, "the supervisor's message cannot be read");
    }
    if (arena->exhausted)
        return error_set(e, "not enough memory to start");
    *heritage_out = heritage;
    return cursor_finish(&c, e);
}

/* A text and a descriptor may have one name: a socket's path and the socket. */
static const struct heritage_item *find(const struct heritage *heritage, const char *name, bool text)
{
    for (uint32_t i = 0; i < heritage->count; i++)
        if (strcmp(heritage->items[i].name, name) == 0 && !heritage->items[i].value != text)
            return &heritage->items[i];
    return NULL;
}

const char *heritage_text(const struct heritage *heritage, const char *name)
{
    const struct heritage_item *item = find(heritage, name, true);
    assert(item && "the supervisor gives what its table says");
    return item->value;
}

const char *heritage_text_if(const struct heritage *heritage, const char *name)
{
    const struct heritage_item *item = find(heritage, name, true);
    return item ? item->value : "";
}

int heritage_descriptor(const struct heritage *heritage, const char *name)
{
    const struct heritage_item *item = find(heritage, name, false);
    return item ? item->fd : -1;
}
