#include "records/source.h"

#include <arpa/inet.h>

#include "base/clock.h"
#include "records/audit.h"
#include "records/health.h"
#include "records/store.h"

static const char *const healths[] = { "heard", "silent", "never", "unknown", NULL };

const char *records_health_name(enum records_health health)
{
    return health <= RECORDS_UNKNOWN ? healths[health] : "?";
}

bool records_health_parse(struct slice name, enum records_health *health_out)
{
    for (unsigned i = 0; healths[i]; i++)
        if (slice_is(name, healths[i])) {
            *health_out = (enum records_health)i;
            return true;
        }
    return false;
}

bool records_health_filter(struct slice name, int *health_out, struct error *e)
{
    enum records_health health;
    *health_out = records_health_parse(name, &health) ? (int)health : -1;
    return *health_out >= 0 || !name.len || records_names_check(name, healths, "health", e);
}

bool records_source_by_credential(const struct records_source *source)
{
    return !source->network.len && !slice_is(source->kind, "file");
}

/* ---- read ------------------------------------------------------------------------------------------ */

struct query {
    struct records_scope scope;
    const struct records_source_filter *filter;
    struct slice words;
    int health;   /* -1: any */
    int64_t now;
};

static void bind_filter(struct statement *s, const void *context)
{
    const struct query *q = context;
    int64_t minute = q->now / CLOCK_MINUTE;
    statement_put_scope(s, &q->scope);
    statement_put_text(s, q->filter->key);
    statement_put_text(s, q->filter->agency);
    statement_put_text(s, q->filter->system);
    statement_put(s, q->health);
    statement_put_text(s, q->words);
    statement_put(s, q->now);
    statement_put(s, minute - 24 * 60);
    statement_put(s, minute - 5);
}

#define FROM                                                                                      \
    "(SELECT o.*, y.name AS system_name, y.agency, y.operator, a.name AS agency_name, "           \
    "h.first_seen, coalesce(h.last_seen, 0) AS last_seen, h.skew, h.protocol, "                   \
    "coalesce(h.usual_pause, 0) AS usual_pause, "                                                 \
    "coalesce(h.silent_after, o.cadence * 1000000000) AS silent_after, "                          \
    HEALTH("?11") " AS health, coalesce(m.events, 0) AS events, "                                 \
    "coalesce(m.undecoded, 0) AS undecoded, coalesce(m.recent, 0) AS recent "                     \
    "FROM " HEALTH_FROM                                                                           \
    "LEFT JOIN (SELECT source, sum(received) AS events, sum(undecoded) AS undecoded, "            \
    "sum(CASE WHEN minute >= ?13 THEN received ELSE 0 END) AS recent "                            \
    "FROM source_minute WHERE minute >= ?12 GROUP BY source) m ON m.source = o.key) v"

#define WHERE                                                                                     \
    "(?4 OR v.agency = ?5 OR v.operator = ?5) AND (?6 = '' OR v.key = ?6) "                       \
    "AND (?7 = '' OR v.agency = ?7) AND (?8 = '' OR v.system = ?8) "                              \
    "AND (?10 = '' OR words_in(v.fold, ?10))"

static const struct listing_sort sorts[] = {
    { "name", "v.fold", false },          { "-name", "v.fold", true },
    { "last_seen", "v.last_seen", false },{ "-last_seen", "v.last_seen", true },
    { "-per_minute", "v.recent", true },  { "-undecoded", "v.undecoded", true },
};

static void row_read(struct statement *s, struct arena *arena, void *row)
{
    struct records_source *o = row;
    struct slice *texts[] = { &o->key, &o->name, &o->system, &o->system_name, &o->agency,
                              &o->agency_name, &o->kind, &o->network, &o->hostname,
                              &o->token_sha256, &o->decoder, &o->zone, &o->class };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = statement_get_text(s, arena);
    o->cadence = statement_get(s);
    o->enabled = statement_get_bool(s);
    o->valid_from = statement_get_text(s, arena);
    o->valid_to = statement_get_text(s, arena);
    o->health = (enum records_health)statement_get(s);
    o->protocol = statement_get_text(s, arena);
    o->first_seen = statement_get(s);
    o->last_seen = statement_get(s);
    o->skew = statement_get(s);
    o->usual_pause = statement_get(s);
    o->silent_after = statement_get(s);
    o->events_day = (uint64_t)statement_get(s);
    o->undecoded_day = (uint64_t)statement_get(s);
    o->events_recent = (uint64_t)statement_get(s);
}

