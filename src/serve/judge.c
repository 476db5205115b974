#include "serve/judge.h"

#include "plan/plan_check.h"
#include "records/standing.h"

#define JUDGE_ARENA (256u << 20)

bool judge_store(struct records *records, const char *records_path, const struct plan *plan,
                 int64_t now, struct error *e)
{
    ARENA_AUTO arena;
    struct plan_check_options options = { .at = now };
    struct plan_result *result;
    uint32_t count = 0;

    arena_init(&arena, JUDGE_ARENA);
    if (!plan_check(plan, records_path, &options, &arena, &result, e))
        return false;
    struct records_standing *rows = arena_array(&arena, result->standing_count, sizeof *rows);
    if (!rows)
        return error_set(e, "not enough memory for %s", "the check");
    for (uint32_t i = 0; i < result->standing_count; i++) {
        const struct plan_standing *s = &result->standings[i];
        if (s->trial)
            continue; /* shown, does not count yet */
        rows[count++] = (struct records_standing){
            .plan = plan->key.number, .obligation = s->obligation->id, .agency = s->agency->key,
            .period = slice_of(s->period.id), .state = slice_of(standing_name(s->standing)), .due = s->due,
        };
    }
    return records_standing_put(records, rows, count, now, e);
}
