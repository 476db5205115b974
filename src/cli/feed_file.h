/* feed_file - a feed of threat indicators from disk, what is wrong in it told on stderr. */
#ifndef CLI_FEED_FILE_H
#define CLI_FEED_FILE_H

#include "cli/command.h"
#include "exchange/indicator_file.h"

/* Maps the file and reads it (indicator_file_read); the first twenty refused values are told. */
bool feed_file_read(struct cli *cli, const char *path,
                    bool (*take)(void *owner, const struct indicator_item *item), void *owner,
                    struct indicator_file_count *count_out, struct error *e);

#endif
