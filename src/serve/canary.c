/* canary - the role that sends: a known event by every listener, every minute.
 *
 * It stands outside of the pipeline, with sockets of its own, and knows nothing but the addresses and
 * its token; what it sent stands in run/canary.json. Whether the archive holds it is the hub's to find
 * out (canary_watch.c).
 */
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

#include "process/message.h"

#include "serve/canary_send.h"
#include "serve/roles.h"

#define TOKEN_SETTLES (2 * CLOCK_SECOND) /* its roster is on the way to the pipeline */
#define LOOK_AGAIN (CLOCK_SECOND / 2)
#define NONCE_BYTES 12u
#define PEM_MOST 16384u

struct told {
    bool tried;
    int64_t sent;                  /* ns UTC */
    char nonce[2 * NONCE_BYTES + 1];
    struct error error;
};

struct canary {
    struct heritage *heritage;
    const char *addresses[INTAKE_LISTENERS_COUNT];
    const char *run;
    char token[128];
    int64_t token_since;           /* steady */
    bool tls, strangers_refused;
    int64_t interval;
    struct told told[INTAKE_LISTENERS_COUNT];
};

/* Made by the hub at its start, which may come later than we: a canary before it would be an unknown
 * sender. True when the token has stood long enough for the pipeline to know it. */
static bool read_token(struct canary *c)
{
    ARENA_AUTO arena;
    struct slice text;
    arena_init(&arena, 65536);
    if (!file_read(file_join(&arena, c->run, "canary.token"), sizeof c->token - 1, &arena, &text,
                   NULL))
        return false;
    text = slice_trim(text);
    if (!slice_is(text, c->token)) {
        memcpy(c->token, text.data, text.len);
        c->token[text.len] = '\0';
        c->token_since = clock_steady();
    }
    return c->token[0] && clock_steady() - c->token_since >= TOKEN_SETTLES;
}

static void send_one(struct canary *c, enum intake_listener listener, struct slice certificate)
{
    struct told *told = &c->told[listener];
    unsigned char random[NONCE_BYTES];
    randombytes_buf(random, sizeof random);
    *told = (struct told){ .tried = true, .sent = clock_now() };
    sodium_bin2hex(told->nonce, sizeof told->nonce, random, sizeof random);
    struct canary_letter letter = { told->nonce, c->token, certificate, c->tls, c->strangers_refused,
                                    told->sent, "" };
    canary_host(c->token, letter.host);
    canary_send(listener, c->addresses[listener], &letter, &told->error);
}

static void write_told(const struct canary *c)
{
    ARENA_AUTO arena;
    BUFFER_AUTO out;
    struct json_writer w;
    struct error e = ERROR_NONE;
    arena_init(&arena, 65536);
    buffer_init(&out, 65536);
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_integer_member(&w, "alive", clock_now());
    json_name(&w, "sent");
    json_open_array(&w);
    for (unsigned i = 0; i < INTAKE_LISTENERS_COUNT; i++) {
        const struct told *told = &c->told[i];
        if (!told->tried)
            continue;
        json_open_object(&w);
        json_text_member(&w, "protocol", slice_of(canary_protocol((enum intake_listener)i)));
        json_text_member(&w, "nonce", slice_of(told->nonce));
        json_integer_member(&w, "time", told->sent);
        json_boolean_member(&w, "reachable", told->error.kind != ERROR_INPUT);
        json_text_member(&w, "fault", slice_of(told->error.set ? told->error.sentence : ""));
        json_text_member(&w, "fault_vi",
                         slice_of(told->error.set ? error_sentence(&told->error, "vi") : ""));
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
    if (!file_replace(file_join(&arena, c->run, "canary.json"), buffer_slice(&out), 0600, &e))
        log_error(&e, "the canary's note");
}

static void send_all(struct canary *c)
{
    ARENA_AUTO arena;
    struct slice certificate = SLICE_NONE;
    arena_init(&arena, 65536);
    if (!file_read(file_join(&arena, c->run, "canary.pem"), PEM_MOST, &arena, &certificate, NULL))
        certificate = SLICE("");
    for (unsigned i = 0; i < INTAKE_LISTENERS_COUNT; i++)
        if (c->addresses[i][0])
            send_one(c, (enum intake_listener)i, certificate);
    write_told(c);
}

/* False when it is over. */
static bool wait_until(const struct canary *c, int signals, int64_t due)
{
    struct pollfd polled[] = { { .fd = signals, .events = POLLIN },
                               { .fd = c->heritage->channel, .events = POLLIN } };
    for (int64_t now; (now = clock_steady()) < due;) {
        bool supervisor_gone, ending = false;
        poll(polled, 2, (int)((due - now) / 1000000) + 1);
        message_nudges(c->heritage->channel, &supervisor_gone);
        for (int number; (number = skeleton_signal(signals));)
            ending |= number == SIGTERM;
        if (ending || supervisor_gone)
            return false;
    }
    return true;
}

int canary_run(struct heritage *heritage)
{
#define ADDRESS(id, name, kind, standard, help) heritage_text(heritage, name),
    struct canary c = {
        .heritage = heritage, .addresses = { INTAKE_LISTENERS(ADDRESS) },
        .run = heritage_text(heritage, "run"),
        .tls = heritage_text_if(heritage, "certificate")[0] != '\0',
        .strangers_refused = heritage_text_if(heritage, "clients")[0] != '\0',
        .interval = strtoll(heritage_text(heritage, "canary_seconds"), NULL, 10) * CLOCK_SECOND,
    };
    int signals = skeleton_signals();
    int64_t due = clock_steady();
    if (signals < 0 || sodium_init() < 0 || c.interval <= 0)
        return 3;
    while (wait_until(&c, signals, due)) {
        if (!read_token(&c)) {
            due = clock_steady() + LOOK_AGAIN;
            continue;
        }
        send_all(&c);
        due += c.interval;
    }
    return 0;
}
