#include "event/roster.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "event/event.h"
#include "event/network.h"

#define ROSTER_FORMAT 1
#define DIGEST_HEX (crypto_hash_sha256_BYTES * 2)

struct roster_net {
    struct network network;
    const struct roster_source *source;
};

/* Networks ordered by what is more particular: longer prefix first, and within a prefix those
 * that ask for a hostname first. So the first that fits is the answer, but for hostnames (see
 * roster_find_sender). */
struct roster_index {
    struct roster_net *nets;
    uint32_t net_count;
    struct map keys;     /* key → source */
    struct map tokens;   /* hex digest → source */
    struct map relays;   /* key → relay */
    struct map certificates; /* hex digest → certificate */
};

/* --- in and out ------------------------------------------------------------------------------ */

/* Order and names of the members as they stand in the file. */
static const struct {
    const char *name;
    size_t offset;
} members[] = {
    { "key", offsetof(struct roster_source, key) },
    { "system", offsetof(struct roster_source, system) },
    { "agency", offsetof(struct roster_source, agency) },
    { "class", offsetof(struct roster_source, class) },
    { "kind", offsetof(struct roster_source, kind) },
    { "network", offsetof(struct roster_source, network) },
    { "hostname", offsetof(struct roster_source, hostname) },
    { "token_sha256", offsetof(struct roster_source, token_sha256) },
    { "decoder", offsetof(struct roster_source, decoder) },
    { "zone", offsetof(struct roster_source, zone) },
};

#define MEMBERS (sizeof members / sizeof *members)

static struct slice *member_at(struct roster_source *source, size_t i)
{
    return (struct slice *)((char *)source + members[i].offset);
}

