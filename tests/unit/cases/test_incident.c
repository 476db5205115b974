#include "../records/fixture.h"
#include "cases/incident.h"
#include "cases/triage.h"
#include "records/audit.h"
#include "records/notice.h"
#include "records/user.h"

static const struct regime_clock five_days = { .regime = { "vn-2019", 7 },
                                               .span = 5 * CLOCK_DAY };
static const struct actor lead = { .user = { "lead", 4 }, .role = ROLE_LEAD };
static const struct actor an = { .user = { "an", 2 }, .role = ROLE_AGENCY,
                                 .agency = { "so-a", 4 } };
static const struct actor binh = { .user = { "binh", 4 }, .role = ROLE_AGENCY,
                                   .agency = { "so-b", 4 } };

static int64_t open_one(struct records *records)
{
    struct error e = ERROR_NONE;
    int64_t id = 0;
    struct incident_opening opening = { .title = SLICE("Password guessing"), .severity = 3,
        .agency = SLICE("so-a"), .system = SLICE("so-a.cong"), .detected_at = NOON };
    CHECK(incident_open(records, &lead, &opening, &five_days, &id, &e));
    return id;
}

static struct records_incident get(struct records *records, int64_t id, struct arena *arena)
{
    struct records_incident incident = { 0 };
    CHECK(records_incident_get(records, &RECORDS_SCOPE_ALL, id, arena, &incident, NULL));
    return incident;
}

/* The way to each state. */
static const enum incident_move ways[INCIDENT_STATES][6] = {
    [INCIDENT_NEW] = { INCIDENT_MOVES },
    [INCIDENT_CONFIRMED] = { MOVE_CONFIRM, INCIDENT_MOVES },
    [INCIDENT_CONTAINED] = { MOVE_CONFIRM, MOVE_CONTAIN, INCIDENT_MOVES },
    [INCIDENT_ERADICATED] = { MOVE_CONFIRM, MOVE_CONTAIN, MOVE_ERADICATE, INCIDENT_MOVES },
    [INCIDENT_RECOVERED] = { MOVE_CONFIRM, MOVE_CONTAIN, MOVE_ERADICATE, MOVE_RECOVER,
                             INCIDENT_MOVES },
    [INCIDENT_CLOSED] = { MOVE_CONFIRM, MOVE_CONTAIN, MOVE_ERADICATE, MOVE_RECOVER, MOVE_CLOSE,
                          INCIDENT_MOVES },
    [INCIDENT_REJECTED] = { MOVE_REJECT, INCIDENT_MOVES },
};

/* What each move leads to, written down a second time: '.' refused, else the state's letter
 * New Confirmed Ktained Eradicated Recovered Zlosed reJected. Columns: enum incident_move. */
static const char *const expected[INCIDENT_STATES] = {
    [INCIDENT_NEW] = "C....J.NNN",       [INCIDENT_CONFIRMED] = ".K...J.CCC",
    [INCIDENT_CONTAINED] = "..E....KKK", [INCIDENT_ERADICATED] = "...R...EEE",
    [INCIDENT_RECOVERED] = "....Z..RRR", [INCIDENT_CLOSED] = "......CZ..",
    [INCIDENT_REJECTED] = "......C...",
};

static const char letters[] = "NCKERZJ";
static const char *const names[] = { "new",       "confirmed", "contained", "eradicated",
                                     "recovered", "closed",    "rejected" };

TEST("every move from every state does what the table says, or is refused with a sentence") {
    struct records *records = fixture();
    clock_set(NOON + CLOCK_HOUR);
    for (int from = 0; from < INCIDENT_STATES; from++)
        for (int move = 0; move < INCIDENT_MOVES; move++) {
            struct arena arena;
            arena_init(&arena, 0);
            int64_t id = open_one(records);
            struct error e = ERROR_NONE;
            struct incident_request request = { .note = SLICE("because"), .severity = 4 };
            for (const enum incident_move *way = ways[from]; *way != INCIDENT_MOVES; way++) {
                request.move = *way;
                CHECK(incident_move(records, &lead, id, &request, &e));
            }
            struct records_incident before = get(records, id, &arena);
            CHECK_SLICE(before.state, names[from]);
            request.move = (enum incident_move)move;
            bool may = expected[from][move] != '.';
            CHECK_INT((incident_moves_open(&before, &lead) >> move) & 1, may);
            CHECK_INT(incident_move(records, &lead, id, &request, &e), may);
            struct records_incident after = get(records, id, &arena);
            if (may) {
                int to = (int)(strchr(letters, expected[from][move]) - letters);
                CHECK_SLICE(after.state, names[to]);
                CHECK_INT(after.version, before.version + 1);
            } else {
                CHECK_INT(e.kind, ERROR_CONFLICT);
                CHECK_ERROR(e, "cannot take the move");
                CHECK_INT(after.version, before.version);
            }
            arena_free(&arena);
        }
    struct error e = ERROR_NONE;
    CHECK(records_audit_verify(records, NULL, &e));
    records_close(&records);
}

