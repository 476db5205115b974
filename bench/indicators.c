/* What a million threat indicators cost: detection with and without them, in one run, one thread.
 *
 *     taskset -c 0 ./indicators-bench EVENTS.jsonl RULES-FOLDER FIELDS.yaml COUNT FOLDER
 *
 * The indicators are made up by a fixed rule, a third addresses, a third domains, the rest URLs and
 * hashes; the table is written and mapped as the server does it. Memory is what the process holds
 * more after every value of all events was looked up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "detect/compiler.h"
#include "detect/indicator_match.h"
#include "detect/scanner.h"
#include "event/json_event.h"

#define ROUNDS 7

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double resident(void)
{
    long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%ld %ld", &size, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static uint64_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 20;
}

static void print_one(unsigned kind, uint64_t *state, char *out, size_t size)
{
    uint64_t a = draw(state), b = draw(state);
    if (kind < 3) /* 240/4 stands in no event: nothing is found by chance */
        snprintf(out, size, "%u.%u.%u.%u", 240u + (unsigned)(a % 16), (unsigned)(a >> 8 & 255),
                 (unsigned)(b & 255), (unsigned)(b >> 8 & 255));
    else if (kind < 6)
        snprintf(out, size, "a%llx.b%llx.example", (unsigned long long)a % 0xfffff,
                 (unsigned long long)b % 0xffffff);
    else if (kind < 8)
        snprintf(out, size, "http://c%llx.example/%llx/gate.php", (unsigned long long)a,
                 (unsigned long long)b);
    else
        snprintf(out, size, "%016llx%016llx%016llx%016llx", (unsigned long long)a,
                 (unsigned long long)b, (unsigned long long)draw(state),
                 (unsigned long long)draw(state));
}

static bool build(unsigned long count, const char *path, struct error *e)
{
    ARENA_AUTO arena;
    struct indicator_builder *builder = indicator_builder_new();
    uint64_t state = 7;
    bool fine = builder != NULL;
    arena_init(&arena, 0);
    for (unsigned long i = 0; fine && i < count; i++) {
        char text[128];
        struct indicator indicator;
        print_one((unsigned)(i % 10), &state, text, sizeof text);
        arena_clear(&arena);
        fine = indicator_read(slice_of(text), INDICATOR_TYPE_ANY, &arena, &indicator, e);
        struct indicator_row row = { .type = indicator.type, .key = indicator.key,
                                     .source = SLICE("bench"), .confidence = 50,
                                     .note = SLICE("made up") };
        fine = fine && indicator_builder_add(builder, &row, e);
    }
    fine = fine && indicator_builder_save(builder, 1, path, e);
    indicator_builder_free(&builder);
    return fine;
}

static double run(struct json_reader *reader, struct scanner *scanner,
                  struct indicator_matcher *matcher, struct slice text, unsigned long *events,
                  unsigned long *found)
{
    ARENA_AUTO arena;
    struct slice line;
    double start = cpu();
    arena_init(&arena, 0);
    *events = *found = 0;
    while (slice_split(&text, '\n', &line)) {
        struct event event = { .raw = line };
        struct error e = ERROR_NONE;
        const uint32_t *rules;
        const struct indicator_found *indicators;
        arena_clear(&arena);
        if (!line.len || !json_event_lazy(reader, &event, &arena, &e))
            continue;
        ++*events;
        scanner_scan(scanner, &event, &rules);
        if (matcher)
            *found += indicator_matcher_scan(matcher, &event, &indicators);
    }
    return cpu() - start;
}

int main(int argc, char **argv)
{
    ARENA_AUTO arena;
    struct slice text;
    struct error e = ERROR_NONE;
    struct ruleset *ruleset = NULL;
    struct indicator_fields *fields = NULL;
    struct indicator_table *table = NULL;
    unsigned long events = 0, found = 0;
    arena_init(&arena, 0);
    if (argc != 6 || !file_read(argv[1], (size_t)4 << 30, &arena, &text, &e)) {
        fprintf(stderr, "usage: indicators-bench EVENTS RULES FIELDS COUNT FOLDER %s\n", e.sentence);
        return 2;
    }
    const char *rules[] = { argv[2], NULL };
    struct compiler_options options = { .rules = rules, .logsources = "logsources" };
    struct compiler_count count;
    char *path = file_join(&arena, argv[5], "indicators.table");
    double start = cpu();
    if (!build(strtoul(argv[4], NULL, 10), path, &e) ||
        !compiler_run(&options, &ruleset, &count, &e) ||
        !indicator_fields_load(argv[3], &fields, &e)) {
        fprintf(stderr, "%s\n", e.sentence);
        return 3;
    }
    double built = cpu() - start;
    struct scanner *scanner = scanner_new(ruleset);
    struct json_reader *reader = json_reader_new();
    double without = 1e9, with = 1e9;
    without = run(reader, scanner, NULL, text, &events, &found);
    double before = resident();
    if (!indicator_table_open(path, &table, &e)) {
        fprintf(stderr, "%s\n", e.sentence);
        return 3;
    }
    struct indicator_matcher *matcher = indicator_matcher_new(fields, table);
    for (int i = 0; i < ROUNDS; i++) {
        double plain = run(reader, scanner, NULL, text, &events, &found);
        double full = run(reader, scanner, matcher, text, &events, &found);
        without = plain < without ? plain : without;
        with = full < with ? full : with;
    }
    printf("rules %u, indicators %u, built in %.2f CPU s with the rules\n", count.rules,
           indicator_table_count(table), built);
    printf("events %lu, found %lu\n", events, found);
    printf("without        %10.0f events a CPU second\n", (double)events / without);
    printf("with           %10.0f events a CPU second\n", (double)events / with);
    printf("ratio          %10.3f\n", without / with);
    printf("memory         %10.1f MB more\n", resident() - before);
    printf("table          %10.1f bytes an indicator\n",
           (double)indicator_table_bytes(table) / indicator_table_count(table));
    indicator_matcher_free(&matcher);
    indicator_table_close(&table);
    indicator_fields_free(&fields);
    json_reader_free(&reader);
    scanner_free(&scanner);
    ruleset_free(&ruleset);
    return 0;
}
