#include "serve/canary_watch.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

#include "archive/search.h"
#include "records/alarm.h"
#include "records/gap.h"

#include "serve/canary_link.h"
#include "serve/canary_send.h"

#define FILE_MOST (256u * 1024)
#define NONCE_MOST 64u
#define FAULT_MOST 200u
#define LOST_AFTER_MOST (30 * CLOCK_SECOND)
#define LOST_IN_A_ROW 2u
#define LOOK_EVERY CLOCK_SECOND
#define BUDGET_MS 2000u

/* What is known of one listener's canary. */
struct bird {
    char protocol[24], nonce[NONCE_MOST], fault[FAULT_MOST], fault_vi[FAULT_MOST];
    bool pending;              /* sent, neither found nor lost yet */
    bool unreachable;          /* it cannot be sent there at all */
    int64_t sent, found;       /* found: when the last one that was found had been sent */
    int64_t lost_since;        /* when the first of those lost was sent; 0: none is */
    unsigned lost;             /* in a row */
    bool told;                 /* an alarm may stand in the records */
};

struct canary_watch {
    const char *run, *archive;
    struct authority *authority;
    int64_t interval, due, alive;
    char certificate[AUTHORITY_FINGERPRINT]; /* "": none */
    char token[2 * 32 + 1], token_sha256[2 * crypto_hash_sha256_BYTES + 1], host[CANARY_HOST];
    pthread_mutex_t lock;      /* of the birds, for other threads' eyes */
    struct bird birds[INTAKE_LISTENERS_COUNT];
    unsigned count;
};

struct canary_watch *canary_watch_new(const char *run, const char *archive, int64_t interval,
                                      struct authority *authority)
{
    struct canary_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->run = run;
    watch->archive = archive;
    watch->interval = interval;
    watch->authority = authority;
    pthread_mutex_init(&watch->lock, NULL);
    return watch;
}

void canary_watch_free(struct canary_watch **watch)
{
    if (!*watch)
        return;
    pthread_mutex_destroy(&(*watch)->lock);
    free(*watch);
    *watch = NULL;
}

/* ---- its source ------------------------------------------------------------------------------ */

/* For listeners that take no sender without one; the others know the canary by its host name or token. Its
 * key stands behind it in the same file. */
static void make_certificate(struct canary_watch *watch)
{
    ARENA_AUTO arena;
    BUFFER_AUTO both;
    struct error e = ERROR_NONE;
    struct authority_certificate made;
    struct slice key = SLICE_NONE;
    arena_init(&arena, 1u << 20);
    buffer_init(&both, 65536);
    if (authority_issue(watch->authority, SLICE(CANARY_SOURCE), AUTHORITY_DAYS_MOST, &arena, &made, &key,
                        &e)) {
        buffer_add(&both, made.pem);
        buffer_add_byte(&both, '\n');
        buffer_add(&both, key);
        if (file_replace(file_join(&arena, watch->run, "canary.pem"), buffer_slice(&both), 0600, &e))
            memcpy(watch->certificate, made.sha256, sizeof watch->certificate);
        sodium_memzero((char *)(uintptr_t)key.data, key.len);
        sodium_memzero(both.data, both.len);
    }
    if (e.set)
        log_error(&e, "the canary's certificate");
}

/* New ones at each start of the hub: the canary reads them each time, the token last. */
static bool make_token(struct canary_watch *watch)
{
    ARENA_AUTO arena;
    struct error e = ERROR_NONE;
    unsigned char secret[32], digest[crypto_hash_sha256_BYTES];
    arena_init(&arena, 65536);
    if (watch->token[0])
        return true;
    make_certificate(watch);
    randombytes_buf(secret, sizeof secret);
    sodium_bin2hex(watch->token, sizeof watch->token, secret, sizeof secret);
    crypto_hash_sha256(digest, (const unsigned char *)watch->token, sizeof watch->token - 1);
    sodium_bin2hex(watch->token_sha256, sizeof watch->token_sha256, digest, sizeof digest);
    canary_host(watch->token, watch->host);
    if (file_replace(file_join(&arena, watch->run, "canary.token"), slice_of(watch->token), 0600,
                     &e))
        return true;
    log_error(&e, "the canary's token");
    watch->token[0] = '\0';
    return false;
}

bool canary_watch_source(struct canary_watch *watch, struct roster_source *source_out,
                         const char **certificate_out)
{
    if (watch->interval <= 0 || !make_token(watch))
        return false;
    *certificate_out = watch->certificate[0] ? watch->certificate : NULL;
    *source_out = (struct roster_source){
        .key = SLICE(CANARY_SOURCE), .class = SLICE(CANARY_CLASS), .kind = SLICE("syslog"),
        .network = SLICE(CANARY_ADDRESS " " CANARY_ADDRESS_6), .hostname = slice_of(watch->host),
        .token_sha256 = slice_of(watch->token_sha256),
    };
    return true;
}

