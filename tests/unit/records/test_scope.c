/* An agency's user never sees another agency's rows, by no list and no get. */
#include "fixture.h"
#include "records/audit.h"
#include "records/evidence.h"
#include "records/incident.h"
#include "records/notice.h"
#include "records/person.h"
#include "records/standing.h"

static struct records *both(int64_t alert[2], int64_t incident[2], int64_t evidence[2])
{
    static const char *const keys[] = { "so-a", "so-b" };
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    enum records_change change;
    for (int i = 0; i < 2; i++) {
        struct slice agency = slice_of(keys[i]);
        struct records_alert_match match = fixture_match(keys[i], (uint64_t)i + 1);
        CHECK(records_alert_fold(records, &match, NULL, &e));
        alert[i] = i + 1;
        struct records_incident new = { .title = SLICE("Case"), .state = SLICE("new"),
            .severity = 2, .agency = agency, .opened_at = NOON, .detected_at = NOON };
        CHECK(records_incident_insert(records, &ACTOR_SYSTEM, &new, &incident[i], &e));
        struct records_incident_entry entry = { .kind = SLICE("opened"), .text = SLICE("x") };
        CHECK(records_incident_append(records, incident[i], &entry, &e));
        struct records_evidence proof = { .kind = SLICE("report.sent"), .subject = SLICE("r"),
            .agency = agency, .holds_from = NOON, .basis = SLICE("declared"), .ok = 1 };
        CHECK(records_evidence_add(records, &ACTOR_SYSTEM, &proof, &evidence[i], &e));
        int64_t notice;
        struct records_notice told = { .kind = SLICE("call"), .subject = SLICE("incident:1"),
            .agency = agency, .receiver = SLICE("head"), .channel = SLICE("phone") };
        CHECK(records_notice_add(records, &ACTOR_SYSTEM, &told, &notice, &e));
        struct records_post post = { .agency = agency, .duty = SLICE("focal"),
            .holds_from = SLICE("2026-01-01") };
        struct records_person person = { .key = agency, .name = SLICE("An"), .posts = &post,
            .post_count = 1 };
        CHECK(records_person_put(records, &ACTOR_SYSTEM, &person, &change, &e));
    }
    return records;
}

TEST("an agency sees its own rows only, nobody's scope sees none, all sees all") {
    int64_t alert[2], incident[2], evidence[2];
    struct records *records = both(alert, incident, evidence);
    struct error e = ERROR_NONE;
    struct arena a;
    arena_init(&a, 0);
    struct records_scope scopes[] = { RECORDS_SCOPE_ALL, { .agency = SLICE("so-a") }, { 0 } };
    for (int s = 0; s < 3; s++) {
        const struct records_scope *scope = &scopes[s];
        const long long want = s == 0 ? 2 : s == 1 ? 1 : 0;
        struct records_agency_list agencies;
        struct records_system_list systems;
        struct records_source_list sources;
        struct records_alert_list alerts;
        struct records_incident_list incidents;
        struct records_evidence_list proofs;
        struct records_person_list people;
        struct records_notice *notices;
        struct records_health_counts counts;
        struct records_intake intake;
        struct records_alert_counts moods;
        uint32_t count;
        CHECK(records_agency_list(records, scope, &(struct records_agency_filter){ 0 }, NULL, &a,
                                  &agencies, &e));
        CHECK_INT(agencies.total, want);
        CHECK_INT(agencies.count, want);
        CHECK(records_system_list(records, scope, &(struct records_system_filter){ 0 }, NULL, &a,
                                  &systems, &e));
        CHECK_INT(systems.total, want);
        CHECK(records_source_list(records, scope, &(struct records_source_filter){ 0 }, NULL, &a,
                                  &sources, &e));
        CHECK_INT(sources.total, want);
        CHECK_INT(sources.counts.never, want);
        CHECK(records_source_counts(records, scope, SLICE_NONE, &counts, &e));
        CHECK_INT(counts.never, want);
        CHECK(records_alert_list(records, scope, &(struct records_alert_filter){ 0 }, NULL, &a,
                                 &alerts, &e));
        CHECK_INT(alerts.total, want);
        CHECK(records_alert_counts(records, scope, &(struct records_alert_filter){ 0 }, SLICE_NONE,
                                   &moods, &e));
        CHECK_INT(moods.fresh, want);
        CHECK(records_incident_list(records, scope, &(struct records_incident_filter){ 0 }, NULL,
                                    &a, &incidents, &e));
        CHECK_INT(incidents.total, want);
        CHECK(records_evidence_list(records, scope, &(struct records_evidence_filter){ 0 }, NULL,
                                    &a, &proofs, &e));
        CHECK_INT(proofs.total, want);
        CHECK(records_person_list(records, scope, &(struct records_person_filter){ 0 }, NULL, &a,
                                  &people, &e));
        CHECK_INT(people.total, want);
        CHECK(records_notice_list(records, scope, SLICE_NONE, SLICE_NONE, &a, &notices, &count, &e));
        CHECK_INT(count, want);
        CHECK(records_intake(records, scope, NOON - CLOCK_HOUR, NOON, 60, &a, &intake, &e));
        CHECK_INT(intake.agency_count, want);
        struct records_audit_list audit;
        CHECK(records_audit_list(records, scope, &(struct records_audit_filter){ 0 }, NULL, &a,
                                 &audit, &e));
        for (uint32_t i = 0; i < audit.count && s > 0; i++)
            CHECK_SLICE(audit.rows[i].agency, "so-a");
        CHECK(s < 2 || audit.count == 0);
    }
    arena_free(&a);
    records_close(&records);
}

