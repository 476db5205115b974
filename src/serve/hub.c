/* hub - the role that faces the people: records, plan, API, control; publishes the roster.
 *
 * The main thread folds what the pipeline has stored into the records, writes down our own gaps and
 * publishes the roster when it changed. The API and the control socket have threads of their own,
 * each with its own connection to the records.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include "process/message.h"

#include "event/roster.h"
#include "records/gap.h"
#include "records/indicator.h"
#include "records/records.h"

#include "exchange/indicator_publish.h"
#include "exchange/roster.h"
#include "plan/plan.h"

#include "api/api.h"

#include "serve/canary_watch.h"
#include "serve/damage_watch.h"
#include "serve/control.h"
#include "serve/duties.h"
#include "serve/enrolment.h"
#include "serve/first_start.h"
#include "serve/fold.h"
#include "serve/machine.h"
#include "serve/pem.h"
#include "serve/roles.h"
#include "serve/search_client.h"
#include "serve/signer.h"

/* As supervisor.c hands them over. */
#define LISTENER_ADDRESS(id, name, kind, standard, help) heritage_text(heritage, "listen." name),
#define LISTENER_ADDRESSES INTAKE_LISTENERS(LISTENER_ADDRESS)

#define LAST_FOLD (5 * CLOCK_SECOND)
#define LOOK_EVERY_MS 1000
#define MILLISECOND INT64_C(1000000)
#define FOLD_EVERY (250 * MILLISECOND) /* under load many batches are folded at once */
#define CERTIFICATE_EVERY CLOCK_HOUR    /* looked at, not made */
#define GAP_LEAST (15 * CLOCK_SECOND)   /* shorter silences of the pipeline are restarts */

struct hub {
    struct heritage *heritage;
    struct records *records;
    struct plan *plan;
    struct fold *fold;
    struct api *api;
    struct control *control;
    struct office *office;          /* where senders are enrolled */
    int64_t certificate_due;        /* to be looked at; steady clock */
    struct machine machine;
    int nudges;
    int wake;                       /* eventfd: something was changed by people */
    uint64_t generation;            /* of the roster published last */
    uint64_t indicators;            /* the records' generation of the table published last; … */
    bool indicators_published;      /* … when there was one */
    struct machine_pulse pulse;
    struct duties duties;
    struct canary_watch *canary;
    struct damage_watch *damage;
    struct signer *signer;
    bool stored;                    /* the pipeline said so, and it is not folded yet */
    int64_t fold_at;                /* steady clock; not before */
    struct error unfolded;          /* why the last step of the fold failed; not set: it did not */
};

/* Any thread. */
static void changed(void *owner)
{
    struct hub *hub = owner;
    uint64_t one = 1;
    ssize_t written = write(hub->wake, &one, sizeof one);
    (void)written; /* full: it is awake anyway */
}

/* ---- roster ------------------------------------------------------------------------------------ */

static void publish_roster(struct hub *hub)
{
    struct roster *roster = NULL;
    struct error e = ERROR_NONE;
    const char *path = heritage_text(hub->heritage, "roster");
    struct roster_source canary, *own = NULL;
    const char *certificate = NULL;
    if (canary_watch_source(hub->canary, &canary, &certificate))
        own = &canary;
    if (!first_start_tokens(hub->records, heritage_text(hub->heritage, "tokens"), &e) ||
        !roster_from_records(hub->records, own, certificate, &roster, &e)) {
        log_error(&e, "the roster cannot be made");
        return;
    }
    if (roster->generation != hub->generation || access(path, F_OK) != 0) {
        if (roster_save(roster, path, &e)) {
            hub->generation = roster->generation;
            message_nudge(hub->nudges, NUDGE_ROSTER);
        } else {
            log_error(&e, "the roster cannot be published");
        }
    }
    roster_free(&roster);
}

