#include "records/person.h"

#include "base/clock.h"
#include "records/store.h"

struct query {
    struct records_scope scope;
    const struct records_person_filter *filter;
    struct slice words;
};

static void bind_filter(struct statement *s, const void *context)
{
    const struct query *q = context;
    statement_put_scope(s, &q->scope);
    statement_put_text(s, q->filter->key);
    statement_put_text(s, q->filter->agency);
    statement_put_text(s, q->filter->duty);
    statement_put_text(s, q->filter->on);
    statement_put_text(s, q->words);
}

static const struct listing_sort sorts[] = { { "name", "p.fold", false } };

static const struct listing listing = {
    .columns = "p.key, p.name, p.email, p.phone, p.verified_at", .from = "person p",
    .where = "(?6 = '' OR p.key = ?6) AND (?10 = '' OR words_in(p.fold, ?10)) "
             "AND ((?4 AND ?7 = '' AND ?8 = '' AND ?9 = '') OR EXISTS (SELECT 1 FROM post o "
             "WHERE o.person = p.key AND (?4 OR o.agency = ?5) AND (?7 = '' OR o.agency = ?7) "
             "AND (?8 = '' OR o.duty = ?8) AND (?9 = '' OR (o.holds_from <= ?9 "
             "AND (o.holds_to IS NULL OR o.holds_to >= ?9)))))",
    .id = "p.key", .sorts = sorts, .sort_count = 1, .bind = bind_filter,
};

static bool posts_read(struct records *records, const struct records_scope *scope,
                       struct records_person *person, struct arena *arena, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT agency, duty, title, decision, holds_from, holds_to, learnt_at, "
            "count(*) OVER () FROM post WHERE person = ?3 AND (?1 OR agency = ?2) "
            "ORDER BY holds_from, id", &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put_text(&s, person->key);
    struct records_post *post;
    while ((post = statement_row(&s, arena, &person->posts, &person->post_count, sizeof *post, e))) {
        post->agency = statement_get_text(&s, arena);
        post->duty = statement_get_text(&s, arena);
        post->title = statement_get_text(&s, arena);
        post->decision = statement_get_text(&s, arena);
        post->holds_from = statement_get_text(&s, arena);
        post->holds_to = statement_get_text(&s, arena);
        post->learnt_at = statement_get(&s);
    }
    return !s.failed;
}

bool records_person_list(struct records *records, const struct records_scope *scope,
                         const struct records_person_filter *filter,
                         const struct records_page *page, struct arena *arena,
                         struct records_person_list *list_out, struct error *e)
{
    *list_out = (struct records_person_list){ 0 };
    struct query q = { *scope, filter, records_fold(arena, 1, filter->words) };
    LISTING run = { 0 };
    if (!listing_start(records, &listing, &q, page, &run, e))
        return false;
    struct records_person *rows = listing_rows(&run, arena, sizeof *rows);
    while (rows && listing_next(&run, arena, e)) {
        struct records_person *p = &rows[run.count - 1];
        p->key = statement_get_text(&run.s, arena);
        p->name = statement_get_text(&run.s, arena);
        p->email = statement_get_text(&run.s, arena);
        p->phone = statement_get_text(&run.s, arena);
        p->verified_at = statement_get(&run.s);
    }
    for (uint32_t i = 0; i < run.count && !run.s.failed; i++)
        if (!posts_read(records, scope, &rows[i], arena, e))
            return false;
    *list_out = (struct records_person_list){ rows, run.count, run.total, run.next };
    return !run.s.failed && records_arena_held(arena, e);
}

bool records_person_get(struct records *records, const struct records_scope *scope,
                        struct slice key, struct arena *arena,
                        struct records_person *person_out, struct error *e)
{
    struct records_person_filter filter = { .key = key };
    struct records_page page = { .limit = 1 };
    struct records_person_list list;
    if (key.len && !records_person_list(records, scope, &filter, &page, arena, &list, e))
        return false;
    if (!key.len || list.count == 0)
        return records_not_found(e, "there is no person '%.*s'", key);
    *person_out = list.rows[0];
    return true;
}

/* ---- change ------------------------------------------------------------------------------------------ */

/* What measures ask for (m_post); another word would count nowhere and nobody would notice. */
static const char *const duties[] = { "head", "deputy", "focal", "incident_team" };

static bool duty_check(struct slice duty, struct error *e)
{
    for (size_t i = 0; i < sizeof duties / sizeof *duties; i++)
        if (slice_is(duty, duties[i]))
            return true;
    error_set(e, "there is no duty '%.*s'", SLICE_ARGS(duty));
    error_hint(e, "write head, deputy, focal or incident_team");
    return records_input_error(e, "duty");
}

