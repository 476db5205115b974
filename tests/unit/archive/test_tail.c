#include "fixture.h"

#include <stdio.h>

#include "archive/tail.h"
#include "test.h"

static const struct fixture_event events[] = {
    { "Failed password for root", NULL, 500, { "user", "root" } },
    { "Accepted password for lan", NULL, 40, { "user", "lan" } },
    { "Failed password for admin", "so-y-te", 20, { "user", "admin" } },
    { "Failed password for old", NULL, 1, { "user", "old" } },
};

struct seen {
    char text[1024];
    int count;
};

static bool take_event(void *owner, const struct search_event *event)
{
    struct seen *seen = owner;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%s%.*s", used ? "|" : "",
             SLICE_ARGS(event->event.raw));
    seen->count++;
    return true;
}

static struct search_foot foot;

static const char *look(struct tail *tail)
{
    static struct seen seen;
    struct search_handlers handlers = { .owner = &seen, .event = take_event };
    struct error e = ERROR_NONE;
    seen = (struct seen){ .text = "" };
    if (!tail_look(tail, &handlers, &foot, &e))
        fail_msg("%s", e.sentence);
    return seen.text;
}

static struct tail *begin(const char *text, const struct search_options *options,
                          struct arena *arena)
{
    struct query *query;
    struct tail *tail = NULL;
    struct error e = ERROR_NONE;
    if (!query_parse(slice_of(text), 0, arena, &query, &e) ||
        !tail_new(query, options, &tail, &e))
        fail_msg("%s", e.sentence);
    return tail;
}

TEST("a tail gives what was stored since the last look, once, whatever its time, sealed or not")
{
    ARENA_AUTO arena;
    struct archive *archive;
    struct error e = ERROR_NONE;
    const char *directory = test_folder();
    struct search_options all = { .directory = directory, .scope.all = true, .limit = 100 };
    struct search_options one = all;
    struct slice agency = SLICE("so-y-te");
    one.scope = (struct search_scope){ .agencies = &agency, .agency_count = 1 };
    arena_init(&arena, 0);
    CHECK(archive_open(directory, &archive, &e));
    struct tail *empty = begin("", &all, &arena);
    fixture_store(archive, events, 1);
    struct tail *tail = begin("failed", &all, &arena), *narrow = begin("*", &one, &arena);
    CHECK_TEXT(look(empty), "Failed password for root");
    CHECK_TEXT(look(tail), "");
    fixture_store(archive, events + 1, 2);
    CHECK_TEXT(look(tail), "Failed password for admin");
    CHECK_TEXT(look(tail), "");
    fixture_store(archive, events + 3, 1);
    fixture_seal(archive);
    CHECK_TEXT(look(tail), "Failed password for old");
    CHECK_TEXT(look(narrow), "Failed password for admin");
    CHECK_TEXT(look(narrow), "");
    CHECK_TEXT(look(empty),
               "Accepted password for lan|Failed password for admin|Failed password for old");
    tail_free(&tail);
    tail_free(&narrow);
    tail_free(&empty);
    archive_close(&archive);
}

TEST("a look that finds more than the limit gives the newest and says that it cut")
{
    ARENA_AUTO arena;
    struct archive *archive;
    struct error e = ERROR_NONE;
    const char *directory = test_folder();
    struct search_options options = { .directory = directory, .scope.all = true, .limit = 2 };
    arena_init(&arena, 0);
    CHECK(archive_open(directory, &archive, &e));
    struct tail *tail = begin("*", &options, &arena);
    fixture_store(archive, events, 4);
    CHECK_TEXT(look(tail), "Failed password for root|Accepted password for lan");
    CHECK_INT(foot.end, SEARCH_LIMITED);
    CHECK_TEXT(look(tail), "");
    CHECK_INT(foot.end, SEARCH_COMPLETE);
    tail_free(&tail);
    archive_close(&archive);
}

TEST("a table of what is still to come is refused")
{
    ARENA_AUTO arena;
    struct query *query;
    struct tail *tail;
    struct error e = ERROR_NONE;
    struct search_options options = { .directory = test_folder(), .scope.all = true };
    arena_init(&arena, 0);
    CHECK(query_parse(SLICE("failed | count by user"), 0, &arena, &query, &e));
    CHECK(!tail_new(query, &options, &tail, &e));
    CHECK_INT(e.kind, ERROR_INPUT);
}