TEST("an agency carries its own case but does not end it, and never sees another's") {
    struct records *records = fixture();
    struct arena arena;
    arena_init(&arena, 0);
    clock_set(NOON + CLOCK_HOUR);
    int64_t id = open_one(records);
    struct incident_request request = { .move = MOVE_CONFIRM };
    struct error e = ERROR_NONE;
    CHECK(!incident_move(records, &binh, id, &request, &e));
    CHECK_INT(e.kind, ERROR_NOT_FOUND);
    error_clear(&e);
    CHECK(incident_move(records, &an, id, &request, &e));
    request = (struct incident_request){ .move = MOVE_REJECT, .note = SLICE("nothing there") };
    CHECK(!incident_move(records, &an, id, &request, &e));
    CHECK_INT(e.kind, ERROR_FORBIDDEN);
    error_clear(&e);
    struct records_incident incident = get(records, id, &arena);
    CHECK_INT(incident_moves_open(&incident, &binh), 0);
    struct incident_opening opening = { .title = SLICE("Theirs"), .severity = 1,
                                        .agency = SLICE("so-b") };
    CHECK(!incident_open(records, &an, &opening, &five_days, &id, &e));
    CHECK_INT(e.kind, ERROR_FORBIDDEN);
    arena_free(&arena);
    records_close(&records);
}

TEST("telling stops the clock: in time, too late, and neither before detection nor in the future") {
    struct records *records = fixture();
    struct arena arena;
    arena_init(&arena, 0);
    enum clock_standing standing;
    for (int late = 0; late < 2; late++) {
        clock_set(NOON + CLOCK_HOUR);
        int64_t id = open_one(records);
        struct records_incident incident = get(records, id, &arena);
        CHECK_INT(incident.tell_due, NOON + 5 * CLOCK_DAY);
        CHECK(clock_standing_of(&incident, NOON + 5 * CLOCK_DAY, &standing));
        CHECK_INT(standing, CLOCK_RUNNING);
        CHECK(clock_standing_of(&incident, NOON + 5 * CLOCK_DAY + 1, &standing));
        CHECK_INT(standing, CLOCK_LATE);
        clock_set(NOON + (late ? 6 : 1) * CLOCK_DAY);
        struct error e = ERROR_NONE;
        struct incident_request request = { .move = MOVE_TELL, .channel = SLICE("phone"),
                                            .at = NOON - 1 };
        CHECK(!incident_move(records, &an, id, &request, &e));
        CHECK_ERROR(e, "after its detection");
        error_clear(&e);
        request.at = clock_now() + CLOCK_HOUR;
        CHECK(!incident_move(records, &an, id, &request, &e));
        error_clear(&e);
        request.at = 0;
        CHECK(incident_move(records, &an, id, &request, &e));
        incident = get(records, id, &arena);
        CHECK(clock_standing_of(&incident, NOON, &standing));
        CHECK_INT(standing, late ? CLOCK_MISSED : CLOCK_MET);
        CHECK_SLICE(incident.told_channel, "phone");
        CHECK(!incident_move(records, &an, id, &request, &e));
        CHECK_ERROR(e, "told of this incident before");
        struct records_notice *notices;
        uint32_t count;
        struct slice subject = arena_print(&arena, "incident:%lld", (long long)id);
        CHECK(records_notice_list(records, &RECORDS_SCOPE_ALL, subject, SLICE_NONE, &arena,
                                  &notices, &count, NULL));
        CHECK_INT(count, 1);
    }
    CHECK_INT(clock_due(NULL, NOON), 0);
    arena_free(&arena);
    records_close(&records);
}