static const struct listing listing = {
    .columns = "v.key, v.name, v.system, v.system_name, v.agency, v.agency_name, v.kind, v.network, "
               "v.hostname, v.token_sha256, v.decoder, v.zone, v.class, v.cadence, v.enabled, "
               "v.valid_from, v.valid_to, v.health, v.protocol, v.first_seen, v.last_seen, v.skew, "
               "v.usual_pause, v.silent_after, v.events, v.undecoded, v.recent",
    .from = FROM, .where = WHERE " AND (?9 < 0 OR v.health = ?9)",
    .id = "v.key", .sorts = sorts, .sort_count = sizeof sorts / sizeof *sorts, .bind = bind_filter,
    .read = row_read, .size = sizeof(struct records_source),
};

static bool spark_read(struct records *records, int64_t now, struct records_source *o,
                       struct error *e)
{
    int64_t last = now / CLOCK_MINUTE, first = last - RECORDS_SPARK * 60 + 1;
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT (minute - ?2) / 60, sum(received) FROM source_minute "
                         "WHERE source = ?1 AND minute BETWEEN ?2 AND ?3 GROUP BY 1", &s, e))
        return false;
    statement_put_text(&s, o->key);
    statement_put(&s, first);
    statement_put(&s, last);
    while (statement_next(&s, e)) {
        int64_t hour = statement_get(&s);
        if (hour >= 0 && hour < RECORDS_SPARK)
            o->spark[hour] = (uint64_t)statement_get(&s);
    }
    return !s.failed;
}

static bool counts_read(struct records *records, const struct query *q,
                        struct records_health_counts *counts, struct error *e)
{
    *counts = (struct records_health_counts){ 0 };
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT v.health, count(*) FROM " FROM " WHERE ?1 IS NULL AND "
                         "?2 IS NULL AND ?3 IS NULL AND v.enabled AND ?9 < 100 AND " WHERE
                         " GROUP BY v.health", &s, e))
        return false;
    s.put = 3;
    bind_filter(&s, q);
    while (statement_next(&s, e)) {
        uint32_t *of[] = { &counts->heard, &counts->silent, &counts->never, &counts->unknown };
        int64_t health = statement_get(&s);
        *of[health & 3] = (uint32_t)statement_get(&s);
    }
    return !s.failed;
}

bool records_source_list(struct records *records, const struct records_scope *scope,
                         const struct records_source_filter *filter,
                         const struct records_page *page, struct arena *arena,
                         struct records_source_list *list_out, struct error *e)
{
    *list_out = (struct records_source_list){ 0 };
    struct query q = { *scope, filter, records_fold(arena, 1, filter->words), -1, clock_now() };
    if (!records_health_filter(filter->health, &q.health, e))
        return false;
    LISTING run = { 0 };
    struct records_source *rows = listing_read(records, &listing, &q, page, arena, &run, e);
    for (uint32_t i = 0; i < run.count && run.whole; i++)
        if (!spark_read(records, q.now, &rows[i], e))
            return false;
    *list_out = (struct records_source_list){ .rows = rows, .count = run.count,
                                              .total = run.total, .next = run.next };
    return run.whole && counts_read(records, &q, &list_out->counts, e);
}

bool records_source_get(struct records *records, const struct records_scope *scope,
                        struct slice key, struct arena *arena,
                        struct records_source *source_out, struct error *e)
{
    struct records_source_filter filter = { .key = key };
    struct records_page page = { .limit = 1 };
    struct records_source_list list;
    if (key.len && !records_source_list(records, scope, &filter, &page, arena, &list, e))
        return false;
    if (!key.len || list.count == 0)
        return records_not_found(e, "there is no source '%.*s'", key);
    *source_out = list.rows[0];
    return true;
}

bool records_source_counts(struct records *records, const struct records_scope *scope,
                           struct slice agency, struct records_health_counts *counts_out,
                           struct error *e)
{
    struct records_source_filter filter = { .agency = agency };
    struct query q = { *scope, &filter, SLICE_NONE, -1, clock_now() };
    return counts_read(records, &q, counts_out, e);
}

