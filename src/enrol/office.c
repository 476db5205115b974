#include "enrol/office.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "enrol/package.h"
#include "records/source.h"

#define CODE_BYTES 20
#define CODE_TEXT (2 * CODE_BYTES + 1)
#define PASSWORD_BYTES 15

struct office {
    struct office_options options;
    struct authority *authority;
    struct arena arena;
    struct slice trust;          /* PEM */
};

bool office_open(const struct office_options *options, struct office **office_out,
                 struct error *e)
{
    struct office *office = calloc(1, sizeof *office);
    *office_out = NULL;
    if (!office || sodium_init() < 0) {
        free(office);
        return error_set(e, "not enough memory to start");
    }
    office->options = *options;
    arena_init(&office->arena, 4u << 20);
    if (authority_open(options->secrets, &office->authority, e) &&
        (!options->trust[0] ||
         file_read(options->trust, 1u << 20, &office->arena, &office->trust, e))) {
        if (!options->trust[0])
            office->trust = authority_pem(office->authority);
        *office_out = office;
        return true;
    }
    office_close(&office);
    return false;
}

void office_close(struct office **office)
{
    if (!*office)
        return;
    authority_close(&(*office)->authority);
    arena_free(&(*office)->arena);
    free(*office);
    *office = NULL;
}

struct authority *office_authority(struct office *office)
{
    return office->authority;
}

/* ---- small ones ------------------------------------------------------------------------------ */

static void hash_code(struct slice code, char hex[65])
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, (const unsigned char *)code.data, code.len);
    sodium_bin2hex(hex, 65, digest, sizeof digest);
}

static bool keep(struct records *records, const struct actor *actor,
                 const struct records_holder *holder, const char *origin,
                 const struct authority_certificate *c, struct error *e)
{
    struct records_certificate row = {
        .sha256 = slice_of(c->sha256), .holder = *holder, .subject = c->subject,
        .issuer = c->issuer, .pem = c->pem, .valid_from = c->valid_from, .valid_to = c->valid_to,
        .origin = slice_of(origin),
    };
    return records_certificate_add(records, actor, &row, e);
}

static bool days_check(int64_t days, struct error *e)
{
    if (days >= 1 && days <= AUTHORITY_DAYS_MOST)
        return true;
    error_set(e, "a certificate holds for 1 to %d days", AUTHORITY_DAYS_MOST);
    error_place(e, "days");
    return error_kind(e, ERROR_INPUT);
}

/* It stands in configuration files of five programs and in shell scripts. */
static bool folder_check(const char *folder, struct error *e)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._:-";
    size_t len = strlen(folder);
    if (len >= 2 && len <= 200 && strspn(folder, fine) == len)
        return true;
    error_set(e, "'%s' is no folder for a package", folder);
    error_hint(e, "letters, digits and / . _ : - only");
    return error_kind(e, ERROR_INPUT);
}

/* ---- packages -------------------------------------------------------------------------------- */

static bool make_zip(struct office *office, const struct office_wish *wish,
                     const struct package_file *files, size_t count, const char *code,
                     const char *password, struct arena *arena, struct slice *zip_out,
                     struct error *e)
{
    const struct office_options *o = &office->options;
    const char *folder = wish->folder ? wish->folder : OFFICE_FOLDER;
    const struct template_value values[] = {
        { "source", wish->holder.key }, { "server", slice_of(o->name) },
        { "folder", slice_of(folder) }, { "console", slice_of(o->console) },
        { "syslog_tls_port", slice_of(o->syslog_tls_port) },
        { "https_port", slice_of(o->https_port) }, { "code", slice_of(code) },
    };
    const char *templates = file_join(arena, o->templates, wish->holder.relay ? "relay" : "source");
    const char *slash = strrchr(folder, '/');
    const char *top = slash && slash[1] ? slash + 1 : "haidang-sender";
    return templates && package_make(templates, values, sizeof values / sizeof *values, files, count,
                                     top, password, arena, zip_out, e);
}

static bool package_with_code(struct office *office, struct records *records,
                              const struct actor *actor, const struct office_wish *wish,
                              struct arena *arena, struct office_package *out, struct error *e)
{
    unsigned char random[CODE_BYTES];
    char code[CODE_TEXT], hash[65];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(code, sizeof code, random, sizeof random);
    hash_code(slice_of(code), hash);
    out->code_until = clock_now() + OFFICE_CODE_DAYS * CLOCK_DAY;
    struct package_file files[] = { { .name = "authority.pem", .bytes = office->trust } };
    bool made = records_code_add(records, actor, &wish->holder, slice_of(hash), wish->days,
                                 out->code_until, e) &&
                make_zip(office, wish, files, 1, code, NULL, arena, &out->zip, e);
    sodium_memzero(code, sizeof code);
    return made;
}

