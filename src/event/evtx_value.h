/* evtx_value - values of binary XML as text (private to event). */
#ifndef EVENT_EVTX_VALUE_H
#define EVENT_EVTX_VALUE_H

#include "base/arena.h"
#include "event/event.h"

enum evtx_type {
    EVTX_NULL = 0x00, EVTX_STRING = 0x01, EVTX_ANSI = 0x02, EVTX_INT8 = 0x03, EVTX_UINT8 = 0x04,
    EVTX_INT16 = 0x05, EVTX_UINT16 = 0x06, EVTX_INT32 = 0x07, EVTX_UINT32 = 0x08,
    EVTX_INT64 = 0x09, EVTX_UINT64 = 0x0a, EVTX_REAL32 = 0x0b, EVTX_REAL64 = 0x0c,
    EVTX_BOOLEAN = 0x0d, EVTX_BINARY = 0x0e, EVTX_GUID = 0x0f, EVTX_SIZE = 0x10,
    EVTX_FILETIME = 0x11, EVTX_SYSTEMTIME = 0x12, EVTX_SID = 0x13, EVTX_HEX32 = 0x14,
    EVTX_HEX64 = 0x15, EVTX_BINXML = 0x21, EVTX_ARRAY = 0x80
};

/* Where text is written, one value behind the other, in blocks of the arena. */
struct evtx_text {
    struct arena *arena;
    char *at;
    size_t left;
    unsigned blocks;   /* taken of the arena so far */
};

/* Room for `most` bytes, of which evtx_text_took keeps those that were written; NULL when the arena
 * is exhausted. */
char *evtx_text_more(struct evtx_text *text, size_t most);

static inline char *evtx_text_room(struct evtx_text *text, size_t most)
{
    return text->left >= most ? text->at : evtx_text_more(text, most);
}

static inline struct slice evtx_text_took(struct evtx_text *text, size_t len)
{
    struct slice out = { text->at, len };
    text->at += len;
    text->left -= len;
    return out;
}

/* UTF-16LE to UTF-8; NULs at the end are cut, lone surrogates become U+FFFD. */
struct slice evtx_utf16(struct slice bytes, struct evtx_text *text);
/* Windows' file time to ns UTC; 0 when it does not fit. */
int64_t evtx_time(uint64_t filetime);
/* As the usual JSON form writes it. */
struct slice evtx_value(uint8_t type, struct slice bytes, struct evtx_text *text,
                        enum event_kind *kind);

#endif
