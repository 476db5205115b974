/* Whether a package is as it was signed, and how far the chain carries its events. */
#include "archive/import_line.h"
#include "cases/evidence_private.h"

#include "base/clock.h"

#define FILES_MOST 16u

struct checking {
    struct evidence_check *out;
    struct arena *arena;
    struct evidence_file files[FILES_MOST];
    size_t file_count;
    const struct json *manifest;
    unsigned char public[HEADS_PUBLIC];
};

static void wrong(struct checking *c, const char *what, struct slice which)
{
    c->out->whole = false;
    if (c->out->first.len == 0)
        c->out->first = arena_print(c->arena, which.len ? "%s: %.*s" : "%s%.*s", what,
                                    SLICE_ARGS(which));
}

static const struct evidence_file *file_of(const struct checking *c, struct slice name)
{
    for (size_t i = 0; i < c->file_count; i++)
        if (slice_is(name, c->files[i].name))
            return &c->files[i];
    return NULL;
}

/* ---- the signature --------------------------------------------------------------------------- */

static bool read_signature(struct checking *c, unsigned char *signature, struct error *e)
{
    const struct evidence_file *file = file_of(c, SLICE(EVIDENCE_SIGNATURE));
    struct slice rest = file ? file->bytes : SLICE_NONE, line;
    if (file && slice_split(&rest, '\n', &line) &&
        evidence_from_hex(line, signature, crypto_sign_BYTES) && slice_split(&rest, '\n', &line) &&
        evidence_from_hex(line, c->public, HEADS_PUBLIC))
        return true;
    error_set(e, "this is no package of evidence");
    return error_kind(e, ERROR_INPUT);
}

static bool check_signature(struct checking *c, struct slice manifest, const unsigned char *known,
                            struct error *e)
{
    unsigned char signature[crypto_sign_BYTES];
    BUFFER_AUTO message;
    buffer_init(&message, 2 * EVIDENCE_FILE_MOST);
    if (!read_signature(c, signature, e))
        return false;
    sodium_bin2hex(c->out->key, sizeof c->out->key, c->public, HEADS_PUBLIC);
    c->out->key_known = known && memcmp(known, c->public, HEADS_PUBLIC) == 0;
    if (known && !c->out->key_known)
        wrong(c, "it was signed with another key", slice_of(c->out->key));
    evidence_message(manifest, &message);
    if (message.failed || crypto_sign_ed25519_verify_detached(
                              signature, (const unsigned char *)message.data, message.len,
                              c->public) != 0)
        wrong(c, "the manifest is not the one that was signed", SLICE_NONE);
    return true;
}

/* ---- the files ------------------------------------------------------------------------------- */

static bool is_listed(const struct checking *c, const char *name)
{
    const struct json *files = json_member(c->manifest, "files");
    if (strcmp(name, EVIDENCE_MANIFEST) == 0 || strcmp(name, EVIDENCE_SIGNATURE) == 0)
        return true;
    for (uint32_t i = 0; files && i < files->count; i++)
        if (slice_is(json_member_text(json_element(files, i), "name"), name))
            return true;
    return false;
}

static void check_file(struct checking *c, const struct json *entry)
{
    unsigned char told[crypto_hash_sha256_BYTES], hash[crypto_hash_sha256_BYTES];
    struct slice name = json_member_text(entry, "name");
    const struct evidence_file *file = file_of(c, name);
    if (!file) {
        wrong(c, "a file is missing", name);
        return;
    }
    crypto_hash_sha256(hash, (const unsigned char *)file->bytes.data, file->bytes.len);
    if (!evidence_from_hex(json_member_text(entry, "sha256"), told, sizeof told) ||
        memcmp(told, hash, sizeof hash) != 0)
        wrong(c, "a file was changed", name);
}

static void check_files(struct checking *c)
{
    static const char *const needed[] = { EVIDENCE_EVENTS, EVIDENCE_CHAIN, EVIDENCE_INCIDENT };
    const struct json *files = json_member(c->manifest, "files");
    for (uint32_t i = 0; files && files->kind == JSON_ARRAY && i < files->count; i++)
        check_file(c, json_element(files, i));
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!is_listed(c, needed[i]))
            wrong(c, "the manifest does not name a file", slice_of(needed[i]));
    for (size_t i = 0; i < c->file_count; i++)
        if (!is_listed(c, c->files[i].name) ||
            file_of(c, slice_of(c->files[i].name)) != &c->files[i]) /* one name twice */
            wrong(c, "a file was added", slice_of(c->files[i].name));
}

/* ---- the events ------------------------------------------------------------------------------ */

/* The lines are the events that the manifest names, in its order. */
static void check_events(struct checking *c)
{
    ARENA_AUTO arena;
    const struct evidence_file *file = file_of(c, SLICE(EVIDENCE_EVENTS));
    const struct json *ids = json_member(c->manifest, "events");
    struct slice rest = file ? file->bytes : SLICE_NONE, line;
    uint32_t at = 0;
    arena_init(&arena, ARENA_NO_CEILING);
    while (rest.len && slice_split(&rest, '\n', &line)) {
        struct event event;
        struct event_id id;
        struct error reason = ERROR_NONE;
        char text[EVENT_ID_TEXT] = "";
        arena_clear(&arena);
        if (import_line_read(line, &arena, &event, &id, &reason))
            event_id_print(&id, text);
        if (!text[0] || !slice_is(json_text(json_element(ids, at++), SLICE_NONE), text)) {
            wrong(c, "an event is not the one that the manifest names", slice_of(text));
            return;
        }
    }
    if (!ids || ids->kind != JSON_ARRAY || at != ids->count)
        wrong(c, "an event that the manifest names is missing", SLICE_NONE);
    c->out->events = at;
}

