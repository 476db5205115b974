#include "base/file.h"
#include "base/yaml.h"
#include "plan/regime.h"

#define SUCCESSORS_MOST 8

const struct regime_value *regime_value(const struct regime *regime, struct slice name)
{
    for (uint32_t i = 0; i < regime->value_count; i++)
        if (slice_equal(regime->values[i].name, name))
            return &regime->values[i];
    return NULL;
}

int64_t regime_number(const struct regime *regime, const char *name, int64_t fallback)
{
    const struct regime_value *value = regime_value(regime, slice_of(name));
    return value && value->kind == REGIME_NUMBER ? value->number : fallback;
}

static bool read_words(const struct yaml *node, struct plan_words *out, struct error *e)
{
    out->vi = yaml_member_text(node, "vi", SLICE_NONE);
    out->en = yaml_member_text(node, "en", SLICE_NONE);
    if (!node || !out->vi.len)
        return yaml_error(e, node, "a text needs its Vietnamese form (vi)");
    return true;
}

static bool read_month_day(const struct yaml *node, struct regime_value *v, struct error *e)
{
    uint64_t month, day;
    if (node->text.len != 5 || node->text.data[2] != '-' ||
        !slice_to_u64(slice_cut(node->text, 0, 2), &month) ||
        !slice_to_u64(slice_after(node->text, 3), &day) || month < 1 || month > 12 || day < 1 ||
        day > 31)
        return yaml_error(e, node, "a day of the year is written as month-day, like 09-02");
    v->month = (int)month;
    v->day = (int)day;
    return true;
}

static bool read_value(const struct yaml *node, struct regime_value *v, struct error *e)
{
    static const char *const keys[] = { "vi", "en", "value", "share", "day", "text", "source",
                                        "confirmed", NULL };
    const struct yaml *at;

    if (node->kind != YAML_MAPPING)
        return yaml_error(e, node, "a value of a regime needs 'source' and 'confirmed'");
    if (!yaml_known(node, keys, e))
        return false;
    v->name = node->key;
    if (!read_words(node, &v->title, e))
        return false;
    v->source = yaml_member_text(node, "source", SLICE_NONE);
    if (!v->source.len)
        return yaml_error(e, node, "'%.*s' does not say where it comes from", SLICE_ARGS(v->name));
    at = yaml_member(node, "confirmed");
    if (!at || !yaml_to_boolean(at, &v->confirmed))
        return yaml_error(e, at ? at : node, "'%s' is true or false", "confirmed");
    if ((at = yaml_member(node, "value"))) {
        v->kind = REGIME_NUMBER;
        return yaml_to_integer(at, &v->number) || yaml_error(e, at, "this must be a whole number");
    }
    if ((at = yaml_member(node, "day"))) {
        v->kind = REGIME_DAY;
        return read_month_day(at, v, e);
    }
    if ((at = yaml_member(node, "text"))) {
        v->kind = REGIME_TEXT;
        return read_words(at, &v->text, e);
    }
    if ((at = yaml_member(node, "share"))) {
        const struct yaml *num = yaml_member(at, "num"), *of = yaml_member(at, "of");
        v->kind = REGIME_SHARE;
        if (!num || !of || !yaml_to_integer(num, &v->num) || !yaml_to_integer(of, &v->of) ||
            v->num < 0 || v->of <= 0 || v->of > 1000000 || v->num > v->of)
            return yaml_error(e, at, "a share is written as {num: 10, of: 100}");
        return true;
    }
    return yaml_error(e, node, "'%.*s' has neither value, share, day nor text", SLICE_ARGS(v->name));
}

static bool read_regime(const char *path, const char *folder, struct arena *arena, struct regime *r,
                        struct error *e)
{
    static const char *const keys[] = { "regime", "title", "holds", "superseded_by", "working_days",
                                        "values", NULL };
    struct yaml *root;
    int64_t unused;

    if (!yaml_read(path, arena, &root, e) || !yaml_known(root, keys, e))
        return false;
    r->id = yaml_member_text(root, "regime", SLICE_NONE);
    r->superseded_by = yaml_member_text(root, "superseded_by", SLICE_NONE);
    const struct yaml *title = yaml_member(root, "title");
    if (!title)
        return yaml_error(e, root, "a regime needs '%s'", "title");
    if (!read_words(title, &r->title, e))
        return false;
    const struct yaml *holds = yaml_member(root, "holds");
    r->holds_from = yaml_member_text(holds, "from", SLICE_NONE);
    r->holds_to = yaml_member_text(holds, "to", SLICE_NONE);
    if (!calendar_day_start(r->holds_from, &unused) ||
        (r->holds_to.len && !calendar_day_start(r->holds_to, &unused)))
        return yaml_error(e, holds ? holds : root, "a regime says from when it holds: {from: 2019-06-07}");

    const struct yaml *values = yaml_member(root, "values");
    if (!values || values->kind != YAML_MAPPING)
        return yaml_error(e, values ? values : root, "a regime needs '%s'", "values");
    r->values = arena_zero(arena, (values->count + 1) * sizeof *r->values);
    if (!r->values)
        return error_set(e, "not enough memory for %s", path);
    for (uint32_t i = 0; i < values->count; i++)
        if (!read_value(&values->children[i], &r->values[r->value_count++], e))
            return false;
    int64_t cutoff = regime_number(r, "cutoff_day", -1);
    if (cutoff < 0 || cutoff > 28)
        return yaml_error(e, values, "cutoff_day is a day of the month, 1 to 28, or 0 for whole months");
    r->cutoff = (int)cutoff;

    struct slice working = yaml_member_text(root, "working_days", SLICE_NONE);
    const char *file = working.len ? arena_text(arena, working) : NULL;
    if (!file || working.data[0] == '/' || slice_find(working, SLICE("..")) < working.len)
        return yaml_error(e, root, "a regime needs working_days, a file beside it");
    return calendar_load(file_join(arena, folder, file), arena, &r->calendar, e);
}

static bool is_slug(struct slice id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!((id.data[i] >= 'a' && id.data[i] <= 'z') || (id.data[i] >= '0' && id.data[i] <= '9') ||
              id.data[i] == '-'))
            return false;
    return id.len > 0 && id.len < 64;
}

static bool load(const char *folder, struct slice id, struct arena *arena, unsigned depth,
                 struct regime **out, struct error *e)
{
    if (!is_slug(id))
        return error_set(e, "'%.*s' is no name of a regime", SLICE_ARGS(id));
    struct regime *r = arena_zero(arena, sizeof *r);
    struct slice name = arena_print(arena, "%.*s.yaml", SLICE_ARGS(id));
    const char *path = r && name.data ? file_join(arena, folder, name.data) : NULL;
    if (!path)
        return error_set(e, "not enough memory for %s", "the regime");
    if (!read_regime(path, folder, arena, r, e))
        return false;
    if (!slice_equal(r->id, id)) {
        error_at(e, path, 0, 0, SLICE_NONE);
        return error_set(e, "the file calls itself '%.*s'", SLICE_ARGS(r->id));
    }
    if (r->superseded_by.len) {
        struct regime *next;
        if (depth >= SUCCESSORS_MOST)
            return error_set(e, "the regimes supersede each other in a circle");
        if (!load(folder, r->superseded_by, arena, depth + 1, &next, e))
            return false;
        r->successor = next;
    }
    *out = r;
    return true;
}

bool regime_load(const char *folder, struct slice id, struct arena *arena,
                 struct regime **regime_out, struct error *e)
{
    return load(folder, id, arena, 0, regime_out, e);
}
