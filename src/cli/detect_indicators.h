/* detect_indicators - the threat indicators of --indicators, as the pipeline has them. */
#ifndef CLI_DETECT_INDICATORS_H
#define CLI_DETECT_INDICATORS_H

#include "cli/command.h"
#include "detect/indicator_match.h"
#include "serve/options.h"

struct detect_indicators {
    struct indicator_table *table;     /* NULL: --indicators was not given */
    struct indicator_fields *fields;
};

/* Reads every --indicators file (a feed, or a compiled table) with the configured allow-list. */
bool detect_indicators_load(struct cli *cli, const struct serve_settings *settings,
                            struct detect_indicators *out, struct error *e);
void detect_indicators_free(struct detect_indicators *indicators);

/* One feed into a builder; each refused line is told on stderr (the first twenty). defaults: what
 * holds where the file does not say. */
struct indicator_builder;
struct indicator_file_count;
bool detect_indicators_feed(struct cli *cli, const char *path, struct indicator_builder *builder,
                            const struct indicator_row *defaults,
                            struct indicator_file_count *count_out, struct error *e);

#endif