static void digest_hex(struct slice bytes, char hex[DIGEST_HEX + 1])
{
    unsigned char digest[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(digest, (const unsigned char *)bytes.data, bytes.len);
    sodium_bin2hex(hex, DIGEST_HEX + 1, digest, sizeof digest);
}

static void print_relays(const struct roster *roster, struct json_writer *w)
{
    json_open_array_member(w, "relays");
    for (uint32_t i = 0; i < roster->relay_count; i++) {
        json_open_object(w);
        json_text_member(w, "key", roster->relays[i].key);
        json_text_member(w, "agency", roster->relays[i].agency);
        json_close_object(w);
    }
    json_close_array(w);
}

static void print_certificates(const struct roster *roster, struct json_writer *w)
{
    json_open_array_member(w, "certificates");
    for (uint32_t i = 0; i < roster->certificate_count; i++) {
        const struct roster_certificate *c = &roster->certificates[i];
        json_open_object(w);
        json_text_member(w, "sha256", c->sha256);
        json_text_member(w, "source", c->source);
        json_text_member(w, "relay", c->relay);
        json_boolean_member(w, "revoked", c->revoked);
        json_close_object(w);
    }
    json_close_array(w);
}

static void put_exceptions(const struct roster *roster, struct json_writer *w)
{
    json_open_array_member(w, "exceptions");
    for (uint32_t i = 0; i < roster->exception_count; i++) {
        const struct roster_exception *x = &roster->exceptions[i];
        json_open_object(w);
        json_integer_member(w, "id", x->id);
        json_text_member(w, "rules", x->rules);
        json_text_member(w, "agency", x->agency);
        json_text_member(w, "system", x->system);
        json_text_member(w, "source", x->source);
        json_text_member(w, "filter", x->filter);
        json_integer_member(w, "until", x->until);
        json_close_object(w);
    }
    json_close_array(w);
}

static void put_limits(const struct roster *roster, struct json_writer *w)
{
    json_open_array_member(w, "limits");
    for (uint32_t i = 0; i < roster->limit_count; i++) {
        json_open_object(w);
        json_text_member(w, "rule", roster->limits[i].rule);
        json_integer_member(w, "fold", roster->limits[i].fold);
        json_integer_member(w, "most", roster->limits[i].most);
        json_close_object(w);
    }
    json_close_array(w);
}

bool roster_print(const struct roster *roster, struct buffer *out, struct error *e)
{
    struct json_writer w;
    char hex[DIGEST_HEX + 1];

    json_writer_init(&w, out);
    json_open_object(&w);
    json_integer_member(&w, "format", ROSTER_FORMAT);
    json_integer_member(&w, "generation", (int64_t)roster->generation);
    json_open_array_member(&w, "sources");
    for (uint32_t i = 0; i < roster->source_count; i++) {
        json_open_object(&w);
        for (size_t m = 0; m < MEMBERS; m++)
            json_text_member(&w, members[m].name, *member_at(&roster->sources[i], m));
        json_close_object(&w);
    }
    json_close_array(&w);
    print_relays(roster, &w);
    print_certificates(roster, &w);
    json_open_array_member(&w, "disabled_rules");
    for (uint32_t i = 0; i < roster->disabled_count; i++)
        json_put_text(&w, roster->disabled_rules[i]);
    json_close_array(&w);
    put_exceptions(roster, &w);
    put_limits(roster, &w);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
    if (out->failed)
        return error_set(e, "the roster is too large");
    digest_hex(buffer_slice(out), hex);
    buffer_print(out, "sha256:%s\n", hex);
    return !out->failed || error_set(e, "the roster is too large");
}

bool roster_save(const struct roster *roster, const char *path, struct error *e)
{
    BUFFER_AUTO out;

    buffer_init(&out, ROSTER_BYTES_MOST);
    return roster_print(roster, &out, e) && file_replace(path, buffer_slice(&out), 0640, e);
}

/* Cuts the last line off and compares it with what stands before. */
static bool check_digest(const char *path, struct slice *text, struct error *e)
{
    char hex[DIGEST_HEX + 1];
    size_t line = sizeof "sha256:" - 1 + DIGEST_HEX + 1;

    if (text->len < line)
        goto damaged;
    struct slice last = slice_after(*text, text->len - line);
    struct slice body = slice_cut(*text, 0, text->len - line);
    if (!slice_starts(last, SLICE("sha256:")) || last.data[line - 1] != '\n')
        goto damaged;
    digest_hex(body, hex);
    if (memcmp(hex, last.data + sizeof "sha256:" - 1, DIGEST_HEX) != 0)
        goto damaged;
    *text = body;
    return true;

damaged:
    error_set(e, "the roster is damaged: its checksum does not fit");
    error_place(e, "%s", path);
    return error_hint(e, "it is published anew at the next change, or when the hub starts");
}

static bool read_source(const struct json *row, struct roster_source *source)
{
    *source = (struct roster_source){ .key = SLICE("") };
    for (size_t m = 0; m < MEMBERS; m++)
        *member_at(source, m) = json_text(json_member(row, members[m].name), SLICE(""));
    return row->kind == JSON_OBJECT;
}

static bool read_relays(struct roster *roster, const struct json *rows, struct error *e)
{
    uint32_t count = rows && rows->kind == JSON_ARRAY ? rows->count : 0;

    roster->relays = arena_array(&roster->arena, count + 1u, sizeof *roster->relays);
    for (uint32_t i = 0; roster->relays && i < count; i++) {
        const struct json *row = json_element(rows, i);
        roster->relays[roster->relay_count++] = (struct roster_relay){
            json_text(json_member(row, "key"), SLICE("")),
            json_text(json_member(row, "agency"), SLICE("")),
        };
    }
    return roster->relays || error_set(e, "not enough memory for the roster");
}

static bool read_certificates(struct roster *roster, const struct json *rows, struct error *e)
{
    uint32_t count = rows && rows->kind == JSON_ARRAY ? rows->count : 0;

    roster->certificates = arena_array(&roster->arena, count + 1u, sizeof *roster->certificates);
    for (uint32_t i = 0; roster->certificates && i < count; i++) {
        const struct json *row = json_element(rows, i);
        roster->certificates[roster->certificate_count++] = (struct roster_certificate){
            .sha256 = json_text(json_member(row, "sha256"), SLICE("")),
            .source = json_text(json_member(row, "source"), SLICE("")),
            .relay = json_text(json_member(row, "relay"), SLICE("")),
            .revoked = json_boolean(json_member(row, "revoked"), true),
        };
    }
    return roster->certificates || error_set(e, "not enough memory for the roster");
}

static uint32_t rows_of(const struct json *list)
{
    return list && list->kind == JSON_ARRAY ? list->count : 0;
}

static bool read_exceptions(struct roster *roster, const struct json *list)
{
    roster->exceptions = arena_array(&roster->arena, rows_of(list) + 1u, sizeof *roster->exceptions);
    for (uint32_t i = 0; roster->exceptions && i < rows_of(list); i++) {
        const struct json *row = &list->children[i];
        roster->exceptions[roster->exception_count++] = (struct roster_exception){
            .id = json_integer(json_member(row, "id"), 0),
            .rules = json_text(json_member(row, "rules"), SLICE("")),
            .agency = json_text(json_member(row, "agency"), SLICE("")),
            .system = json_text(json_member(row, "system"), SLICE("")),
            .source = json_text(json_member(row, "source"), SLICE("")),
            .filter = json_text(json_member(row, "filter"), SLICE("")),
            .until = json_integer(json_member(row, "until"), 0),
        };
    }
    return roster->exceptions != NULL;
}

static bool read_limits(struct roster *roster, const struct json *list)
{
    roster->limits = arena_array(&roster->arena, rows_of(list) + 1u, sizeof *roster->limits);
    for (uint32_t i = 0; roster->limits && i < rows_of(list); i++) {
        const struct json *row = &list->children[i];
        roster->limits[roster->limit_count++] = (struct roster_limit){
            .rule = json_text(json_member(row, "rule"), SLICE("")),
            .fold = json_integer(json_member(row, "fold"), 0),
            .most = json_integer(json_member(row, "most"), 0),
        };
    }
    return roster->limits != NULL;
}

static bool read_rows(struct roster *roster, const struct json *json, const char *path,
                      struct error *e)
{
    const struct json *sources = json_member(json, "sources");
    const struct json *disabled = json_member(json, "disabled_rules");

    if (json_integer(json_member(json, "format"), 0) != ROSTER_FORMAT) {
        error_set(e, "the roster is of a format that this program does not know");
        return error_place(e, "%s", path);
    }
    roster->generation = (uint64_t)json_integer(json_member(json, "generation"), 0);
    uint32_t rows = sources && sources->kind == JSON_ARRAY ? sources->count : 0;
    uint32_t rules = disabled && disabled->kind == JSON_ARRAY ? disabled->count : 0;
    roster->sources = arena_array(&roster->arena, rows + 1u, sizeof *roster->sources);
    roster->disabled_rules = arena_array(&roster->arena, rules + 1u, sizeof(struct slice));
    if (!roster->sources || !roster->disabled_rules)
        return error_set(e, "not enough memory for the roster");
    for (uint32_t i = 0; i < rows; i++)
        if (!read_source(json_element(sources, i), &roster->sources[roster->source_count++]))
            return error_set(e, "source %u of the roster is no object", i + 1);
    for (uint32_t i = 0; i < rules; i++)
        roster->disabled_rules[roster->disabled_count++] =
            json_text(json_element(disabled, i), SLICE(""));
    return (read_exceptions(roster, json_member(json, "exceptions")) ||
            error_set(e, "not enough memory for the roster")) &&
           (read_limits(roster, json_member(json, "limits")) ||
            error_set(e, "not enough memory for the roster")) &&
           read_relays(roster, json_member(json, "relays"), e) &&
           read_certificates(roster, json_member(json, "certificates"), e);
}

/* text lives in the roster's arena. */
static bool read_text(struct roster *roster, struct slice text, const char *name, struct error *e)
{
    struct json *json;

    return check_digest(name, &text, e) && json_parse(text, &roster->arena, &json, e) &&
           read_rows(roster, json, name, e) && roster_ready(roster, e);
}

bool roster_parse(struct slice bytes, const char *name, struct roster **roster_out,
                  struct error *e)
{
    struct roster *roster = roster_new();
    struct slice text = roster ? arena_copy(&roster->arena, bytes) : SLICE_NONE;

    *roster_out = NULL;
    if (!text.data)
        error_set(e, "not enough memory for the roster");
    else if (read_text(roster, text, name, e)) {
        *roster_out = roster;
        return true;
    }
    roster_free(&roster);
    return false;
}

bool roster_load(const char *path, struct roster **roster_out, struct error *e)
{
    struct roster *roster = roster_new();
    struct slice text;

    *roster_out = NULL;
    if (!roster)
        return error_set(e, "not enough memory for the roster");
    if (file_read(path, ROSTER_BYTES_MOST, &roster->arena, &text, e) &&
        read_text(roster, text, path, e)) {
        *roster_out = roster;
        return true;
    }
    roster_free(&roster);
    return false;
}

struct roster *roster_new(void)
{
    struct roster *roster = calloc(1, sizeof *roster);

    if (roster)
        arena_init(&roster->arena, ARENA_NO_CEILING);
    return roster;
}

static void index_free(struct roster_index **index)
{
    if (!*index)
        return;
    map_free(&(*index)->keys);
    map_free(&(*index)->tokens);
    map_free(&(*index)->relays);
    map_free(&(*index)->certificates);
    free((*index)->nets);
    free(*index);
    *index = NULL;
}

void roster_free(struct roster **roster)
{
    if (!*roster)
        return;
    index_free(&(*roster)->index);
    arena_free(&(*roster)->arena);
    free(*roster);
    *roster = NULL;
}

/* --- lookups --------------------------------------------------------------------------------- */

static int compare_nets(const void *left, const void *right)
{
    const struct roster_net *a = left, *b = right;

    if (a->network.bits != b->network.bits)
        return a->network.bits > b->network.bits ? -1 : 1;
    return slice_compare(a->source->key, b->source->key);
}

/* Into index->nets, behind those that are counted. */
static bool read_networks(struct roster_index *index, const struct roster_source *source,
                          uint32_t *count_out, struct error *e)
{
    struct slice rest = source->network.len ? source->network : SLICE_NONE, part;

    for (*count_out = 0; slice_split(&rest, ' ', &part); (*count_out)++) {
        struct roster_net *net = &index->nets[index->net_count + *count_out];
        net->source = source;
        if (!network_parse(part, &net->network)) {
            error_set(e, "'%.*s' is no network", SLICE_ARGS(source->network));
            return error_hint(e, "write an address or a prefix such as 10.1.2.0/24");
        }
    }
    return true;
}

/* What makes a source unusable; the others are not to suffer from it. */
static bool source_check(const struct roster_index *index, const struct roster_source *source,
                         struct error *e)
{
    error_place(e, "roster, source '%.*s'", SLICE_ARGS(source->key));
    if (source->key.len == 0)
        return error_set(e, "a source of the roster has no key");
    if (map_has(&index->keys, source->key))
        return error_set(e, "two sources have the key '%.*s'", SLICE_ARGS(source->key));
    if (!event_class_valid(source->class))
        return error_set(e, "'%.*s' is no retention class", SLICE_ARGS(source->class));
    if (source->token_sha256.len && map_has(&index->tokens, source->token_sha256))
        return error_set(e, "two sources have the same token");
    return true;
}

/* A source that is told by a token needs no network; one with neither is told by nothing. */
static bool index_source(struct roster_index *index, struct roster_source *source)
{
    return map_put(&index->keys, source->key, source) &&
           (!source->token_sha256.len || map_put(&index->tokens, source->token_sha256, source));
}

/* Sources that cannot be are left out, and said: later tokens and revocations must hold. */
static bool index_sources(struct roster *roster, struct roster_index *index, struct error *e)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < roster->source_count; i++) {
        struct error wrong = ERROR_NONE;
        uint32_t nets;
        roster->sources[kept] = roster->sources[i];
        if (!source_check(index, &roster->sources[kept], &wrong) ||
            !read_networks(index, &roster->sources[kept], &nets, &wrong)) {
            log_error(&wrong, "a source is not in force");
            continue;
        }
        index->net_count += nets;
        if (!index_source(index, &roster->sources[kept++]))
            return error_set(e, "not enough memory for the roster");
    }
    roster->source_count = kept;
    return true;
}

