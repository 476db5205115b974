#include "plan/reading.h"

#include "base/file.h"
#include "base/fold.h"

void *reading_make(struct reading *r, size_t count, size_t size)
{
    void *memory = arena_array(&r->plan->arena, count ? count : 1, size);
    if (!memory)
        error_set(r->e, "not enough memory for %s", "the plan");
    return memory;
}

const struct yaml *reading_want(struct reading *r, const struct yaml *node, const char *key,
                               enum yaml_kind kind)
{
    static const char *const kinds[] = { "a text", "a list", "a mapping" };
    const struct yaml *member = yaml_member(node, key);

    if (!member)
        yaml_error(r->e, node, "'%s' is missing", key);
    else if (member->kind != kind) {
        yaml_error(r->e, member, "'%s' must be %s", key, kinds[kind]);
        member = NULL;
    }
    return member;
}

bool reading_text(struct reading *r, const struct yaml *node, const char *key, struct slice *out)
{
    const struct yaml *member = reading_want(r, node, key, YAML_SCALAR);
    if (!member)
        return false;
    *out = member->text;
    return out->len || yaml_error(r->e, member, "'%s' is empty", key);
}

const struct yaml *reading_at(const struct yaml *node, const char *key)
{
    const struct yaml *member = yaml_member(node, key);
    return member ? member : node;
}

bool reading_words(struct reading *r, const struct yaml *node, struct plan_words *out)
{
    out->en = yaml_member_text(node, "en", SLICE_NONE);
    return reading_text(r, node, "vi", &out->vi);
}

bool reading_list(struct reading *r, const struct yaml *node, struct slice **out, uint32_t *count)
{
    *out = reading_make(r, node->count, sizeof **out);
    if (!*out)
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->children[i].kind != YAML_SCALAR || !node->children[i].text.len)
            return yaml_error(r->e, &node->children[i], "this must be a text");
        (*out)[(*count)++] = node->children[i].text;
    }
    return true;
}

bool reading_day(struct reading *r, const struct yaml *node, int64_t *out)
{
    if (node->kind == YAML_SCALAR && calendar_day_start(node->text, out))
        return true;
    yaml_error(r->e, node, "this is no date");
    return error_hint(r->e, "a date is written as 2019-08-12");
}

bool reading_source(struct reading *r, const struct yaml *node, struct slice source)
{
    if (slice_is(source, "plan") || slice_is(source, "regime") || slice_is(source, "proposed"))
        return true;
    yaml_error(r->e, node, "a number says where it comes from");
    return error_hint(r->e, "source: plan, regime or proposed");
}

/* A file named in the plan: beside plan.yaml, never outside of its folder. */
static const char *beside(struct reading *r, const struct yaml *node)
{
    struct slice name = node->text;
    if (node->kind != YAML_SCALAR || !name.len || name.data[0] == '/' ||
        slice_find(name, SLICE("..")) < name.len || memchr(name.data, 0, name.len)) {
        yaml_error(r->e, node, "this must name a file in the plan's folder");
        return NULL;
    }
    char *text = arena_text(&r->plan->arena, name);
    return text ? file_join(&r->plan->arena, r->plan->folder, text) : NULL;
}

bool reading_file(struct reading *r, const struct yaml *node, size_t most, const char **path_out,
                  struct slice *out)
{
    const char *path = beside(r, node);
    struct error why = ERROR_NONE;

    if (!path)
        return error_set(r->e, "not enough memory for %s", "the plan");
    if (path_out)
        *path_out = path;
    if (file_read(path, most, &r->plan->arena, out, &why))
        return fold_is_utf8(*out) || yaml_error(r->e, node, "%s is not UTF-8", path);
    return yaml_error(r->e, node, "%s", why.sentence);
}
