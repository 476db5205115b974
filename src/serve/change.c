#include "serve/change.h"

#include <sodium.h>

#include "base/clock.h"

#include "cases/evidence.h"
#include "exchange/register.h"
#include "records/audit.h"
#include "records/source.h"
#include "records/user.h"

#include "serve/change_indicator.h"
#include "serve/duties.h"
#include "serve/error_json.h"

struct change {
    const char *name;
    bool (*apply)(struct records *records, const struct json *request, struct arena *arena,
                  struct json_writer *w, struct error *e);
    /* those that need the office */
    bool (*enrol)(struct office *office, struct records *records, const struct json *request,
                  struct arena *arena, struct json_writer *w, struct error *e);
};

/* ---- users -------------------------------------------------------------------------------------- */

static bool add_user(struct records *records, const struct json *request, struct arena *arena,
                     struct json_writer *w, struct error *e)
{
    (void)arena;
    struct actor actor = ACTOR_SYSTEM;
    struct slice role = json_member_text(request, "role");
    struct records_user user = {
        .name = json_member_text(request, "name"),
        .full_name = json_member_text(request, "full_name"),
        .agency = json_member_text(request, "agency"),
        .language = json_text(json_member(request, "language"), SLICE("vi")),
    };
    if (!role_parse(role, &user.role)) {
        error_set(e, "there is no role '%.*s'", SLICE_ARGS(role));
        return error_kind(e, ERROR_INPUT);
    }
    if (!records_user_add(records, &actor, &user, json_member_text(request, "password"), e))
        return false;
    json_text_member(w, "name", user.name);
    return true;
}

static bool set_password(struct records *records, const struct json *request, struct arena *arena,
                         struct json_writer *w, struct error *e)
{
    (void)arena;
    struct actor actor = ACTOR_SYSTEM;
    struct slice name = json_member_text(request, "name");
    json_text_member(w, "name", name);
    return records_user_password(records, &actor, name, json_member_text(request, "password"), e);
}

static bool disable_user(struct records *records, const struct json *request, struct arena *arena,
                         struct json_writer *w, struct error *e)
{
    (void)arena;
    struct actor actor = ACTOR_SYSTEM;
    struct slice name = json_member_text(request, "name");
    bool disabled = json_boolean(json_member(request, "disabled"), true);
    json_text_member(w, "name", name);
    return records_user_disable(records, &actor, name, disabled, e);
}

/* ---- retention ------------------------------------------------------------------------------------ */

/* The hub looks at this setting; asking is in the audit log as any change is. */
static bool ask_keeper(struct records *records, const struct json *request, struct arena *arena,
                       struct json_writer *w, struct error *e)
{
    struct actor actor = ACTOR_SYSTEM;
    char now[CLOCK_TEXT];
    (void)request;
    (void)arena;
    clock_print(clock_now(), now);
    json_text_member(w, "asked", slice_of(now));
    return records_setting_put(records, &actor, DUTIES_RETAIN_ASKED, slice_of(now), e);
}

/* ---- what comes into the archive from outside ------------------------------------------------------ */

static bool note_import(struct records *records, const struct json *request, struct arena *arena,
                        struct json_writer *w, struct error *e)
{
    static const char *const numbers[] = { "files", "events", "days" };
    struct actor actor = ACTOR_SYSTEM;
    struct json_writer detail;
    BUFFER_AUTO text;
    (void)arena;
    (void)w;
    buffer_init(&text, 0);
    json_writer_init(&detail, &text);
    json_open_object(&detail);
    json_text_member(&detail, "from", json_member_text(request, "from"));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_integer_member(&detail, numbers[i], json_integer(json_member(request, numbers[i]), 0));
    json_close_object(&detail);
    return records_audit(records, &actor, SLICE(""), "archive.import", SLICE("archive"),
                         buffer_slice(&text), e);
}

/* A package made by the command is written down like one of the console's. */
static bool note_package(struct records *records, const struct json *request, struct arena *arena,
                         struct json_writer *w, struct error *e)
{
    struct actor actor = ACTOR_SYSTEM;
    (void)arena;
    (void)w;
    return evidence_record(records, &actor, json_integer(json_member(request, "incident"), 0),
                           json_member_text(request, "sha256"),
                           (uint64_t)json_integer(json_member(request, "events"), 0),
                           json_member_text(request, "reason"), e);
}

