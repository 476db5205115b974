#include "serve/passing.h"

#include <stdlib.h>

#include "archive/lack.h"
#include "detect/needs.h"
#include "event/audit.h"

struct passing {
    struct needs *needs;
    struct lack *lack;     /* of the needs' texts, in their order */
    bool *absent;          /* of the block at hand */
    struct arena arena;    /* of one block */
};

struct passing *passing_new(struct ruleset *rules)
{
    struct passing *p = calloc(1, sizeof *p);
    const struct needs_text *texts;
    if (!p)
        return NULL;
    arena_init(&p->arena, 16u << 20);
    p->needs = needs_new(rules);
    p->lack = lack_new();
    uint32_t count = p->needs ? needs_texts(p->needs, &texts) : 0;
    p->absent = calloc(count + 1u, sizeof *p->absent);
    bool well = p->needs && p->lack && p->absent;
    for (uint32_t i = 0; i < count && well; i++)
        well = lack_add(p->lack, texts[i].text, texts[i].left, texts[i].right);
    if (!well)
        passing_free(&p);
    return p;
}

void passing_free(struct passing **passing)
{
    struct passing *p = *passing;
    *passing = NULL;
    if (!p)
        return;
    needs_free(&p->needs);
    lack_free(&p->lack);
    arena_free(&p->arena);
    free(p->absent);
    free(p);
}

static bool may_be_joined(const struct block_rows *rows)
{
    for (uint32_t i = 0; i < rows->label_count; i++)
        if (audit_decoder(rows->labels[i].decoder))
            return true;
    return false;
}

static struct event_logsource *labels_of(struct passing *p, const struct block_rows *rows)
{
    struct event_logsource *labels = arena_array(&p->arena, rows->label_count + 1u, sizeof *labels);
    for (uint32_t i = 0; labels && i < rows->label_count; i++)
        labels[i] = rows->labels[i].logsource;
    return labels;
}

bool passing_wanted(struct passing *p, const struct block_rows *rows, struct slice filter)
{
    arena_clear(&p->arena);
    struct needs_events events = { .labels = labels_of(p, rows), .label_count = rows->label_count };
    if (!events.labels || may_be_joined(rows))
        return true;
    if (filter.len) {
        lack_look(p->lack, filter, p->absent);
        events.absent = p->absent;
    }
    for (uint32_t i = 0; i < rows->shape_count; i++) {
        events.names = rows->shapes[i].names;
        events.name_count = rows->shapes[i].count;
        if (needs_met(p->needs, &events, NULL))
            return true;
    }
    return false;
}