/* ---- found again? ---------------------------------------------------------------------------- */

static bool on_event(void *owner, const struct search_event *found)
{
    struct canary_watch *watch = owner;
    for (unsigned i = 0; i < watch->count; i++) {
        struct bird *bird = &watch->birds[i];
        if (bird->pending &&
            slice_find(found->event.raw, slice_of(bird->nonce)) < found->event.raw.len) {
            bird->pending = false;
            bird->found = bird->sent;
        }
    }
    return true;
}

/* The same search as people's, over the machine's own events alone. */
static void search(struct canary_watch *watch, int64_t from)
{
    ARENA_AUTO arena;
    struct query *query;
    struct search_foot foot;
    struct error e = ERROR_NONE;
    struct search_options options = {
        .directory = watch->archive, .scope = { .all = true }, .own = true, .from = from,
        .source = SLICE(CANARY_SOURCE), .limit = 16 * INTAKE_LISTENERS_COUNT,
        .budget_ms = BUDGET_MS,
    };
    struct search_handlers handlers = { .owner = watch, .event = on_event };
    arena_init(&arena, 64u << 20);
    if (!query_parse(SLICE("*"), clock_now(), &arena, &query, &e) ||
        !search_run(query, &options, &handlers, &arena, &foot, &e))
        log_error(&e, "the canary cannot be looked for");
}

static void look_for_pending(struct canary_watch *watch)
{
    int64_t from = INT64_MAX;
    for (unsigned i = 0; i < watch->count; i++)
        if (watch->birds[i].pending && watch->birds[i].sent < from)
            from = watch->birds[i].sent;
    if (from != INT64_MAX)
        search(watch, from - CLOCK_SECOND);
}

/* ---- lost and found -------------------------------------------------------------------------- */

static struct slice entity_of(const struct bird *bird, struct arena *arena)
{
    return arena_print(arena, "listener=%s", bird->protocol);
}

static void tell_lost(const struct bird *bird, struct records *records)
{
    ARENA_AUTO arena;
    RECORDS_TRANSACTION t = { 0 };
    struct error e = ERROR_NONE;
    arena_init(&arena, 65536);
    struct records_alarm alarm = {
        .rule = ALARM_CANARY, .level = 3, .entity = entity_of(bird, &arena),
        .since = bird->lost_since,
        .title = arena_print(&arena, "What is sent to the listener %s is not found in the archive",
                             bird->protocol),
        .title_vi = arena_print(&arena, "Log gửi vào cổng %s không tìm lại được trong kho",
                                bird->protocol),
    };
    log_warning("the canary of %s is lost%s%s", bird->protocol, bird->fault[0] ? ": " : "",
                bird->fault);
    if (!records_begin(records, &t, &e) || !records_alarm_raise(records, &alarm, &e) ||
        !records_gap_begin(records, slice_of(bird->protocol), bird->lost_since,
                           SLICE("the canary was not found again"), &e) ||
        !records_commit(&t, &e))
        log_error(&e, "the loss of the canary could not be written down");
}

static void tell_found(const struct bird *bird, struct records *records)
{
    ARENA_AUTO arena;
    RECORDS_TRANSACTION t = { 0 };
    struct error e = ERROR_NONE;
    uint32_t closed = 0;
    arena_init(&arena, 65536);
    if (!records_begin(records, &t, &e) ||
        !records_alarm_end(records, ALARM_CANARY, entity_of(bird, &arena),
                           SLICE("đã tìm lại được trong kho (found again)"), &closed, &e) ||
        !records_gap_end(records, slice_of(bird->protocol), bird->sent, &e) ||
        !records_commit(&t, &e))
        log_error(&e, "the canary");
    if (closed)
        log_info("the canary of %s is found again", bird->protocol);
}

static int64_t lost_after(const struct canary_watch *watch)
{
    int64_t most = watch->interval / 3 * 2;
    return most < LOST_AFTER_MOST ? most : LOST_AFTER_MOST;
}

static void lose(struct bird *bird, struct records *records)
{
    bird->pending = false;
    if (bird->lost++ == 0)
        bird->lost_since = bird->sent;
    if (bird->lost != LOST_IN_A_ROW)
        return;
    bird->told = true;
    tell_lost(bird, records);
}

static void settle(struct bird *bird, int64_t now, int64_t patience, struct records *records)
{
    if (bird->pending && (bird->fault[0] || now - bird->sent > patience))
        lose(bird, records);
    if (bird->pending || bird->unreachable || bird->found != bird->sent)
        return;
    if (bird->told) /* also an alarm of a hub before us */
        tell_found(bird, records);
    bird->told = false;
    bird->lost = 0;
    bird->lost_since = 0;
}

/* ---- what was sent --------------------------------------------------------------------------- */

static void copy(char *to, size_t size, struct slice from)
{
    size_t len = from.len < size ? from.len : size - 1;
    if (len)
        memcpy(to, from.data, len);
    to[len] = '\0';
}

