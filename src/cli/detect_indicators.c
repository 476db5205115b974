#include "cli/detect_indicators.h"

#include <stdio.h>

#include "base/file.h"
#include "cli/feed_file.h"
#include "exchange/indicator_allow.h"

#define CONFIDENCE 50u     /* of a feed that says none */

struct feed {
    struct indicator_builder *builder;
    const struct indicator_row *defaults;
    struct error *e;
};

static bool take(void *owner, const struct indicator_item *item)
{
    struct feed *feed = owner;
    struct indicator_row row = *feed->defaults;
    row.type = item->indicator.type;
    row.key = item->indicator.key;
    if (item->confidence >= 0)
        row.confidence = (unsigned)item->confidence;
    if (item->tlp >= 0)
        row.tlp = (enum indicator_tlp)item->tlp;
    if (item->valid_until)
        row.valid_until = item->valid_until;
    row.note = item->note;
    return indicator_builder_add(feed->builder, &row, feed->e);
}

/* The source that an alert names: the file's name without folders. */
static struct slice source_name(const char *path)
{
    struct slice name = slice_of(path);
    for (size_t i = name.len; i > 0; i--)
        if (name.data[i - 1] == '/')
            return slice_after(name, i);
    return name;
}

static bool build(struct cli *cli, const char *allow, struct indicator_builder *builder,
                  struct error *e)
{
    const char *path;
    for (unsigned i = 0; (path = cli_text_at(cli, "indicators", i)); i++) {
        struct indicator_row defaults = { .source = source_name(path), .confidence = CONFIDENCE,
                                          .tlp = TLP_CLEAR };
        struct feed feed = { builder, &defaults, e };
        struct indicator_file_count count;
        if (!feed_file_read(cli, path, take, &feed, &count, e))
            return false;
        fprintf(stderr, cli_say(cli, "%s (%s): %llu indicators, %llu skipped, %llu refused\n"), path,
                indicator_format_name(count.format), (unsigned long long)count.taken,
                (unsigned long long)count.skipped, (unsigned long long)count.refused);
    }
    return indicator_allow_read(allow, builder, e);
}

bool detect_indicators_load(struct cli *cli, const struct serve_settings *settings,
                            struct detect_indicators *out, struct error *e)
{
    const char *first = cli_text(cli, "indicators");
    struct error none = ERROR_NONE;
    *out = (struct detect_indicators){ NULL, NULL };
    if (!first)
        return true;
    if (!indicator_fields_load(file_join(&cli->arena, settings->indicators, "fields.yaml"),
                               &out->fields, e))
        return false;
    if (!cli_text_at(cli, "indicators", 1) && indicator_table_open(first, &out->table, &none))
        return true;
    struct indicator_builder *builder = indicator_builder_new();
    bool fine = builder ? build(cli, file_join(&cli->arena, settings->indicators, "allow"), builder,
                                e) && indicator_builder_table(builder, &out->table, e)
                        : error_set(e, "not enough memory for the indicators");
    indicator_builder_free(&builder);
    if (!fine)
        detect_indicators_free(out);
    return fine;
}

void detect_indicators_free(struct detect_indicators *indicators)
{
    indicator_table_close(&indicators->table);
    indicator_fields_free(&indicators->fields);
}