bool records_source_sums(struct records *records, struct slice source,
                         struct records_source_sums *sums_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT coalesce(sum(received), 0), coalesce(sum(stored), 0), coalesce(sum(repeated), 0), "
            "coalesce(sum(quarantined), 0), coalesce(sum(refused), 0), coalesce(sum(undecoded), 0) "
            "FROM source_day WHERE source = ?", &s, e))
        return false;
    statement_put_text(&s, source);
    uint64_t *sums[] = { &sums_out->received, &sums_out->stored, &sums_out->repeated,
                         &sums_out->quarantined, &sums_out->refused, &sums_out->undecoded };
    if (!statement_next(&s, e))
        return false;
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        *sums[i] = (uint64_t)statement_get(&s);
    return true;
}

/* ---- change ------------------------------------------------------------------------------------------ */

/* "192.0.2.0/24", "2001:db8::1", or empty. */
static bool network_check(struct slice network, struct error *e)
{
    char address[64];
    size_t slash = slice_find_byte(network, '/');
    uint64_t prefix = 0;
    struct slice part = slice_cut(network, 0, slash);
    if (!network.len)
        return true;
    if (part.len < sizeof address) {
        memcpy(address, part.data, part.len);
        address[part.len] = '\0';
        unsigned char bytes[16];
        bool v6 = memchr(address, ':', part.len) != NULL;
        bool fine = inet_pton(v6 ? AF_INET6 : AF_INET, address, bytes) == 1;
        if (fine && (slash == network.len ||
                     (slice_to_u64(slice_after(network, slash + 1), &prefix) &&
                      prefix <= (v6 ? 128 : 32))))
            return true;
    }
    error_set(e, "'%.*s' is no address or network", SLICE_ARGS(network));
    error_hint(e, "%s", "write it as 10.1.0.0/16 or 2001:db8::/32");
    return records_input_error(e, "network");
}

/* It stands in the names of day files; two of them are our own. */
static bool class_check(struct slice class, struct error *e)
{
    bool fine = class.len <= 15;
    for (size_t i = 0; i < class.len && fine; i++)
        fine = (class.data[i] >= 'a' && class.data[i] <= 'z') ||
               (class.data[i] >= '0' && class.data[i] <= '9') || (class.data[i] == '-' && i > 0);
    if (!fine) {
        error_set(e, "'%.*s' is no retention class", SLICE_ARGS(class));
        error_hint(e, "%s", "1 to 15 small letters, digits or '-', such as long; empty: standard");
    } else if (slice_is(class, "canary") || slice_is(class, "quarantine"))
        error_set(e, "the retention class '%.*s' is not for sources", SLICE_ARGS(class));
    else
        return true;
    return records_input_error(e, "class");
}

static bool check(const struct records_source *o, struct error *e)
{
    static const char *const kinds[] = { "syslog", "http", "file", NULL };
    if (!records_key_check(o->key, "key", e) || !records_key_check(o->system, "system", e) ||
        !records_names_check(o->kind.len ? o->kind : SLICE("?"), kinds, "kind", e) ||
        !network_check(o->network, e) || !records_day_check(o->valid_from, "valid_from", e) ||
        !records_day_check(o->valid_to, "valid_to", e) || !class_check(o->class, e))
        return false;
    if (!o->name.len) {
        error_set(e, "a source needs a name");
        return records_input_error(e, "name");
    }
    if (o->cadence < 0) {
        error_set(e, "the cadence is a number of seconds above 0");
        return records_input_error(e, "cadence");
    }
    if (slice_is(o->kind, "syslog") && !o->network.len && !o->hostname.len) {
        error_set(e, "a syslog source is known by its network or its host name");
        return records_input_error(e, "network");
    }
    return true;
}

/* Agency of a system; whether the source stood already. */
static bool stands(struct records *records, const struct records_source *o, struct arena *arena,
                   struct slice *agency_out, bool *was_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT agency, (SELECT 1 FROM source WHERE key = ?2) FROM system "
                         "WHERE key = ?1", &s, e))
        return false;
    statement_put_text(&s, o->system);
    statement_put_text(&s, o->key);
    if (statement_next(&s, e)) {
        *agency_out = statement_get_text(&s, arena);
        *was_out = statement_get_bool(&s);
        return true;
    }
    if (s.failed)
        return false;
    error_set(e, "there is no system '%.*s'", SLICE_ARGS(o->system));
    return records_input_error(e, "system");
}

