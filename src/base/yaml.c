#include "base/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

#include "base/file.h"
#include "base/map.h"

#define FILE_MOST (4u * 1024 * 1024)

struct build {
    struct arena *arena;
    struct yaml_file *file;
    yaml_document_t *document;
    struct error *e;
    uint32_t nodes;
};

static struct slice line_of(const struct yaml_file *file, unsigned line)
{
    struct slice rest = file->text, part = SLICE_NONE;
    for (unsigned i = 0; i < line; i++)
        if (!slice_split(&rest, '\n', &part))
            return SLICE_NONE;
    return part;
}

static bool say_at(struct build *b, size_t line, size_t column, const char *sentence)
{
    error_set(b->e, "%s", sentence);
    error_kind(b->e, ERROR_INPUT);
    return error_at(b->e, b->file->name, (unsigned)line, (unsigned)column,
                    line_of(b->file, (unsigned)line));
}

static bool fill(struct build *b, int index, unsigned depth, struct yaml *out);

static struct yaml *children(struct build *b, ptrdiff_t count)
{
    struct yaml *list = arena_array(b->arena, count > 0 ? (size_t)count : 1, sizeof *list);
    if (!list)
        error_set(b->e, "not enough memory for %s", b->file->name);
    return list;
}

static bool fill_sequence(struct build *b, yaml_node_t *node, unsigned depth, struct yaml *out)
{
    yaml_node_item_t *first = node->data.sequence.items.start;
    ptrdiff_t count = node->data.sequence.items.top - first;
    out->kind = YAML_SEQUENCE;
    out->children = children(b, count);
    if (!out->children)
        return false;
    for (ptrdiff_t i = 0; i < count; i++, out->count++)
        if (!fill(b, first[i], depth + 1, &out->children[i]))
            return false;
    return true;
}

static bool fill_mapping(struct build *b, yaml_node_t *node, unsigned depth, struct yaml *out)
{
    yaml_node_pair_t *first = node->data.mapping.pairs.start;
    ptrdiff_t count = node->data.mapping.pairs.top - first;
    MAP_AUTO seen = MAP_EMPTY;
    out->kind = YAML_MAPPING;
    out->children = children(b, count);
    if (!out->children)
        return false;
    for (ptrdiff_t i = 0; i < count; i++, out->count++) {
        yaml_node_t *key = yaml_document_get_node(b->document, first[i].key);
        struct yaml *child = &out->children[i];
        size_t line = key->start_mark.line + 1, column = key->start_mark.column + 1;
        if (key->type != YAML_SCALAR_NODE)
            return say_at(b, line, column, "a key must be plain text");
        struct slice name = arena_copy(b->arena, slice_from(key->data.scalar.value,
                                                            key->data.scalar.length));
        if (!name.data || !fill(b, first[i].value, depth + 1, child))
            return false;
        child->key = name;
        child->key_line = (unsigned)line;
        child->key_column = (unsigned)column;
        if (map_has(&seen, name))
            return say_at(b, line, column, "this key stands twice");
        if (!map_put(&seen, name, child))
            return error_set(b->e, "not enough memory for %s", b->file->name);
    }
    return true;
}

static bool fill(struct build *b, int index, unsigned depth, struct yaml *out)
{
    yaml_node_t *node = yaml_document_get_node(b->document, index);
    out->line = (unsigned)node->start_mark.line + 1;
    out->column = (unsigned)node->start_mark.column + 1;
    out->file = b->file;
    if (depth > YAML_DEPTH_MOST || ++b->nodes > YAML_NODES_MOST)
        return say_at(b, out->line, out->column, "nested too deep, or too many values");
    switch (node->type) {
    case YAML_SEQUENCE_NODE:
        return fill_sequence(b, node, depth, out);
    case YAML_MAPPING_NODE:
        return fill_mapping(b, node, depth, out);
    default:
        out->kind = YAML_SCALAR;
        out->plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        out->text = arena_copy(b->arena, slice_from(node->data.scalar.value,
                                                    node->data.scalar.length));
        return out->text.data || error_set(b->e, "not enough memory for %s", b->file->name);
    }
}

static bool say_syntax(struct build *b, yaml_parser_t *parser)
{
    char sentence[300];
    snprintf(sentence, sizeof sentence, "this is not YAML: %s%s%s",
             parser->problem ? parser->problem : "unreadable", parser->context ? ", " : "",
             parser->context ? parser->context : "");
    size_t line = parser->problem_mark.line + 1, column = parser->problem_mark.column + 1;
    return say_at(b, line, column, sentence);
}

