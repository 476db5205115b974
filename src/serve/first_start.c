#include "serve/first_start.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"

#include "exchange/register.h"
#include "records/agency.h"
#include "records/source.h"
#include "records/user.h"

static bool import_register(struct records *records, const char *folder, struct arena *arena,
                            struct error *e)
{
    struct actor actor = ACTOR_SYSTEM;
    struct register_preview preview;
    struct records_agency_list agencies;
    struct records_scope all = RECORDS_SCOPE_ALL;
    struct records_agency_filter any = { 0 };
    struct records_page one = { .limit = 1 };
    if (!folder[0])
        return true;
    if (!records_agency_list(records, &all, &any, &one, arena, &agencies, e))
        return false;
    if (agencies.total)
        return true;
    if (!register_import_folder(records, &actor, folder, REGISTER_STORE, arena, &preview, e))
        return false;
    for (uint32_t i = 0; i < preview.note_count; i++)
        log_warning("%s: %s", preview.notes[i].place, preview.notes[i].sentence);
    log_info("register filled from %s: %u rows", folder, preview.fresh);
    return true;
}

#define FIRST_LOGIN "first-login"
#define LOGIN_LINE "Login:     "

static bool was_changed(struct records *records, struct slice line, struct arena *arena)
{
    struct records_user user;
    struct slice name = slice_after(line, sizeof LOGIN_LINE - 1);
    name = slice_cut(name, 0, slice_find_byte(name, ' '));
    return slice_starts(line, SLICE(LOGIN_LINE)) &&
           records_user_get(records, name, arena, &user, NULL) && user.changed_at != user.created_at;
}

/* A password that is not valid any more is not told any more. */
static bool forget_changed_logins(struct records *records, const char *secrets, struct arena *arena,
                                  struct error *e)
{
    BUFFER_AUTO kept;
    struct slice told, rest, line;
    char *path = file_join(arena, secrets, FIRST_LOGIN);
    buffer_init(&kept, 4096);
    if (access(path, F_OK) != 0)
        return true; /* deleted by who read it */
    if (!file_read(path, 4096, arena, &told, e))
        return false;
    for (rest = told; slice_split(&rest, '\n', &line);)
        if (line.len && !was_changed(records, line, arena))
            buffer_print(&kept, "%.*s\n", SLICE_ARGS(line));
    bool same = kept.len == told.len;
    bool well = same || (kept.len ? file_replace(path, buffer_slice(&kept), 0600, e)
                                  : unlink(path) == 0 || error_errno(e, errno, "%s", path));
    if (kept.data)
        sodium_memzero(kept.data, kept.capacity);
    return well;
}

static bool add_login(struct records *records, const char *name, const char *full_name,
                      enum role role, struct buffer *told, struct error *e)
{
    char password[RECORDS_PASSWORD_TEXT];
    struct actor actor = ACTOR_SYSTEM;
    struct records_user user = { .name = slice_of(name), .full_name = slice_of(full_name),
                                 .role = role, .language = SLICE("vi") };
    records_password_make(password);
    bool added = records_user_add(records, &actor, &user, slice_of(password), e);
    buffer_print(told, LOGIN_LINE "%-6s  password: %s\n", name, password);
    sodium_memzero(password, sizeof password);
    return added;
}

static bool add_first_logins(struct records *records, const char *secrets, struct arena *arena,
                             struct error *e)
{
    BUFFER_AUTO told;
    uint64_t users;
    buffer_init(&told, 4096);
    if (!records_user_count(records, &users, e))
        return false;
    if (users)
        return forget_changed_logins(records, secrets, arena, e);
    RECORDS_TRANSACTION t = { 0 };
    bool ok = records_begin(records, &t, e) &&
              add_login(records, "lead", "Cán bộ đầu mối", ROLE_LEAD, &told, e) &&
              add_login(records, "admin", "Quản trị hệ thống", ROLE_ADMIN, &told, e) &&
              file_replace(file_join(arena, secrets, FIRST_LOGIN), buffer_slice(&told), 0600, e) &&
              records_commit(&t, e);
    if (told.data)
        sodium_memzero(told.data, told.capacity);
    return ok;
}

bool first_start(struct records *records, const char *import, const char *secrets,
                 struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, UINT64_C(256) << 20);
    return import_register(records, import, &arena, e) &&
           add_first_logins(records, secrets, &arena, e);
}

static bool give_token(struct records *records, const char *tokens, struct slice source,
                       struct arena *arena, struct error *e)
{
    unsigned char secret[32], digest[crypto_hash_sha256_BYTES];
    char token[2 * sizeof secret + 1], hash[2 * sizeof digest + 1], line[sizeof token + 1];
    struct actor actor = ACTOR_SYSTEM;
    char *name = arena_text(arena, source);
    if (!name)
        return error_set(e, "not enough memory for a token");
    randombytes_buf(secret, sizeof secret);
    sodium_bin2hex(token, sizeof token, secret, sizeof secret);
    crypto_hash_sha256(digest, (const unsigned char *)token, sizeof token - 1);
    sodium_bin2hex(hash, sizeof hash, digest, sizeof digest);
    snprintf(line, sizeof line, "%s\n", token);
    /* the file first: a token that nobody can read any more would be lost */
    bool ok = file_replace(file_join(arena, tokens, name), slice_of(line), 0600, e) &&
              records_source_token(records, &actor, source, slice_of(hash), e);
    sodium_memzero(token, sizeof token);
    sodium_memzero(line, sizeof line);
    return ok;
}

bool first_start_tokens(struct records *records, const char *tokens, struct error *e)
{
    ARENA_AUTO arena;
    struct records_scope all = RECORDS_SCOPE_ALL;
    struct records_source_filter any = { 0 };
    struct records_page page = { .limit = RECORDS_LIMIT_MOST };
    arena_init(&arena, UINT64_C(256) << 20);
    do {
        struct records_source_list list;
        if (!records_source_list(records, &all, &any, &page, &arena, &list, e))
            return false;
        for (uint32_t i = 0; i < list.count; i++) {
            const struct records_source *source = &list.rows[i];
            if (slice_is(source->kind, "http") && !source->token_sha256.len &&
                !give_token(records, tokens, source->key, &arena, e))
                return false;
        }
        page.cursor = list.next;
    } while (page.cursor.len);
    return true;
}
