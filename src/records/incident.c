#include "records/incident.h"

#include "base/clock.h"
#include "records/audit.h"
#include "records/store.h"

static const char *const states[] = { "new", "confirmed", "contained", "eradicated", "recovered",
                                      "closed", "rejected", "open", NULL };

/* ---- read ------------------------------------------------------------------------------------------- */

struct query {
    struct records_scope scope;
    const struct records_incident_filter *filter;
    int64_t id;
    struct slice words;
};

static void bind_filter(struct statement *s, const void *context)
{
    const struct query *q = context;
    const struct records_incident_filter *f = q->filter;
    statement_put_scope(s, &q->scope);
    statement_put_text(s, f->states);
    statement_put(s, f->severity);
    statement_put_text(s, f->agency);
    statement_put_text(s, f->system);
    statement_put_text(s, q->words);
    statement_put(s, f->from);
    statement_put(s, f->to);
    statement_put(s, q->id);
}

#define NEVER "9223372036854775807"

static const struct listing_sort sorts[] = {
    { "-opened", "i.opened_at", true },
    { "opened", "i.opened_at", false },
    { "-severity", "i.severity * 4611686018427387 + i.opened_at / 1000", true },
    { "due", "CASE WHEN i.told_at IS NULL AND i.state <> 'rejected' THEN "
             "coalesce(i.tell_due, " NEVER ") ELSE " NEVER " END", false },
};

static void row_read(struct statement *s, struct arena *arena, void *row)
{
    struct records_incident *i = row;
    struct slice *texts[] = { &i->code, &i->title, &i->title_en, &i->description, &i->category, &i->state,
                              &i->agency, &i->agency_name, &i->agency_short, &i->system,
                              &i->system_name, &i->regime, &i->opened_by, &i->opened_by_name,
                              &i->told_channel };
    for (size_t n = 0; n < sizeof texts / sizeof *texts; n++)
        *texts[n] = statement_get_text(s, arena);
    i->id = statement_get(s);
    i->year = (int)statement_get(s);
    i->number = (int)statement_get(s);
    i->severity = (int)statement_get(s);
    int64_t *numbers[] = { &i->opened_at, &i->occurred_at, &i->detected_at, &i->tell_due,
                           &i->told_at, &i->confirmed_at, &i->contained_at, &i->eradicated_at,
                           &i->recovered_at, &i->closed_at, &i->version };
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
        *numbers[n] = statement_get(s);
    i->alerts = (uint32_t)statement_get(s);
}

static const struct listing listing = {
    .columns = "printf('SC-%04d-%04d', i.year, i.number), i.title, i.title_en, i.description, "
               "i.category, i.state, i.agency, a.name, a.short, i.system, y.name, i.regime, i.opened_by, "
               "u.full_name, i.told_channel, i.id, i.year, i.number, i.severity, i.opened_at, "
               "i.occurred_at, i.detected_at, i.tell_due, i.told_at, i.confirmed_at, "
               "i.contained_at, i.eradicated_at, i.recovered_at, i.closed_at, i.version, "
               "(SELECT count(*) FROM incident_alert WHERE incident = i.id)",
    .from = "incident i JOIN agency a ON a.key = i.agency LEFT JOIN system y ON y.key = i.system "
            "LEFT JOIN user u ON u.name = i.opened_by",
    .where = "(?4 OR i.agency = ?5) AND (?6 = '' OR instr(',' || ?6 || ',', ',' || i.state || ',') "
             "> 0 OR (instr(',' || ?6 || ',', ',open,') > 0 AND i.state NOT IN ('closed', "
             "'rejected'))) AND i.severity >= ?7 AND (?8 = '' OR i.agency = ?8) "
             "AND (?9 = '' OR i.system = ?9) AND (?10 = '' OR words_in(i.fold, ?10)) "
             "AND (?11 = 0 OR i.opened_at >= ?11) AND (?12 = 0 OR i.opened_at < ?12) "
             "AND (?13 = 0 OR i.id = ?13)",
    .id = "i.id", .sorts = sorts, .sort_count = sizeof sorts / sizeof *sorts, .bind = bind_filter,
    .read = row_read, .size = sizeof(struct records_incident),
};

static bool list_read(struct records *records, const struct query *q,
                      const struct records_page *page, struct arena *arena,
                      struct records_incident_list *list_out, struct error *e)
{
    *list_out = (struct records_incident_list){ 0 };
    LISTING run = { 0 };
    if (!records_names_check(q->filter->states, states, "state", e))
        return false;
    struct records_incident *rows = listing_read(records, &listing, q, page, arena, &run, e);
    *list_out = (struct records_incident_list){ rows, run.count, run.total, run.next };
    return run.whole;
}

