/* auditd records of one event meet the rules as one, in a batch and from batch to batch. */
#include "base/clock.h"
#include "detect/detector.h"
#include "event/json_event.h"
#include "harness.h"

static const char *const rules =
    "title: reads the shadow file\nid: r1\nlogsource: {product: linux, service: auditd}\n"
    "detection:\n  run:\n    type: EXECVE\n    a1: /etc/shadow\n  watched:\n    type: SYSCALL\n"
    "    key: shadow\n  condition: run and watched\n---\n"
    "title: starts cat\nid: r2\nlogsource: {product: linux, service: auditd}\n"
    "detection:\n  run:\n    type: EXECVE\n    a0: cat\n  condition: run\n";

#define RECORD(type, id, more) \
    "{\"type\":\"" type "\",\"audit_time\":\"1.5\",\"audit_id\":\"" id "\"" more "}"
#define SYSCALL RECORD("SYSCALL", "7", ",\"key\":\"shadow\"")
#define EXECVE RECORD("EXECVE", "7", ",\"a0\":\"cat\",\"a1\":\"/etc/shadow\"")
#define FOREIGN RECORD("EXECVE", "8", ",\"a0\":\"ls\",\"a1\":\"/etc/shadow\"")
#define EOE RECORD("EOE", "7", "")

struct wire { struct ruleset *ruleset; struct detector *detector; unsigned r1, r2, event; };

static void send(struct wire *w, const char *const *records, unsigned count, const char *source)
{
    struct batch *batch = batch_new("standard", 0);
    struct error e = ERROR_NONE;
    for (unsigned i = 0; i < count; i++) {
        struct event *event = batch_add(batch);
        event->raw = slice_of(records[i]);
        event->time = 1000 * CLOCK_SECOND;
        event->decoder = SLICE("auditd");
        event->source = slice_of(source);
        event->logsource.product = SLICE("linux");
        event->logsource.service = SLICE("auditd");
        CHECK(json_event_decode(event->raw, &batch->arena, &event->fields, &event->field_count, &e));
    }
    CHECK(detector_batch(w->detector, batch, &e));
    for (uint32_t i = 0; i < batch->alert_count; i++) {
        bool first = slice_is(batch->alerts[i].rule, "r1");
        w->r1 += first;
        w->r2 += !first;
        w->event = first ? batch->alerts[i].event : w->event;
    }
    batch_free(&batch);
}

static struct wire begin(void)
{
    struct wire w = { .ruleset = compile_text(rules, NULL, NULL) };
    CHECK(w.ruleset != NULL);
    w.detector = detector_new(w.ruleset);
    return w;
}

static void end(struct wire *w)
{
    detector_free(&w->detector);
    ruleset_free(&w->ruleset);
}

TEST("records of one audit event, with a foreign one between, raise what no single record would")
{
    struct wire w = begin();
    send(&w, (const char *const[]){ FOREIGN, SYSCALL, FOREIGN, EXECVE, EOE }, 5, "s1");
    CHECK_INT(w.r1, 1);
    CHECK_INT(w.r2, 1);
    CHECK_INT(w.event, 1); /* the event's first record */
    end(&w);
}

TEST("an audit event that goes on in the next batch is looked at as a whole, its news only once")
{
    struct wire w = begin();
    send(&w, (const char *const[]){ FOREIGN, EXECVE }, 2, "s1");
    CHECK_INT(w.r1, 0);
    CHECK_INT(w.r2, 1); /* at once: nothing waits */
    send(&w, (const char *const[]){ SYSCALL, EOE }, 2, "s1");
    CHECK_INT(w.r1, 1);
    CHECK_INT(w.r2, 1);
    send(&w, (const char *const[]){ SYSCALL }, 1, "s1"); /* after its end: another event */
    CHECK_INT(w.r1, 1);
    end(&w);
}

TEST("the same serial of another source is another event")
{
    struct wire w = begin();
    send(&w, (const char *const[]){ EXECVE }, 1, "s1");
    send(&w, (const char *const[]){ SYSCALL }, 1, "s2");
    CHECK_INT(w.r1, 0);
    end(&w);
}
