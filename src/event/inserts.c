#include "event/inserts.h"

#include <stdio.h>

#define KEY_MOST 256u
#define NAMES_MOST 128u

struct row {
    struct slice names[NAMES_MOST];
};

static struct slice key_print(char *out, struct slice provider, struct slice id, uint32_t count)
{
    int n = snprintf(out, KEY_MOST, "%.*s %.*s %u", SLICE_ARGS(provider), SLICE_ARGS(id), count);
    return n > 0 && n < (int)KEY_MOST ? slice_from(out, (size_t)n) : SLICE_NONE;
}

static bool read_row(const struct yaml *node, struct slice provider, struct arena *arena,
                     struct inserts *out, struct error *e)
{
    static const char *const keys[] = { "id", "names", NULL };
    struct slice id = yaml_member_text(node, "id", SLICE("")), name;
    struct slice rest = yaml_member_text(node, "names", SLICE(""));
    struct slice names[NAMES_MOST];
    char text[KEY_MOST];
    uint32_t count = 0;
    if (node->kind != YAML_MAPPING || !yaml_known(node, keys, e) || !id.len || !rest.len)
        return yaml_error(e, node, "a row of 'inserts' has an 'id' and 'names', parted by blanks");
    while (count < NAMES_MOST && slice_split(&rest, ' ', &name))
        if (name.len)
            names[count++] = name;
    struct row *row = arena_alloc(arena, (count + 1u) * sizeof *names);
    struct slice key = arena_copy(arena, key_print(text, provider, id, count));
    if (!row || !key.data)
        return yaml_error(e, node, "not enough memory for the decoders");
    memcpy(row->names, names, count * sizeof *names);
    if (map_has(&out->rows, key))
        return yaml_error(e, node, "there is another row with %u names for this event", count);
    return map_put(&out->rows, key, row) || yaml_error(e, node, "not enough memory for the decoders");
}

bool inserts_read(const struct yaml *node, struct arena *arena, struct inserts *out, struct error *e)
{
    static const char *const keys[] = { "field", "provider", "id", "names", NULL };
    const struct yaml *names = yaml_member(node, "names");
    if (!node)
        return true;
    if (node->kind != YAML_MAPPING || !names || names->kind != YAML_MAPPING)
        return yaml_error(e, node, "'inserts' has field, provider, id and names");
    out->field = yaml_member_text(node, "field", SLICE(""));
    out->provider = yaml_member_text(node, "provider", SLICE(""));
    out->id = yaml_member_text(node, "id", SLICE(""));
    if (!yaml_known(node, keys, e))
        return false;
    for (uint32_t i = 0; i < names->count; i++)
        for (uint32_t k = 0; k < names->children[i].count; k++)
            if (!read_row(&names->children[i].children[k], names->children[i].key, arena, out, e))
                return false;
    return true;
}

void inserts_free(struct inserts *inserts)
{
    map_free(&inserts->rows);
}

static bool is_value(const struct inserts *inserts, const struct event_field *field)
{
    return field->kind != EVENT_ARRAY && slice_equal(field->name, inserts->field);
}

bool inserts_apply(const struct inserts *inserts, struct field_list *fields, uint32_t from)
{
    struct slice provider = SLICE(""), id = SLICE("");
    char text[KEY_MOST];
    uint32_t count = 0, kept = from;
    for (uint32_t i = from; i < fields->count; i++) {
        const struct event_field *field = &fields->items[i];
        count += is_value(inserts, field);
        if (slice_equal(field->name, inserts->provider))
            provider = field->value;
        else if (slice_equal(field->name, inserts->id))
            id = field->value;
    }
    struct slice key = count ? key_print(text, provider, id, count) : SLICE_NONE;
    const struct row *row = key.data ? map_get(&inserts->rows, key) : NULL;
    if (!row)
        return false;
    count = 0;
    for (uint32_t i = from; i < fields->count; i++) {
        struct event_field field = fields->items[i];
        if (is_value(inserts, &field)) {
            field.name = row->names[count++];
            field.id = 0; /* it stands for the array's name */
        } else if (slice_equal(field.name, inserts->field)) {
            continue;
        }
        fields->items[kept++] = field;
    }
    fields->count = kept;
    return true;
}
