#include "relay/forward.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "event/roster.h"

#define CONNECT_SECONDS 15L
#define REQUEST_SECONDS 120L
#define PAUSE_LEAST CLOCK_SECOND
#define PAUSE_MOST (30 * CLOCK_SECOND)
#define ROSTER_EVERY (30 * CLOCK_SECOND)
#define ANSWER_MOST (64u * 1024)
#define URL_MOST 600
#define WHY_TEXT 200

struct forward {
    struct forward_options options;
    CURL *curl;
    pthread_t thread;
    char fault[CURL_ERROR_SIZE];
    struct buffer answer;
    struct buffer roster;        /* the last one */
    int64_t roster_due, pause;
    struct spool_piece ended;    /* acknowledged or refused, and not yet gone from the spool; count 0: none */
    bool refused;
    char why_refused[WHY_TEXT];
    pthread_mutex_t lock;        /* of what follows */
    pthread_cond_t woken;
    bool stopping, wake;
    struct forward_figures figures;
};

/* ---- one request ----------------------------------------------------------------------------- */

static size_t take_answer(char *bytes, size_t one, size_t count, void *owner)
{
    struct buffer *answer = owner;
    (void)one;
    buffer_add(answer, slice_from(bytes, count));
    return answer->failed ? 0 : count;
}

static bool stopping(struct forward *f)
{
    pthread_mutex_lock(&f->lock);
    bool yes = f->stopping;
    pthread_mutex_unlock(&f->lock);
    return yes;
}

/* Nobody waits for a hub that does not answer when the relay is to end: it is sent again. */
static int give_up(void *owner, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return stopping(owner);
}

