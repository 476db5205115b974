/* Rules that are not to run: who said so, why and until when. */
#include "base/clock.h"
#include "records/alert.h"
#include "records/audit.h"
#include "records/store.h"

static bool audit(struct records *records, const struct actor *actor, const char *action,
                  struct slice rule, struct slice reason, struct error *e)
{
    BUFFER_AUTO text, detail;
    buffer_init(&text, 0);
    buffer_init(&detail, 0);
    buffer_print(&text, "rule:%.*s", SLICE_ARGS(rule));
    if (reason.len)
        records_detail(&detail, 1, "reason", reason);
    return records_audit(records, actor, SLICE_NONE, action, buffer_slice(&text),
                         buffer_slice(&detail), e);
}

bool records_rule_disable(struct records *records, const struct actor *actor, struct slice rule,
                          struct slice reason, int64_t until, struct error *e)
{
    if (!rule.len || reason.len < 3) {
        error_set(e, "say why this rule is not to run");
        error_place(e, "reason");
        return error_kind(e, ERROR_INPUT);
    }
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_start(records, "INSERT OR REPLACE INTO rule_disabled VALUES (?, ?, ?, ?, ?)",
                         &s, e))
        return false;
    statement_put_text(&s, rule);
    statement_put_text(&s, reason);
    statement_put_text(&s, actor->user);
    statement_put(&s, clock_now());
    statement_put_or_null(&s, until);
    return statement_run(&s, e) && audit(records, actor, "rule.disable", rule, reason, e) &&
           records_commit(&t, e);
}

bool records_rule_enable(struct records *records, const struct actor *actor, struct slice rule,
                         struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_do(records, "DELETE FROM rule_disabled WHERE rule = ?", e, 1, rule))
        return false;
    if (!records_changed(records))
        return records_not_found(e, "the rule '%.*s' is not disabled", rule);
    return audit(records, actor, "rule.enable", rule, SLICE_NONE, e) && records_commit(&t, e);
}

bool records_rule_disabled(struct records *records, struct arena *arena,
                           struct records_rule_disabled **rules_out, uint32_t *count_out,
                           struct error *e)
{
    *rules_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT rule, reason, by_whom, since, until, count(*) OVER () "
                         "FROM rule_disabled WHERE until IS NULL OR until > ? ORDER BY rule", &s, e))
        return false;
    statement_put(&s, clock_now());
    struct records_rule_disabled *r;
    while ((r = statement_row(&s, arena, rules_out, count_out, sizeof *r, e))) {
        r->rule = statement_get_text(&s, arena);
        r->reason = statement_get_text(&s, arena);
        r->by_whom = statement_get_text(&s, arena);
        r->since = statement_get(&s);
        r->until = statement_get(&s);
    }
    return !s.failed && records_arena_held(arena, e);
}
