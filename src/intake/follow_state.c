/* The chain of parts of a followed name, in memory and on disk (state_folder/follow.json: a row a part, the
 * oldest of a name first). */
#include "intake/follow.h"

#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"

#define STATE_MOST (16u * 1024 * 1024)

/* --- the chain -------------------------------------------------------------------------------- */

struct follow_part *follow_part_add(struct follow_file *file)
{
    struct follow_part **end = &file->parts;
    struct follow_part *part = calloc(1, sizeof *part);

    if (!part)
        return NULL;
    while (*end)
        end = &(*end)->next;
    part->fd = -1;
    *end = part;
    file->part_count++;
    file->begun = true;
    return part;
}

void follow_part_remove(struct follow_file *file, struct follow_part *part)
{
    struct follow_part **link = &file->parts;

    while (*link != part)
        link = &(*link)->next;
    *link = part->next;
    file->part_count--;
    if (part->fd >= 0)
        close(part->fd);
    free(part->header_bytes);
    free(part->stored_header_bytes);
    free(part);
}

struct follow_part *follow_last(const struct follow_file *file)
{
    struct follow_part *part = file->parts;

    while (part && part->next)
        part = part->next;
    return part;
}

void follow_keep_header(const struct w3c_header *from, struct w3c_header *to, char **memory)
{
    if (!w3c_header_equal(from, to) && !w3c_header_copy(from, to, memory))
        *to = (struct w3c_header){ .heard = from->heard };
}

/* --- on disk ---------------------------------------------------------------------------------- */

static void write_part(struct json_writer *w, const struct follow_file *file, const struct follow_part *part)
{
    char digest[2 * FOLLOW_DIGEST + 1];

    json_open_object(w);
    json_text_member(w, "path", slice_of(file->path));
    json_integer_member(w, "inode", (int64_t)part->inode);
    json_integer_member(w, "offset", (int64_t)part->stored);
    json_integer_member(w, "seen", file->seen);
    if (part->next && part->at_end && part->stored == part->offset)
        json_boolean_member(w, "whole", true);
    if (part->head.len) {
        json_integer_member(w, "head_bytes", part->head.len);
        sodium_bin2hex(digest, sizeof digest, part->head.digest, sizeof part->head.digest);
        json_text_member(w, "head", slice_of(digest));
    }
    if (part->stored_header.heard) {
        json_text_member(w, "fields", part->stored_header.fields);
        json_text_member(w, "date", part->stored_header.date);
    }
    json_close_object(w);
}

bool follow_save(const char *path, const struct follow_file *files, uint32_t count, struct error *e)
{
    BUFFER_AUTO out;
    struct json_writer w;

    buffer_init(&out, STATE_MOST);
    json_writer_init(&w, &out);
    json_open_array(&w);
    for (uint32_t i = 0; i < count; i++)
        for (const struct follow_part *part = files[i].parts; part; part = part->next)
            if (part->inode)
                write_part(&w, &files[i], part);
    json_close_array(&w);
    return file_replace(path, buffer_slice(&out), 0640, e);
}

static bool is_known(const struct follow_file *file, ino_t inode)
{
    const struct follow_part *part = file->parts;

    while (part && part->inode != inode)
        part = part->next;
    return part != NULL;
}

/* Rows of earlier releases have no `seen` and no `head`. A path that is followed twice has its rows twice. */
static bool read_part(const struct json *row, struct follow_file *file, struct error *e)
{
    ino_t inode = (ino_t)json_integer(json_member(row, "inode"), 0);
    struct slice digest = json_member_text(row, "head");
    size_t len = 0;

    if (is_known(file, inode))
        return true;
    struct follow_part *part = follow_part_add(file);
    if (!part)
        return error_set(e, "not enough memory for a listener");
    part->sought = true;
    part->inode = inode;
    part->offset = part->stored = (uint64_t)json_integer(json_member(row, "offset"), 0);
    part->at_end = json_boolean(json_member(row, "whole"), false);
    file->seen = json_integer(json_member(row, "seen"), 0);
    if (sodium_hex2bin(part->head.digest, sizeof part->head.digest, digest.data, digest.len, NULL, &len,
                       NULL) == 0 && len == sizeof part->head.digest)
        part->head.len = (uint32_t)json_integer(json_member(row, "head_bytes"), 0);
    struct w3c_header header = { json_member_text(row, "fields"), json_member_text(row, "date"),
                                 json_member(row, "fields") != NULL };
    follow_keep_header(&header, &part->stored_header, &part->stored_header_bytes);
    return true;
}

bool follow_load(const char *path, struct follow_file *files, uint32_t count, struct error *e)
{
    ARENA_AUTO arena;
    struct slice text;
    struct json *json;

    arena_init(&arena, 4 * STATE_MOST);
    if (!file_read(path, STATE_MOST, &arena, &text, e) || !json_parse(text, &arena, &json, e))
        return false;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t r = 0; r < json->count; r++) {
            const struct json *row = json_element(json, r);
            if (slice_is(json_member_text(row, "path"), files[i].path) && !read_part(row, &files[i], e))
                return false;
        }
    return true;
}
