/* yaml - documents into a tree with places (libyaml behind it).
 *
 * Good: rules, plans, regimes, decoders, configuration: each node knows its line and column, so
 *       that an error can show it.
 * Scalars stay text; how it was written (plain or quoted) is kept, since `null`, `~` and '' differ
 * in Sigma. Aliases (*name) are followed, with a ceiling on the nodes. Duplicate keys are an error.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/arena.h"
#include "base/error.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml {
    enum yaml_kind kind;
    bool plain;               /* scalar without quotes: may mean null, a number, a boolean */
    struct slice text;        /* scalar */
    struct slice key;         /* within a mapping */
    unsigned line, column;    /* 1-based, of the value; */
    unsigned key_line, key_column;
    struct yaml *children;
    uint32_t count;
    const struct yaml_file *file;
};

struct yaml_file {
    const char *name;         /* for error places */
    struct slice text;
};

#define YAML_NODES_MOST 500000u
#define YAML_DEPTH_MOST 64u

/* All documents of the text (Sigma files may hold several). Trees are the arena's; text must live
 * as long. False with place file:line:column. */
bool yaml_parse(const char *name, struct slice text, struct arena *arena,
                struct yaml **documents_out, uint32_t *count_out, struct error *e);
/* Reads the file (at most 4 MiB) and wants exactly one document. */
bool yaml_read(const char *path, struct arena *arena, struct yaml **document_out, struct error *e);

/* NULL when no mapping or absent. */
const struct yaml *yaml_member(const struct yaml *node, const char *key);
const struct yaml *yaml_element(const struct yaml *node, uint32_t index);
/* Text of a scalar member; fallback when absent or no scalar. */
struct slice yaml_member_text(const struct yaml *node, const char *key, struct slice fallback);
/* Plain scalar null, ~ or nothing (YAML 1.1). */
bool yaml_is_null(const struct yaml *node);
/* Plain scalar whole number / true, false, yes, no, on, off. */
bool yaml_to_integer(const struct yaml *node, int64_t *out);
bool yaml_to_boolean(const struct yaml *node, bool *out);

/* error_set with the node's place and its line as excerpt; returns false. */
#define yaml_error(e, node, ...) yaml_error_((e), (node), __VA_ARGS__)
bool yaml_error_(struct error *e, const struct yaml *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Complains of the first member whose key is not in the NULL-ended list, naming the nearest. */
bool yaml_known(const struct yaml *node, const char *const *keys, struct error *e);

#endif