bool yaml_parse(const char *name, struct slice text, struct arena *arena,
                struct yaml **documents_out, uint32_t *count_out, struct error *e)
{
    struct yaml_file *file = arena_zero(arena, sizeof *file);
    char *own_name = arena_text(arena, slice_of(name));
    yaml_parser_t parser;
    if (!file || !own_name || !yaml_parser_initialize(&parser))
        return error_set(e, "not enough memory for %s", name);
    if (slice_starts(text, SLICE("\xef\xbb\xbf"))) /* libyaml passes it only where it guesses the encoding */
        text = slice_after(text, 3);
    *file = (struct yaml_file){ own_name, text };
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.data ? text.data : ""),
                                 text.len);
    struct yaml *documents = NULL;
    uint32_t count = 0, room = 0;
    bool ok = true, more = true;
    while (ok && more) {
        yaml_document_t document;
        struct build b = { arena, file, &document, e, 0 };
        if (!yaml_parser_load(&parser, &document)) {
            ok = say_syntax(&b, &parser);
            break;
        }
        more = yaml_document_get_root_node(&document) != NULL;
        if (more && count == room) {
            room = room ? room * 2 : 1;
            struct yaml *bigger = arena_array(arena, room, sizeof *bigger);
            if (bigger && count)
                memcpy(bigger, documents, count * sizeof *bigger);
            documents = bigger;
            ok = bigger || error_set(e, "not enough memory for %s", name);
        }
        if (more && ok)
            ok = fill(&b, 1, 0, &documents[count++]);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    *documents_out = documents;
    *count_out = count;
    return ok;
}

bool yaml_read(const char *path, struct arena *arena, struct yaml **document_out, struct error *e)
{
    struct slice text;
    uint32_t count;
    if (!file_read(path, FILE_MOST, arena, &text, e) ||
        !yaml_parse(path, text, arena, document_out, &count, e))
        return false;
    if (count != 1) {
        error_set(e, "one YAML document is wanted, there are %u", count);
        error_kind(e, ERROR_INPUT);
        return error_at(e, path, 0, 0, SLICE_NONE);
    }
    return true;
}

const struct yaml *yaml_member(const struct yaml *node, const char *key)
{
    if (!node || node->kind != YAML_MAPPING)
        return NULL;
    for (uint32_t i = 0; i < node->count; i++)
        if (slice_is(node->children[i].key, key))
            return &node->children[i];
    return NULL;
}

const struct yaml *yaml_element(const struct yaml *node, uint32_t index)
{
    if (!node || node->kind == YAML_SCALAR || index >= node->count)
        return NULL;
    return &node->children[index];
}

struct slice yaml_member_text(const struct yaml *node, const char *key, struct slice fallback)
{
    const struct yaml *member = yaml_member(node, key);
    return member && member->kind == YAML_SCALAR ? member->text : fallback;
}

static bool is_one_of(const struct yaml *node, const char *const *words)
{
    if (!node || node->kind != YAML_SCALAR || !node->plain)
        return false;
    for (; *words; words++)
        if (slice_is(node->text, *words))
            return true;
    return false;
}

bool yaml_is_null(const struct yaml *node)
{
    static const char *const words[] = { "", "~", "null", "Null", "NULL", NULL };
    return is_one_of(node, words);
}

bool yaml_to_integer(const struct yaml *node, int64_t *out)
{
    return node && node->kind == YAML_SCALAR && node->plain && slice_to_i64(node->text, out);
}

bool yaml_to_boolean(const struct yaml *node, bool *out)
{
    static const char *const yes[] = { "true", "True", "TRUE", "yes", "Yes", "YES",
                                       "on", "On", "ON", NULL };
    static const char *const no[] = { "false", "False", "FALSE", "no", "No", "NO",
                                      "off", "Off", "OFF", NULL };
    bool is_yes = is_one_of(node, yes);
    if (!is_yes && !is_one_of(node, no))
        return false;
    *out = is_yes;
    return true;
}

bool yaml_error_(struct error *e, const struct yaml *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error_vset(e, format, args);
    va_end(args);
    error_kind(e, ERROR_INPUT);
    if (!node || !node->file)
        return false;
    return error_at(e, node->file->name, node->line, node->column,
                    line_of(node->file, node->line));
}

/* Edit distance of short words, for "did you mean". */
static size_t distance(struct slice a, struct slice b)
{
    size_t row[64];
    if (a.len >= 64 || b.len >= 64)
        return 64;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = corner + (a.data[i - 1] != b.data[j - 1]);
            corner = row[j];
            size_t step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < step ? change : step;
        }
    }
    return row[b.len];
}

bool yaml_known(const struct yaml *node, const char *const *keys, struct error *e)
{
    for (uint32_t i = 0; node && node->kind == YAML_MAPPING && i < node->count; i++) {
        const struct yaml *child = &node->children[i];
        const char *nearest = NULL;
        size_t least = 4;
        bool known = false;
        for (const char *const *key = keys; *key && !known; key++) {
            size_t far = distance(child->key, slice_of(*key));
            known = slice_is(child->key, *key);
            if (far < least) {
                least = far;
                nearest = *key;
            }
        }
        if (known)
            continue;
        struct yaml at = *child;
        at.line = child->key_line;
        at.column = child->key_column;
        yaml_error(e, &at, "unknown key '%.*s'", SLICE_ARGS(child->key));
        if (nearest)
            error_hint(e, "did you mean '%s'?", nearest);
        return false;
    }
    return true;
}