static bool post_check(struct records *records, const struct records_post *post, struct error *e)
{
    if (!records_key_check(post->agency, "agency", e) ||
        !records_day_check(post->holds_from, "from", e) ||
        !records_day_check(post->holds_to, "to", e))
        return false;
    if (!post->duty.len || !post->holds_from.len) {
        error_set(e, "a post needs a duty and the day from which it is held");
        return records_input_error(e, post->duty.len ? "from" : "duty");
    }
    if (!duty_check(post->duty, e))
        return false;
    if (post->holds_to.len && slice_compare(post->holds_to, post->holds_from) < 0) {
        error_set(e, "it ends before it begins");
        return records_input_error(e, "to");
    }
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT 1 FROM agency WHERE key = ?", &s, e))
        return false;
    statement_put_text(&s, post->agency);
    if (statement_next(&s, e))
        return true;
    if (s.failed)
        return false;
    error_set(e, "there is no agency '%.*s'", SLICE_ARGS(post->agency));
    return records_input_error(e, "agency");
}

static bool post_put(struct records *records, struct slice person, const struct records_post *post,
                     bool *changed, struct error *e)
{
    STATEMENT s = { 0 };
    if (!post_check(records, post, e) ||
        !statement_start(records,
            "INSERT INTO post (person, agency, duty, title, decision, holds_from, holds_to, "
            "learnt_at, end_learnt_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, iif(?7 IS NULL, NULL, ?8)) "
            "ON CONFLICT (person, agency, duty, holds_from) DO UPDATE SET title = excluded.title, "
            "decision = excluded.decision, holds_to = excluded.holds_to, "
            "end_learnt_at = iif(holds_to IS excluded.holds_to, end_learnt_at, excluded.end_learnt_at) "
            "WHERE (title, decision) <> (excluded.title, excluded.decision) "
            "OR holds_to IS NOT excluded.holds_to", &s, e))
        return false;
    statement_put_text(&s, person);
    statement_put_text(&s, post->agency);
    statement_put_text(&s, post->duty);
    statement_put_text(&s, post->title);
    statement_put_text(&s, post->decision);
    statement_put_text(&s, post->holds_from);
    statement_put_text_or_null(&s, post->holds_to);
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    *changed |= records_changed(records);
    return true;
}

static bool row_put(struct records *records, const struct records_person *p, bool *was,
                    bool *changed, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    STATEMENT look = { 0 }, s = { 0 };
    if (!statement_start(records, "SELECT 1 FROM person WHERE key = ?", &look, e))
        return false;
    statement_put_text(&look, p->key);
    *was = statement_next(&look, e);
    if (look.failed ||
        !statement_start(records,
            "INSERT INTO person VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6, ?6) "
            "ON CONFLICT (key) DO UPDATE SET name = excluded.name, email = excluded.email, "
            "phone = excluded.phone, fold = excluded.fold, changed_at = excluded.changed_at, "
            "verified_at = CASE WHEN email = excluded.email THEN verified_at END "
            "WHERE (name, email, phone, fold) <> (excluded.name, excluded.email, excluded.phone, "
            "excluded.fold)", &s, e))
        return false;
    statement_put_text(&s, p->key);
    statement_put_text(&s, p->name);
    statement_put_text(&s, p->email);
    statement_put_text(&s, p->phone);
    statement_put_text(&s, records_fold(&arena, 3, p->name, p->key, p->email));
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    *changed |= records_changed(records);
    return true;
}

bool records_person_put(struct records *records, const struct actor *actor,
                        const struct records_person *person, enum records_change *change_out,
                        struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    bool was, changed = false;
    if (!records_key_check(person->key, "key", e))
        return false;
    if (!person->name.len) {
        error_set(e, "a person needs a name");
        return records_input_error(e, "name");
    }
    if (!records_begin(records, &t, e) || !row_put(records, person, &was, &changed, e))
        return false;
    for (uint32_t i = 0; i < person->post_count; i++)
        if (!post_put(records, person->key, &person->posts[i], &changed, e))
            return false;
    *change_out = !was ? RECORDS_NEW : changed ? RECORDS_CHANGED : RECORDS_UNCHANGED;
    struct slice agency = person->post_count ? person->posts[0].agency : SLICE_NONE;
    return records_audit_put(records, actor, agency, "person", person->key, *change_out,
                             SLICE_NONE, e) &&
           records_commit(&t, e);
}
