#include "detect/indicator_fields.h"

#include <stdlib.h>

#include "base/yaml.h"

#define NAME_MOST 256u

static const struct { const char *name; unsigned role; } roles[] = {
    { "address", ROLE_ADDRESS }, { "host", ROLE_HOST }, { "url", ROLE_URL },
    { "email", ROLE_EMAIL }, { "hash", ROLE_HASH }, { "text", ROLE_TEXT },
};

static struct slice lowered(struct slice name, char *out)
{
    for (size_t i = 0; i < name.len && i < NAME_MOST; i++)
        out[i] = name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] + 32)
                                                             : name.data[i];
    return slice_from(out, name.len < NAME_MOST ? name.len : NAME_MOST);
}

static bool read_names(struct indicator_fields *f, const struct yaml *list, unsigned role,
                       struct error *e)
{
    char low[NAME_MOST];
    if (list && list->kind != YAML_SEQUENCE)
        return yaml_error(e, list, "this must be a list of field names");
    for (uint32_t i = 0; list && i < list->count; i++) {
        if (list->children[i].kind != YAML_SCALAR || !list->children[i].text.len)
            return yaml_error(e, &list->children[i], "this must be a field's name");
        struct slice name = arena_copy(&f->arena, lowered(list->children[i].text, low));
        uintptr_t known = (uintptr_t)map_get(&f->names, name);
        if (!name.data || !map_put(&f->names, name, (void *)(known | role)))
            return error_set(e, "not enough memory for the indicators");
    }
    return true;
}

static bool read_except(struct indicator_fields *f, const struct yaml *list, struct error *e)
{
    if (list && list->kind != YAML_SEQUENCE)
        return yaml_error(e, list, "this must be a list of field names");
    for (uint32_t i = 0; list && i < list->count; i++) {
        struct slice name = arena_copy(&f->arena, list->children[i].text);
        if (!name.len || !map_put(&f->except, name, f))
            return yaml_error(e, &list->children[i], "this must be a field's name");
    }
    return true;
}

static bool read_levels(struct indicator_fields *f, const struct yaml *node, struct error *e)
{
    for (int level = 0; level <= LEVEL_CRITICAL; level++)
        f->levels[level] = 101;
    for (uint32_t i = 0; node && i < node->count; i++) {
        enum alert_level level;
        int64_t least;
        if (!alert_level_parse(node->children[i].key, &level) ||
            !yaml_to_integer(&node->children[i], &least) || least < 0 || least > 100)
            return yaml_error(e, &node->children[i], "write a level and a confidence from 0 to 100");
        f->levels[level] = (unsigned)least;
    }
    return true;
}

bool indicator_fields_load(const char *path, struct indicator_fields **out, struct error *e)
{
    static const char *const keys[] = { "address", "host", "url", "email", "hash", "text", "except",
                                        "levels", NULL };
    ARENA_AUTO scratch;
    struct yaml *document;
    arena_init(&scratch, 64u << 20);
    if (!yaml_read(path, &scratch, &document, e) || !yaml_known(document, keys, e))
        return false;
    struct indicator_fields *f = calloc(1, sizeof *f);
    if (!f)
        return error_set(e, "not enough memory for the indicators");
    arena_init(&f->arena, 64u << 20);
    bool fine = read_levels(f, yaml_member(document, "levels"), e) &&
                read_except(f, yaml_member(document, "except"), e);
    for (size_t i = 0; fine && i < sizeof roles / sizeof *roles; i++)
        fine = read_names(f, yaml_member(document, roles[i].name), roles[i].role, e);
    if (fine)
        *out = f;
    else
        indicator_fields_free(&f);
    return fine;
}

void indicator_fields_free(struct indicator_fields **fields)
{
    struct indicator_fields *f = *fields;
    *fields = NULL;
    if (!f)
        return;
    map_free(&f->names);
    map_free(&f->except);
    arena_free(&f->arena);
    free(f);
}

unsigned indicator_fields_role(const struct indicator_fields *f, struct slice name)
{
    char low[NAME_MOST];
    if (name.len > NAME_MOST || map_has(&f->except, name))
        return 0;
    for (struct slice rest = lowered(name, low); rest.len;) {
        uintptr_t role = (uintptr_t)map_get(&f->names, rest);
        if (role)
            return (unsigned)role;
        rest = slice_after(rest, slice_find_byte(rest, '.') + 1);
    }
    return 0;
}

enum alert_level indicator_fields_level(const struct indicator_fields *f, unsigned confidence)
{
    for (int level = LEVEL_CRITICAL; level > 0; level--)
        if (f->levels[level] <= confidence)
            return (enum alert_level)level;
    return LEVEL_INFORMATIONAL;
}