static void publish_indicators(struct hub *hub)
{
    struct error e = ERROR_NONE;
    uint64_t generation;
    bool fresh = false;
    if (!records_indicator_generation(hub->records, &generation, &e)) {
        log_error(&e, "the indicators cannot be published");
        return;
    }
    if (hub->indicators_published && generation == hub->indicators)
        return;
    if (!indicator_publish(hub->records, heritage_text(hub->heritage, "indicators"),
                           heritage_text(hub->heritage, "indicator_table"), &fresh, &e)) {
        log_error(&e, "the indicators cannot be published: those of before hold");
        return;
    }
    hub->indicators = generation;
    hub->indicators_published = true;
    if (fresh)
        message_nudge(hub->nudges, NUDGE_INDICATORS);
}

static void publish(struct hub *hub)
{
    publish_roster(hub);
    publish_indicators(hub);
}

/* ---- our own gaps ------------------------------------------------------------------------------- */

static void add_gap(struct hub *hub, int64_t from, int64_t to, const char *reason)
{
    ARENA_AUTO arena;
    struct records_gap *gaps;
    uint32_t count;
    struct error e = ERROR_NONE;
    arena_init(&arena, 4u << 20);
    if (!records_gap_list(hub->records, from, to, &arena, &gaps, &count, &e))
        log_error(&e, "gaps");
    for (uint32_t i = 0; !e.set && i < count; i++)
        if (gaps[i].began_at <= from && gaps[i].ended_at >= to)
            return; /* written down before the hub itself was started anew */
    if (!e.set && !records_gap_add(hub->records, SLICE(""), from, to, slice_of(reason), &e))
        log_error(&e, "a gap of the collector could not be written down");
}

static void watch_pulse(struct hub *hub)
{
    struct machine_pulse now = machine_pulse(heritage_text(hub->heritage, "run"));
    struct machine_pulse last = hub->pulse;
    if (!now.alive)
        return;
    if (now.started != last.started && now.before && now.started - now.before > GAP_LEAST)
        add_gap(hub, now.before, now.started, "the collector did not run");
    else if (now.started == last.started && now.alive - last.alive > GAP_LEAST)
        add_gap(hub, last.alive, now.alive, "the collector stood still");
    hub->pulse = now;
}

/* ---- the loop ------------------------------------------------------------------------------------ */

/* One step; whether there is more. */
static bool fold(struct hub *hub)
{
    struct error e = ERROR_NONE;
    unsigned alerts;
    bool more;
    bool done = fold_step(hub->fold, &alerts, &more, &e);
    if (!done && strcmp(e.sentence, hub->unfolded.sentence) != 0) /* it is tried again at each step */
        log_error(&e, "what the archive holds is not yet in the records");
    hub->unfolded = e;
    if (alerts)
        log_info("%u new alerts", alerts);
    return more;
}

/* The listeners' own certificate, where none is configured: made, and made anew in time. */
static bool serve_certificate(struct hub *hub, struct error *e)
{
    bool replaced;
    if (!authority_serve(office_authority(hub->office), heritage_text(hub->heritage, "tls"),
                         heritage_text(hub->heritage, "names"), &replaced, e))
        return false;
    if (replaced)
        message_nudge(hub->nudges, NUDGE_TLS);
    return true;
}

/* Ours and the senders'. */
static void watch_certificates(struct hub *hub)
{
    struct error e = ERROR_NONE;
    if (clock_steady() < hub->certificate_due)
        return;
    hub->certificate_due = clock_steady() + CERTIFICATE_EVERY;
    if (!serve_certificate(hub, &e))
        log_error(&e, "the listeners' certificate");
    error_clear(&e);
    if (!records_certificate_watch(hub->records, clock_now(), NULL, &e))
        log_error(&e, "senders' certificates");
}

static bool start_office(struct hub *hub, struct error *e)
{
    const struct heritage *h = hub->heritage;
    struct enrolment_places places = {
        .secrets = heritage_text(h, "secrets"),
        .templates = heritage_text(h, "enrol_templates"),
        .trust = heritage_text_if(h, "enrol_trust"),
        .console_url = heritage_text_if(h, "enrol_console"),
        .names = heritage_text(h, "names"),
        .certificate = heritage_text_if(h, "certificate"),
        .syslog_tls = heritage_text_if(h, "syslog_tls_address"),
        .https = heritage_text_if(h, "https_address"),
        .console = heritage_text_if(h, "console_address"),
    };
    return enrolment_open(&places, h->arena, &hub->office, e) && serve_certificate(hub, e);
}

