/* Events a CPU second of detection beside those of parsing alone, in one run, one thread.
 *
 *     ninja -C build src/detect/libdetect.a
 *     cc -O2 -D_GNU_SOURCE -Isrc bench/detect.c build/src/detect/libdetect.a \
 *        build/src/event/libevent.a build/src/base/libbase.a -lhs -lpcre2-8 -lsimdjson -lyaml \
 *        -lutf8proc -lxxhash -lsodium -lz -lm -lstdc++ -lpthread -o detect-bench
 *     taskset -c 0 ./detect-bench EVENTS.jsonl RULES-FOLDER...
 *
 * The limit: simdjson parses each line and every field is touched, nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "detect/compiler.h"
#include "detect/scanner.h"
#include "event/json_event.h"

#define ROUNDS 5

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double parse_only(struct json_reader *reader, struct slice text, unsigned long *events)
{
    struct slice line;
    double start = cpu();
    *events = 0;
    while (slice_split(&text, '\n', &line))
        if (line.len) {
            json_event_touch(reader, line, text.len > JSON_EVENT_PADDING);
            ++*events;
        }
    return cpu() - start;
}

static double detect(struct json_reader *reader, struct scanner *scanner, struct slice text,
                     unsigned long *alerts)
{
    ARENA_AUTO arena;
    struct slice line;
    double start = cpu();
    *alerts = 0;
    arena_init(&arena, 0);
    while (slice_split(&text, '\n', &line)) {
        struct event event = { .raw = line };
        struct error e = ERROR_NONE;
        const uint32_t *rules;
        arena_clear(&arena);
        if (line.len && json_event_read(reader, line, text.len > JSON_EVENT_PADDING, false, &arena,
                                        &event.fields, &event.field_count, &e))
            *alerts += scanner_scan(scanner, &event, &rules);
    }
    return cpu() - start;
}

int main(int argc, char **argv)
{
    ARENA_AUTO arena;
    struct slice text;
    struct error e = ERROR_NONE;
    struct ruleset *ruleset = NULL;
    struct compiler_count count;
    struct compiler_options options = { .rules = (const char *const *)argv + 2,
                                        .logsources = "logsources" };
    double best_parse = 1e9, best_detect = 1e9;
    unsigned long events = 0, alerts = 0;
    arena_init(&arena, 0);
    if (argc < 3 || !file_read(argv[1], (size_t)4 << 30, &arena, &text, &e)) {
        fprintf(stderr, "usage: detect-bench EVENTS.jsonl RULES-FOLDER... %s\n", e.sentence);
        return 2;
    }
    double start = cpu();
    if (!compiler_run(&options, &ruleset, &count, &e)) {
        fprintf(stderr, "%s\n", e.sentence);
        return 3;
    }
    double compile = cpu() - start;
    struct scanner *scanner = scanner_new(ruleset);
    struct json_reader *reader = json_reader_new();
    for (int i = 0; i < ROUNDS; i++) {
        double parse = parse_only(reader, text, &events);
        double run = detect(reader, scanner, text, &alerts);
        best_parse = parse < best_parse ? parse : best_parse;
        best_detect = run < best_detect ? run : best_detect;
    }
    printf("rules %u, compiled in %.2f CPU s\n", count.rules, compile);
    printf("events %lu, alerts %lu\n", events, alerts);
    printf("parsing alone  %10.0f events a CPU second\n", (double)events / best_parse);
    printf("detection      %10.0f events a CPU second\n", (double)events / best_detect);
    printf("ratio          %10.3f\n", best_parse / best_detect);
    json_reader_free(&reader);
    scanner_free(&scanner);
    ruleset_free(&ruleset);
    return 0;
}