/* A certificate may name a source or relay that is not in force: it is known, and claims nothing. */
static bool index_certificates(struct roster *roster, struct roster_index *index, struct error *e)
{
    for (uint32_t i = 0; i < roster->relay_count; i++)
        if (!map_put(&index->relays, roster->relays[i].key, &roster->relays[i]))
            return error_set(e, "not enough memory for the roster");
    for (uint32_t i = 0; i < roster->certificate_count; i++) {
        struct roster_certificate *c = &roster->certificates[i];
        if (c->sha256.len != DIGEST_HEX)
            return error_set(e, "a certificate of the roster has no fingerprint");
        c->source_row = c->source.len ? map_get(&index->keys, c->source) : NULL;
        c->relay_row = c->relay.len ? map_get(&index->relays, c->relay) : NULL;
        if (!map_put(&index->certificates, c->sha256, c))
            return error_set(e, "not enough memory for the roster");
    }
    return true;
}

/* At most. */
static size_t count_networks(const struct roster *roster)
{
    size_t count = 0;

    for (uint32_t i = 0; i < roster->source_count; i++) {
        const struct slice text = roster->sources[i].network;
        count++;
        for (size_t at = 0; at < text.len; at++)
            count += text.data[at] == ' ';
    }
    return count;
}

bool roster_ready(struct roster *roster, struct error *e)
{
    struct roster_index *index = calloc(1, sizeof *index);

    index_free(&roster->index);
    if (index)
        index->nets = calloc(count_networks(roster) + 1, sizeof *index->nets);
    if (!index || !index->nets) {
        index_free(&index);
        return error_set(e, "not enough memory for the roster");
    }
    if (!index_sources(roster, index, e) || !index_certificates(roster, index, e)) {
        index_free(&index);
        return false;
    }
    qsort(index->nets, index->net_count, sizeof *index->nets, compare_nets);
    roster->index = index;
    return true;
}

