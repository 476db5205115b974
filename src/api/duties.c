/* duties - standings as sums and lists: how many are met, by clause, and which press most. */
#include <stdlib.h>

#include "api/standings.h"

static bool counts(const struct api_call *call, const struct plan_standing *standing,
                   struct slice agency)
{
    return !standing->trial && standings_seen(call, standing) &&
           (agency.len == 0 || slice_equal(standing->agency->key, agency));
}

void standing_counts_put(struct json_writer *json, const char *name,
                         const struct standing_counts *sums)
{
    if (name)
        json_name(json, name);
    json_open_object(json);
    for (int i = 0; i < STANDINGS; i++)
        json_integer_member(json, standing_name((enum standing)i), sums->of[i]);
    json_close_object(json);
}

struct standing_counts standing_counts_of(const struct api_call *call,
                                          const struct plan_result *result, struct slice agency)
{
    struct standing_counts sums = { { 0 } };

    for (uint32_t i = 0; i < result->standing_count; i++)
        if (counts(call, &result->standings[i], agency))
            sums.of[result->standings[i].standing]++;
    return sums;
}

/* ---- clauses --------------------------------------------------------------------------------- */

static uint32_t clause_counts(const struct api_call *call, const struct plan_result *result,
                              struct slice clause, struct standing_counts *sums)
{
    uint32_t count = 0;

    *sums = (struct standing_counts){ { 0 } };
    for (uint32_t i = 0; i < result->standing_count; i++) {
        const struct plan_standing *s = &result->standings[i];
        if (slice_equal(s->obligation->clause->id, clause) && counts(call, s, SLICE_NONE)) {
            sums->of[s->standing]++;
            count++;
        }
    }
    return count;
}

void standing_clauses_put(struct api_call *call, const struct plan_result *result,
                          const struct plan_result *before)
{
    const struct plan *plan = result->plan;
    struct json_writer *json = &call->json;
    struct standing_counts sums;

    json_open_array(json);
    for (uint32_t i = 0; i < plan->clause_count; i++) {
        const struct plan_clause *clause = &plan->clauses[i];
        if (!clause_counts(call, result, clause->id, &sums))
            continue;
        json_open_object(json);
        json_text_member(json, "clause", clause->id);
        json_text_member(json, "title", plan_words_in(&clause->title, call->language));
        standing_counts_put(json, "counts", &sums);
        if (before && clause_counts(call, before, clause->id, &sums))
            standing_counts_put(json, "previous", &sums);
        else
            json_null_member(json, "previous");
        json_close_object(json);
    }
    json_close_array(json);
}

/* ---- duties ---------------------------------------------------------------------------------- */

void standing_duty_put(struct api_call *call, const struct plan_result *result,
                       const struct plan_standing *s)
{
    struct json_writer *json = &call->json;
    BUFFER_AUTO sentence;

    buffer_init(&sentence, 8192);
    plan_say_standing(result, s, call->language, &sentence);
    json_open_object(json);
    json_text_member(json, "obligation", s->obligation->id);
    json_text_member(json, "clause", s->obligation->clause->id);
    json_text_member(json, "title", plan_words_in(&s->obligation->title, call->language));
    json_text_member(json, "period", slice_of(s->period.id));
    json_text_member(json, "standing", slice_of(standing_name(s->standing)));
    if (s->has_basis)
        json_text_member(json, "basis", slice_of(basis_name(s->basis)));
    else
        json_null_member(json, "basis");
    json_name(json, "figure");
    plan_figure_json(json, s->deciding, call->language);
    json_text_member(json, "sentence", buffer_slice(&sentence));
    json_time_member(json, "due", s->due);
    json_close_object(json);
}

static int rank(enum standing standing)
{
    static const int ranks[STANDINGS] = {
        [STANDING_NOT_MET] = 0, [STANDING_LATE] = 1, [STANDING_DUE] = 2, [STANDING_UNKNOWN] = 3,
        [STANDING_MET] = 4, [STANDING_EXEMPT] = 5,
    };

    return ranks[standing];
}

static int compare(const void *a_ref, const void *b_ref)
{
    const struct plan_standing *a = *(const struct plan_standing *const *)a_ref;
    const struct plan_standing *b = *(const struct plan_standing *const *)b_ref;

    if (rank(a->standing) != rank(b->standing))
        return rank(a->standing) - rank(b->standing);
    if (a->due != b->due)
        return a->due < b->due ? -1 : 1;
    return a < b ? -1 : a > b;   /* the plan's order */
}

const struct plan_standing **standings_pressing(struct api_call *call,
                                                const struct plan_result *result,
                                                struct slice agency, uint32_t *count_out)
{
    const struct plan_standing **list =
        arena_array(call->arena, result->standing_count + 1, sizeof(const struct plan_standing *));

    *count_out = 0;
    if (!list)
        return NULL;
    for (uint32_t i = 0; i < result->standing_count; i++)
        if (counts(call, &result->standings[i], agency))
            list[(*count_out)++] = &result->standings[i];
    if (*count_out)
        qsort(list, *count_out, sizeof *list, compare);
    return list;
}
