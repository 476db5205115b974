#include "exchange/roster.h"

#include <sodium.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/map.h"
#include "records/agency.h"
#include "records/alert.h"
#include "records/exception.h"
#include "records/certificate.h"
#include "records/source.h"
#include "records/system.h"

/* Keys of what is alive today, as a set. */
struct alive {
    struct map agencies, systems;
    char today[24];
};

static bool agencies_read(struct records *records, struct alive *alive, struct arena *arena,
                          struct error *e)
{
    struct records_agency_filter filter = { .alive = slice_of(alive->today) };
    struct records_page page = { .limit = RECORDS_LIMIT_MOST };
    struct records_agency_list list;
    do {
        if (!records_agency_list(records, &RECORDS_SCOPE_ALL, &filter, &page, arena, &list, e))
            return false;
        for (uint32_t i = 0; i < list.count; i++)
            if (!map_put(&alive->agencies, list.rows[i].key, alive))
                return error_set(e, "memory is short");
        page.cursor = list.next;
    } while (list.next.len);
    return true;
}

/* How long events are kept is law by the system's level (regimes/, log_days_…); a day file holds one
 * class, so that it goes as a whole. */
static const char *class_of_level(int level)
{
    static const char *const classes[] = { "standard", "level-1", "level-2", "level-3", "level-4",
                                           "level-5" };
    return classes[level >= 1 && level <= 5 ? level : 0];
}

static bool systems_read(struct records *records, struct alive *alive, struct arena *arena,
                         struct error *e)
{
    struct records_system_filter filter = { .alive = slice_of(alive->today) };
    struct records_page page = { .limit = RECORDS_LIMIT_MOST };
    struct records_system_list list;
    do {
        if (!records_system_list(records, &RECORDS_SCOPE_ALL, &filter, &page, arena, &list, e))
            return false;
        for (uint32_t i = 0; i < list.count; i++)
            if (map_has(&alive->agencies, list.rows[i].agency) &&
                !map_put(&alive->systems, list.rows[i].key,
                         (void *)class_of_level(list.rows[i].level)))
                return error_set(e, "memory is short");
        page.cursor = list.next;
    } while (list.next.len);
    return true;
}

static bool is_alive(const struct records_source *o, const struct alive *alive)
{
    struct slice today = slice_of(alive->today);
    return o->enabled && map_has(&alive->systems, o->system) &&
           (!o->valid_from.len || slice_compare(o->valid_from, today) <= 0) &&
           (!o->valid_to.len || slice_compare(o->valid_to, today) >= 0);
}

static struct roster_source *source_room(struct roster *roster, uint32_t *room)
{
    if (roster->source_count == *room) {
        *room = *room ? *room * 2 : 64;
        struct roster_source *more = arena_array(&roster->arena, *room, sizeof *more);
        if (!more)
            return NULL;
        if (roster->source_count)
            memcpy(more, roster->sources, roster->source_count * sizeof *more);
        roster->sources = more;
    }
    return &roster->sources[roster->source_count++];
}

/* A class of its own stays; the standard one is its system's. */
static bool source_add(struct roster *roster, const struct records_source *o,
                       const struct alive *alive, uint32_t *room, struct error *e)
{
    struct roster_source *to = source_room(roster, room);
    struct slice class = o->class;
    if (!to)
        return error_set(e, "memory is short");
    if (slice_is(class, "standard"))
        class = slice_of(map_get(&alive->systems, o->system));
    struct { struct slice *to; struct slice from; } copies[] = {
        { &to->key, o->key }, { &to->system, o->system }, { &to->agency, o->agency },
        { &to->class, class }, { &to->kind, o->kind }, { &to->network, o->network },
        { &to->hostname, o->hostname }, { &to->token_sha256, o->token_sha256 },
        { &to->decoder, o->decoder }, { &to->zone, o->zone },
    };
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        *copies[i].to = arena_copy(&roster->arena, copies[i].from);
    return true;
}