static int64_t alert_new(struct records *records, const char *agency, uint64_t sequence)
{
    struct error e = ERROR_NONE;
    struct records_alert_match match = fixture_match(agency, sequence);
    struct arena arena;
    arena_init(&arena, 0);
    match.rule = arena_print(&arena, "rule-%d", (int)sequence);
    CHECK(records_alert_fold(records, &match, NULL, &e));
    arena_free(&arena);
    return (int64_t)sequence;
}

static struct records_alert alert_get(struct records *records, int64_t id, struct arena *arena)
{
    struct records_alert alert = { 0 };
    CHECK(records_alert_get(records, &RECORDS_SCOPE_ALL, id, arena, &alert, NULL));
    return alert;
}

static void users_add(struct records *records)
{
    static const struct actor admin = { .user = { "admin", 5 }, .role = ROLE_ADMIN };
    struct error e = ERROR_NONE;
    struct records_user users[] = {
        { .name = SLICE("an"), .full_name = SLICE("An"), .role = ROLE_AGENCY,
          .agency = SLICE("so-a") },
        { .name = SLICE("lead"), .full_name = SLICE("Lead"), .role = ROLE_LEAD },
    };
    for (int i = 0; i < 2; i++)
        CHECK(records_user_add(records, &admin, &users[i], SLICE("a long password"), &e));
}

TEST("an alert is taken, given back, judged and escalated, and nobody else's") {
    struct records *records = fixture();
    users_add(records);
    struct arena arena;
    arena_init(&arena, 0);
    clock_set(NOON);
    int64_t id = alert_new(records, "so-a", 1);
    struct error e = ERROR_NONE;
    CHECK(!triage_take(records, &binh, id, &e));
    CHECK_INT(e.kind, ERROR_NOT_FOUND);
    error_clear(&e);
    CHECK(triage_take(records, &an, id, &e));
    CHECK(!triage_take(records, &lead, id, &e));
    CHECK_INT(e.kind, ERROR_CONFLICT);
    error_clear(&e);
    CHECK(triage_release(records, &lead, id, &e));
    CHECK(!triage_false_positive(records, &an, id, SLICE(" "), &e));
    CHECK_TEXT(e.place, "reason");
    error_clear(&e);
    CHECK(triage_false_positive(records, &an, id, SLICE("our own scanner"), &e));
    CHECK(triage_release(records, &an, id, &e));
    CHECK_SLICE(alert_get(records, id, &arena).state, "new");
    int64_t incident = 0;
    struct triage_escalation escalation = { 0 };
    CHECK(triage_escalate(records, &an, id, &escalation, &five_days, &incident, &e));
    struct records_incident i = get(records, incident, &arena);
    CHECK_SLICE(i.title, "Password guessing");
    CHECK_SLICE(i.agency, "so-a");
    CHECK_SLICE(i.system, "so-a.cong");
    CHECK_INT(i.severity, 3);
    CHECK_INT(i.alerts, 1);
    CHECK_INT(i.occurred_at, NOON - CLOCK_DAY);
    CHECK_INT(i.tell_due, i.detected_at + 5 * CLOCK_DAY);
    CHECK_SLICE(i.code, "SC-2026-0001");
    struct records_alert alert = alert_get(records, id, &arena);
    CHECK_SLICE(alert.state, "escalated");
    CHECK_INT(alert.incident, incident);
    CHECK_INT(triage_moves_open(&alert, &lead), 0);
    struct records_incident_entry *entries;
    struct records_alert_move *moves;
    uint32_t count;
    CHECK(records_incident_entries(records, &RECORDS_SCOPE_ALL, incident, &arena, &entries, &count,
                                   &e));
    CHECK_INT(count, 2);
    CHECK(records_alert_moves(records, &RECORDS_SCOPE_ALL, id, &arena, &moves, &count, &e));
    CHECK_INT(count, 5);
    CHECK_SLICE(moves[0].user_name, "An");
    CHECK(!triage_escalate(records, &an, id, &escalation, &five_days, &incident, &e));
    CHECK_INT(e.kind, ERROR_CONFLICT);
    arena_free(&arena);
    records_close(&records);
}