/* Milliseconds until something is to be done though nothing happens. */
static int pause_of(const struct hub *hub, bool more)
{
    int64_t left = hub->fold_at - clock_steady();
    return more ? 0 : !hub->stored ? LOOK_EVERY_MS : left > 0 ? (int)(left / MILLISECOND) + 1 : 0;
}

static bool wait_once(struct hub *hub, int signals, int patience)
{
    struct pollfd polled[] = { { .fd = signals, .events = POLLIN },
                               { .fd = hub->nudges, .events = POLLIN },
                               { .fd = hub->heritage->channel, .events = POLLIN },
                               { .fd = hub->wake, .events = POLLIN } };
    bool closed, supervisor_gone, ending = false;
    uint64_t times;
    poll(polled, 4, patience);
    uint32_t letters = message_nudges(hub->nudges, &closed);
    message_nudges(hub->heritage->channel, &supervisor_gone);
    if (letters >> (NUDGE_STORED - 'a') & 1) {
        api_stored(hub->api);
        hub->stored = true;
    }
    if (read(hub->wake, &times, sizeof times) == (ssize_t)sizeof times)
        publish(hub);
    for (int number; (number = skeleton_signal(signals));)
        ending |= number == SIGTERM;
    return !ending && !supervisor_gone;
}

/* ---- start --------------------------------------------------------------------------------------- */

static bool start_api(struct hub *hub, struct error *e)
{
    struct heritage *h = hub->heritage;
    const char *certificate, *key;
    if (!pem_read(h, "certificate", &certificate, e) || !pem_read(h, "key", &key, e))
        return false;
    struct api_options options = {
        .listen_fd = heritage_descriptor(h, "console"),
        .records = heritage_text(h, "records"),
        .plan = hub->plan,
        .rules = { heritage_text(h, "rules") },
        .catalogue = heritage_text(h, "catalogue"),
        .archive = heritage_text(h, "archive"),
        .heads = heritage_text(h, "heads"),
        .archive_key = file_join(h->arena, heritage_text(h, "secrets"), "archive.key"),
        .search = { (void *)heritage_text(h, "reader"), search_client_run },
        .machine = { &hub->machine, machine_look },
        .changed = changed,
        .changed_owner = hub,
        .office = hub->office,
        .language = heritage_text(h, "language"),
        .syslog_address = heritage_text_if(h, "syslog_address"),
        .http_address = heritage_text_if(h, "http_address"),
        .cookie_secure = heritage_text_if(h, "cookie_secure")[0] || certificate,
        .idle_seconds = (unsigned)strtoul(heritage_text(h, "idle_seconds"), NULL, 10),
        .tls_certificate = certificate,
        .tls_key = key,
    };
    return api_start(&options, &hub->api, e);
}

static void load_plan(struct hub *hub)
{
    struct error e = ERROR_NONE;
    if (!plan_load(heritage_text(hub->heritage, "plan"), heritage_text(hub->heritage, "regimes"),
                   &hub->plan, &e))
        log_error(&e, "the plan cannot be read: its pages stay closed");
}

/* How long events are kept is the regime's: the plan's, or the one that holds where there is no plan. */
static void find_regime(struct hub *hub)
{
    struct error e = ERROR_NONE;
    const struct heritage *h = hub->heritage;
    hub->duties.plan = hub->plan;
    if (hub->plan)
        hub->duties.keeper.regime = hub->plan->regime;
    else if (!keeper_regime(heritage_text(h, "regimes"), clock_now(), h->arena,
                            &hub->duties.keeper.regime, &e))
        log_error(&e, "nothing is deleted, however short the disk");
}

