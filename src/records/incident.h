/* incident - a case that people work on; numbered per year, its time line only appended to.
 *
 * The life cycle (which move from which state, by whom) is cases/incident.h: change incidents
 * through it. Here is their storage.
 */
#ifndef RECORDS_INCIDENT_H
#define RECORDS_INCIDENT_H

#include "records/records.h"

struct records_incident {
    int64_t id;
    int year, number;
    struct slice code;                  /* "SC-2026-0001", made of year and number; read only */
    struct slice title, description, category;
    struct slice title_en;              /* of a title that is an alert's; empty: title is a person's */
    struct slice state;                 /* new, confirmed, contained, eradicated, recovered,
                                         * closed, rejected */
    int severity;                       /* 0..4 */
    struct slice agency, agency_name, agency_short, system, system_name;  /* system may be empty */
    struct slice regime;                /* whose clock runs */
    struct slice opened_by, opened_by_name;
    /* times; 0: not yet, or not known */
    int64_t opened_at, occurred_at, detected_at, tell_due, told_at, confirmed_at, contained_at,
        eradicated_at, recovered_at, closed_at;
    struct slice told_channel;
    int64_t version;                    /* grows with every change */
    uint32_t alerts;                    /* read only */
};

struct records_incident_filter {
    struct slice states;                /* comma-separated; "open": neither closed nor rejected */
    int severity;                       /* this and above */
    struct slice agency, system, words;
    int64_t from, to;                   /* opened in [from, to); 0: open */
};

struct records_incident_list {
    struct records_incident *rows;
    uint32_t count;
    uint64_t total;
    struct slice next;
};

/* Sorts: -opened, opened, -severity, due (open clocks first, the next to end foremost). */
bool records_incident_list(struct records *records, const struct records_scope *scope,
                           const struct records_incident_filter *filter,
                           const struct records_page *page, struct arena *arena,
                           struct records_incident_list *list_out, struct error *e);
bool records_incident_get(struct records *records, const struct records_scope *scope, int64_t id,
                          struct arena *arena, struct records_incident *incident_out,
                          struct error *e);

struct records_incident_entry {
    int64_t id, time, learnt_at;        /* when it happened, when it was written */
    /* opened, alert, move, tell, severity, note, hold, release, package */
    struct slice kind;
    struct slice user, user_name;       /* empty: the system */
    struct slice text;                  /* a person's words; what the system writes is worded when shown */
    struct slice from_state, to_state;
    int64_t alert;                      /* 0: none */
    struct slice alert_title, alert_title_vi; /* its own; read only */
    uint64_t events;                    /* in the package */
    struct slice sha256;                /* of the package */
};

/* The time line, oldest first. */
bool records_incident_entries(struct records *records, const struct records_scope *scope,
                              int64_t id, struct arena *arena,
                              struct records_incident_entry **entries_out, uint32_t *count_out,
                              struct error *e);

/* Where the matches of its alerts stand in the archive: rows of the day files' alerts. */
struct records_incident_match {
    int32_t day;
    struct slice class;
    int64_t row;
};
bool records_incident_matches(struct records *records, const struct records_scope *scope,
                              int64_t id, struct arena *arena,
                              struct records_incident_match **matches_out, uint32_t *count_out,
                              struct error *e);

/* ---- for cases/ ------------------------------------------------------------------------------ */

/* Numbers and stores a new one (id, year, number, version are set here) with its audit row.
 * The year is opened_at's in Asia/Ho_Chi_Minh. */
bool records_incident_insert(struct records *records, const struct actor *actor,
                             const struct records_incident *incident, int64_t *id_out,
                             struct error *e);
/* Writes state, severity, texts and times anew; ERROR_CONFLICT when its version is no longer
 * incident->version. `action` names the change in the audit log ("confirm"). */
bool records_incident_update(struct records *records, const struct actor *actor,
                             const struct records_incident *incident, const char *action,
                             struct error *e);
/* Appends; entry->id and learnt_at are set here, time 0 means now. */
bool records_incident_append(struct records *records, int64_t incident,
                             const struct records_incident_entry *entry, struct error *e);
/* Links an alert; ERROR_CONFLICT when it is in an incident already. */
bool records_incident_link(struct records *records, const struct actor *actor, int64_t incident,
                           int64_t alert, struct error *e);

#endif
