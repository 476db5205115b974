/* Making a package: which events, their lines, the links, the manifest, the signature. */
#include <stdlib.h>

#include "base/clock.h"
#include "cases/evidence_private.h"
#include "event/json_event.h"
#include "records/alert.h"
#include "records/audit.h"
#include "records/incident.h"

#define ALERTS_PAGE 200
#define DAYS_MOST 4096u

struct wanted {
    struct event_id id;
    const struct records_alert *alert;             /* … whose copy it is; NULL: none is kept */
    const struct records_alert_event *copy;
    bool copied, gone;                             /* not in the archive: the copy given, nothing at all */
};

struct making {
    struct records *records;
    const struct records_scope *scope;
    const struct evidence_order *order;
    struct arena *arena;
    struct records_incident incident;
    struct records_alert *alerts;
    size_t alert_count;
    struct wanted *events;
    size_t count, capacity;
    struct evidence_day *days;
    size_t day_count;
    struct buffer lines, links, about, manifest;
    uint64_t copies, gone;
};

static bool no_memory(struct error *e)
{
    return error_set(e, "memory is short for the package");
}

/* ---- which events ---------------------------------------------------------------------------- */

static bool add_event(struct making *m, const struct event_id *id, const struct records_alert *alert,
                      const struct records_alert_event *copy, struct error *e)
{
    if (m->count == 2 * EVIDENCE_EVENTS_MOST) {
        error_set(e, "the incident has more events than a package may hold (%u)",
                  EVIDENCE_EVENTS_MOST);
        return error_kind(e, ERROR_INPUT);
    }
    if (m->count == m->capacity) {
        size_t capacity = m->capacity ? m->capacity * 2 : 256;
        struct wanted *events = realloc(m->events, capacity * sizeof *events);
        if (!events)
            return no_memory(e);
        m->events = events;
        m->capacity = capacity;
    }
    m->events[m->count++] = (struct wanted){ .id = *id, .alert = alert, .copy = copy };
    return true;
}

static bool add_copies(struct making *m, const struct records_alert *alert, struct error *e)
{
    struct records_alert_event *events;
    uint32_t count;
    if (!records_alert_events(m->records, m->scope, alert->id, m->arena, &events, &count, e))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct event_id id;
        if (event_id_parse(events[i].event, &id) && !add_event(m, &id, alert, &events[i], e))
            return false;
    }
    return true;
}

static bool read_alerts(struct making *m, struct error *e)
{
    struct records_alert_filter filter = { .incident = m->order->incident };
    struct records_page page = { .limit = ALERTS_PAGE };
    m->alerts = arena_array(m->arena, m->incident.alerts + 1, sizeof *m->alerts);
    if (!m->alerts)
        return no_memory(e);
    do {
        struct records_alert_list list;
        if (!records_alert_list(m->records, m->scope, &filter, &page, m->arena, &list, e))
            return false;
        for (uint32_t i = 0; i < list.count && m->alert_count < m->incident.alerts; i++) {
            m->alerts[m->alert_count] = list.rows[i];
            if (!add_copies(m, &m->alerts[m->alert_count++], e))
                return false;
        }
        page.cursor = list.next;
    } while (page.cursor.len);
    return true;
}

/* The event of a match and those before it, out of the day file's row. */
static bool add_row(struct making *m, const struct day_name *name, sqlite3_stmt *read,
                    struct error *e)
{
    struct event_id id = { .day = name->day };
    struct slice rest = day_column(read, 1), word;
    memcpy(id.class, name->class, sizeof id.class);
    id.sequence = (uint64_t)sqlite3_column_int64(read, 0);
    if (!add_event(m, &id, NULL, NULL, e))
        return false;
    while (rest.len && slice_split(&rest, ' ', &word))
        if (event_id_parse(word, &id) && !add_event(m, &id, NULL, NULL, e))
            return false;
    return true;
}

