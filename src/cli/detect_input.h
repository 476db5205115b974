/* detect_input - files, folders and streams as blocks of whole records, for haidang detect.
 *
 * Reads plain, .gz and .zst; tells JSON lines, a JSON array, pretty-printed documents, an object around
 * the events ({"Records":[…]}, as clouds deliver) and text by what stands at the beginning. Every block is
 * a run of lines, one record a line, or a run of an event log's chunks.
 * Never: a file whole in memory.
 */
#ifndef CLI_DETECT_INPUT_H
#define CLI_DETECT_INPUT_H

#include "base/error.h"
#include "cli/detect_memory.h"
#include "event/w3c.h"

enum input_kind { INPUT_TEXT, INPUT_JSON, INPUT_EVTX };

#define INPUT_BLOCK (1024u * 1024)
#define INPUT_RECORD_MOST (64u * 1024 * 1024)

struct input_block {
    enum input_kind kind;
    const char *path;
    char *bytes;          /* malloc; 64 readable bytes behind len. NULL: chunks of an event log that
                           * is a plain file, to be read from the path */
    size_t len, capacity;
    uint64_t first;       /* number of its first line or record, from 1; of its first chunk, from 0 */
    bool dirty;           /* of an event log: see evtx_is_dirty */
    bool records;         /* count records, not lines */
    bool stream;          /* it may never end */
    uint64_t consumed;    /* bytes of the file behind this block (compressed ones: read so far) */
    struct w3c_header header; /* text: in force at its beginning */
    char *header_bytes;   /* malloc; of the header */
};

struct input;

/* "-" is standard input. memory is the caller's, and outlives the input. */
bool input_open(const char *path, struct block_memory *memory, struct input **out, struct error *e);
/* The next block; its bytes and those of its header become the caller's (block_memory_put or free). false
 * with e set on damage (what was read before has been given), false without e at the end. */
bool input_next(struct input *input, struct input_block *out, struct error *e);
void input_close(struct input **input);

/* The first bytes of a file, unpacked, into out; how many there are, 0 when it cannot be read. */
size_t input_peek(const char *path, char *out, size_t room);

#endif