static void set_up(struct forward *f, struct buffer *answer)
{
    curl_easy_setopt(f->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(f->curl, CURLOPT_XFERINFOFUNCTION, give_up);
    curl_easy_setopt(f->curl, CURLOPT_XFERINFODATA, f);
    curl_easy_setopt(f->curl, CURLOPT_ERRORBUFFER, f->fault);
    curl_easy_setopt(f->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(f->curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(f->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(f->curl, CURLOPT_CAINFO, f->options.authority);
    curl_easy_setopt(f->curl, CURLOPT_SSLCERT, f->options.certificate);
    curl_easy_setopt(f->curl, CURLOPT_SSLKEY, f->options.key);
    curl_easy_setopt(f->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(f->curl, CURLOPT_TIMEOUT, REQUEST_SECONDS);
    curl_easy_setopt(f->curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(f->curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(f->curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(f->curl, CURLOPT_USERAGENT, "haidang-relay");
}

/* The status, 0 when there was no answer (f->fault says why). body NULL: GET. */
static long ask(struct forward *f, const char *path, const struct spool_piece *piece,
                struct buffer *answer)
{
    char url[URL_MOST], line[128];
    struct curl_slist *headers = NULL;
    long status = 0;
    buffer_clear(answer);
    f->fault[0] = '\0';
    curl_easy_reset(f->curl); /* connections stay */
    set_up(f, answer);
    snprintf(url, sizeof url, "%s%s", f->options.hub, path);
    curl_easy_setopt(f->curl, CURLOPT_URL, url);
    if (piece) {
        snprintf(line, sizeof line, "X-Relay-Stream: %s", spool_stream(f->options.spool));
        headers = curl_slist_append(headers, line);
        snprintf(line, sizeof line, "X-Relay-Place: %llu", (unsigned long long)piece->place);
        headers = curl_slist_append(headers, line);
        headers = curl_slist_append(headers, "Content-Type: application/octet-stream");
        headers = curl_slist_append(headers, "Content-Encoding: zstd");
        headers = curl_slist_append(headers, "Expect:");
        curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(f->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)piece->body.len);
        curl_easy_setopt(f->curl, CURLOPT_POSTFIELDS, piece->body.data);
    }
    CURLcode code = curl_easy_perform(f->curl);
    if (code == CURLE_OK)
        curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
    else if (!f->fault[0])
        snprintf(f->fault, sizeof f->fault, "%s", curl_easy_strerror(code));
    curl_slist_free_all(headers);
    return status;
}

/* ---- what came of it ------------------------------------------------------------------------- */

/* The hub's own sentence, or what it is that has no answer. */
static void say_why(struct forward *f, long status, const struct buffer *answer, char *why,
                    size_t size)
{
    ARENA_AUTO arena;
    struct json *json;
    arena_init(&arena, 1u << 20);
    if (!status)
        snprintf(why, size, "%.199s", f->fault);
    else if (json_parse(buffer_slice(answer), &arena, &json, NULL))
        snprintf(why, size, "%ld %.*s", status, SLICE_ARGS(json_member_text(json, "error")));
    else
        snprintf(why, size, "%ld", status);
}

/* Told once when it begins and once when it ends. */
static void link_is(struct forward *f, bool up, const char *why)
{
    pthread_mutex_lock(&f->lock);
    bool told = f->figures.up == up && strcmp(f->figures.why, why) == 0;
    f->figures.up = up;
    snprintf(f->figures.why, sizeof f->figures.why, "%s", why);
    pthread_mutex_unlock(&f->lock);
    if (!told && up)
        log_info("the hub answers");
    else if (!told)
        log_warning("the hub takes nothing now, events wait on disk: %s", why);
}

/* `early`: something new in the spool ends the wait. */
static void rest(struct forward *f, int64_t ns, bool early)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t at = until.tv_sec * CLOCK_SECOND + until.tv_nsec + ns;
    until = (struct timespec){ at / CLOCK_SECOND, at % CLOCK_SECOND };
    pthread_mutex_lock(&f->lock);
    while (!f->stopping && !(early && f->wake) &&
           pthread_cond_timedwait(&f->woken, &f->lock, &until) != ETIMEDOUT)
        ;
    f->wake = false;
    pthread_mutex_unlock(&f->lock);
}

static void count_sent(struct forward *f, uint64_t records)
{
    pthread_mutex_lock(&f->lock);
    f->figures.sent += records;
    f->figures.last = clock_now();
    pthread_mutex_unlock(&f->lock);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void look_at_roster(struct forward *f)
{
    BUFFER_AUTO text;
    char why[WHY_TEXT];
    buffer_init(&text, ROSTER_BYTES_MOST);
    if (clock_steady() < f->roster_due)
        return;
    long status = ask(f, "/relay/roster", NULL, &text);
    f->roster_due = clock_steady() + (status == 200 ? ROSTER_EVERY : 2 * CLOCK_SECOND);
    if (status != 200) {
        say_why(f, status, &text, why, sizeof why);
        link_is(f, false, why);
        return;
    }
    link_is(f, true, "");
    if (slice_equal(buffer_slice(&text), buffer_slice(&f->roster)))
        return;
    buffer_clear(&f->roster);
    buffer_add(&f->roster, buffer_slice(&text));
    f->options.roster(f->options.owner, buffer_slice(&text));
}

static void pause_more(struct forward *f)
{
    f->pause = f->pause ? f->pause * 2 : PAUSE_LEAST;
    if (f->pause > PAUSE_MOST)
        f->pause = PAUSE_MOST;
    rest(f, f->pause, false);
}

/* The piece in hand has ended: it is gone from the spool, or will be, and is not sent again. */
static void end_piece(struct forward *f)
{
    struct error e = ERROR_NONE;
    bool gone = f->refused ? spool_set_aside(f->options.spool, &f->ended, f->why_refused, &e)
                           : spool_drop(f->options.spool, &f->ended, &e);
    if (!gone) {
        log_error(&e, "the relay's buffer cannot be written");
        pause_more(f);
        return;
    }
    f->ended.count = 0;
    f->pause = 0;
}

/* True: something was done, go on at once. */
static bool send_one(struct forward *f, struct arena *arena)
{
    struct spool_piece piece;
    struct error e = ERROR_NONE;
    char why[WHY_TEXT];
    if (f->ended.count) {
        end_piece(f);
        return true;
    }
    if (!spool_take(f->options.spool, arena, &piece, &e)) {
        log_error(&e, "the relay's buffer cannot be read");
        rest(f, PAUSE_MOST, false);
        return true;
    }
    if (!piece.count)
        return false;
    long status = ask(f, "/relay/records", &piece, &f->answer);
    say_why(f, status, &f->answer, why, sizeof why);
    f->refused = status == 400 || status == 413; /* it will never be taken: others must not wait for it */
    if (status == 200) {
        count_sent(f, piece.count);
        link_is(f, true, "");
    } else if (f->refused) {
        log_failure("the hub will not take %u records (%s): they are set aside", piece.count, why);
        memcpy(f->why_refused, why, sizeof why);
    } else {
        link_is(f, false, why);
        pause_more(f);
        return true;
    }
    f->ended = piece;
    end_piece(f);
    return true;
}

static void *forward_run(void *owner)
{
    struct forward *f = owner;
    struct arena arena;
    arena_init(&arena, ARENA_NO_CEILING);
    while (!stopping(f)) {
        look_at_roster(f);
        if (!stopping(f) && !send_one(f, &arena))
            rest(f, CLOCK_SECOND, true);
        arena_clear(&arena);
    }
    arena_free(&arena);
    return NULL;
}

/* ---- start and stop -------------------------------------------------------------------------- */

static void forward_free(struct forward *f)
{
    if (f->curl)
        curl_easy_cleanup(f->curl);
    buffer_free(&f->answer);
    buffer_free(&f->roster);
    pthread_cond_destroy(&f->woken);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

bool forward_start(const struct forward_options *options, struct forward **forward_out,
                   struct error *e)
{
    struct forward *f = calloc(1, sizeof *f);
    pthread_condattr_t steady;
    *forward_out = NULL;
    if (!f)
        return error_set(e, "not enough memory to start");
    f->options = *options;
    buffer_init(&f->answer, ANSWER_MOST);
    buffer_init(&f->roster, ROSTER_BYTES_MOST);
    pthread_mutex_init(&f->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&f->woken, &steady);
    pthread_condattr_destroy(&steady);
    f->curl = curl_global_init(CURL_GLOBAL_DEFAULT) == 0 ? curl_easy_init() : NULL;
    if (!f->curl || pthread_create(&f->thread, NULL, forward_run, f) != 0) {
        forward_free(f);
        return error_set(e, "the relay's link cannot be started");
    }
    *forward_out = f;
    return true;
}

void forward_wake(struct forward *f)
{
    pthread_mutex_lock(&f->lock);
    f->wake = true;
    pthread_cond_signal(&f->woken);
    pthread_mutex_unlock(&f->lock);
}

void forward_stop(struct forward **forward)
{
    struct forward *f = *forward;
    *forward = NULL;
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_cond_signal(&f->woken);
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->thread, NULL);
    forward_free(f);
}

void forward_figures(struct forward *f, struct forward_figures *out)
{
    pthread_mutex_lock(&f->lock);
    *out = f->figures;
    pthread_mutex_unlock(&f->lock);
}
