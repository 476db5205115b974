/* config - the configuration file. Rooms own their options; this only walks the tables.
 *
 * File: YAML, nested by the dots of the option's name (`listen: {console: 127.0.0.1:8080}` sets
 * "listen.console"). Whatever stands in the file but in no table is an error with its place.
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/arena.h"
#include "base/error.h"

enum config_kind {
    CONFIG_TEXT,
    CONFIG_PATH,      /* relative ones stand from the configuration file's folder's working root:
                       * the directory the program was started in */
    CONFIG_COUNT,     /* whole number within min..max; k M G suffixes are powers of 1,024 */
    CONFIG_SECONDS,   /* "90", "90s", "5m", "2h", "1d"; kept in seconds */
    CONFIG_BOOLEAN,
    CONFIG_ADDRESS,   /* host:port, [v6]:port, or empty for off */
    CONFIG_LIST       /* sequence of texts; kept joined by \n */
};

struct config_option {
    const char *name;       /* "intake.syslog.max_peers" */
    enum config_kind kind;
    int64_t min, max;       /* CONFIG_COUNT, CONFIG_SECONDS; max 0: none */
    const char *value;      /* default, as it would stand in the file */
    const char *help;       /* what it is, with unit */
    const char *obsolete;   /* not NULL: why it is gone and what to write instead */
};

struct config_table {
    const struct config_option *options;
    size_t count;
};

struct config;

/* Defaults of the tables, overlaid by the file (path NULL: defaults alone). The tables must live as
 * long. In the arena. */
bool config_load(const char *path, const struct config_table *tables, size_t table_count,
                 struct arena *arena, struct config **out, struct error *e);
/* An unknown name or the wrong kind is a bug: asserts. Texts are NUL-terminated. */
const char *config_text(const struct config *config, const char *name);
int64_t config_number(const struct config *config, const char *name);
bool config_boolean(const struct config *config, const char *name);
/* The whole configuration as YAML, in force values with their help as comments. */
struct buffer;
void config_print(const struct config *config, struct buffer *out);

/* "127.0.0.1:5514" → host and port; the host without brackets. False when neither form. */
bool config_split_address(struct slice address, struct slice *host_out, uint16_t *port_out);

#endif