/* ---- the chain ------------------------------------------------------------------------------- */

struct day_check {
    const struct json *entry;          /* of the manifest */
    struct slice file;
    struct day_name name;
    unsigned char link[CHAIN_BYTES];
    uint64_t links, from, to;          /* sequences [from, to) that the links hold */
};

static bool take_link(struct day_check *d, const struct json *link)
{
    unsigned char digest[CHAIN_BYTES], counted[CHAIN_BYTES];
    uint64_t batch = (uint64_t)json_integer(json_member(link, "batch"), 0);
    uint64_t first = (uint64_t)json_integer(json_member(link, "first"), 0);
    uint64_t events = (uint64_t)json_integer(json_member(link, "events"), 0);
    if (!evidence_from_hex(json_member_text(link, "digest"), digest, CHAIN_BYTES) ||
        !evidence_from_hex(json_member_text(link, "counts"), counted, CHAIN_BYTES) ||
        (d->links && first != d->to))
        return false;
    chain_next_counted(d->link, batch, first, events, digest, counted);
    d->from = d->links++ ? d->from : first;
    d->to = first + events;
    return true;
}

static bool follow_links(struct checking *c, struct day_check *d)
{
    ARENA_AUTO arena;
    const struct evidence_file *file = file_of(c, SLICE(EVIDENCE_CHAIN));
    struct slice rest = file ? file->bytes : SLICE_NONE, line;
    arena_init(&arena, ARENA_NO_CEILING);
    while (rest.len && slice_split(&rest, '\n', &line)) {
        struct json *link;
        arena_clear(&arena);
        if (!json_parse(line, &arena, &link, NULL))
            return false;
        if (slice_equal(json_member_text(link, "file"), d->file) && !take_link(d, link))
            return false;
    }
    return d->links == (uint64_t)json_integer(json_member(d->entry, "links"), -1);
}

static void count_linked(struct checking *c, const struct day_check *d)
{
    const struct json *ids = json_member(c->manifest, "events");
    for (uint32_t i = 0; ids && i < ids->count; i++) {
        struct event_id id;
        if (event_id_parse(json_text(json_element(ids, i), SLICE_NONE), &id) &&
            id.day == d->name.day && strcmp(id.class, d->name.class) == 0)
            c->out->linked += id.sequence >= d->from && id.sequence < d->to;
    }
}

/* The signed head tells the very last link, and was made with the package's key. */
static bool head_is_signed(struct checking *c, const struct day_check *d, struct slice head)
{
    struct slice line = json_member_text(d->entry, "signed_head");
    struct json *json;
    return line.len && heads_line_holds(line, c->public) &&
           json_parse(line, c->arena, &json, NULL) &&
           slice_equal(json_member_text(json, "file"), d->file) &&
           slice_equal(json_member_text(json, "head"), head);
}

static void check_day(struct checking *c, const struct json *entry)
{
    struct day_check d = { .entry = entry, .file = json_member_text(entry, "file") };
    struct slice head = json_member_text(entry, "head");
    unsigned char told[CHAIN_BYTES];
    const char *file = arena_text(c->arena, d.file);
    bool whole = json_boolean(json_member(entry, "to_head"), false);
    c->out->days++;
    if (!file || !day_name_parse(file, &d.name) ||
        !evidence_from_hex(json_member_text(entry, "before"), d.link, CHAIN_BYTES) ||
        !evidence_from_hex(head, told, CHAIN_BYTES) || !follow_links(c, &d) ||
        (whole && memcmp(told, d.link, CHAIN_BYTES) != 0)) {
        wrong(c, "the links of a day do not lead to its last one", d.file);
        return;
    }
    c->out->held_days += json_boolean(json_member(entry, "held"), false);
    if (whole)
        count_linked(c, &d);
    c->out->signed_days += head_is_signed(c, &d, head);
}

static void check_chain(struct checking *c)
{
    const struct json *days = json_member(c->manifest, "days");
    for (uint32_t i = 0; days && days->kind == JSON_ARRAY && i < days->count; i++)
        check_day(c, json_element(days, i));
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void read_manifest(struct checking *c)
{
    struct evidence_check *out = c->out;
    const struct json *copies = json_member(c->manifest, "copies");
    out->by = json_member_text(c->manifest, "by");
    out->reason = json_member_text(c->manifest, "reason");
    out->code = json_member_text(c->manifest, "code");
    clock_parse(json_member_text(c->manifest, "time"), &out->time);
    out->copies = copies && copies->kind == JSON_ARRAY ? copies->count : 0;
}

bool evidence_check(struct slice zip, const unsigned char *public, struct arena *arena,
                    struct evidence_check *out, struct error *e)
{
    struct checking c = { .out = out, .arena = arena };
    struct json *manifest;
    *out = (struct evidence_check){ .whole = true };
    if (sodium_init() < 0)
        return error_set(e, "the cryptographic library cannot start");
    if (!evidence_unzip(zip, c.files, FILES_MOST, &c.file_count, arena, e))
        return false;
    const struct evidence_file *file = file_of(&c, SLICE(EVIDENCE_MANIFEST));
    if (!file) {
        error_set(e, "this is no package of evidence");
        return error_kind(e, ERROR_INPUT);
    }
    if (!check_signature(&c, file->bytes, public, e))
        return false;
    if (!json_parse(file->bytes, arena, &manifest, NULL) ||
        !slice_is(json_member_text(manifest, "format"), EVIDENCE_FORMAT)) {
        wrong(&c, "the manifest cannot be read", SLICE_NONE);
        return true;
    }
    c.manifest = manifest;
    read_manifest(&c);
    check_files(&c);
    check_events(&c);
    check_chain(&c);
    return true;
}