static bool sources_read(struct records *records, const struct roster_source *own,
                         const struct alive *alive, struct roster *roster, struct arena *arena,
                         struct error *e)
{
    struct records_source_filter filter = { 0 };
    struct records_page page = { .limit = RECORDS_LIMIT_MOST };
    struct records_source_list list;
    uint32_t room = 0;
    if (own) {
        struct roster_source *to = source_room(roster, &room);
        if (!to)
            return error_set(e, "memory is short");
        *to = (struct roster_source){
            .key = arena_copy(&roster->arena, own->key),
            .class = arena_copy(&roster->arena, own->class),
            .kind = arena_copy(&roster->arena, own->kind),
            .network = arena_copy(&roster->arena, own->network),
            .hostname = arena_copy(&roster->arena, own->hostname),
            .token_sha256 = arena_copy(&roster->arena, own->token_sha256),
        };
    }
    do {
        if (!records_source_list(records, &RECORDS_SCOPE_ALL, &filter, &page, arena, &list, e))
            return false;
        for (uint32_t i = 0; i < list.count; i++)
            if (is_alive(&list.rows[i], alive) && !source_add(roster, &list.rows[i], alive, &room, e))
                return false;
        page.cursor = list.next;
    } while (list.next.len);
    return true;
}

/* Relays in force, of living agencies. */
static bool relays_read(struct records *records, const struct alive *alive, struct roster *roster,
                        struct arena *arena, struct error *e)
{
    struct records_relay *rows;
    uint32_t count;
    if (!records_relay_list(records, &RECORDS_SCOPE_ALL, arena, &rows, &count, e))
        return false;
    roster->relays = arena_array(&roster->arena, count + 1u, sizeof *roster->relays);
    for (uint32_t i = 0; roster->relays && i < count; i++)
        if (rows[i].enabled && map_has(&alive->agencies, rows[i].agency))
            roster->relays[roster->relay_count++] = (struct roster_relay){
                arena_copy(&roster->arena, rows[i].key),
                arena_copy(&roster->arena, rows[i].agency),
            };
    return true;
}

/* What has ended is refused by the clock, and need not stand there. */
static bool certificates_read(struct records *records, const struct roster_source *own,
                              const char *own_certificate, struct roster *roster, struct arena *arena,
                              struct error *e)
{
    struct records_certificate *rows;
    uint32_t count;
    int64_t now = clock_now();
    if (!records_certificate_list(records, &RECORDS_SCOPE_ALL, NULL, arena, &rows, &count, e))
        return false;
    roster->certificates = arena_array(&roster->arena, count + 2u, sizeof *roster->certificates);
    if (roster->certificates && own && own_certificate)
        roster->certificates[roster->certificate_count++] = (struct roster_certificate){
            .sha256 = arena_copy(&roster->arena, slice_of(own_certificate)),
            .source = arena_copy(&roster->arena, own->key),
        };
    for (uint32_t i = 0; roster->certificates && i < count; i++) {
        const struct records_certificate *c = &rows[i];
        struct slice key = arena_copy(&roster->arena, c->holder.key);
        if (c->valid_to <= now)
            continue;
        roster->certificates[roster->certificate_count++] = (struct roster_certificate){
            .sha256 = arena_copy(&roster->arena, c->sha256),
            .source = c->holder.relay ? SLICE("") : key,
            .relay = c->holder.relay ? key : SLICE(""),
            .revoked = c->revoked_at != 0,
        };
    }
    return true;
}

static bool rules_read(struct records *records, struct roster *roster, struct arena *arena,
                       struct error *e)
{
    struct records_rule_disabled *rules;
    uint32_t count;
    if (!records_rule_disabled(records, arena, &rules, &count, e))
        return false;
    roster->disabled_rules = arena_array(&roster->arena, count + 1,
                                         sizeof *roster->disabled_rules);
    for (uint32_t i = 0; roster->disabled_rules && i < count; i++)
        roster->disabled_rules[roster->disabled_count++] = arena_copy(&roster->arena,
                                                                      rules[i].rule);
    return true;
}

static bool exceptions_read(struct records *records, struct roster *roster, struct arena *arena,
                            struct error *e)
{
    struct records_exception *rows;
    uint32_t count;
    if (!records_exception_list(records, &RECORDS_SCOPE_ALL, SLICE(""), true, arena, &rows, &count, e))
        return false;
    roster->exceptions = arena_array(&roster->arena, count + 1u, sizeof *roster->exceptions);
    for (uint32_t i = 0; roster->exceptions && i < count; i++)
        roster->exceptions[roster->exception_count++] = (struct roster_exception){
            .id = rows[i].id, .until = rows[i].until,
            .rules = arena_copy(&roster->arena, rows[i].rules),
            .agency = arena_copy(&roster->arena, rows[i].agency),
            .system = arena_copy(&roster->arena, rows[i].system),
            .source = arena_copy(&roster->arena, rows[i].source),
            .filter = arena_copy(&roster->arena, rows[i].filter),
        };
    return true;
}