TEST("another agency's thing is not there, whatever its number") {
    int64_t alert[2], incident[2], evidence[2];
    struct records *records = both(alert, incident, evidence);
    struct arena a;
    arena_init(&a, 0);
    struct records_scope scope = { .agency = SLICE("so-a") };
    for (int i = 0; i < 2; i++) {
        struct error e[9] = { 0 };
        struct records_alert one;
        struct records_alert_event *events;
        struct records_alert_move *moves;
        struct records_incident case_;
        struct records_incident_entry *entries;
        struct records_evidence proof;
        struct records_agency agency;
        struct records_system system;
        struct records_source source;
        struct records_person person;
        uint32_t count;
        struct slice key = i ? SLICE("so-b") : SLICE("so-a");
        bool own = i == 0;
        CHECK_INT(records_alert_get(records, &scope, alert[i], &a, &one, &e[0]), own);
        CHECK(records_alert_events(records, &scope, alert[i], &a, &events, &count, NULL));
        CHECK_INT(count, own);
        CHECK(records_alert_moves(records, &scope, alert[i], &a, &moves, &count, NULL));
        CHECK_INT(records_incident_get(records, &scope, incident[i], &a, &case_, &e[1]), own);
        CHECK(records_incident_entries(records, &scope, incident[i], &a, &entries, &count, NULL));
        CHECK_INT(count, own);
        CHECK_INT(records_evidence_get(records, &scope, evidence[i], &a, &proof, &e[2]), own);
        CHECK_INT(records_agency_get(records, &scope, key, &a, &agency, &e[3]), own);
        CHECK_INT(records_system_get(records, &scope, i ? SLICE("so-b.cong") : SLICE("so-a.cong"),
                                     &a, &system, &e[4]), own);
        CHECK_INT(records_source_get(records, &scope, i ? SLICE("so-b.cong.web")
                                                        : SLICE("so-a.cong.web"),
                                     &a, &source, &e[5]), own);
        CHECK_INT(records_person_get(records, &scope, key, &a, &person, &e[6]), own);
        for (int k = 0; k < 7; k++)
            CHECK(own ? !e[k].set : e[k].kind == ERROR_NOT_FOUND);
    }
    arena_free(&a);
    records_close(&records);
}

TEST("a scope follows from the role; an unknown role sees nothing") {
    struct actor agency = { .role = ROLE_AGENCY, .agency = SLICE("so-a") };
    struct actor nobody = { .role = 0 };
    struct actor lead = { .role = ROLE_LEAD };
    struct records_scope s = records_scope_of(&agency);
    CHECK(!s.all && slice_is(s.agency, "so-a"));
    CHECK(!records_scope_of(&nobody).all);
    CHECK(records_scope_of(&lead).all);
}
