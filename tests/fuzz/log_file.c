/* A file as haidang detect reads it, taken apart into records. The first two bytes say how many blanks stand
 * behind the '[' of an array: wherever what was read ends, the same objects have to be found. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "cli/detect_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct input_block *block, struct buffer *records)
{
    struct slice rest = slice_from(block->bytes, block->bytes ? block->len : 0), line;
    for (size_t i = 0; block->bytes && i < 64; i++)
        if (block->bytes[block->len + i])
            abort();
    while (slice_split(&rest, '\n', &line)) {
        line = slice_trim(line);
        if (line.len)
            buffer_add_slice(records, line);
    }
}

/* What stands in the file, a record behind the other; false where it is damaged. */
static bool read_all(struct slice head, size_t blanks, struct slice tail, struct buffer *records)
{
    char path[64], *gap = malloc(blanks + 1);
    struct block_memory memory = { .count = 0 };
    struct input *input;
    struct input_block block;
    struct error e = ERROR_NONE;
    int fd = memfd_create("log", 0);
    if (!gap || fd < 0)
        abort();
    memset(gap, ' ', blanks);
    bool written = write(fd, head.data, head.len) == (ssize_t)head.len &&
                   write(fd, gap, blanks) == (ssize_t)blanks &&
                   write(fd, tail.data, tail.len) == (ssize_t)tail.len;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!written || !input_open(path, &memory, &input, &e))
        abort();
    while (input_next(input, &block, &e)) {
        look(&block, records);
        free(block.header_bytes);
        block_memory_put(&memory, block.bytes, block.capacity);
    }
    input_close(&input);
    block_memory_free(&memory);
    close(fd);
    free(gap);
    return !e.set;
}

static void compare(struct slice text, size_t blanks)
{
    struct slice first = slice_cut(text, 0, 1), rest = slice_after(text, 1);
    BUFFER_AUTO near;
    BUFFER_AUTO far;
    buffer_init(&near, 0);
    buffer_init(&far, 0);
    bool whole = read_all(first, 0, rest, &near);
    bool array = slice_is(first, "[") && slice_starts(slice_trim(rest), SLICE("{"));
    if (array && (read_all(first, blanks, rest, &far) != whole ||
                  !slice_equal(buffer_slice(&near), buffer_slice(&far))))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 2)
        compare(slice_from(data + 2, size - 2), ((size_t)data[0] | (size_t)data[1] << 8) * 5);
    return 0;
}