static bool start(struct hub *hub, struct error *e)
{
    struct heritage *h = hub->heritage;
    hub->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (hub->wake < 0 ||
        !records_open(heritage_text(h, "records"), RECORDS_WRITE, &hub->records, e) ||
        !first_start(hub->records, heritage_text_if(h, "import"), heritage_text(h, "secrets"), e))
        return false;
    hub->duties = (struct duties){
        .records = hub->records,
        .records_path = heritage_text(h, "records"),
        .skew_most = strtoll(heritage_text(h, "skew_seconds"), NULL, 10) * CLOCK_SECOND,
        .keeper = { hub->records, NULL, heritage_text(h, "archive"),
                    strtoll(heritage_text(h, "keep_days"), NULL, 10),
                    strtoull(heritage_text(h, "reserve"), NULL, 10) },
        .orders = file_join(h->arena, heritage_text(h, "roster_folder"), KEEPER_ORDERS),
        .nudges = hub->nudges,
    };
    if (!start_office(hub, e))
        return false;
    hub->canary = canary_watch_new(
        heritage_text(h, "run"), heritage_text(h, "archive"),
        strtoll(heritage_text(h, "canary_seconds"), NULL, 10) * CLOCK_SECOND,
        office_authority(hub->office));
    hub->damage = damage_watch_new(heritage_text(h, "archive"));
    hub->machine.canary = hub->canary;
    hub->machine.damage = hub->damage;
    if (!hub->canary || !hub->damage)
        return error_set(e, "not enough memory to start");
    publish(hub);
    load_plan(hub);
    find_regime(hub);
    return fold_open(heritage_text(h, "archive"), hub->records, &hub->fold, e) &&
           signer_start(heritage_text(h, "archive"), heritage_text(h, "heads"),
                        file_join(h->arena, heritage_text(h, "secrets"), "archive.key"),
                        &hub->signer, e) &&
           control_start(heritage_descriptor(h, "control"), heritage_text(h, "records"), hub->office,
                         changed, hub, &hub->control, e) &&
           start_api(hub, e);
}

static void stop(struct hub *hub)
{
    api_stop(&hub->api);
    signer_stop(&hub->signer);
    control_stop(&hub->control);
    /* What the pipeline stored at its end; when it goes on, the next hub goes on too. */
    int64_t until = clock_steady() + LAST_FOLD;
    while (hub->fold && fold(hub) && clock_steady() < until)
        ;
    fold_close(&hub->fold);
    office_close(&hub->office);
    canary_watch_free(&hub->canary);
    damage_watch_free(&hub->damage);
    if (hub->records)
        duties_end(&hub->duties);
    plan_free(&hub->plan);
    records_close(&hub->records);
    if (hub->wake >= 0)
        close(hub->wake);
}

int hub_run(struct heritage *heritage)
{
    struct hub hub = { .heritage = heritage, .nudges = heritage_descriptor(heritage, "nudges"),
                       .wake = -1,
                       .machine = { heritage_text(heritage, "run"), heritage_text(heritage, "cache"),
                                    heritage_text(heritage, "archive"),
                                    { LISTENER_ADDRESSES }, clock_now(),
                                    holdings_new() } };
    struct error e = ERROR_NONE;
    int signals = skeleton_signals();
    bool ok = signals >= 0 && start(&hub, &e);
    if (!ok)
        log_error(&e, "the hub cannot start");
    else
        log_info("ready");
    for (bool more = true; ok && wait_once(&hub, signals, pause_of(&hub, more));) {
        if (hub.stored && !more && clock_steady() < hub.fold_at)
            continue;
        hub.stored = false;
        more = fold(&hub);
        hub.fold_at = clock_steady() + FOLD_EVERY;
        watch_pulse(&hub);
        hub.duties.listening = clock_now() - hub.pulse.alive < GAP_LEAST;
        duties_step(&hub.duties);
        watch_certificates(&hub);
        canary_watch_step(hub.canary, hub.records);
        damage_watch_step(hub.damage, hub.records);
    }
    stop(&hub);
    holdings_free(&hub.machine.holdings);
    return ok ? 0 : 3;
}
