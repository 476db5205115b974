#include "cli/feed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file.h"

#define TOLD_MOST 20u

struct telling {
    const struct cli *cli;
    unsigned told;
    bool (*take)(void *owner, const struct indicator_item *item);
    void *owner;
};

static bool hand_on(void *owner, const struct indicator_item *item)
{
    struct telling *telling = owner;
    return telling->take(telling->owner, item);
}

static void refused(void *owner, const struct error *e)
{
    struct telling *telling = owner;
    BUFFER_AUTO text;
    buffer_init(&text, 0);
    if (telling->told++ >= TOLD_MOST)
        return;
    error_print(e, telling->cli->language, &text);
    fwrite(text.data, 1, text.len, stderr);
}

/* The file's bytes, mapped: a feed may be hundreds of megabytes. */
static bool map_file(const char *path, struct slice *out, struct error *e)
{
    FILE_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat s;
    if (fd < 0 || fstat(fd, &s) != 0)
        return error_errno(e, errno, "cannot open %s", path);
    if ((size_t)s.st_size > INDICATOR_FILE_MOST)
        return error_set(e, "%s is larger than %zu bytes", path, INDICATOR_FILE_MOST);
    *out = SLICE("");
    if (s.st_size == 0)
        return true;
    void *bytes = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return error_errno(e, errno, "cannot read %s", path);
    *out = slice_from(bytes, (size_t)s.st_size);
    return true;
}

bool feed_file_read(struct cli *cli, const char *path,
                    bool (*take)(void *owner, const struct indicator_item *item), void *owner,
                    struct indicator_file_count *count_out, struct error *e)
{
    struct telling telling = { cli, 0, take, owner };
    struct indicator_file file = { .name = path, .take = hand_on, .refused = refused,
                                   .owner = &telling };
    if (!map_file(path, &file.bytes, e))
        return false;
    bool fine = indicator_file_read(&file, count_out, e);
    if (file.bytes.len)
        munmap((void *)(uintptr_t)file.bytes.data, file.bytes.len);
    return fine;
}
