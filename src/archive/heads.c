#include "archive/heads.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/retention.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/map.h"

#define HEADS "heads.jsonl"
#define HEADS_MAX (64u * 1024 * 1024)
#define CONTEXT "haidang archive head 1\n"
#define HASH 32
#define SIGN_AFTER (30 * CLOCK_MINUTE) /* late batches are in by then */

const char *heads_state_name(enum heads_state state)
{
    static const char *const names[] = { "unsigned", "signed", "grown", "changed", "forged" };
    return names[state];
}

/* --- keys ----------------------------------------------------------------------------------- */

static bool from_hex(struct slice text, unsigned char *out, size_t len)
{
    size_t got = 0;
    text = slice_trim(text);
    return text.len == len * 2 &&
           sodium_hex2bin(out, len, text.data, text.len, NULL, &got, NULL) == 0 && got == len;
}

static bool write_hex(const char *path, const unsigned char *bytes, size_t len, unsigned mode,
                      struct error *e)
{
    char text[HEADS_KEY * 2 + 2];
    sodium_bin2hex(text, sizeof text, bytes, len);
    text[len * 2] = '\n';
    bool well = file_replace(path, slice_from(text, len * 2 + 1), mode, e);
    sodium_memzero(text, sizeof text);
    return well;
}

static bool read_hex(const char *path, unsigned char *out, size_t len, struct error *e)
{
    ARENA_AUTO arena;
    struct slice text;
    arena_init(&arena, 0);
    if (!file_read(path, 4096, &arena, &text, e))
        return false;
    bool well = from_hex(text, out, len);
    sodium_memzero((char *)text.data, text.len);
    error_place(e, "%s", path);
    return well || error_set(e, "this file holds no key of the archive");
}

bool heads_key_load(const char *path, struct heads_key *key_out, struct error *e)
{
    char public_path[4096];
    if (sodium_init() < 0)
        return error_set(e, "the cryptographic library cannot start");
    if (snprintf(public_path, sizeof public_path, "%s.pub", path) >= (int)sizeof public_path)
        return error_set(e, "the path of the archive is too long");
    if (access(path, F_OK) == 0) {
        if (!read_hex(path, key_out->secret, HEADS_KEY, e))
            return false;
        crypto_sign_ed25519_sk_to_pk(key_out->public, key_out->secret);
        if (e)
            error_clear(e);
        return true;
    }
    crypto_sign_ed25519_keypair(key_out->public, key_out->secret);
    return write_hex(path, key_out->secret, HEADS_KEY, 0600, e) &&
           write_hex(public_path, key_out->public, HEADS_PUBLIC, 0644, e);
}

void heads_key_forget(struct heads_key *key)
{
    sodium_memzero(key, sizeof *key);
}

bool heads_public_load(const char *path, unsigned char *public_out, struct error *e)
{
    if (!read_hex(path, public_out, HEADS_PUBLIC, e))
        return false;
    if (e)
        error_clear(e);
    return true;
}

/* --- lines ---------------------------------------------------------------------------------- */

struct heads {
    struct slice text;      /* all lines */
    struct slice last;      /* the newest one */
    struct slice of_day;    /* the newest one of the day asked for */
    bool sound;             /* each line names the one before and is signed rightly */
    struct map by_file;     /* file → its newest line, where asked for */
};

static void digest(struct slice line, char *hex)
{
    unsigned char hash[HASH];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)line.data, line.len, NULL, 0);
    sodium_bin2hex(hex, HASH * 2 + 1, hash, sizeof hash);
}

static struct slice signed_part(struct slice line)
{
    return slice_cut(line, 0, slice_find(line, SLICE(",\"signature\":")));
}

static void message_of(struct slice part, struct buffer *out)
{
    buffer_clear(out);
    buffer_add(out, SLICE(CONTEXT));
    buffer_add(out, part);
}

