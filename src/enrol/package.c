#include "enrol/package.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#include "base/file.h"

#define TEMPLATE_MOST (256u * 1024)

static void zip_close_quietly(zip_t **zip)
{
    if (*zip)
        zip_discard(*zip);
}

static bool zip_failed(zip_t *zip, struct error *e)
{
    return error_set(e, "the package cannot be made: %s", zip_strerror(zip));
}

static bool add(zip_t *zip, const struct package_file *file, const char *top, const char *password,
                struct arena *arena, struct error *e)
{
    struct slice name = arena_print(arena, "%s/%s", top, file->name);
    zip_source_t *source = zip_source_buffer(zip, file->bytes.data, file->bytes.len, 0);
    zip_int64_t index = source && name.data
                            ? zip_file_add(zip, name.data, source, ZIP_FL_ENC_UTF_8) : -1;
    mode_t mode = S_IFREG | (file->secret ? 0600 : 0644) | (file->runs ? 0100 : 0);
    if (index < 0) {
        zip_source_free(source);
        return zip_failed(zip, e);
    }
    if (zip_file_set_external_attributes(zip, (zip_uint64_t)index, 0, ZIP_OPSYS_UNIX,
                                         (zip_uint32_t)mode << 16) != 0 ||
        (password && zip_file_set_encryption(zip, (zip_uint64_t)index, ZIP_EM_AES_256,
                                             password) != 0))
        return zip_failed(zip, e);
    return true;
}

/* Everything below the folder, but what explains the templates themselves. */
static bool add_templates(zip_t *zip, const char *folder, const struct template_value *values,
                          size_t value_count, const char *top, const char *password,
                          struct arena *arena, struct error *e)
{
    static const char *const any[] = { "", NULL };
    struct slice *paths;
    size_t count;
    if (!file_list(folder, any, PACKAGE_FILES_MOST, arena, &paths, &count, e))
        return error_hint(e, "set `enrol.templates` to the folder of the senders' templates");
    for (size_t i = 0; i < count; i++) {
        BUFFER_AUTO out;
        struct slice text;
        bool lacking;
        const char *path = arena_text(arena, paths[i]);
        buffer_init(&out, PACKAGE_MOST);
        if (!path || !file_read(path, TEMPLATE_MOST, arena, &text, e) ||
            !template_fill(text, path, values, value_count, &out, &lacking, e))
            return false;
        struct package_file file = {
            .name = path + strlen(folder) + (folder[strlen(folder) - 1] != '/'),
            .bytes = arena_copy(arena, buffer_slice(&out)),
            .runs = slice_starts(text, SLICE("#!")),
        };
        if (!lacking && !add(zip, &file, top, password, arena, e))
            return false;
    }
    return true;
}

/* The finished archive out of its source. */
static bool take(zip_source_t *source, struct arena *arena, struct slice *out, struct error *e)
{
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_source_stat(source, &stat) != 0 || !(stat.valid & ZIP_STAT_SIZE) ||
        stat.size > PACKAGE_MOST || zip_source_open(source) != 0)
        return error_set(e, "the package is too large");
    char *bytes = arena_alloc(arena, (size_t)stat.size + 1);
    zip_int64_t got = bytes ? zip_source_read(source, bytes, stat.size) : -1;
    zip_source_close(source);
    if (got != (zip_int64_t)stat.size)
        return error_set(e, "the package is too large");
    *out = slice_from(bytes, (size_t)got);
    return true;
}

bool package_make(const char *templates, const struct template_value *values, size_t value_count,
                  const struct package_file *first, size_t first_count, const char *top,
                  const char *password, struct arena *arena, struct slice *zip_out,
                  struct error *e)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    if (!source)
        return error_set(e, "the package cannot be made: %s", zip_error_strerror(&error));
    __attribute__((cleanup(zip_close_quietly))) zip_t *zip =
        zip_open_from_source(source, ZIP_TRUNCATE, &error);
    if (!zip) {
        zip_source_free(source);
        return error_set(e, "the package cannot be made: %s", zip_error_strerror(&error));
    }
    for (size_t i = 0; i < first_count; i++)
        if (!add(zip, &first[i], top, password, arena, e))
            return false;
    if (!add_templates(zip, templates, values, value_count, top, password, arena, e))
        return false;
    zip_source_keep(source); /* zip_close gives ours back */
    if (zip_close(zip) != 0) {
        zip_source_free(source);
        return zip_failed(zip, e);
    }
    zip = NULL;
    bool taken = take(source, arena, zip_out, e);
    zip_source_free(source);
    return taken;
}