TEST("an incident takes its alert's title in both languages unless a person writes one") {
    struct records *records = fixture();
    users_add(records);
    struct arena arena;
    arena_init(&arena, 0);
    clock_set(NOON);
    struct error e = ERROR_NONE;
    static const char *const written[] = { "", "Máy 7 bị dò mật khẩu" };
    for (uint64_t n = 0; n < 2; n++) {
        struct records_alert_match match = fixture_match("so-a", n + 1);
        struct triage_escalation escalation = { .title = slice_of(written[n]) };
        int64_t incident;
        match.title_vi = SLICE("Dò mật khẩu");
        match.rule = arena_print(&arena, "rule-%d", (int)n);
        CHECK(records_alert_fold(records, &match, NULL, &e));
        CHECK(triage_escalate(records, &an, (int64_t)n + 1, &escalation, &five_days, &incident, &e));
        struct records_incident i = get(records, incident, &arena);
        CHECK_SLICE(i.title, n ? written[n] : "Dò mật khẩu");
        CHECK_SLICE(i.title_en, n ? "" : "Password guessing");
    }
    struct records_incident_filter filter = { .words = SLICE("password") };
    struct records_incident_list list;
    CHECK(records_incident_list(records, &RECORDS_SCOPE_ALL, &filter, NULL, &arena, &list, &e));
    CHECK_INT(list.total, 1);
    arena_free(&arena);
    records_close(&records);
}

TEST("a second alert joins the incident of its agency only") {
    struct records *records = fixture();
    users_add(records);
    struct arena arena;
    arena_init(&arena, 0);
    clock_set(NOON);
    struct error e = ERROR_NONE;
    int64_t incident = 0, joined;
    int64_t first = alert_new(records, "so-a", 1), second = alert_new(records, "so-a", 2),
            other = alert_new(records, "so-b", 3);
    CHECK(triage_escalate(records, &lead, first, &(struct triage_escalation){ 0 }, &five_days,
                          &incident, &e));
    struct triage_escalation join = { .incident = incident, .note = SLICE("the same address") };
    CHECK(triage_escalate(records, &lead, second, &join, &five_days, &joined, &e));
    CHECK_INT(joined, incident);
    CHECK_INT(get(records, incident, &arena).alerts, 2);
    CHECK(!triage_escalate(records, &lead, other, &join, &five_days, &joined, &e));
    CHECK_ERROR(e, "another agency");
    CHECK_SLICE(alert_get(records, other, &arena).state, "new");
    arena_free(&arena);
    records_close(&records);
}

TEST("the clock begins with the earliest alert, opened by hand or joined later") {
    struct records *records = fixture();
    users_add(records);
    struct arena arena;
    arena_init(&arena, 0);
    struct error e = ERROR_NONE;
    int64_t alerts[4], id = 0, joined;
    for (uint64_t n = 0; n < 4; n++) {      /* seen at noon, and an hour, two, three later */
        struct records_alert_match match = fixture_match("so-a", n + 1);
        match.rule = arena_print(&arena, "rule-%d", (int)n);
        clock_set(NOON + (int64_t)n * CLOCK_HOUR);
        CHECK(records_alert_fold(records, &match, NULL, &e));
        alerts[n] = (int64_t)n + 1;
    }
    clock_set(NOON + CLOCK_DAY);
    struct incident_opening opening = { .title = SLICE("Password guessing"), .severity = 3,
        .agency = SLICE("so-a"), .alerts = &alerts[2], .alert_count = 2 };
    CHECK(incident_open(records, &lead, &opening, &five_days, &id, &e));
    struct records_incident i = get(records, id, &arena);
    CHECK_INT(i.detected_at, alert_get(records, alerts[2], &arena).learnt_at);
    CHECK_INT(i.tell_due, i.detected_at + 5 * CLOCK_DAY);
    CHECK(i.opened_at >= NOON + CLOCK_DAY);
    struct triage_escalation join = { .incident = id };
    CHECK(triage_escalate(records, &lead, alerts[0], &join, &five_days, &joined, &e));
    i = get(records, id, &arena);
    CHECK_INT(i.detected_at, alert_get(records, alerts[0], &arena).learnt_at);
    CHECK_INT(i.tell_due, i.detected_at + 5 * CLOCK_DAY);
    CHECK(triage_escalate(records, &lead, alerts[1], &join, &five_days, &joined, &e));
    CHECK_INT(get(records, id, &arena).detected_at, i.detected_at);
    struct records_audit_filter filter = { .object = SLICE("incident:1") };
    struct records_audit_list list;
    CHECK(records_audit_list(records, &RECORDS_SCOPE_ALL, &filter, NULL, &arena, &list, &e));
    uint32_t moved = 0;
    for (uint32_t n = 0; n < list.count; n++)
        moved += slice_is(list.rows[n].action, "incident.detected");
    CHECK_INT(moved, 1);
    arena_free(&arena);
    records_close(&records);
}