/* The script that asks for a certificate needs a code: without one it is left out by itself. */
static bool package_with_key(struct office *office, struct records *records,
                             const struct actor *actor, const struct office_wish *wish,
                             struct arena *arena, struct office_package *out, struct error *e)
{
    struct authority_certificate c;
    struct slice key;
    unsigned char random[PASSWORD_BYTES];
    char *password = arena_alloc(arena, sodium_base64_ENCODED_LEN(
                                            PASSWORD_BYTES,
                                            sodium_base64_VARIANT_URLSAFE_NO_PADDING));
    if (!password)
        return error_set(e, "not enough memory for a certificate");
    randombytes_buf(random, sizeof random);
    sodium_bin2base64(password, sodium_base64_ENCODED_LEN(PASSWORD_BYTES,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING), random, sizeof random,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    if (!authority_issue(office->authority, wish->holder.key, wish->days, arena, &c, &key, e))
        return false;
    struct package_file files[] = {
        { .name = "authority.pem", .bytes = office->trust },
        { .name = "sender.pem", .bytes = c.pem },
        { .name = "sender.key", .bytes = key, .secret = true },
    };
    out->password = slice_of(password);
    out->sha256 = arena_copy(arena, slice_of(c.sha256));
    bool made = keep(records, actor, &wish->holder, "package", &c, e) &&
                make_zip(office, wish, files, 3, "", password, arena, &out->zip, e);
    sodium_memzero((char *)(uintptr_t)key.data, key.len);
    return made;
}

bool office_package(struct office *office, struct records *records, const struct actor *actor,
                    const struct office_wish *given, struct arena *arena,
                    struct office_package *out, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    struct office_wish wish = *given;
    *out = (struct office_package){ 0 };
    if (!wish.days)
        wish.days = OFFICE_DAYS;
    if (!days_check(wish.days, e) || (wish.folder && !folder_check(wish.folder, e)))
        return false;
    if (!office->options.syslog_tls_port[0] && !office->options.https_port[0]) {
        error_set(e, "no listener takes events over TLS, so a certificate is of no use");
        error_hint(e, "set `listen.syslog_tls` or `listen.https` in the configuration");
        return error_kind(e, ERROR_CONFLICT);
    }
    out->name = arena_print(arena, "haidang-%.*s.zip", SLICE_ARGS(wish.holder.key));
    return records_begin(records, &t, e) &&
           (wish.with_key ? package_with_key : package_with_code)(office, records, actor, &wish,
                                                                   arena, out, e) &&
           records_commit(&t, e);
}

/* ---- senders that ask for themselves --------------------------------------------------------- */

bool office_redeem(struct office *office, struct records *records, struct slice code,
                   struct slice request, struct arena *arena, struct authority_certificate *out,
                   struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    struct records_holder holder;
    int64_t days;
    char hash[65];
    hash_code(code, hash);
    return records_begin(records, &t, e) &&
           records_code_use(records, slice_of(hash), arena, &holder, &days, e) &&
           authority_sign(office->authority, request, holder.key, days, arena, out, e) &&
           keep(records, &ACTOR_SYSTEM, &holder, "code", out, e) && records_commit(&t, e);
}

static bool old_holds(const struct records_certificate *old, struct error *e)
{
    const char *state = records_certificate_state(old, clock_now());
    if (strcmp(state, "active") == 0 || strcmp(state, "ending") == 0)
        return true;
    error_set(e, "this certificate is not in force any more, so it cannot be renewed");
    error_hint(e, "ask the lead agency for a new package");
    return error_kind(e, ERROR_FORBIDDEN);
}

bool office_renew(struct office *office, struct records *records, struct slice sha256,
                  struct slice request, struct slice signature, struct arena *arena,
                  struct authority_certificate *out, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    struct records_certificate old;
    if (!records_begin(records, &t, e) ||
        !records_certificate_get(records, &RECORDS_SCOPE_ALL, sha256, arena, &old, e) ||
        !authority_proves(old.pem, request, signature, e) || !old_holds(&old, e))
        return false;
    int64_t days = (old.valid_to - old.valid_from) / CLOCK_DAY;
    if (days < 1 || days > AUTHORITY_DAYS_MOST)
        days = OFFICE_DAYS;
    return authority_sign(office->authority, request, old.holder.key, days, arena, out, e) &&
           keep(records, &ACTOR_SYSTEM, &old.holder, "renewal", out, e) && records_commit(&t, e);
}

bool office_register(struct office *office, struct records *records, const struct actor *actor,
                     const struct records_holder *holder, struct slice certificate,
                     struct arena *arena, struct authority_certificate *out, struct error *e)
{
    (void)office;
    return authority_read(certificate, arena, out, e) &&
           keep(records, actor, holder, "outside", out, e);
}