/* Hostname before none, then the longer prefix: nets come longest prefix first, so the first with
 * the hostname wins at once, and the first without is kept in case none has it. */
const struct roster_source *roster_find_sender(const struct roster *roster, struct slice address,
                                               struct slice hostname)
{
    struct network_address number;
    const struct roster_source *without = NULL;

    if (!roster->index || !network_address_parse(address, &number))
        return NULL;
    for (uint32_t i = 0; i < roster->index->net_count; i++) {
        const struct roster_net *net = &roster->index->nets[i];
        if (!network_holds(&net->network, &number))
            continue;
        if (net->source->hostname.len && slice_equal_nocase(net->source->hostname, hostname))
            return net->source;
        if (net->source->hostname.len == 0 && !without)
            without = net->source;
    }
    return without;
}

const struct roster_source *roster_find_address(const struct roster *roster, struct slice address,
                                                bool *hostnames_out)
{
    struct network_address number;

    *hostnames_out = false;
    if (!roster->index || !network_address_parse(address, &number))
        return NULL;
    for (uint32_t i = 0; i < roster->index->net_count; i++)
        if (roster->index->nets[i].source->hostname.len &&
            network_holds(&roster->index->nets[i].network, &number))
            *hostnames_out = true;
    return roster_find_sender(roster, address, SLICE_NONE);
}

const struct roster_source *roster_find_key(const struct roster *roster, struct slice key)
{
    return roster->index ? map_get(&roster->index->keys, key) : NULL;
}

/* Only digests are compared, and by the hash map: who knows no token learns nothing from the time
 * that this takes, since he cannot choose a digest. The last comparison is constant in time. */
const struct roster_source *roster_find_token(const struct roster *roster, struct slice token)
{
    char hex[DIGEST_HEX + 1];

    if (!roster->index || token.len == 0)
        return NULL;
    digest_hex(token, hex);
    const struct roster_source *source = map_get(&roster->index->tokens,
                                                 slice_from(hex, DIGEST_HEX));
    return source && sodium_memcmp(source->token_sha256.data, hex, DIGEST_HEX) == 0 ? source : NULL;
}

const struct roster_certificate *roster_find_certificate(const struct roster *roster,
                                                         struct slice sha256)
{
    return roster->index ? map_get(&roster->index->certificates, sha256) : NULL;
}

bool roster_relay_carries(const struct roster_relay *relay, const struct roster_source *source)
{
    return relay->agency.len && slice_equal(relay->agency, source->agency);
}
