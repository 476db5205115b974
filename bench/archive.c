/* archive - how fast events are stored, sealed and found again, and how small they become.
 *
 *     bench_archive DIRECTORY FILE [QUERY ...]
 *
 * FILE holds JSON lines (decoded into fields) or plain lines (kept raw); `-` is stdin. It is read
 * and decoded while the clock stands. An event's time is that of its record
 * (`@timestamp`), where it has one; a batch was received at one moment, as over HTTP. Prints one line
 * a figure. DIRECTORY must not exist yet; it is left for a look. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "archive/archive.h"
#include "archive/search.h"
#include "base/clock.h"
#include "event/json_event.h"

static double cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

#define READ_AT_ONCE ((size_t)64 << 20)

/* The next stretch of whole lines, in memory that the next call uses again; empty at the end. */
static struct slice read_lines(FILE *file)
{
    static char *data;
    static size_t used, len; /* len: of what was read, used: of it given */
    if (!data && !(data = malloc(READ_AT_ONCE)))
        exit(3);
    memmove(data, data + used, len -= used);
    len += fread(data + len, 1, READ_AT_ONCE - len, file);
    used = len;
    while (!feof(file) && used > 0 && data[used - 1] != '\n')
        used--;
    return slice_from(data, used);
}

static int64_t time_of(const struct event *event)
{
    int64_t time;
    struct slice text = event_value(event, SLICE("@timestamp"));
    return text.len && clock_parse(text, &time) ? time : event->received;
}

static struct batch *fill(struct slice *rest)
{
    struct batch *batch = batch_new("standard", clock_now());
    struct slice line;
    struct error e = ERROR_NONE;
    while (rest->len && !batch_full(batch) && slice_split(rest, '\n', &line)) {
        if (line.len == 0)
            continue;
        struct event *event = batch_add(batch);
        event->raw = line;
        event->received = batch->received;
        event->agency = SLICE("so-tttt");
        event->system = SLICE("so-tttt.cong");
        event->source = SLICE("so-tttt.cong.web01");
        if (line.data[0] != '{' ||
            !json_event_decode(line, &batch->arena, &event->fields, &event->field_count, &e))
            event->flags = EVENT_UNDECODED;
        event->time = time_of(event);
        batch->raw_bytes += line.len;
    }
    return batch;
}

static bool take(void *owner, const struct search_event *event)
{
    (void)owner;
    (void)event;
    return true;
}

static bool take_row(void *owner, const struct search_table *table,
                     const struct search_cell *cells)
{
    (void)owner;
    (void)table;
    (void)cells;
    return true;
}

static void find(const char *directory, const char *text)
{
    ARENA_AUTO arena;
    struct query *query;
    struct search_foot foot;
    struct error e = ERROR_NONE;
    struct search_options options = { .directory = directory, .scope.all = true, .limit = 100 };
    struct search_handlers handlers = { .event = take, .row = take_row };
    arena_init(&arena, 0);
    double before = cpu();
    if (!query_parse(slice_of(text), clock_now(), &arena, &query, &e) ||
        !search_run(query, &options, &handlers, &arena, &foot, &e)) {
        printf("%s: %s\n", text, e.sentence);
        return;
    }
    double used = cpu() - before;
    double megabytes = (double)foot.bytes_inflated / 1e6;
    printf("%-44s %8.1f ms CPU %8.1f ms", text, used * 1e3, (double)foot.elapsed_ns / 1e6);
    printf("  %7llu matched  %5llu/%llu blocks", (unsigned long long)foot.matched,
           (unsigned long long)foot.blocks_read, (unsigned long long)foot.blocks);
    printf("  %7.1f MB  %6.0f MB/s CPU  %s\n", megabytes, used > 0 ? megabytes / used : 0,
           search_end_name(foot.end));
}

static long long size_of(const char *directory)
{
    char command[4096];
    long long size = 0;
    snprintf(command, sizeof command, "cat '%s'/*.db | wc -c", directory);
    FILE *pipe = popen(command, "r");
    if (!pipe || fscanf(pipe, "%lld", &size) != 1)
        size = 0;
    if (pipe)
        pclose(pipe);
    return size;
}

static void print_size(const char *what, const char *directory, size_t raw)
{
    long long size = size_of(directory);
    printf("%-17s %8.2f MB  %.1f : 1\n", what, (double)size / 1e6, (double)raw / (double)size);
}

int main(int argc, char **argv)
{
    struct archive *archive;
    struct error e = ERROR_NONE;
    if (argc < 3 || !archive_open(argv[1], &archive, &e)) {
        fprintf(stderr, "%s\n", argc < 3 ? "bench_archive DIRECTORY FILE [QUERY ...]" : e.sentence);
        return 2;
    }
    FILE *file = strcmp(argv[2], "-") == 0 ? stdin : fopen(argv[2], "rb");
    struct slice rest = SLICE_NONE;
    size_t bytes = 0;
    if (!file)
        return 3;
    uint64_t events = 0;
    double stored = 0, sealed = 0;
    int64_t wall = 0;
    bool more = false;
    while (rest.len || (rest = read_lines(file)).len) {
        size_t before_batch = rest.len;
        struct batch *batch = fill(&rest);
        events += batch->event_count;
        bytes += before_batch - rest.len;
        double before = cpu();
        int64_t from = clock_steady();
        if (!archive_commit(archive, batch, &e)) {
            fprintf(stderr, "%s\n", e.sentence);
            return 3;
        }
        stored += cpu() - before;
        before = cpu();
        do {
            if (!archive_seal_step(archive, clock_now(), 1000, &more, &e))
                return 3;
        } while (more);
        sealed += cpu() - before;
        wall += clock_steady() - from;
        batch_free(&batch);
    }
    double megabytes = (double)bytes / 1e6;
    printf("%.1f MB, %llu events\n", megabytes, (unsigned long long)events);
    printf("commit            %8.0f MB/s CPU  %9.0f events/s CPU\n", megabytes / stored,
           (double)events / stored);
    printf("seal              %8.0f MB/s CPU\n", megabytes / sealed);
    printf("commit and seal   %8.0f MB/s CPU  %8.0f MB/s wall\n", megabytes / (stored + sealed),
           megabytes * 1e9 / (double)wall);
    print_size("live", argv[1], bytes);
    double before = cpu();
    do {
        if (!archive_seal_step(archive, clock_now() + 2 * CLOCK_DAY, 1000, &more, &e))
            return 3;
    } while (more);
    printf("pack              %8.0f MB/s CPU\n", megabytes / (cpu() - before));
    archive_close(&archive);
    print_size("packed", argv[1], bytes);
    for (int i = 3; i < argc; i++)
        find(argv[1], argv[i]);
    return 0;
}