static bool add_matches(struct making *m, const struct day_name *name,
                        const struct records_incident_match *matches, uint32_t count,
                        struct error *e)
{
    char file[DAY_FILE];
    sqlite3 *db = NULL;
    struct error gone = ERROR_NONE;
    bool well = true;
    day_name_print(name, file);
    if (!day_open(m->order->place.directory, name, &db, &gone))
        return gone.kind == ERROR_NOT_FOUND || ((void)(*e = gone), false); /* expired */
    {
        DAY_STATEMENT *read = day_prepare(db, "SELECT event, earlier FROM alert WHERE id = ?", file,
                                          e);
        for (uint32_t i = 0; read && well && i < count; i++) {
            sqlite3_bind_int64(read, 1, matches[i].row);
            well = sqlite3_step(read) != SQLITE_ROW || add_row(m, name, read, e);
            sqlite3_reset(read);
        }
        well = well && read;
    }
    day_close(&db);
    return well;
}

static bool read_matches(struct making *m, struct error *e)
{
    struct records_incident_match *all;
    uint32_t count, end;
    if (!records_incident_matches(m->records, m->scope, m->order->incident, m->arena, &all, &count,
                                  e))
        return false;
    for (uint32_t i = 0; i < count; i = end) {
        struct day_name name = { .day = all[i].day };
        for (end = i; end < count && all[end].day == all[i].day &&
                      slice_equal(all[end].class, all[i].class);)
            end++;
        if (all[i].class.len >= DAY_CLASS)
            continue;
        memcpy(name.class, all[i].class.data, all[i].class.len);
        if (!add_matches(m, &name, &all[i], end - i, e))
            return false;
    }
    return true;
}

static int compare_days(const struct event_id *a, const struct event_id *b)
{
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return strcmp(a->class, b->class);
}

/* By id; one with a copy before one without. */
static int by_id(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    int days = compare_days(&x->id, &y->id);
    if (days)
        return days;
    if (x->id.sequence != y->id.sequence)
        return x->id.sequence < y->id.sequence ? -1 : 1;
    return (x->copy == NULL) - (y->copy == NULL);
}

static bool choose_events(struct making *m, struct error *e)
{
    size_t kept = 0;
    if (!read_alerts(m, e) || !read_matches(m, e))
        return false;
    if (m->count)
        qsort(m->events, m->count, sizeof *m->events, by_id);
    for (size_t i = 0; i < m->count; i++)
        if (kept == 0 || compare_days(&m->events[kept - 1].id, &m->events[i].id) != 0 ||
            m->events[kept - 1].id.sequence != m->events[i].id.sequence)
            m->events[kept++] = m->events[i];
    m->count = kept;
    if (kept && kept <= EVIDENCE_EVENTS_MOST)
        return true;
    if (kept)
        error_set(e, "the incident has more events than a package may hold (%u)",
                  EVIDENCE_EVENTS_MOST);
    else
        error_set(e, "no alert of this incident has an event: there is nothing to be packed");
    return error_kind(e, ERROR_CONFLICT);
}

/* ---- their lines ----------------------------------------------------------------------------- */

/* As the alert kept it, from before the day file was deleted. */
static bool copy_of(const struct wanted *w, struct arena *arena, struct search_event *out)
{
    const struct records_alert_event *c = w->copy;
    struct error ignored = ERROR_NONE;
    *out = (struct search_event){
        .id = w->id,
        .event = { .raw = c->raw, .time = c->time, .received = c->received, .source = c->source,
                   .system = w->alert->system, .agency = w->alert->agency, .decoder = c->decoder,
                   .logsource = { c->product, c->category, c->service } },
    };
    return !c->fields.len || json_event_decode(c->fields, arena, &out->event.fields,
                                               &out->event.field_count, &ignored);
}

static bool write_event(struct making *m, struct wanted *w, const struct search_scope *scope,
                        struct error *e)
{
    ARENA_AUTO arena;
    struct search_event event;
    struct error reason = ERROR_NONE;
    arena_init(&arena, ARENA_NO_CEILING);
    if (!search_get(m->order->place.directory, scope, &w->id, &arena, &event, &reason)) {
        if (reason.kind != ERROR_NOT_FOUND) {
            *e = reason;
            return false;
        }
        w->copied = w->copy && copy_of(w, &arena, &event);
        w->gone = !w->copied;
        m->copies += w->copied;
        m->gone += w->gone;
    }
    if (w->gone)
        return true;
    search_event_json(&event, &m->lines);
    buffer_add_byte(&m->lines, '\n');
    return !m->lines.failed || error_set(e, "the package is too large");
}

