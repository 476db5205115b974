#include "serve/given.h"

#include <sodium.h>

#include "base/file.h"

#define FILES_MOST 10000u
#define FILE_MOST (4u * 1024 * 1024)

static void add(crypto_generichash_state *state, struct slice text)
{
    const uint64_t len = text.len;
    crypto_generichash_update(state, (const unsigned char *)&len, sizeof len);
    crypto_generichash_update(state, (const unsigned char *)text.data, text.len);
}

/* The file's name and what stands in it. */
static void add_file(crypto_generichash_state *state, const char *path)
{
    ARENA_AUTO arena;
    struct slice text = SLICE_NONE;
    arena_init(&arena, FILE_MOST + 65536);
    if (path[0])
        file_read(path, FILE_MOST, &arena, &text, NULL);
    add(state, slice_of(path));
    add(state, text);
}

static void add_decoders(crypto_generichash_state *state, const char *folder)
{
    static const char *const suffixes[] = { ".yaml", ".yml", NULL };
    ARENA_AUTO arena;
    struct slice *paths;
    size_t count = 0;
    arena_init(&arena, ARENA_NO_CEILING);
    add(state, slice_of(folder));
    if (file_list(folder, suffixes, FILES_MOST, &arena, &paths, &count, NULL))
        for (size_t i = 0; i < count; i++)
            add_file(state, paths[i].data);
}

struct given given_with(const struct serve_settings *settings)
{
    const struct serve_settings *t = settings;
    struct given given;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, GIVEN_DIGEST);
    add_decoders(&state, t->decoders);
    add(&state, slice_of(t->files));
    add_file(&state, t->certificate);
    add_file(&state, t->key);
    add_file(&state, t->clients);
    add(&state, slice_from((const char *)&t->reserve, sizeof t->reserve));
    crypto_generichash_final(&state, given.pipeline, GIVEN_DIGEST);

    crypto_generichash_init(&state, NULL, 0, GIVEN_DIGEST);
    add_file(&state, t->placeholders);
    add(&state, slice_of(t->logsources));
    crypto_generichash_final(&state, given.reader, GIVEN_DIGEST);
    return given;
}