bool records_source_put(struct records *records, const struct actor *actor,
                        const struct records_source *source, enum records_change *change_out,
                        struct error *e)
{
    const struct records_source *o = source;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    RECORDS_TRANSACTION t = { 0 };
    struct slice agency;
    bool was = false;
    STATEMENT s = { 0 };
    if (!check(o, e) || !records_begin(records, &t, e) ||
        !stands(records, o, &arena, &agency, &was, e) ||
        !statement_start(records,
            "INSERT INTO source VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
            "?14, ?15, ?16, ?16) ON CONFLICT (key) DO UPDATE SET system = excluded.system, "
            "name = excluded.name, kind = excluded.kind, network = excluded.network, "
            "hostname = excluded.hostname, token_sha256 = CASE excluded.token_sha256 WHEN '' THEN "
            "token_sha256 ELSE excluded.token_sha256 END, decoder = excluded.decoder, "
            "zone = excluded.zone, class = excluded.class, cadence = excluded.cadence, "
            "enabled = excluded.enabled, valid_from = excluded.valid_from, "
            "valid_to = excluded.valid_to, fold = excluded.fold, changed_at = excluded.changed_at "
            "WHERE (system, name, kind, network, hostname, decoder, zone, class, cadence, enabled, "
            "fold) <> (excluded.system, excluded.name, excluded.kind, excluded.network, "
            "excluded.hostname, excluded.decoder, excluded.zone, excluded.class, excluded.cadence, "
            "excluded.enabled, excluded.fold) OR valid_from IS NOT excluded.valid_from "
            "OR valid_to IS NOT excluded.valid_to OR (excluded.token_sha256 <> '' AND "
            "token_sha256 <> excluded.token_sha256)", &s, e))
        return false;
    statement_put_text(&s, o->key);
    statement_put_text(&s, o->system);
    statement_put_text(&s, o->name);
    statement_put_text(&s, o->kind);
    statement_put_text(&s, o->network);
    statement_put_text(&s, o->hostname);
    statement_put_text(&s, o->token_sha256);
    statement_put_text(&s, o->decoder);
    statement_put_text(&s, o->zone);
    statement_put_text(&s, o->class.len ? o->class : SLICE("standard"));
    statement_put(&s, o->cadence ? o->cadence : 3600);
    statement_put(&s, o->enabled);
    statement_put_text_or_null(&s, o->valid_from);
    statement_put_text_or_null(&s, o->valid_to);
    statement_put_text(&s, records_fold(&arena, 3, o->name, o->key, o->hostname));
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    *change_out = !was ? RECORDS_NEW : records_changed(records) ? RECORDS_CHANGED
                                                                : RECORDS_UNCHANGED;
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    records_detail(&detail, 6, "system", o->system, "name", o->name, "kind", o->kind, "network",
                   o->network, "hostname", o->hostname, "enabled",
                   o->enabled ? SLICE("yes") : SLICE("no"));
    return records_audit_put(records, actor, agency, "source", o->key, *change_out,
                             buffer_slice(&detail), e) &&
           records_commit(&t, e);
}

bool records_source_token(struct records *records, const struct actor *actor, struct slice key,
                          struct slice token_sha256, struct error *e)
{
    if (token_sha256.len != 0 && token_sha256.len != 64) {
        error_set(e, "a token's hash has 64 hexadecimal digits");
        return records_input_error(e, "token_sha256");
    }
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_start(records, "UPDATE source SET token_sha256 = ?2, changed_at = ?3 "
                         "WHERE key = ?1", &s, e))
        return false;
    statement_put_text(&s, key);
    statement_put_text(&s, token_sha256);
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    if (!records_changed(records))
        return records_not_found(e, "there is no source '%.*s'", key);
    BUFFER_AUTO object;
    buffer_init(&object, 0);
    buffer_print(&object, "source:%.*s", SLICE_ARGS(key));
    return records_audit(records, actor, SLICE_NONE,
                         token_sha256.len ? "source.token" : "source.token_removed",
                         buffer_slice(&object), SLICE_NONE, e) &&
           records_commit(&t, e);
}