static bool is_signed(struct slice line, const struct json *json, const unsigned char *public)
{
    unsigned char signature[crypto_sign_BYTES];
    BUFFER_AUTO message;
    buffer_init(&message, 0);
    if (!public || !from_hex(json_member_text(json, "signature"), signature, sizeof signature))
        return public == NULL;
    message_of(signed_part(line), &message);
    return !message.failed &&
           crypto_sign_ed25519_verify_detached(signature, (const unsigned char *)message.data,
                                               message.len, public) == 0;
}

static const char *folder_of(const struct heads_place *place)
{
    return place->folder ? place->folder : place->directory;
}

static bool remember(struct heads *heads, struct slice file, struct slice line,
                     struct arena *arena)
{
    struct slice *kept = arena_alloc(arena, sizeof *kept);
    if (kept)
        *kept = line;
    return kept && map_put(&heads->by_file, file, kept);
}

/* public NULL: signatures are not held (the signer asks only where the file ends). file NULL: the
 * newest line of each file is remembered. */
static bool read_heads(const struct heads_place *place, const char *file,
                       const unsigned char *public, struct arena *arena, struct heads *out,
                       struct error *e)
{
    struct slice rest, line;
    char before[HASH * 2 + 1] = "";
    char *path = file_join(arena, folder_of(place), HEADS);
    *out = (struct heads){ .sound = true };
    if (path && access(path, F_OK) != 0)
        path = file_join(arena, place->directory, HEADS);
    if (!path)
        return error_set(e, "memory is short for the signed heads");
    if (access(path, F_OK) != 0)
        return true;
    if (!file_read(path, HEADS_MAX, arena, &out->text, e))
        return false;
    for (rest = out->text; slice_split(&rest, '\n', &line);) {
        struct json *json;
        struct error wrong = ERROR_NONE;
        if (line.len == 0)
            continue;
        if (!json_parse(line, arena, &json, &wrong)) {
            out->sound = false;
            continue;
        }
        out->sound &= slice_is(json_member_text(json, "before"), before) &&
                      is_signed(line, json, public);
        if (file && slice_is(json_member_text(json, "file"), file))
            out->of_day = line;
        if (!file && !remember(out, json_member_text(json, "file"), line, arena))
            return error_set(e, "memory is short for the signed heads");
        out->last = line;
        digest(line, before);
    }
    return true;
}

static void write_line(const struct verify_result *day, const char *file, struct slice last,
                       const struct heads_key *key, int64_t now, struct buffer *out)
{
    unsigned char signature[crypto_sign_BYTES];
    char hex[crypto_sign_BYTES * 2 + 1], head[HASH * 2 + 1], before[HASH * 2 + 1] = "";
    BUFFER_AUTO message;
    struct json_writer w;
    if (last.len)
        digest(last, before);
    sodium_bin2hex(head, sizeof head, day->head, HASH);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "file", slice_of(file));
    json_integer_member(&w, "batches", (int64_t)day->batches);
    json_integer_member(&w, "events", (int64_t)day->events);
    json_text_member(&w, "head", slice_of(head));
    json_time_member(&w, "time", now);
    json_text_member(&w, "before", slice_of(before));
    buffer_init(&message, 0);
    message_of(buffer_slice(out), &message);
    crypto_sign_ed25519_detached(signature, NULL, (const unsigned char *)message.data, message.len,
                                 key->secret);
    sodium_bin2hex(hex, sizeof hex, signature, sizeof signature);
    json_text_member(&w, "signature", slice_of(hex));
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

/* The whole file anew, by rename: a line is there whole or not at all. */
static bool append(const char *directory, const struct heads *heads, struct slice line,
                   struct error *e)
{
    ARENA_AUTO arena;
    BUFFER_AUTO all;
    arena_init(&arena, 0);
    buffer_init(&all, HEADS_MAX);
    buffer_add(&all, heads->text);
    buffer_add(&all, line);
    char *path = file_join(&arena, directory, HEADS);
    if (!path || all.failed)
        return error_set(e, "memory is short for the signed heads");
    return file_replace(path, buffer_slice(&all), 0640, e);
}

