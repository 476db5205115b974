/* Events a CPU second of detection beside those of parsing alone, in one run, one thread.
 *
 *     ninja -C build src/detect/libdetect.a
 *     c++ -O2 -march=native -c bench/parse_only.cc
 *     cc -O2 -D_GNU_SOURCE -Isrc bench/detect.c parse_only.o build/src/detect/libdetect.a \
 *        build/src/event/libevent.a build/src/base/libbase.a -lhs -lpcre2-8 -lsimdjson -lyaml \
 *        -lutf8proc -lxxhash -lsodium -lz -lm -lstdc++ -lpthread -o detect-bench
 *     taskset -c 0 ./detect-bench EVENTS.jsonl RULES-FOLDER...
 *
 * The limit (parse_only.cc): simdjson parses each line and every field is touched, nothing else, by its
 * DOM and by its faster way, On-Demand; the ratio is to the better of the two.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "detect/compiler.h"
#include "detect/scanner.h"
#include "event/json_event.h"

#define ROUNDS 7
#define PADDING 64

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

unsigned long parse_dom(const char *text, size_t len);
unsigned long parse_ondemand(const char *text, size_t len, size_t capacity);

static volatile unsigned long touched;

/* The file's memory has PADDING bytes behind its end. */
static double parse_only(struct slice text, bool ondemand)
{
    const char *end = text.data + text.len + PADDING;
    struct slice line;
    double start = cpu();
    while (slice_split(&text, '\n', &line))
        if (line.len)
            touched += ondemand ? parse_ondemand(line.data, line.len, (size_t)(end - line.data))
                                : parse_dom(line.data, line.len);
    return cpu() - start;
}

struct count { unsigned long events, fields, alerts; };

/* scanner NULL: the records are read, lazily, and nothing else. */
static double detect(struct json_reader *reader, struct scanner *scanner, struct slice text,
                     struct count *count)
{
    ARENA_AUTO arena;
    struct slice line;
    struct error e = ERROR_NONE;
    double start = cpu();
    *count = (struct count){ 0 };
    arena_init(&arena, 0);
    while (slice_split(&text, '\n', &line)) {
        struct event event = { .raw = line };
        const uint32_t *rules;
        arena_clear(&arena);
        if (!line.len || !json_event_lazy(reader, &event, &arena, &e))
            continue;
        count->events++;
        count->fields += event.field_count;
        if (scanner)
            count->alerts += scanner_scan(scanner, &event, &rules);
    }
    return cpu() - start;
}

int main(int argc, char **argv)
{
    ARENA_AUTO arena;
    struct slice text;
    struct error e = ERROR_NONE;
    struct ruleset *ruleset = NULL;
    struct compiler_count compiled;
    struct compiler_options options = { .rules = (const char *const *)argv + 2,
                                        .logsources = "logsources" };
    double dom = 1e9, ondemand = 1e9, read = 1e9, all = 1e9;
    struct count count, none;
    arena_init(&arena, 0);
    if (argc < 3 || !file_read(argv[1], (size_t)4 << 30, &arena, &text, &e)) {
        fprintf(stderr, "usage: detect-bench EVENTS.jsonl RULES-FOLDER... %s\n", e.sentence);
        return 2;
    }
    char *padded = malloc(text.len + PADDING);
    if (!padded)
        return 3;
    memcpy(padded, text.data, text.len);
    memset(padded + text.len, 0, PADDING);
    text.data = padded;
    double start = cpu();
    if (!compiler_run(&options, &ruleset, &compiled, &e)) {
        fprintf(stderr, "%s\n", e.sentence);
        return 3;
    }
    double compile = cpu() - start;
    struct scanner *scanner = scanner_new(ruleset);
    struct json_reader *reader = json_reader_new();
    for (int i = 0; i < ROUNDS; i++) {
        dom = least(dom, parse_only(text, false));
        ondemand = least(ondemand, parse_only(text, true));
        read = least(read, detect(reader, NULL, text, &none));
        all = least(all, detect(reader, scanner, text, &count));
    }
    struct scanner_statistics s = scanner_statistics(scanner);
    double events = (double)count.events, parse = least(dom, ondemand);
    printf("rules %u, compiled in %.2f CPU s\n", compiled.rules, compile);
    printf("events %lu, fields %lu, alerts %lu, rules tried an event %.2f\n", count.events,
           count.fields, count.alerts, (double)s.candidates / (double)s.events);
    printf("parsing (DOM)       %10.0f events a CPU second\n", events / dom);
    printf("parsing (on demand) %10.0f events a CPU second\n", events / ondemand);
    printf("reading             %10.0f events a CPU second\n", events / read);
    printf("detection           %10.0f events a CPU second\n", events / all);
    printf("ratio               %10.3f\n", parse / all);
    printf("ratio to DOM        %10.3f\n", dom / all);
    json_reader_free(&reader);
    scanner_free(&scanner);
    ruleset_free(&ruleset);
    return 0;
}
