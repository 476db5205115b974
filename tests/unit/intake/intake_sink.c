/* Intake alone: prints the ports of its listeners as one JSON line, then each event as it is
 * stored, until its standard input ends. Arguments: --certificate FILE --key FILE (PEM), --state
 * FOLDER, --file PATH (source so-tttt.file). */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "sink.h"

static void told(struct sink *sink, const struct sink_event *event, const struct event *full)
{
    BUFFER_AUTO out;
    struct json_writer w;

    (void)sink;
    buffer_init(&out, 4u * 1024 * 1024);
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_text_member(&w, "raw", slice_of(event->raw));
    json_text_member(&w, "source", slice_of(event->source));
    json_text_member(&w, "decoder", slice_of(event->decoder));
    json_text_member(&w, "protocol", slice_of(event->protocol));
    json_text_member(&w, "class", slice_of(event->class));
    json_integer_member(&w, "flags", event->flags);
    json_integer_member(&w, "time", full->time / CLOCK_SECOND);
    json_name(&w, "fields");
    json_open_object(&w);
    for (uint32_t i = 0; i < full->field_count; i++) {
        json_name_slice(&w, full->fields[i].name);
        json_put_text(&w, full->fields[i].value);
    }
    json_close_object(&w);
    json_close_object(&w);
    buffer_add_byte(&out, '\n');
    fwrite(out.data, 1, out.len, stdout);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct sink_options options = { .udp = true,
                                    .tcp = true,
                                    .relp = true,
                                    .lumberjack = true,
                                    .http = true,
                                    .told = told,
                                    .queue_most = 64 };
    struct intake_file file = { .source = "so-tttt.file" };
    struct arena arena;
    struct slice text;
    char byte;

    arena_init(&arena, ARENA_NO_CEILING);
    log_init("intake", LOG_INFO_);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--certificate") == 0 &&
            file_read(argv[i + 1], 1 << 20, &arena, &text, NULL))
            options.certificate = arena_text(&arena, text);
        if (strcmp(argv[i], "--key") == 0 && file_read(argv[i + 1], 1 << 20, &arena, &text, NULL))
            options.key = arena_text(&arena, text);
        if (strcmp(argv[i], "--state") == 0)
            options.state_folder = argv[i + 1];
        if (strcmp(argv[i], "--file") == 0) {
            file.path = argv[i + 1];
            options.files = &file;
            options.file_count = 1;
        }
    }
    options.tls = options.certificate && options.key;
    struct sink *sink = sink_start(&options);
    printf("{\"udp\":%u,\"tcp\":%u,\"tls\":%u,\"relp\":%u,\"lumberjack\":%u,\"http\":%u}\n",
           sink->udp_port, sink->tcp_port, sink->tls_port, sink->relp_port, sink->lumberjack_port,
           sink->http_port);
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
    struct intake_statistics rows[INTAKE_LISTENERS_MOST];
    size_t n = intake_statistics(sink->intake, rows);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, "%s: received %llu, refused %llu, dropped %llu\n", rows[i].protocol,
                (unsigned long long)rows[i].received, (unsigned long long)rows[i].refused,
                (unsigned long long)rows[i].dropped);
    sink_stop(&sink);
    arena_free(&arena);
    return 0;
}
