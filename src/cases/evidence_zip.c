#include <string.h>
#include <zip.h>

#include "cases/evidence_private.h"

/* ---- out --------------------------------------------------------------------------------------- */

static bool failed(const char *reason, struct error *e)
{
    return error_set(e, "the package cannot be made: %s", reason);
}

static bool add_all(zip_t *zip, const struct evidence_file *files, size_t count, struct error *e)
{
    for (size_t i = 0; i < count; i++) {
        zip_source_t *source = zip_source_buffer(zip, files[i].bytes.data ? files[i].bytes.data : "",
                                                 files[i].bytes.len, 0);
        if (!source || zip_file_add(zip, files[i].name, source, ZIP_FL_ENC_UTF_8) < 0) {
            zip_source_free(source);
            return failed(zip_strerror(zip), e);
        }
    }
    return true;
}

static bool take(zip_source_t *source, struct arena *arena, struct slice *out, struct error *e)
{
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_source_stat(source, &stat) != 0 || !(stat.valid & ZIP_STAT_SIZE) ||
        zip_source_open(source) != 0)
        return failed("its size is not known", e);
    char *bytes = arena_alloc(arena, (size_t)stat.size + 1);
    zip_int64_t got = bytes ? zip_source_read(source, bytes, stat.size) : -1;
    zip_source_close(source);
    if (got != (zip_int64_t)stat.size)
        return failed("memory is short", e);
    *out = slice_from(bytes, (size_t)got);
    return true;
}

bool evidence_zip(const struct evidence_file *files, size_t count, struct arena *arena,
                  struct slice *zip_out, struct error *e)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_TRUNCATE, &error) : NULL;
    if (!zip) {
        zip_source_free(source);
        return failed(zip_error_strerror(&error), e);
    }
    zip_source_keep(source); /* closing and discarding give ours back */
    bool well = add_all(zip, files, count, e);
    if (well && zip_close(zip) != 0)
        well = failed(zip_strerror(zip), e);
    else if (well)
        zip = NULL;
    if (zip)
        zip_discard(zip);
    well = well && take(source, arena, zip_out, e);
    zip_source_free(source);
    return well;
}

/* ---- in ---------------------------------------------------------------------------------------- */

static bool no_package(struct error *e)
{
    error_set(e, "this is no package of evidence");
    return error_kind(e, ERROR_INPUT);
}

/* Bytes that cannot be unpacked any more are none: the check then finds the file changed. */
static bool read_entry(zip_t *zip, zip_uint64_t index, struct evidence_file *file,
                       struct arena *arena, struct error *e)
{
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(zip, index, 0, &stat) != 0 || !(stat.valid & ZIP_STAT_NAME) ||
        !(stat.valid & ZIP_STAT_SIZE) || stat.size > EVIDENCE_FILE_MOST)
        return no_package(e);
    char *bytes = arena_alloc(arena, (size_t)stat.size + 1);
    file->name = arena_text(arena, slice_of(stat.name));
    if (!bytes || !file->name)
        return error_set(e, "memory is short for checking the package");
    zip_file_t *entry = zip_fopen_index(zip, index, 0);
    zip_int64_t got = entry ? zip_fread(entry, bytes, stat.size) : -1;
    char more; /* the end is where the checksum is held */
    if (entry && got == (zip_int64_t)stat.size && zip_fread(entry, &more, 1) != 0)
        got = -1;
    if (entry)
        zip_fclose(entry);
    file->bytes = slice_from(bytes, got > 0 ? (size_t)got : 0);
    return true;
}

bool evidence_unzip(struct slice bytes, struct evidence_file *files, size_t most,
                    size_t *count_out, struct arena *arena, struct error *e)
{
    zip_error_t error;
    zip_error_init(&error);
    *count_out = 0;
    zip_source_t *source = zip_source_buffer_create(bytes.data, bytes.len, 0, &error);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (!zip) {
        zip_source_free(source);
        return no_package(e);
    }
    zip_int64_t entries = zip_get_num_entries(zip, 0);
    bool well = entries > 0 && (size_t)entries <= most;
    for (zip_int64_t i = 0; well && i < entries; i++)
        well = read_entry(zip, (zip_uint64_t)i, &files[(*count_out)++], arena, e);
    zip_discard(zip);
    return well || (e && e->set ? false : no_package(e));
}
