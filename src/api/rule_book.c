#include "api/rule_book.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"

#define FOLDERS 8
#define FILES_MOST 50000
#define FILE_MOST (1u << 20)
#define AGAIN CLOCK_MINUTE   /* a rule that is not found makes the folders be read anew so often */

struct rule_book {
    const char *folders[FOLDERS];
    size_t folder_count;
    pthread_mutex_t lock;
    struct arena arena;
    struct map paths;        /* id → path */
    int64_t read_at;         /* steady; 0: not yet */
};

struct rule_book *rule_book_new(const char *const *folders, size_t count)
{
    struct rule_book *book = calloc(1, sizeof *book);

    if (!book)
        return NULL;
    for (size_t i = 0; i < count && i < FOLDERS; i++)
        if (folders[i])
            book->folders[book->folder_count++] = folders[i];
    pthread_mutex_init(&book->lock, NULL);
    arena_init(&book->arena, ARENA_NO_CEILING);
    return book;
}

void rule_book_free(struct rule_book **book_ref)
{
    struct rule_book *book = *book_ref;

    *book_ref = NULL;
    if (!book)
        return;
    map_free(&book->paths);
    arena_free(&book->arena);
    pthread_mutex_destroy(&book->lock);
    free(book);
}

/* Notes each `id:` at a line's beginning (rules' ids stand at the top level), and each `name:` of a
 * correlation, which may have no id. */
static void note_file(struct rule_book *book, struct slice path, struct arena *scratch)
{
    struct error e = ERROR_NONE;
    struct slice rest, line;
    char *name = arena_text(&book->arena, path);

    if (!name || !file_read(name, FILE_MOST, scratch, &rest, &e))
        return;
    while (slice_split(&rest, '\n', &line)) {
        if (!slice_starts(line, SLICE("id:")) && !slice_starts(line, SLICE("name:")))
            continue;
        struct slice id = slice_trim(slice_after(line, slice_find_byte(line, ':') + 1));
        if (id.len > 1 && (id.data[0] == '\'' || id.data[0] == '"'))
            id = slice_cut(id, 1, id.len - 1);
        id = arena_copy(&book->arena, id);
        if (id.len && !map_has(&book->paths, id))
            map_put(&book->paths, id, name);
    }
}

static void read_folders(struct rule_book *book)
{
    static const char *const suffixes[] = { ".yml", ".yaml", NULL };
    ARENA_AUTO scratch;

    arena_init(&scratch, ARENA_NO_CEILING);
    map_free(&book->paths);
    book->paths = MAP_EMPTY;
    arena_clear(&book->arena);
    for (size_t i = 0; i < book->folder_count; i++) {
        struct error e = ERROR_NONE;
        struct slice *paths;
        size_t count;
        if (!file_list(book->folders[i], suffixes, FILES_MOST, &scratch, &paths, &count, &e))
            continue;
        for (size_t k = 0; k < count; k++) {
            struct arena_mark mark = arena_mark(&scratch);
            note_file(book, paths[k], &scratch);
            arena_reset(&scratch, mark);
        }
    }
    book->read_at = clock_steady();
}

static char *path_of(struct rule_book *book, struct slice id, struct arena *arena)
{
    char *path;

    pthread_mutex_lock(&book->lock);
    path = map_get(&book->paths, id);
    if (!path && (!book->read_at || clock_steady() - book->read_at > AGAIN)) {
        read_folders(book);
        path = map_get(&book->paths, id);
    }
    path = path ? arena_text(arena, slice_of(path)) : NULL;
    pthread_mutex_unlock(&book->lock);
    return path;
}

bool rule_book_read(struct rule_book *book, struct slice id, struct arena *arena,
                    struct slice *text_out, struct yaml **document_out)
{
    struct error e = ERROR_NONE;
    char *path = path_of(book, id, arena);
    struct yaml *documents;
    uint32_t count;

    *text_out = SLICE_NONE;
    *document_out = NULL;
    if (!path || !file_read(path, FILE_MOST, arena, text_out, &e) ||
        !yaml_parse(path, *text_out, arena, &documents, &count, &e))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (slice_equal(yaml_member_text(&documents[i], "id", SLICE_NONE), id) ||
            slice_equal(yaml_member_text(&documents[i], "name", SLICE_NONE), id)) {
            *document_out = &documents[i];
            return true;
        }
    return false;
}

/* ---- what a correlation counts ------------------------------------------------------------------ */

#define BESIDE_MOST 64u             /* texts; a correlation of correlations brings theirs, too */
#define BESIDE_BYTES (1u << 20)

struct beside {
    struct rule_book *book;
    struct arena *arena;
    struct map known;               /* ids, names and titles that some text has */
    struct buffer text;
    uint32_t count;
};

static void know(struct beside *b, const struct yaml *document)
{
    static const char *const names[] = { "id", "name", "title" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct slice name = yaml_member_text(document, names[i], SLICE_NONE);
        if (name.len)
            map_put(&b->known, name, b);
    }
}

static void bring(struct beside *b, const struct yaml *documents, uint32_t count);

static void bring_one(struct beside *b, struct slice name)
{
    struct slice text;
    struct yaml *document, *documents;
    uint32_t count;
    struct error e = ERROR_NONE;

    if (map_has(&b->known, name) || b->count == BESIDE_MOST)
        return;
    map_put(&b->known, name, b);
    if (!rule_book_read(b->book, name, b->arena, &text, &document) ||
        !yaml_parse("-", text, b->arena, &documents, &count, &e))
        return;
    b->count++;
    buffer_print(&b->text, "%s%.*s\n", b->text.len ? "---\n" : "", SLICE_ARGS(text));
    bring(b, documents, count);
}

static void bring(struct beside *b, const struct yaml *documents, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        know(b, &documents[i]);
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml *rules = yaml_member(yaml_member(&documents[i], "correlation"), "rules");
        if (rules && rules->kind == YAML_SCALAR)
            bring_one(b, rules->text);
        for (uint32_t k = 0; rules && rules->kind == YAML_SEQUENCE && k < rules->count; k++)
            bring_one(b, rules->children[k].text);
    }
}

bool rule_book_beside(struct rule_book *book, const char *name, struct slice text,
                      struct arena *arena, struct slice *beside_out, struct error *e)
{
    struct beside b = { .book = book, .arena = arena };
    struct yaml *documents;
    uint32_t count;

    *beside_out = SLICE("");
    if (!yaml_parse(name, text, arena, &documents, &count, e))
        return error_kind(e, ERROR_INPUT);
    buffer_init(&b.text, BESIDE_BYTES);
    bring(&b, documents, count);
    if (b.text.len && !b.text.failed)
        *beside_out = arena_copy(arena, buffer_slice(&b.text));
    buffer_free(&b.text);
    map_free(&b.known);
    return true;
}