static bool write_events(struct making *m, struct error *e)
{
    const struct search_scope scope = { .all = m->scope->all, .agencies = &m->scope->agency,
                                        .agency_count = m->scope->agency.len > 0 };
    for (size_t i = 0; i < m->count; i++)
        if (!write_event(m, &m->events[i], &scope, e))
            return false;
    if (m->gone < m->count)
        return true;
    error_set(e, "no event of this incident is there any more");
    return error_kind(e, ERROR_CONFLICT);
}

static bool write_day(struct making *m, size_t from, size_t to, struct error *e)
{
    uint64_t *sequences = arena_array(m->arena, to - from, sizeof *sequences);
    size_t count = 0;
    if (!sequences || m->day_count == DAYS_MOST)
        return no_memory(e);
    for (size_t i = from; i < to; i++)
        if (!m->events[i].copied && !m->events[i].gone)
            sequences[count++] = m->events[i].id.sequence;
    if (count == 0)
        return true;
    struct evidence_day *day = &m->days[m->day_count++];
    *day = (struct evidence_day){ .name.day = m->events[from].id.day };
    memcpy(day->name.class, m->events[from].id.class, DAY_CLASS);
    return evidence_links(&m->order->place, day, sequences, count, m->arena, &m->links, e) &&
           (!m->links.failed || error_set(e, "the package is too large"));
}

static bool write_days(struct making *m, struct error *e)
{
    m->days = arena_array(m->arena, DAYS_MOST, sizeof *m->days);
    if (!m->days)
        return no_memory(e);
    for (size_t i = 0, end; i < m->count; i = end) {
        for (end = i; end < m->count && compare_days(&m->events[end].id, &m->events[i].id) == 0;)
            end++;
        if (!write_day(m, i, end, e))
            return false;
    }
    return true;
}

/* ---- the incident ---------------------------------------------------------------------------- */

