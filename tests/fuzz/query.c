/* Queries from outside: a tree or an error with its column; the full form of a good one parses, and
 * to itself. The text behind the first NUL is a line that the words are looked for in. */
#include <stdlib.h>

#include "archive/query.h"
#include "archive/tree.h"
#include "archive/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool print(struct slice text, struct arena *arena, struct buffer *out)
{
    struct query *query;
    struct error e = ERROR_NONE;
    if (!query_parse(text, 0, arena, &query, &e)) {
        if (!e.set || !e.place[0])
            abort();
        return false;
    }
    query_print(query, out);
    query_gives_table(query);
    return true;
}

static void look(struct slice line)
{
    BUFFER_AUTO folded;
    struct words words = WORDS_EMPTY;
    buffer_init(&folded, 0);
    words_fold(line, &folded);
    words_add(&words, buffer_slice(&folded));
    words_free(&words);
    tree_wild(slice_cut(buffer_slice(&folded), 0, 20), buffer_slice(&folded));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct slice text = slice_from(data, size);
    struct buffer once, twice;
    size_t end = slice_find_byte(text, '\0');

    arena_init(&arena, 64u << 20);
    buffer_init(&once, 0);
    buffer_init(&twice, 0);
    look(slice_after(text, end));
    if (print(slice_cut(text, 0, end), &arena, &once) && once.len < QUERY_BYTES_MAX) {
        struct error e = ERROR_NONE;
        struct query *query;
        if (query_parse(buffer_slice(&once), 0, &arena, &query, &e)) {
            query_print(query, &twice);
            if (!slice_equal(buffer_slice(&once), buffer_slice(&twice)))
                abort();
        } else if (!slice_starts(slice_of(e.sentence), SLICE("the query is nested")) &&
                   !slice_starts(slice_of(e.sentence), SLICE("the query has too many")))
            abort();
    }
    buffer_free(&once);
    buffer_free(&twice);
    arena_free(&arena);
    return 0;
}
