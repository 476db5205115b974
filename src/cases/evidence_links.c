/* The links of a day's chain from the first batch with an event of the package on. */
#include "archive/fetch.h"
#include "cases/evidence_private.h"

#define LINKS_MOST 65536u        /* of a day; more would outweigh the events */

struct links {
    struct evidence_day *day;
    sqlite3 *db;
    char file[DAY_FILE];
    const uint64_t *sequences;
    size_t count, at;
    struct fetched fetched;
    struct buffer *out;
};

/* The batch's digest over its events as the archive holds them now. */
static bool digest_holds(struct links *l, uint64_t first, uint64_t events, struct slice digest)
{
    struct chain_digest running;
    unsigned char computed[CHAIN_BYTES];
    struct error ignored = ERROR_NONE;
    chain_digest_begin(&running);
    for (uint64_t sequence = first; sequence < first + events; sequence++) {
        struct event event;
        uint32_t row;
        if (!fetch_sequence(&l->fetched, l->db, l->file, sequence, &row, &ignored))
            return false;
        struct arena_mark mark = arena_mark(&l->fetched.arena);
        bool read = block_event(&l->fetched.rows, l->fetched.parts[PART_TEXT],
                                l->fetched.parts[PART_FIELDS], row, &l->fetched.arena, &event,
                                &ignored);
        if (read)
            chain_digest_add(&running, &event);
        arena_reset(&l->fetched.arena, mark);
        if (!read)
            return false;
    }
    chain_digest_end(&running, computed);
    return slice_equal(digest, slice_from(computed, CHAIN_BYTES));
}

/* Moves on behind the batch's events; whether one of ours is in it. */
static bool has_ours(struct links *l, uint64_t first, uint64_t events)
{
    bool ours = false;
    for (; l->at < l->count && l->sequences[l->at] < first + events; l->at++)
        ours |= l->sequences[l->at] >= first;
    return ours;
}

static void write_link(struct links *l, const uint64_t *numbers, struct slice digest,
                       struct slice counts)
{
    unsigned char counted[CHAIN_BYTES];
    struct json_writer w;
    chain_counted(counts, counted);
    json_writer_init(&w, l->out);
    json_open_object(&w);
    json_text_member(&w, "file", slice_of(l->file));
    json_integer_member(&w, "batch", (int64_t)numbers[0]);
    json_integer_member(&w, "first", (int64_t)numbers[1]);
    json_integer_member(&w, "events", (int64_t)numbers[2]);
    evidence_hex_member(&w, "digest", (const unsigned char *)digest.data, CHAIN_BYTES);
    evidence_hex_member(&w, "counts", counted, CHAIN_BYTES);
    json_close_object(&w);
    buffer_add_byte(l->out, '\n');
}

static bool take_row(struct links *l, sqlite3_stmt *read, struct error *e)
{
    struct evidence_day *day = l->day;
    uint64_t numbers[3];
    for (int i = 0; i < 3; i++)
        numbers[i] = (uint64_t)sqlite3_column_int64(read, i);
    struct slice digest = day_column(read, 3), chain = day_column(read, 4);
    if (digest.len != CHAIN_BYTES || chain.len != CHAIN_BYTES)
        return error_set(e, "the chain of the day file is damaged");
    day->batches = numbers[0];
    day->events = numbers[1] + numbers[2] - 1;
    memcpy(day->head, chain.data, CHAIN_BYTES);
    bool begun = day->links || numbers[1] + numbers[2] > l->sequences[0];
    if (begun && day->links < LINKS_MOST) {
        if (has_ours(l, numbers[1], numbers[2]))
            day->held &= digest_holds(l, numbers[1], numbers[2], digest);
        write_link(l, numbers, digest, day_column(read, 5));
        day->links++;
    } else if (begun)
        day->to_head = false;
    else
        memcpy(day->before, chain.data, CHAIN_BYTES);
    return true;
}

static bool read_rows(struct links *l, struct error *e)
{
    DAY_STATEMENT *read = day_prepare(
        l->db, "SELECT id, first, events, digest, chain, counts FROM batch ORDER BY id", l->file,
        e);
    int code = SQLITE_DONE;
    while (read && (code = sqlite3_step(read)) == SQLITE_ROW)
        if (!take_row(l, read, e))
            return false;
    return read && (code == SQLITE_DONE || day_failed(l->db, l->file, e));
}

bool evidence_links(const struct heads_place *place, struct evidence_day *day,
                    const uint64_t *sequences, size_t count, struct arena *arena,
                    struct buffer *out, struct error *e)
{
    struct links l = { .day = day, .sequences = sequences, .count = count, .out = out };
    day_name_print(&day->name, l.file);
    day->to_head = day->held = true;
    chain_start(&day->name, day->before);
    fetch_init(&l.fetched);
    bool well = day_open(place->directory, &day->name, &l.db, e) && read_rows(&l, e) &&
                heads_line(place, l.file, arena, &day->signed_head, e);
    fetch_free(&l.fetched);
    day_close(&l.db);
    return well;
}
