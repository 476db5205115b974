/* Windows event logs: our reader with all rules beside libevtx that only reads, in one run.
 *
 *     ./evtx-bench RULES FOLDER-OR-FILE...        (bench/bench_evtx.py builds and calls it)
 *
 * libevtx opens each file and renders each record as XML, as evtxexport does; we open each file, read
 * each record and try the rules on it. Same process, same files, page cache warm, one thread, CPU time,
 * the best of several rounds in turn. Nothing is printed or kept by either.
 * "both" counts the files of which both read the same records; "all" counts every file, and each one's
 * records are those that it could read.
 */
#include <libevtx.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "detect/compiler.h"
#include "detect/scanner.h"
#include "cli/detect_evtx.h"

#ifndef ROUNDS
#define ROUNDS 5
#endif

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct file {
    const char *path;
    double ours, theirs;            /* best CPU seconds */
    uint64_t our_records, their_records, their_refused;
    uint64_t our_sum, their_sum;    /* of record numbers: the same records? */
    bool opened;                    /* by libevtx */
};

struct count { uint64_t records, sum, alerts, damaged; struct scanner *scanner; };

static void on_event(void *owner, struct event *event, uint64_t record)
{
    struct count *c = owner;
    const uint32_t *rules;
    c->records++;
    c->sum += record;
    if (c->scanner)
        c->alerts += scanner_scan(c->scanner, event, &rules);
}

static void on_damage(void *owner, const struct error *e)
{
    struct count *c = owner;
    (void)e;
    c->damaged++;
}

static void read_ours(struct file *f, struct detect_evtx *reader, struct count *c)
{
    struct evtx_sink sink = { on_event, c };
    double start = cpu();
    struct input *input;
    struct input_block block;
    struct block_memory memory = { .count = 0 };
    struct error e = ERROR_NONE;
    if (input_open(f->path, &memory, &input, &e)) {
        while (input_next(input, &block, &e)) {
            detect_evtx_read(reader, &block, &sink, on_damage);
            free(block.bytes);
        }
        input_close(&input);
    }
    double took = cpu() - start;
    if (took < f->ours)
        f->ours = took;
    f->our_records = c->records;
    f->our_sum = c->sum;
}

static void render(libevtx_record_t *record, struct file *f, uint64_t *records, uint64_t *sum,
                   uint8_t **room, size_t *capacity)
{
    size_t size = 0;
    uint64_t id = 0;
    if (libevtx_record_get_utf8_xml_string_size(record, &size, NULL) != 1) {
        f->their_refused++;
        return;
    }
    if (size > *capacity) {
        *capacity = size * 2;
        *room = realloc(*room, *capacity);
    }
    if (!*room || libevtx_record_get_utf8_xml_string(record, *room, size, NULL) != 1) {
        f->their_refused++;
        return;
    }
    libevtx_record_get_identifier(record, &id, NULL);
    ++*records;
    *sum += id;
}

static void read_theirs(struct file *f, uint8_t **room, size_t *capacity)
{
    libevtx_file_t *file = NULL;
    uint64_t records = 0, sum = 0;
    int count = 0;
    double start = cpu();
    f->their_refused = 0;
    f->opened = libevtx_file_initialize(&file, NULL) == 1 &&
                libevtx_file_open(file, f->path, LIBEVTX_OPEN_READ, NULL) == 1;
    if (f->opened && libevtx_file_get_number_of_records(file, &count, NULL) == 1)
        for (int i = 0; i < count; i++) {
            libevtx_record_t *record = NULL;
            if (libevtx_file_get_record_by_index(file, i, &record, NULL) == 1)
                render(record, f, &records, &sum, room, capacity);
            else
                f->their_refused++;
            if (record)
                libevtx_record_free(&record, NULL);
        }
    if (f->opened)
        libevtx_file_close(file, NULL);
    libevtx_file_free(&file, NULL);
    double took = cpu() - start;
    if (took < f->theirs)
        f->theirs = took;
    f->their_records = records;
    f->their_sum = sum;
}

static void report(const char *name, const struct file *files, size_t count, bool both)
{
    double ours = 0, theirs = 0;
    uint64_t our_records = 0, their_records = 0, used = 0, refused = 0;
    for (size_t i = 0; i < count; i++) {
        const struct file *f = &files[i];
        bool same = f->opened && f->our_records == f->their_records && f->our_sum == f->their_sum;
        if (both && !same)
            continue;
        used++;
        ours += f->ours;
        theirs += f->theirs;
        our_records += f->our_records;
        their_records += f->their_records;
        refused += f->their_refused;
    }
    printf("%s: files %llu, ours %llu records in %.4f s, libevtx %llu records in %.4f s (%llu refused), "
           "ratio %.2f\n", name, (unsigned long long)used, (unsigned long long)our_records, ours,
           (unsigned long long)their_records, theirs, (unsigned long long)refused,
           ours > 0 && their_records && theirs > 0
               ? (double)our_records / ours / ((double)their_records / theirs) : 0);
}

int main(int argc, char **argv)
{
    static const char *const suffixes[] = { ".evtx", NULL };
    ARENA_AUTO arena;
    struct error e = ERROR_NONE;
    struct ruleset *ruleset = NULL;
    struct compiler_count compiled = { 0 };
    const char *rules[] = { argc > 1 ? argv[1] : NULL, NULL };
    struct compiler_options options = { .rules = rules, .logsources = "logsources" };
    struct file *files = NULL;
    size_t count = 0, capacity = 0;
    uint8_t *room = NULL;
    arena_init(&arena, 0);
    bool fine = argc >= 3 && compiler_run(&options, &ruleset, &compiled, &e);
    for (int i = 2; fine && i < argc; i++) {
        struct slice *paths;
        size_t found;
        if (!file_list(argv[i], suffixes, 100000, &arena, &paths, &found, &e) ||
            !(files = realloc(files, (count + found + 1) * sizeof *files)))
            fine = false;
        for (size_t k = 0; fine && k < found; k++)
            files[count++] = (struct file){ .path = paths[k].data, .ours = 1e9, .theirs = 1e9 };
    }
    struct detect_evtx *reader = detect_evtx_new();
    struct scanner *scanner = fine ? scanner_new(ruleset) : NULL;
    if (!fine || !reader || !scanner) {
        fprintf(stderr, "usage: evtx-bench RULES FOLDER... %s\n", e.sentence);
        return 2;
    }
    uint64_t alerts = 0;
    double plain = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = cpu();
        for (size_t i = 0; i < count; i++) {
            struct count none = { 0 };
            double before = files[i].ours;
            read_ours(&files[i], reader, &none);
            files[i].ours = before;
        }
        plain = cpu() - start < plain ? cpu() - start : plain;
        alerts = 0;
        for (size_t i = 0; i < count; i++) {
            struct count c = { .scanner = scanner };
            read_ours(&files[i], reader, &c);
            alerts += c.alerts;
        }
        for (size_t i = 0; i < count && !getenv("OURS_ONLY"); i++)
            read_theirs(&files[i], &room, &capacity);
    }
    printf("rules %u, matches %llu\n", compiled.rules, (unsigned long long)alerts);
    printf("reading alone %.4f s\n", plain);
    report("both", files, count, true);
    report("all", files, count, false);
    scanner_free(&scanner);
    detect_evtx_free(&reader);
    ruleset_free(&ruleset);
    free(files);
    free(room);
    return 0;
}