static bool limits_read(struct records *records, struct roster *roster, struct arena *arena,
                        struct error *e)
{
    struct records_rule_limit *rows;
    uint32_t count;
    if (!records_rule_limits(records, arena, &rows, &count, e))
        return false;
    roster->limits = arena_array(&roster->arena, count + 1u, sizeof *roster->limits);
    for (uint32_t i = 0; roster->limits && i < count; i++)
        roster->limits[roster->limit_count++] = (struct roster_limit){
            arena_copy(&roster->arena, rows[i].rule), rows[i].fold, rows[i].most };
    return true;
}

/* ---- generation ------------------------------------------------------------------------------ */

static void digest(const struct roster *roster, char hex[65])
{
    BUFFER_AUTO text;
    buffer_init(&text, 0);
    for (uint32_t i = 0; i < roster->source_count; i++) {
        const struct roster_source *o = &roster->sources[i];
        const struct slice parts[] = { o->key, o->system, o->agency, o->class, o->kind, o->network,
                                       o->hostname, o->token_sha256, o->decoder, o->zone };
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
            buffer_add_slice(&text, parts[k]);
    }
    for (uint32_t i = 0; i < roster->relay_count; i++) {
        buffer_add_slice(&text, roster->relays[i].key);
        buffer_add_slice(&text, roster->relays[i].agency);
    }
    for (uint32_t i = 0; i < roster->certificate_count; i++) {
        const struct roster_certificate *c = &roster->certificates[i];
        buffer_add_slice(&text, c->sha256);
        buffer_add_slice(&text, c->source);
        buffer_add_slice(&text, c->relay);
        buffer_add_u8(&text, c->revoked);
    }
    buffer_add_byte(&text, '\n');
    for (uint32_t i = 0; i < roster->disabled_count; i++)
        buffer_add_slice(&text, roster->disabled_rules[i]);
    for (uint32_t i = 0; i < roster->exception_count; i++)
        buffer_print(&text, "x%lld", (long long)roster->exceptions[i].id);
    for (uint32_t i = 0; i < roster->limit_count; i++)
        buffer_print(&text, "l%.*s %lld %lld", SLICE_ARGS(roster->limits[i].rule),
                     (long long)roster->limits[i].fold, (long long)roster->limits[i].most);
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)text.data, text.len);
    sodium_bin2hex(hex, 65, hash, sizeof hash);
}

/* "generation digest" in the settings: the same content keeps its generation. */
static bool generation_set(struct records *records, struct roster *roster, struct arena *arena,
                           struct error *e)
{
    char hex[65];
    digest(roster, hex);
    struct slice stored = SLICE_NONE, number;
    struct error none = ERROR_NONE;
    if (!records_setting_get(records, "roster", arena, &stored, &none) &&
        none.kind != ERROR_NOT_FOUND) {
        *e = none;
        return false;
    }
    if (slice_split(&stored, ' ', &number) && slice_to_u64(number, &roster->generation) &&
        slice_is(stored, hex))
        return true;
    roster->generation++;
    stored = arena_print(arena, "%llu %s", (unsigned long long)roster->generation, hex);
    return records_setting_put(records, &ACTOR_SYSTEM, "roster", stored, e);
}

bool roster_from_records(struct records *records, const struct roster_source *own,
                         const char *own_certificate, struct roster **roster_out, struct error *e)
{
    *roster_out = NULL;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct alive alive = { .agencies = MAP_EMPTY, .systems = MAP_EMPTY };
    char now[CLOCK_TEXT];
    clock_print(clock_now(), now);
    memcpy(alive.today, now, 10); /* 2026-11-24 */
    struct roster *roster = roster_new();
    if (!roster)
        return error_set(e, "memory is short");
    bool fine = agencies_read(records, &alive, &arena, e) &&
                systems_read(records, &alive, &arena, e) &&
                sources_read(records, own, &alive, roster, &arena, e) &&
                relays_read(records, &alive, roster, &arena, e) &&
                certificates_read(records, own, own_certificate, roster, &arena, e) &&
                rules_read(records, roster, &arena, e) &&
                exceptions_read(records, roster, &arena, e) &&
                limits_read(records, roster, &arena, e) &&
                generation_set(records, roster, &arena, e);
    if (fine && (roster->arena.exhausted || arena.exhausted))
        fine = error_set(e, "memory is short");
    map_free(&alive.agencies);
    map_free(&alive.systems);
    if (fine)
        *roster_out = roster;
    else
        roster_free(&roster);
    return fine;
}
