#include "records/notice.h"

#include "base/clock.h"
#include "records/audit.h"
#include "records/store.h"

bool records_notice_add(struct records *records, const struct actor *actor,
                        const struct records_notice *n, int64_t *id_out, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_start(records,
            "INSERT INTO notice (kind, subject, agency, obligation, period, step, incident, "
            "receiver, channel, sent_at, learnt_at, by_whom, document, text, due_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &s, e))
        return false;
    int64_t now = clock_now();
    statement_put_text(&s, n->kind);
    statement_put_text(&s, n->subject);
    statement_put_text(&s, n->agency);
    statement_put_text(&s, n->obligation);
    statement_put_text(&s, n->period);
    statement_put_text(&s, n->step);
    statement_put_or_null(&s, n->incident);
    statement_put_text(&s, n->receiver);
    statement_put_text(&s, n->channel);
    statement_put(&s, n->sent_at ? n->sent_at : now);
    statement_put(&s, now);
    statement_put_text(&s, actor->user);
    statement_put_text(&s, n->document);
    statement_put_text(&s, n->text);
    statement_put_or_null(&s, n->due_at);
    if (!statement_run(&s, e))
        return false;
    *id_out = sqlite3_last_insert_rowid(records->db);
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    records_detail(&detail, 3, "kind", n->kind, "receiver", n->receiver, "channel", n->channel);
    return records_audit(records, actor, n->agency, "notice.add", n->subject,
                         buffer_slice(&detail), e) &&
           records_commit(&t, e);
}

bool records_notice_answer(struct records *records, const struct actor *actor, int64_t id,
                           int64_t delivered_at, int64_t acknowledged_at, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_start(records, "UPDATE notice SET delivered_at = coalesce(?2, delivered_at), "
                         "acknowledged_at = coalesce(?3, acknowledged_at) WHERE id = ?1", &s, e))
        return false;
    statement_put(&s, id);
    statement_put_or_null(&s, delivered_at);
    statement_put_or_null(&s, acknowledged_at);
    if (!statement_run(&s, e))
        return false;
    if (!records_changed(records))
        return records_not_found_id(e, "there is no notice %lld", id);
    return records_audit_id(records, actor, SLICE_NONE, "notice", "answer", id, SLICE_NONE, e) &&
           records_commit(&t, e);
}

bool records_notice_list(struct records *records, const struct records_scope *scope,
                         struct slice subject, struct slice agency, struct arena *arena,
                         struct records_notice **rows_out, uint32_t *count_out, struct error *e)
{
    *rows_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT id, kind, subject, agency, obligation, period, step, incident, receiver, "
            "channel, sent_at, learnt_at, by_whom, document, text, due_at, delivered_at, "
            "acknowledged_at FROM notice WHERE (?1 OR agency = ?2) AND (?3 = '' OR subject = ?3) "
            "AND (?4 = '' OR agency = ?4) ORDER BY sent_at, id LIMIT ?5", &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put_text(&s, subject);
    statement_put_text(&s, agency);
    statement_put(&s, RECORDS_LIMIT_MOST);
    struct records_notice *rows = arena_array(arena, RECORDS_LIMIT_MOST, sizeof *rows);
    uint32_t count = 0;
    while (rows && count < RECORDS_LIMIT_MOST && statement_next(&s, e)) {
        struct records_notice *n = &rows[count++];
        n->id = statement_get(&s);
        n->kind = statement_get_text(&s, arena);
        n->subject = statement_get_text(&s, arena);
        n->agency = statement_get_text(&s, arena);
        n->obligation = statement_get_text(&s, arena);
        n->period = statement_get_text(&s, arena);
        n->step = statement_get_text(&s, arena);
        n->incident = statement_get(&s);
        n->receiver = statement_get_text(&s, arena);
        n->channel = statement_get_text(&s, arena);
        n->sent_at = statement_get(&s);
        n->learnt_at = statement_get(&s);
        n->by_whom = statement_get_text(&s, arena);
        n->document = statement_get_text(&s, arena);
        n->text = statement_get_text(&s, arena);
        n->due_at = statement_get(&s);
        n->delivered_at = statement_get(&s);
        n->acknowledged_at = statement_get(&s);
    }
    *rows_out = rows;
    *count_out = count;
    return !s.failed && records_arena_held(arena, e);
}
