#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "test.h"

struct search_foot fixture_foot;

struct batch *fixture_batch(const struct fixture_event *events, uint32_t count)
{
    static int64_t ticks; /* a later batch is received later */
    struct batch *batch = batch_new("standard", FIXTURE_DAY + CLOCK_HOUR);
    for (uint32_t i = 0; i < count; i++) {
        const struct fixture_event *from = &events[i];
        struct event *event = batch_add(batch);
        CHECK(event != NULL);
        const char *agency = from->agency ? from->agency : "so-tttt";
        event->raw = arena_copy(&batch->arena, slice_of(from->raw));
        event->agency = arena_copy(&batch->arena, slice_of(agency));
        event->system = arena_print(&batch->arena, "%s.cong", agency);
        event->source = arena_print(&batch->arena, "%s.cong.web01", agency);
        event->decoder = SLICE("test");
        event->logsource.product = SLICE("linux");
        event->time = FIXTURE_DAY + from->time * CLOCK_SECOND;
        event->received = FIXTURE_DAY + CLOCK_HOUR + ticks++;
        event->fields = arena_array(&batch->arena, 8, sizeof *event->fields);
        for (uint32_t k = 0; k + 1 < 16 && from->fields[k]; k += 2) {
            struct event_field *field = &event->fields[event->field_count++];
            double number;
            field->name = arena_copy(&batch->arena, slice_of(from->fields[k]));
            field->value = arena_copy(&batch->arena, slice_of(from->fields[k + 1]));
            field->kind = slice_to_double(field->value, &number) ? EVENT_NUMBER : EVENT_TEXT;
        }
        batch->raw_bytes += event->raw.len;
        struct batch_count *counted = batch_count(batch, event->source);
        counted->received++;
        counted->stored++;
    }
    return batch;
}

void fixture_store(struct archive *archive, const struct fixture_event *events, uint32_t count)
{
    struct batch *batch = fixture_batch(events, count);
    struct error e = ERROR_NONE;
    if (!archive_commit(archive, batch, &e))
        fail_msg("%s", e.sentence);
    batch_free(&batch);
}

void fixture_seal(struct archive *archive)
{
    bool more = true;
    struct error e = ERROR_NONE;
    for (int i = 0; more && i < 100000; i++)
        if (!archive_seal_step(archive, FIXTURE_DAY + 3 * CLOCK_DAY, 1, &more, &e))
            fail_msg("%s", e.sentence);
    CHECK(!more);
}

struct found {
    struct buffer *out;
    int count;
};

static bool take_event(void *owner, const struct search_event *event)
{
    struct found *found = owner;
    if (found->count++)
        buffer_add_byte(found->out, '|');
    buffer_add(found->out, event->event.raw);
    return true;
}

static bool take_row(void *owner, const struct search_table *table,
                     const struct search_cell *cells)
{
    struct found *found = owner;
    if (found->count++)
        buffer_add_byte(found->out, '|');
    for (size_t i = 0; i < table->column_count; i++) {
        if (i)
            buffer_add_byte(found->out, ',');
        buffer_add(found->out, cells[i].text);
    }
    return true;
}

static const char *run(const char *directory, const char *text,
                       const struct search_options *given, int *count_out)
{
    static char out[1 << 20], damaged[512];
    ARENA_AUTO arena;
    BUFFER_AUTO lines;
    struct query *query;
    struct error e = ERROR_NONE;
    struct search_options options = { .scope.all = true, .limit = 100000 };
    if (given)
        options = *given;
    options.directory = directory;
    arena_init(&arena, 0);
    buffer_init(&lines, sizeof out - 1);
    struct found found = { &lines, 0 };
    struct search_handlers handlers = { .owner = &found, .event = take_event, .row = take_row };
    *count_out = -1;
    if (!query_parse(slice_of(text), FIXTURE_DAY + CLOCK_DAY, &arena, &query, &e) ||
        !search_run(query, &options, &handlers, &arena, &fixture_foot, &e)) {
        snprintf(out, sizeof out, "error: %s", e.sentence);
        return out;
    }
    snprintf(damaged, sizeof damaged, "%.*s", SLICE_ARGS(fixture_foot.damaged));
    fixture_foot.damaged = slice_of(damaged);
    *count_out = found.count;
    memcpy(out, lines.data ? lines.data : "", lines.len);
    out[lines.len] = '\0';
    return out;
}

int fixture_count(const char *directory, const char *query)
{
    int count;
    run(directory, query, NULL, &count);
    return count;
}

const char *fixture_lines(const char *directory, const char *query,
                          const struct search_options *options)
{
    int count;
    return run(directory, query, options, &count);
}

const char *fixture_table(const char *directory, const char *query)
{
    int count;
    return run(directory, query, NULL, &count);
}