static struct bird *bird_of(struct canary_watch *watch, struct slice protocol)
{
    for (unsigned i = 0; i < watch->count; i++)
        if (slice_is(protocol, watch->birds[i].protocol))
            return &watch->birds[i];
    if (watch->count == INTAKE_LISTENERS_COUNT || !protocol.len)
        return NULL;
    struct bird *bird = &watch->birds[watch->count++];
    *bird = (struct bird){ .told = true };
    copy(bird->protocol, sizeof bird->protocol, protocol);
    return bird;
}

static void take_sent(struct canary_watch *watch, const struct json *row, struct records *records)
{
    struct bird *bird = bird_of(watch, json_member_text(row, "protocol"));
    struct slice nonce = json_member_text(row, "nonce");
    if (!bird || !nonce.len || slice_is(nonce, bird->nonce))
        return;
    if (bird->pending) /* the one before was never found */
        lose(bird, records);
    copy(bird->nonce, sizeof bird->nonce, nonce);
    copy(bird->fault, sizeof bird->fault, json_member_text(row, "fault"));
    copy(bird->fault_vi, sizeof bird->fault_vi, json_member_text(row, "fault_vi"));
    bird->sent = json_integer(json_member(row, "time"), 0);
    bird->unreachable = !json_boolean(json_member(row, "reachable"), true);
    bird->pending = !bird->unreachable;
}

static void read_sent(struct canary_watch *watch, struct records *records)
{
    ARENA_AUTO arena;
    struct slice text;
    struct json *json;
    arena_init(&arena, 4u << 20);
    if (!file_read(file_join(&arena, watch->run, "canary.json"), FILE_MOST, &arena, &text, NULL) ||
        !json_parse(text, &arena, &json, NULL))
        return;
    watch->alive = json_integer(json_member(json, "alive"), 0);
    const struct json *sent = json_member(json, "sent");
    for (uint32_t i = 0; sent && sent->kind == JSON_ARRAY && i < sent->count; i++)
        take_sent(watch, &sent->children[i], records);
}

void canary_watch_step(struct canary_watch *watch, struct records *records)
{
    int64_t now = clock_now(), steady = clock_steady();
    if (watch->interval <= 0 || steady < watch->due)
        return;
    watch->due = steady + LOOK_EVERY;
    pthread_mutex_lock(&watch->lock);
    look_for_pending(watch);
    read_sent(watch, records);
    for (unsigned i = 0; i < watch->count; i++)
        settle(&watch->birds[i], now, lost_after(watch), records);
    pthread_mutex_unlock(&watch->lock);
}

/* ---- shown ----------------------------------------------------------------------------------- */

static const char *state_of(const struct bird *bird)
{
    if (bird->unreachable)
        return "none";
    if (bird->lost >= LOST_IN_A_ROW)
        return "lost";
    return bird->found ? "found" : "waiting";
}

void canary_watch_listener(struct canary_watch *watch, struct slice protocol,
                           struct api_listener *listener)
{
    listener->canary = SLICE("none");
    pthread_mutex_lock(&watch->lock);
    for (unsigned i = 0; i < watch->count; i++)
        if (slice_is(protocol, watch->birds[i].protocol)) {
            listener->canary = slice_of(state_of(&watch->birds[i]));
            listener->canary_found = watch->birds[i].found;
        }
    pthread_mutex_unlock(&watch->lock);
}

bool canary_watch_check(struct canary_watch *watch, const char *language, struct arena *arena,
                        struct api_check *check_out)
{
    const struct bird *lost = NULL;
    struct error e = ERROR_NONE;
    unsigned found = 0;
    *check_out = (struct api_check){ .id = SLICE("canary"), .state = SLICE("well") };
    pthread_mutex_lock(&watch->lock);
    for (unsigned i = 0; i < watch->count; i++) {
        found += watch->birds[i].found != 0;
        if (!lost && watch->birds[i].lost >= LOST_IN_A_ROW)
            lost = &watch->birds[i];
    }
    bool late = watch->alive && clock_now() - watch->alive > 3 * watch->interval + CLOCK_MINUTE;
    if (watch->interval <= 0)
        error_set(&e, "the canary is off: nobody notices when a listener loses events");
    else if (lost)
        error_set(&e, "what is sent to the listener %s is not found in the archive", lost->protocol);
    else if (late)
        error_set(&e, "the canary has not sent for a while");
    else
        error_set(&e, "what is sent to %u listeners each time is found again in the archive", found);
    if (lost || late || watch->interval <= 0)
        check_out->state = lost ? SLICE("failed") : SLICE("warning");
    check_out->sentence = arena_copy(arena, slice_of(error_sentence(&e, language)));
    if (lost && lost->fault[0])
        check_out->hint = arena_copy(arena, slice_of(language && language[0] == 'v'
                                                         ? lost->fault_vi : lost->fault));
    pthread_mutex_unlock(&watch->lock);
    return check_out->sentence.data != NULL;
}