bool records_incident_list(struct records *records, const struct records_scope *scope,
                           const struct records_incident_filter *filter,
                           const struct records_page *page, struct arena *arena,
                           struct records_incident_list *list_out, struct error *e)
{
    struct query q = { *scope, filter, 0, records_fold(arena, 1, filter->words) };
    return list_read(records, &q, page, arena, list_out, e);
}

bool records_incident_get(struct records *records, const struct records_scope *scope, int64_t id,
                          struct arena *arena, struct records_incident *incident_out,
                          struct error *e)
{
    struct records_incident_filter filter = { 0 };
    struct query q = { *scope, &filter, id, SLICE_NONE };
    struct records_page page = { .limit = 1 };
    struct records_incident_list list;
    if (id > 0 && !list_read(records, &q, &page, arena, &list, e))
        return false;
    if (id <= 0 || list.count == 0)
        return records_not_found_id(e, "there is no incident %lld", id);
    *incident_out = list.rows[0];
    return true;
}

bool records_incident_entries(struct records *records, const struct records_scope *scope,
                              int64_t id, struct arena *arena,
                              struct records_incident_entry **entries_out, uint32_t *count_out,
                              struct error *e)
{
    *entries_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT n.id, n.time, n.learnt_at, n.kind, n.user, u.full_name, n.text, n.from_state, "
            "n.to_state, n.sha256, a.title, a.title_vi, n.alert, n.events, count(*) OVER () "
            "FROM incident_entry n JOIN incident i ON i.id = n.incident "
            "LEFT JOIN user u ON u.name = n.user LEFT JOIN alert a ON a.id = n.alert "
            "WHERE n.incident = ?3 AND (?1 OR i.agency = ?2) ORDER BY n.time, n.id", &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put(&s, id);
    struct records_incident_entry *n;
    while ((n = statement_row(&s, arena, entries_out, count_out, sizeof *n, e))) {
        n->id = statement_get(&s);
        n->time = statement_get(&s);
        n->learnt_at = statement_get(&s);
        struct slice *texts[] = { &n->kind, &n->user, &n->user_name, &n->text, &n->from_state,
                                  &n->to_state, &n->sha256, &n->alert_title, &n->alert_title_vi };
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            *texts[i] = statement_get_text(&s, arena);
        n->alert = statement_get(&s);
        n->events = (uint64_t)statement_get(&s);
    }
    return !s.failed && records_arena_held(arena, e);
}

bool records_incident_matches(struct records *records, const struct records_scope *scope,
                              int64_t id, struct arena *arena,
                              struct records_incident_match **matches_out, uint32_t *count_out,
                              struct error *e)
{
    *matches_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT m.day, m.class, m.sequence, count(*) OVER () FROM incident_alert l "
            "JOIN alert_match m ON m.alert = l.alert JOIN incident i ON i.id = l.incident "
            "WHERE l.incident = ?3 AND (?1 OR i.agency = ?2) ORDER BY m.day, m.class, m.sequence",
            &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put(&s, id);
    struct records_incident_match *m;
    while ((m = statement_row(&s, arena, matches_out, count_out, sizeof *m, e))) {
        m->day = (int32_t)statement_get(&s);
        m->class = statement_get_text(&s, arena);
        m->row = statement_get(&s);
    }
    return !s.failed && records_arena_held(arena, e);
}

/* ---- change ------------------------------------------------------------------------------------------ */

static struct slice fold(const struct records_incident *i, struct arena *arena)
{
    struct slice code = arena_print(arena, "SC-%04d-%04d", i->year, i->number);
    return records_fold(arena, 5, code, i->title, i->title_en, i->description, i->category);
}

static bool audit(struct records *records, const struct actor *actor,
                  const struct records_incident *i, const char *action, struct error *e)
{
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    records_detail(&detail, 3, "title", i->title, "state", i->state, "severity",
                   slice_of(records_level_name(i->severity)));
    return records_audit_id(records, actor, i->agency, "incident", action, i->id,
                            buffer_slice(&detail), e);
}

static bool number_next(struct records *records, struct records_incident *i, struct error *e)
{
    i->year = clock_split(i->opened_at, CLOCK_ZONE).year;
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT coalesce(max(number), 0) + 1 FROM incident WHERE year = ?",
                         &s, e))
        return false;
    statement_put(&s, i->year);
    if (!statement_next(&s, e))
        return false;
    i->number = (int)statement_get(&s);
    return true;
}