/* ---- sheets -------------------------------------------------------------------------------------- */

static void put_preview(struct json_writer *w, const struct register_preview *preview)
{
    json_integer_member(w, "fresh", preview->fresh);
    json_integer_member(w, "changed", preview->changed);
    json_integer_member(w, "unchanged", preview->unchanged);
    json_integer_member(w, "wrong", preview->wrong);
    json_boolean_member(w, "stored", preview->stored);
    json_open_array_member(w, "errors");
    for (uint32_t i = 0; i < preview->error_count; i++)
        error_json_put(w, &preview->errors[i]);
    json_close_array(w);
    json_open_array_member(w, "notes");
    for (uint32_t i = 0; i < preview->note_count; i++)
        error_json_put(w, &preview->notes[i]);
    json_close_array(w);
}

static bool get_bytes(const struct json *request, struct arena *arena, struct slice *out,
                      struct error *e)
{
    struct slice text = json_member_text(request, "bytes");
    size_t len = 0;
    char *bytes = arena_alloc(arena, text.len / 4 * 3 + 4);
    if (!bytes)
        return error_set(e, "not enough memory for the sheet");
    if (sodium_base642bin((unsigned char *)bytes, text.len / 4 * 3 + 4, text.data, text.len, NULL,
                          &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0) {
        error_set(e, "the sheet's bytes are not base64");
        return error_kind(e, ERROR_INPUT);
    }
    *out = slice_from(bytes, len);
    return true;
}

/* A wrong sheet is an answer (all its errors), not a failed command. */
static bool import_sheet(struct records *records, const struct json *request, struct arena *arena,
                         struct json_writer *w, struct error *e)
{
    struct actor actor = ACTOR_SYSTEM;
    enum register_sheet sheet;
    struct register_preview preview = { 0 };
    struct slice name = json_member_text(request, "sheet");
    const char *file = arena_text(arena, json_text(json_member(request, "file"), SLICE("-")));
    bool store = json_boolean(json_member(request, "store"), false);
    if (!register_sheet_parse(name, &sheet)) {
        error_set(e, "there is no sheet '%.*s'", SLICE_ARGS(name));
        return error_kind(e, ERROR_INPUT);
    }
    struct slice bytes;
    if (!file || !get_bytes(request, arena, &bytes, e))
        return error_set(e, "not enough memory for the sheet");
    bool fine = register_import(records, &actor, sheet, bytes, file,
                                store ? REGISTER_STORE : REGISTER_PREVIEW, arena, &preview, e);
    if (!fine && preview.error_count == 0)
        return false;
    if (!fine)
        error_clear(e);
    put_preview(w, &preview);
    return true;
}

/* ---- sources ------------------------------------------------------------------------------------- */

static bool make_token(struct records *records, const struct json *request, struct arena *arena,
                       struct json_writer *w, struct error *e)
{
    (void)arena;
    struct actor actor = ACTOR_SYSTEM;
    struct slice source = json_member_text(request, "source");
    unsigned char random[32], digest[crypto_hash_sha256_BYTES];
    char token[sodium_base64_ENCODED_LEN(sizeof random, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    char hex[2 * sizeof digest + 1];
    if (sodium_init() < 0)
        return error_set(e, "the machine gives no random numbers");
    randombytes_buf(random, sizeof random);
    sodium_bin2base64(token, sizeof token, random, sizeof random,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    crypto_hash_sha256(digest, (const unsigned char *)token, strlen(token));
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    if (!records_source_token(records, &actor, source, slice_of(hex), e))
        return false;
    json_text_member(w, "source", source);
    json_text_member(w, "token", slice_of(token));
    sodium_memzero(token, sizeof token);
    return true;
}

/* ---- enrolment ----------------------------------------------------------------------------------- */

static struct records_holder holder_of(const struct json *request)
{
    struct slice relay = json_member_text(request, "relay");
    return (struct records_holder){ relay.len > 0, relay.len ? relay
                                                             : json_member_text(request, "source") };
}

static void put_bytes(struct json_writer *w, const char *name, struct slice bytes,
                      struct arena *arena)
{
    size_t size = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(arena, size);
    if (text)
        sodium_bin2base64(text, size, (const unsigned char *)bytes.data, bytes.len,
                          sodium_base64_VARIANT_ORIGINAL);
    json_text_member(w, name, text ? slice_of(text) : SLICE(""));
}

static bool make_relay(struct records *records, const struct json *request, struct slice key,
                       struct error *e)
{
    struct actor actor = ACTOR_SYSTEM;
    enum records_change change;
    struct records_relay relay = { .key = key, .agency = json_member_text(request, "agency"),
                                   .name = key, .enabled = true };
    return !relay.agency.len || records_relay_put(records, &actor, &relay, &change, e);
}

static bool make_package(struct office *office, struct records *records,
                         const struct json *request, struct arena *arena, struct json_writer *w,
                         struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    struct actor actor = ACTOR_SYSTEM;
    struct office_package package;
    struct slice folder = json_member_text(request, "folder");
    struct office_wish wish = {
        .holder = holder_of(request),
        .with_key = json_boolean(json_member(request, "with_key"), false),
        .days = json_integer(json_member(request, "days"), 0),
        .folder = folder.len ? arena_text(arena, folder) : NULL,
    };
    if (!records_begin(records, &t, e) ||
        (wish.holder.relay && !make_relay(records, request, wish.holder.key, e)) ||
        !office_package(office, records, &actor, &wish, arena, &package, e) ||
        !records_commit(&t, e))
        return false;
    json_text_member(w, "name", package.name);
    put_bytes(w, "zip", package.zip, arena);
    json_text_member(w, "password", package.password);
    json_integer_member(w, "until", package.code_until);
    json_text_member(w, "certificate", package.sha256);
    return true;
}

static bool register_certificate(struct office *office, struct records *records,
                                 const struct json *request, struct arena *arena,
                                 struct json_writer *w, struct error *e)
{
    struct actor actor = ACTOR_SYSTEM;
    struct records_holder holder = holder_of(request);
    struct authority_certificate c;
    struct slice bytes;
    if (!get_bytes(request, arena, &bytes, e) ||
        !office_register(office, records, &actor, &holder, bytes, arena, &c, e))
        return false;
    json_text_member(w, "certificate", arena_copy(arena, slice_of(c.sha256)));
    return true;
}

static bool revoke_certificate(struct records *records, const struct json *request,
                               struct arena *arena, struct json_writer *w, struct error *e)
{
    (void)arena;
    struct actor actor = ACTOR_SYSTEM;
    struct slice sha256 = json_member_text(request, "certificate");
    json_text_member(w, "certificate", sha256);
    return records_certificate_revoke(records, &actor, sha256, json_member_text(request, "reason"),
                                      e);
}

static const struct change changes[] = {
    { "user add", add_user, NULL },
    { "user password", set_password, NULL },
    { "user disable", disable_user, NULL },
    { "import", import_sheet, NULL },
    { "source token", make_token, NULL },
    { "archive retain", ask_keeper, NULL },
    { "archive import", note_import, NULL },
    { "incident package", note_package, NULL },
    { "enrol", NULL, make_package },
    { "enrol register", NULL, register_certificate },
    { "enrol revoke", revoke_certificate, NULL },
    { "indicators begin", change_indicators_begin, NULL },
    { "indicators put", change_indicators_put, NULL },
    { "indicators end", change_indicators_end, NULL },
    { "indicators remove", change_indicators_remove, NULL },
    { "indicators allow", change_indicators_allow, NULL },
    { "indicators disallow", change_indicators_disallow, NULL },
};

bool change_apply(struct records *records, struct office *office, const struct json *request,
                  struct arena *arena, struct buffer *result_out, struct error *e)
{
    struct slice name = json_member_text(request, "do");
    struct json_writer w;
    json_writer_init(&w, result_out);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        if (!slice_is(name, changes[i].name))
            continue;
        json_open_object(&w);
        bool done = changes[i].apply
                        ? changes[i].apply(records, request, arena, &w, e)
                        : changes[i].enrol(office, records, request, arena, &w, e);
        json_close_object(&w);
        return done && (!result_out->failed || error_set(e, "the answer is too large"));
    }
    error_set(e, "there is no command '%.*s'", SLICE_ARGS(name));
    return error_kind(e, ERROR_INPUT);
}
