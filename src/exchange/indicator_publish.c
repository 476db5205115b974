#include "exchange/indicator_publish.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "event/indicator_table.h"
#include "exchange/indicator_allow.h"
#include "records/indicator.h"

struct publishing {
    struct indicator_builder *builder;
    struct arena arena;
    struct error *e;
};

static bool put(void *owner, const struct records_indicator *from)
{
    struct publishing *p = owner;
    struct indicator indicator;
    struct error wrong = ERROR_NONE;
    arena_clear(&p->arena);
    if (!indicator_read(from->value, from->type, &p->arena, &indicator, &wrong)) {
        log_error(&wrong, "an indicator is left out");
        return true;
    }
    struct indicator_row row = {
        .type = indicator.type, .key = indicator.key, .source = from->feed,
        .license = from->license, .note = from->note, .confidence = (unsigned)from->confidence,
        .tlp = from->tlp, .valid_until = from->valid_until,
    };
    return indicator_builder_add(p->builder, &row, p->e);
}

static bool put_allowed(struct records *records, struct publishing *p)
{
    ARENA_AUTO arena;
    struct records_indicator_allowed *rows;
    uint32_t count;
    arena_init(&arena, 0);
    if (!records_indicator_allowed(records, &arena, &rows, &count, p->e))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!indicator_allow_add(p->builder, rows[i].value, rows[i].by_whom, p->e))
            return false;
    return true;
}

/* Grows another with every change of the records or of a file in the folder. */
static bool mark_of(const char *folder, uint64_t *mark, struct error *e)
{
    ARENA_AUTO arena;
    struct slice *paths;
    size_t count;
    arena_init(&arena, 16u << 20);
    if (!file_list(folder, NULL, 1000, &arena, &paths, &count, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct stat s = { 0 };
        stat(paths[i].data, &s);
        uint64_t parts[] = { *mark, slice_hash(paths[i]), (uint64_t)s.st_size,
                             (uint64_t)s.st_mtim.tv_sec, (uint64_t)s.st_mtim.tv_nsec };
        *mark = slice_hash(slice_from(parts, sizeof parts));
    }
    return true;
}

static bool is_there(const char *path, uint64_t generation)
{
    struct indicator_table *table = NULL;
    struct error none = ERROR_NONE;
    bool same = access(path, F_OK) == 0 && indicator_table_open(path, &table, &none) &&
                indicator_table_generation(table) == generation;
    indicator_table_close(&table);
    return same;
}

bool indicator_publish(struct records *records, const char *folder, const char *path,
                       bool *fresh_out, struct error *e)
{
    ARENA_AUTO arena;
    uint64_t generation;
    arena_init(&arena, 0);
    const char *allow = file_join(&arena, folder, "allow");
    *fresh_out = false;
    if (!records_indicator_generation(records, &generation, e) ||
        !mark_of(folder, &generation, e))
        return false;
    if (is_there(path, generation))
        return true;
    struct publishing p = { .builder = indicator_builder_new(), .e = e };
    arena_init(&p.arena, 1u << 20);
    bool fine = p.builder ? records_indicator_each(records, put, &p, e) &&
                                indicator_allow_read(allow, p.builder, e) && put_allowed(records, &p) &&
                                indicator_builder_save(p.builder, generation, path, e)
                          : error_set(e, "not enough memory for the indicators");
    indicator_builder_free(&p.builder);
    arena_free(&p.arena);
    *fresh_out = fine;
    return fine;
}