/* Whether the file's chain passes through the signed head at the signed batch. */
static bool goes_on(const char *directory, const struct day_name *name, struct slice line,
                    struct arena *arena)
{
    struct json *json;
    struct error ignored = ERROR_NONE;
    char file[DAY_FILE];
    unsigned char head[HASH];
    sqlite3 *db = NULL;
    day_name_print(name, file);
    if (!json_parse(line, arena, &json, &ignored) ||
        !from_hex(json_member_text(json, "head"), head, HASH) ||
        !day_open(directory, name, &db, &ignored))
        return false;
    bool same = false;
    {
        DAY_STATEMENT *read = day_prepare(db, "SELECT chain FROM batch WHERE id = ?", file,
                                          &ignored);
        if (read) {
            sqlite3_bind_int64(read, 1, json_integer(json_member(json, "batches"), 0));
            same = sqlite3_step(read) == SQLITE_ROW &&
                   slice_equal(day_column(read, 0), slice_from(head, HASH));
        }
    }
    day_close(&db);
    return same;
}

static bool says_the_same(struct slice line, const struct verify_result *day, struct arena *arena)
{
    struct json *json;
    struct error wrong = ERROR_NONE;
    char head[HASH * 2 + 1];
    sodium_bin2hex(head, sizeof head, day->head, HASH);
    return line.len && json_parse(line, arena, &json, &wrong) &&
           slice_is(json_member_text(json, "head"), head);
}

bool heads_sign(const struct heads_place *place, const struct verify_result *day,
                const struct heads_key *key, int64_t now, struct error *e)
{
    ARENA_AUTO arena;
    BUFFER_AUTO line;
    struct heads heads;
    char file[DAY_FILE];
    arena_init(&arena, ARENA_NO_CEILING);
    buffer_init(&line, 0);
    day_name_print(&day->name, file);
    error_place(e, "%s", file);
    if (!verify_is_well(day))
        return error_set(e, "a day that is not whole is not signed");
    if (day->name.day >= clock_day(now, 0))
        return error_set(e, "a day that is not over is not signed");
    if (e)
        error_clear(e);
    if (!read_heads(place, file, NULL, &arena, &heads, e))
        return false;
    if (says_the_same(heads.of_day, day, &arena))
        return true;
    write_line(day, file, heads.last, key, now, &line);
    return line.failed ? error_set(e, "memory is short for the signed heads")
                       : append(folder_of(place), &heads, buffer_slice(&line), e);
}

bool heads_check(const struct heads_place *place, const struct verify_result *day,
                 const unsigned char *public, enum heads_state *state_out, struct error *e)
{
    ARENA_AUTO arena;
    struct heads heads;
    char file[DAY_FILE];
    arena_init(&arena, ARENA_NO_CEILING);
    if (sodium_init() < 0)
        return error_set(e, "the cryptographic library cannot start");
    day_name_print(&day->name, file);
    if (!read_heads(place, file, public, &arena, &heads, e))
        return false;
    if (!heads.sound)
        *state_out = HEADS_FORGED;
    else if (!heads.of_day.len)
        *state_out = HEADS_UNSIGNED;
    else if (says_the_same(heads.of_day, day, &arena))
        *state_out = HEADS_SIGNED;
    else
        *state_out = goes_on(place->directory, &day->name, heads.of_day, &arena) ? HEADS_GREW
                                                                          : HEADS_CHANGED;
    return true;
}

bool heads_line(const struct heads_place *place, const char *file, struct arena *arena,
                struct slice *line_out, struct error *e)
{
    struct heads heads;
    if (!read_heads(place, file, NULL, arena, &heads, e))
        return false;
    *line_out = heads.of_day;
    return true;
}

bool heads_line_holds(struct slice line, const unsigned char *public)
{
    ARENA_AUTO arena;
    struct json *json;
    struct error ignored = ERROR_NONE;
    arena_init(&arena, 1024 * 1024);
    return json_parse(line, &arena, &json, &ignored) && is_signed(line, json, public);
}

/* --- what is to be signed ------------------------------------------------------------------- */

