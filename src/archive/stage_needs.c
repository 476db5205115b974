/* What the pipes ask of the search before it begins. */
#include "archive/limit.h"
#include "archive/stage.h"

uint32_t chain_first(const struct query *query)
{
    uint32_t i = 0;
    while (i < query->stage_count && query->stages[i].kind == STAGE_LIMIT)
        i++;
    return i;
}

uint64_t chain_newest(const struct query *query, uint64_t rows)
{
    uint64_t newest = CHAIN_ALL;
    uint32_t i = 0;
    for (; i < query->stage_count; i++) {
        const struct stage *stage = &query->stages[i];
        if (stage->kind == STAGE_LIMIT && stage->number < newest)
            newest = stage->number;
        else if (stage->kind != STAGE_LIMIT && stage->kind != STAGE_FIELDS)
            break;
    }
    if (i == query->stage_count && rows < newest)
        newest = rows;
    return newest != CHAIN_ALL && newest > SEARCH_LIMIT_MAX ? SEARCH_LIMIT_MAX : newest;
}

bool chain_fields(const struct query *query, uint32_t first, struct slice *names_out,
                  size_t *count_out)
{
    *count_out = 0;
    if (first >= query->stage_count)
        return false;
    const struct stage *stage = &query->stages[first];
    if (stage->kind == STAGE_SORT || stage->kind == STAGE_LIMIT)
        return false; /* hands on whole events */
    for (uint32_t i = 0; i < stage->by_count; i++)
        if (tree_place(stage->by[i], &names_out[*count_out]) == PLACE_FIELD)
            ++*count_out;
    for (uint32_t i = 0; i < stage->stat_count; i++)
        if (tree_place(stage->stats[i].field, &names_out[*count_out]) == PLACE_FIELD)
            *count_out += stage->stats[i].field.len > 0;
    return true;
}

bool chain_needs_events(const struct query *query, uint32_t first)
{
    if (first >= query->stage_count)
        return true;
    const struct stage *stage = &query->stages[first];
    bool groups = stage->kind == STAGE_COUNT || stage->kind == STAGE_STATS ||
                  stage->kind == STAGE_TIMECHART || stage->kind == STAGE_TOP;
    if (!groups)
        return true;
    bool needs = false;
    for (uint32_t i = 0; i < stage->by_count; i++) {
        struct slice ignored;
        enum place place = tree_place(stage->by[i], &ignored);
        needs |= place == PLACE_FIELD || place == PLACE_RAW;
    }
    for (uint32_t i = 0; i < stage->stat_count; i++)
        needs |= stage->stats[i].field.len > 0;
    return needs;
}
