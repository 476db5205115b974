#include "base/config.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/yaml.h"

struct config_value {
    const struct config_option *option;
    char *text;
    int64_t number;
};

struct config {
    struct config_value *values;
    size_t count;
};

static struct config_value *find(const struct config *config, struct slice name)
{
    for (size_t i = 0; i < config->count; i++)
        if (slice_is(name, config->values[i].option->name))
            return &config->values[i];
    return NULL;
}

/* A number with one letter of suffixes behind it; each letter has its factor. */
static bool parse_scaled(struct slice text, const char *letters, const int64_t *factors,
                         int64_t *out)
{
    int64_t factor = 1;
    const char *letter = text.len ? strchr(letters, text.data[text.len - 1]) : NULL;
    if (letter && *letter) {
        factor = factors[letter - letters];
        text.len--;
    }
    return slice_to_i64(text, out) && !__builtin_mul_overflow(*out, factor, out);
}

static bool parse_number(const struct config_option *option, struct slice text, int64_t *out,
                         struct error *e)
{
    static const int64_t powers[] = { 1 << 10, 1 << 20, 1 << 30 };
    static const int64_t seconds[] = { 1, 60, 3600, 86400 };
    bool count = option->kind == CONFIG_COUNT;
    if (!(count ? parse_scaled(text, "kMG", powers, out) : parse_scaled(text, "smhd", seconds, out))) {
        error_set(e, count ? "%s needs a whole number" : "%s needs a length of time", option->name);
        return error_hint(e, count ? "write 4096, 64k or 1M" : "write 90s, 5m, 2h or 1d");
    }
    if (*out < option->min || (option->max && *out > option->max))
        return error_set(e, "%s must lie between %lld and %lld", option->name,
                         (long long)option->min, (long long)option->max);
    return true;
}

bool config_split_address(struct slice address, struct slice *host_out, uint16_t *port_out)
{
    size_t colon = address.len;
    while (colon && address.data[colon - 1] != ':')
        colon--;
    uint64_t port;
    if (!colon || !slice_to_u64(slice_after(address, colon), &port) || port > 65535)
        return false;
    struct slice host = slice_cut(address, 0, colon - 1);
    bool brackets = host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
    if (brackets)
        host = slice_cut(host, 1, host.len - 1);
    else if (slice_find_byte(host, ':') < host.len)
        return false;
    *host_out = host;
    *port_out = (uint16_t)port;
    return host.len > 0;
}

static bool set_value(struct config_value *value, struct slice text, struct arena *arena,
                      struct error *e)
{
    const struct config_option *option = value->option;
    struct slice host;
    uint16_t port;
    value->text = arena_text(arena, text);
    if (!value->text)
        return error_set(e, "not enough memory for the configuration");
    switch (option->kind) {
    case CONFIG_COUNT:
    case CONFIG_SECONDS:
        return parse_number(option, text, &value->number, e);
    case CONFIG_BOOLEAN:
        value->number = slice_is(text, "yes") || slice_is(text, "true") || slice_is(text, "on");
        return value->number || slice_is(text, "no") || slice_is(text, "false") ||
               slice_is(text, "off") || error_set(e, "%s needs yes or no", option->name);
    case CONFIG_ADDRESS:
        if (text.len == 0 || config_split_address(text, &host, &port))
            return true;
        error_set(e, "%s needs an address and a port", option->name);
        return error_hint(e, "write 127.0.0.1:8080 or [::1]:8080");
    default:
        return true;
    }
}

static bool set_node(struct config *config, struct slice name, const struct yaml *node,
                     struct arena *arena, struct error *e)
{
    struct config_value *value = find(config, name);
    if (!value)
        return yaml_error(e, node, "unknown option '%.*s'", SLICE_ARGS(name));
    if (value->option->obsolete) {
        yaml_error(e, node, "the option '%.*s' is gone", SLICE_ARGS(name));
        return error_hint(e, "%s", value->option->obsolete);
    }
    struct slice text = node->text;
    BUFFER_AUTO list;
    buffer_init(&list, 1024 * 1024);
    if ((value->option->kind == CONFIG_LIST) != (node->kind == YAML_SEQUENCE))
        return yaml_error(e, node, "'%.*s' needs %s", SLICE_ARGS(name),
                          value->option->kind == CONFIG_LIST ? "a list" : "one value");
    for (uint32_t i = 0; node->kind == YAML_SEQUENCE && i < node->count; i++)
        buffer_print(&list, "%s%.*s", i ? "\n" : "", SLICE_ARGS(node->children[i].text));
    if (node->kind == YAML_SEQUENCE)
        text = buffer_slice(&list);
    else if (yaml_is_null(node))
        text = SLICE("");
    if (set_value(value, text, arena, e))
        return true;
    error_kind(e, ERROR_INPUT);
    return error_at(e, node->file->name, node->line, node->column, SLICE_NONE);
}

static bool walk(struct config *config, struct slice prefix, const struct yaml *node,
                 struct arena *arena, struct error *e)
{
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *child = &node->children[i];
        struct slice name = prefix.len
            ? arena_print(arena, "%.*s.%.*s", SLICE_ARGS(prefix), SLICE_ARGS(child->key))
            : child->key;
        bool ok = child->kind == YAML_MAPPING ? walk(config, name, child, arena, e)
                                              : set_node(config, name, child, arena, e);
        if (!ok)
            return false;
    }
    return true;
}

bool config_load(const char *path, const struct config_table *tables, size_t table_count,
                 struct arena *arena, struct config **out, struct error *e)
{
    struct config *config = arena_zero(arena, sizeof *config);
    size_t total = 0;
    for (size_t t = 0; t < table_count; t++)
        total += tables[t].count;
    if (config)
        config->values = arena_array(arena, total ? total : 1, sizeof *config->values);
    if (!config || !config->values)
        return error_set(e, "not enough memory for the configuration");
    for (size_t t = 0; t < table_count; t++)
        for (size_t i = 0; i < tables[t].count; i++) {
            struct config_value *value = &config->values[config->count++];
            value->option = &tables[t].options[i];
            if (!set_value(value, slice_of(value->option->value), arena, e))
                return false;
        }
    struct yaml *root;
    if (path && !yaml_read(path, arena, &root, e))
        return false;
    if (path && root->kind != YAML_MAPPING)
        return yaml_error(e, root, "the configuration must be a mapping: name: value");
    if (path && !walk(config, SLICE(""), root, arena, e))
        return false;
    *out = config;
    return true;
}

static const struct config_value *must_find(const struct config *config, const char *name)
{
    const struct config_value *value = find(config, slice_of(name));
    assert(value && "an option that no table names");
    return value;
}

const char *config_text(const struct config *config, const char *name)
{
    return must_find(config, name)->text;
}

int64_t config_number(const struct config *config, const char *name)
{
    return must_find(config, name)->number;
}

bool config_boolean(const struct config *config, const char *name)
{
    return must_find(config, name)->number != 0;
}

void config_print(const struct config *config, struct buffer *out)
{
    for (size_t i = 0; i < config->count; i++) {
        const struct config_value *value = &config->values[i];
        if (!value->option->obsolete)
            buffer_print(out, "# %s\n%s: %s\n", value->option->help, value->option->name,
                         value->text);
    }
}
