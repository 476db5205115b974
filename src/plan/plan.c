#include "plan/plan.h"

#include <stdlib.h>

const struct plan_obligation *plan_obligation(const struct plan *plan, struct slice id)
{
    for (uint32_t i = 0; i < plan->obligation_count; i++)
        if (slice_equal(plan->obligations[i].id, id))
            return &plan->obligations[i];
    return NULL;
}

const struct plan_measure *plan_measure(const struct plan *plan, struct slice id)
{
    for (uint32_t i = 0; i < plan->measure_count; i++)
        if (slice_equal(plan->measures[i].id, id))
            return &plan->measures[i];
    return NULL;
}

const struct plan_role *plan_role(const struct plan *plan, struct slice id)
{
    for (uint32_t i = 0; i < plan->role_count; i++)
        if (slice_equal(plan->roles[i].id, id))
            return &plan->roles[i];
    return NULL;
}

struct period plan_period_for(const struct plan *plan, const struct plan_obligation *obligation,
                              const struct period *chosen)
{
    int cutoff = plan->regime->cutoff;

    for (int kind = (int)chosen->kind; kind < PERIOD_KINDS; kind++)
        if (obligation->periods >> kind & 1)
            return period_at((enum period_kind)kind, chosen->from, cutoff);
    for (int kind = (int)chosen->kind - 1; kind >= 0; kind--)
        if (obligation->periods >> kind & 1)
            return period_at((enum period_kind)kind, chosen->to - 1, cutoff);
    return *chosen;
}

void plan_free(struct plan **plan)
{
    if (*plan)
        arena_free(&(*plan)->arena);
    free(*plan);
    *plan = NULL;
}