static void put_times(struct statement *s, const struct records_incident *i)
{
    const int64_t times[] = { i->occurred_at, i->detected_at, i->tell_due, i->told_at,
                              i->confirmed_at, i->contained_at, i->eradicated_at, i->recovered_at,
                              i->closed_at };
    for (size_t n = 0; n < sizeof times / sizeof *times; n++)
        statement_put_or_null(s, times[n]);
}

bool records_incident_insert(struct records *records, const struct actor *actor,
                             const struct records_incident *incident, int64_t *id_out,
                             struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_incident i = *incident;
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) || !number_next(records, &i, e) ||
        !statement_start(records,
            "INSERT INTO incident (year, number, severity, title, title_en, description, category, state, "
            "agency, system, regime, opened_at, opened_by, told_channel, fold, occurred_at, "
            "detected_at, tell_due, told_at, confirmed_at, contained_at, eradicated_at, "
            "recovered_at, closed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "?, ?, ?, ?, ?, ?)", &s, e))
        return false;
    statement_put(&s, i.year);
    statement_put(&s, i.number);
    statement_put(&s, i.severity);
    statement_put_text(&s, i.title);
    statement_put_text(&s, i.title_en);
    statement_put_text(&s, i.description);
    statement_put_text(&s, i.category);
    statement_put_text(&s, i.state);
    statement_put_text(&s, i.agency);
    statement_put_text_or_null(&s, i.system);
    statement_put_text(&s, i.regime);
    statement_put(&s, i.opened_at);
    statement_put_text(&s, i.opened_by);
    statement_put_text(&s, i.told_channel);
    statement_put_text(&s, fold(&i, &arena));
    put_times(&s, &i);
    if (!statement_run(&s, e))
        return false;
    i.id = sqlite3_last_insert_rowid(records->db);
    *id_out = i.id;
    return audit(records, actor, &i, "open", e) && records_commit(&t, e);
}

bool records_incident_update(struct records *records, const struct actor *actor,
                             const struct records_incident *i, const char *action, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_start(records,
            "UPDATE incident SET severity = ?3, title = ?4, description = ?5, category = ?6, "
            "state = ?7, told_channel = ?8, fold = ?9, occurred_at = ?10, detected_at = ?11, "
            "tell_due = ?12, told_at = ?13, confirmed_at = ?14, contained_at = ?15, "
            "eradicated_at = ?16, recovered_at = ?17, closed_at = ?18, version = version + 1 "
            "WHERE id = ?1 AND version = ?2", &s, e))
        return false;
    statement_put(&s, i->id);
    statement_put(&s, i->version);
    statement_put(&s, i->severity);
    statement_put_text(&s, i->title);
    statement_put_text(&s, i->description);
    statement_put_text(&s, i->category);
    statement_put_text(&s, i->state);
    statement_put_text(&s, i->told_channel);
    statement_put_text(&s, fold(i, &arena));
    put_times(&s, i);
    if (!statement_run(&s, e))
        return false;
    if (!records_changed(records)) {
        error_set(e, "somebody else has changed this incident meanwhile");
        error_hint(e, "%s", "look at it again");
        return error_kind(e, ERROR_CONFLICT);
    }
    return audit(records, actor, i, action, e) && records_commit(&t, e);
}

bool records_incident_append(struct records *records, int64_t incident,
                             const struct records_incident_entry *n, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "INSERT INTO incident_entry (incident, time, learnt_at, kind, user, text, from_state, "
            "to_state, alert, events, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &s, e))
        return false;
    int64_t now = clock_now();
    statement_put(&s, incident);
    statement_put(&s, n->time ? n->time : now);
    statement_put(&s, now);
    statement_put_text(&s, n->kind);
    statement_put_text(&s, n->user);
    statement_put_text(&s, n->text);
    statement_put_text(&s, n->from_state);
    statement_put_text(&s, n->to_state);
    statement_put_or_null(&s, n->alert);
    statement_put(&s, (int64_t)n->events);
    statement_put_text(&s, n->sha256);
    return statement_run(&s, e);
}

bool records_incident_link(struct records *records, const struct actor *actor, int64_t incident,
                           int64_t alert, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_incident i;
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) ||
        !records_incident_get(records, &RECORDS_SCOPE_ALL, incident, &arena, &i, e) ||
        !statement_start(records, "INSERT OR IGNORE INTO incident_alert VALUES (?, ?, ?)", &s, e))
        return false;
    statement_put(&s, alert);
    statement_put(&s, incident);
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    if (!records_changed(records)) {
        error_set(e, "the alert %lld is in an incident already", (long long)alert);
        return error_kind(e, ERROR_CONFLICT);
    }
    return audit(records, actor, &i, "link", e) && records_commit(&t, e);
}