static void write_alerts(struct making *m, struct json_writer *w)
{
    json_open_array_member(w, "alerts");
    for (size_t i = 0; i < m->alert_count; i++) {
        const struct records_alert *a = &m->alerts[i];
        json_open_object(w);
        json_integer_member(w, "id", a->id);
        json_text_member(w, "rule", a->rule);
        json_text_member(w, "title", a->title);
        json_text_member(w, "title_vi", a->title_vi);
        json_integer_member(w, "level", a->level);
        json_text_member(w, "source", a->source);
        json_text_member(w, "entity", a->entity);
        json_time_member(w, "first", a->first_time);
        json_time_member(w, "last", a->last_time);
        json_integer_member(w, "matches", (int64_t)a->matches);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_entries(const struct records_incident_entry *entries, uint32_t count,
                          struct json_writer *w)
{
    json_open_array_member(w, "timeline");
    for (uint32_t i = 0; i < count; i++) {
        json_open_object(w);
        json_time_member(w, "time", entries[i].time);
        json_text_member(w, "kind", entries[i].kind);
        json_text_member(w, "by", entries[i].user);
        json_text_member(w, "text", entries[i].text);
        json_text_member(w, "from_state", entries[i].from_state);
        json_text_member(w, "to_state", entries[i].to_state);
        if (entries[i].alert)
            json_integer_member(w, "alert", entries[i].alert);
        if (entries[i].sha256.len)
            json_text_member(w, "sha256", entries[i].sha256);
        json_close_object(w);
    }
    json_close_array(w);
}

static bool write_incident(struct making *m, struct error *e)
{
    const struct records_incident *i = &m->incident;
    struct records_incident_entry *entries;
    struct json_writer w;
    uint32_t count;
    if (!records_incident_entries(m->records, m->scope, i->id, m->arena, &entries, &count, e))
        return false;
    json_writer_init(&w, &m->about);
    json_open_object(&w);
    json_integer_member(&w, "id", i->id);
    json_text_member(&w, "code", i->code);
    json_text_member(&w, "title", i->title);
    if (i->title_en.len)
        json_text_member(&w, "title_en", i->title_en);
    json_text_member(&w, "description", i->description);
    json_text_member(&w, "state", i->state);
    json_integer_member(&w, "severity", i->severity);
    json_text_member(&w, "agency", i->agency);
    json_text_member(&w, "agency_name", i->agency_name);
    json_text_member(&w, "system", i->system);
    json_time_member(&w, "opened", i->opened_at);
    json_time_member(&w, "detected", i->detected_at);
    json_time_member(&w, "told", i->told_at);
    write_entries(entries, count, &w);
    write_alerts(m, &w);
    json_close_object(&w);
    buffer_add_byte(&m->about, '\n');
    return !m->about.failed || no_memory(e);
}

/* ---- manifest and signature ------------------------------------------------------------------ */

static void write_day_entry(const struct evidence_day *day, struct json_writer *w)
{
    char file[DAY_FILE];
    day_name_print(&day->name, file);
    json_open_object(w);
    json_text_member(w, "file", slice_of(file));
    json_integer_member(w, "batches", (int64_t)day->batches);
    json_integer_member(w, "events", (int64_t)day->events);
    evidence_hex_member(w, "before", day->before, CHAIN_BYTES);
    evidence_hex_member(w, "head", day->head, CHAIN_BYTES);
    json_integer_member(w, "links", (int64_t)day->links);
    json_boolean_member(w, "to_head", day->to_head);
    json_boolean_member(w, "held", day->held);
    json_text_member(w, "signed_head", day->signed_head);
    json_close_object(w);
}

static void write_ids(const struct making *m, const char *name, bool gone, bool copied_only,
                      struct json_writer *w)
{
    json_open_array_member(w, name);
    for (size_t i = 0; i < m->count; i++) {
        char id[EVENT_ID_TEXT];
        event_id_print(&m->events[i].id, id);
        if (m->events[i].gone == gone && (!copied_only || m->events[i].copied))
            json_put_text(w, slice_of(id));
    }
    json_close_array(w);
}

static void write_files(const struct evidence_file *files, size_t count, struct json_writer *w)
{
    json_open_array_member(w, "files");
    for (size_t i = 0; i < count; i++) {
        unsigned char hash[crypto_hash_sha256_BYTES];
        crypto_hash_sha256(hash, (const unsigned char *)files[i].bytes.data, files[i].bytes.len);
        json_open_object(w);
        json_text_member(w, "name", slice_of(files[i].name));
        json_integer_member(w, "bytes", (int64_t)files[i].bytes.len);
        evidence_hex_member(w, "sha256", hash, sizeof hash);
        json_close_object(w);
    }
    json_close_array(w);
}

static bool write_manifest(struct making *m, const struct evidence_file *files, size_t count,
                           struct error *e)
{
    const struct evidence_order *o = m->order;
    struct json_writer w;
    json_writer_init(&w, &m->manifest);
    json_open_object(&w);
    json_text_member(&w, "format", SLICE(EVIDENCE_FORMAT));
    json_text_member(&w, "program", slice_of(o->version));
    json_integer_member(&w, "incident", o->incident);
    json_text_member(&w, "code", m->incident.code);
    json_text_member(&w, "agency", m->incident.agency);
    json_time_member(&w, "time", o->now);
    json_text_member(&w, "by", o->by);
    json_text_member(&w, "reason", o->reason);
    write_files(files, count, &w);
    write_ids(m, "events", false, false, &w);
    write_ids(m, "copies", false, true, &w);
    write_ids(m, "gone", true, false, &w);
    json_open_array_member(&w, "days");
    for (size_t i = 0; i < m->day_count; i++)
        write_day_entry(&m->days[i], &w);
    json_close_array(&w);
    json_close_object(&w);
    buffer_add_byte(&m->manifest, '\n');
    return !m->manifest.failed || no_memory(e);
}

/* Two lines: the signature, the public key. */
static struct slice sign(const struct making *m)
{
    unsigned char signature[crypto_sign_BYTES];
    char hex[2 * crypto_sign_BYTES + 1], key[2 * HEADS_PUBLIC + 1];
    BUFFER_AUTO message;
    buffer_init(&message, EVIDENCE_FILE_MOST);
    evidence_message(buffer_slice(&m->manifest), &message);
    if (message.failed)
        return SLICE_NONE;
    crypto_sign_ed25519_detached(signature, NULL, (const unsigned char *)message.data, message.len,
                                 m->order->key->secret);
    sodium_bin2hex(hex, sizeof hex, signature, sizeof signature);
    sodium_bin2hex(key, sizeof key, m->order->key->public, HEADS_PUBLIC);
    return arena_print(m->arena, "%s\n%s\n", hex, key);
}

static bool pack(struct making *m, struct evidence_package *out, struct error *e)
{
    struct evidence_file files[] = {
        { EVIDENCE_EVENTS, buffer_slice(&m->lines) },
        { EVIDENCE_CHAIN, buffer_slice(&m->links) },
        { EVIDENCE_INCIDENT, buffer_slice(&m->about) },
        { EVIDENCE_MANIFEST, SLICE_NONE },
        { EVIDENCE_SIGNATURE, SLICE_NONE },
    };
    unsigned char hash[crypto_hash_sha256_BYTES];
    if (!write_manifest(m, files, 3, e))
        return false;
    files[3].bytes = buffer_slice(&m->manifest);
    files[4].bytes = sign(m);
    if (!files[4].bytes.data)
        return no_memory(e);
    if (!evidence_zip(files, 5, m->arena, &out->zip, e))
        return false;
    crypto_hash_sha256(hash, (const unsigned char *)out->zip.data, out->zip.len);
    sodium_bin2hex(out->sha256, sizeof out->sha256, hash, sizeof hash);
    out->name = arena_print(m->arena, "haidang-%.*s.zip", SLICE_ARGS(m->incident.code));
    out->events = m->count - m->gone;
    out->copies = m->copies;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool reason_given(struct slice reason, struct error *e)
{
    if (slice_trim(reason).len)
        return true;
    error_set(e, "say why the incident's events are given out");
    error_place(e, "reason");
    return error_kind(e, ERROR_INPUT);
}

bool evidence_make(struct records *records, const struct records_scope *scope,
                   const struct evidence_order *order, struct arena *arena,
                   struct evidence_package *package_out, struct error *e)
{
    struct making m = { .records = records, .scope = scope, .order = order, .arena = arena };
    struct buffer *const buffers[] = { &m.lines, &m.links, &m.about, &m.manifest };
    for (size_t i = 0; i < 4; i++)
        buffer_init(buffers[i], EVIDENCE_FILE_MOST);
    bool well = (sodium_init() >= 0 || error_set(e, "the cryptographic library cannot start")) &&
                reason_given(order->reason, e) &&
                records_incident_get(records, scope, order->incident, arena, &m.incident, e) &&
                choose_events(&m, e) && write_events(&m, e) && write_days(&m, e) &&
                write_incident(&m, e) && pack(&m, package_out, e);
    for (size_t i = 0; i < 4; i++)
        buffer_free(buffers[i]);
    free(m.events);
    return well;
}

bool evidence_record(struct records *records, const struct actor *actor, int64_t incident,
                     struct slice sha256, uint64_t events, struct slice reason, struct error *e)
{
    ARENA_AUTO arena;
    BUFFER_AUTO detail;
    RECORDS_TRANSACTION t = { 0 };
    struct records_incident row;
    struct json_writer w;
    const struct records_scope scope = actor->role == ROLE_SYSTEM ? RECORDS_SCOPE_ALL
                                                                  : records_scope_of(actor);
    arena_init(&arena, 0);
    buffer_init(&detail, 0);
    if (!reason_given(reason, e) || !records_begin(records, &t, e) ||
        !records_incident_get(records, &scope, incident, &arena, &row, e))
        return false;
    json_writer_init(&w, &detail);
    json_open_object(&w);
    json_text_member(&w, "sha256", sha256);
    json_integer_member(&w, "events", (int64_t)events);
    json_text_member(&w, "reason", reason);
    json_close_object(&w);
    const struct records_incident_entry entry = {
        .kind = SLICE("package"), .user = actor->user, .text = reason, .events = events, .sha256 = sha256,
    };
    return records_audit_id(records, actor, row.agency, "incident", "package", incident,
                            buffer_slice(&detail), e) &&
           records_incident_append(records, incident, &entry, e) && records_commit(&t, e);
}