static bool last_link(const char *directory, const struct day_name *name, unsigned char *link)
{
    struct error ignored = ERROR_NONE;
    char file[DAY_FILE];
    sqlite3 *db = NULL;
    bool found = false;
    day_name_print(name, file);
    if (day_open(directory, name, &db, &ignored)) {
        DAY_STATEMENT *read = day_prepare(db, "SELECT chain FROM batch ORDER BY id DESC LIMIT 1",
                                          file, &ignored);
        struct slice chain = read && sqlite3_step(read) == SQLITE_ROW ? day_column(read, 0)
                                                                      : SLICE_NONE;
        found = chain.len == HASH;
        if (found)
            memcpy(link, chain.data, HASH);
    }
    day_close(&db);
    return found;
}

/* Whether the file's last link is the one that its newest line tells. */
static bool is_told(const struct heads_place *place, const struct day_name *name,
                    const struct heads *heads)
{
    ARENA_AUTO arena;
    struct verify_result last = { .name = *name };
    char file[DAY_FILE];
    arena_init(&arena, 1024 * 1024);
    day_name_print(name, file);
    const struct slice *line = map_get(&heads->by_file, slice_of(file));
    return line && last_link(place->directory, name, last.head) &&
           says_the_same(*line, &last, &arena);
}

static bool unsound(struct error *e)
{
    error_set(e, "the signed heads were not all made with this key");
    error_hint(e, "look with: haidang archive verify --key FILE.pub");
    return error_kind(e, ERROR_CONFLICT);
}

bool heads_due(const struct heads_place *place, const unsigned char *public, int64_t now,
               struct arena *arena, struct day_name **names_out, size_t *count_out,
               struct error *e)
{
    struct day_name *names;
    struct heads heads;
    size_t count;
    *count_out = 0;
    if (!day_list(place->directory, arena, &names, &count, e))
        return false;
    *names_out = arena_array(arena, count + 1, sizeof **names_out);
    if (!*names_out)
        return error_set(e, "memory is short for the signed heads");
    bool well = read_heads(place, NULL, public, arena, &heads, e) && (heads.sound || unsound(e));
    for (size_t i = count; well && i > 0; i--)
        if (names[i - 1].day < clock_day(now - SIGN_AFTER, 0) &&
            !is_told(place, &names[i - 1], &heads))
            (*names_out)[(*count_out)++] = names[i - 1];
    map_free(&heads.by_file);
    return well;
}

/* --- what is gone --------------------------------------------------------------------------- */

static bool is_recorded(const struct map *deleted, struct slice file, struct slice line, struct arena *arena)
{
    struct json *json;
    struct error ignored = ERROR_NONE;
    uintptr_t reaches = (uintptr_t)map_get(deleted, file);
    return reaches && json_parse(line, arena, &json, &ignored) &&
           (int64_t)(reaches - 1) >= json_integer(json_member(json, "batches"), 0);
}

static int oldest_first(const void *a, const void *b)
{
    const struct day_name *x = a, *y = b;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    return strcmp(x->class, y->class);
}

bool heads_missing(const struct heads_place *place, struct arena *arena, struct day_name **names_out,
                   size_t *count_out, struct error *e)
{
    MAP_AUTO deleted = { 0 };
    struct heads heads;
    struct map_entry *entry;
    char file[DAY_FILE];
    *count_out = 0;
    bool well = read_heads(place, NULL, NULL, arena, &heads, e) &&
                retention_deleted(place->directory, arena, &deleted, e);
    struct day_name *names = *names_out = well ? arena_array(arena, heads.by_file.count + 1, sizeof *names)
                                               : NULL;
    if (well && !names)
        well = error_set(e, "memory is short for the signed heads");
    for (size_t i = 0; well && (entry = map_next(&heads.by_file, &i));) {
        struct day_name *name = &names[*count_out];
        if (entry->key.len >= sizeof file)
            continue;
        memcpy(file, entry->key.data, entry->key.len);
        file[entry->key.len] = '\0';
        *count_out += day_name_parse(file, name) && !day_is_there(place->directory, name) &&
                      !is_recorded(&deleted, entry->key, *(const struct slice *)entry->value, arena);
    }
    if (*count_out)
        qsort(names, *count_out, sizeof *names, oldest_first);
    map_free(&heads.by_file);
    return well;
}
