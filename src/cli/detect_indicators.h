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

#endif
