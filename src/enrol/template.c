#include "enrol/template.h"

static const struct template_value *find(const struct template_value *values, size_t count,
                                         struct slice name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is(name, values[i].name))
            return &values[i];
    return NULL;
}

static unsigned line_of(struct slice text, struct slice rest)
{
    unsigned line = 1;
    for (size_t i = 0; i < text.len - rest.len; i++)
        line += text.data[i] == '\n';
    return line;
}

bool template_fill(struct slice text, const char *file, const struct template_value *values,
                   size_t count, struct buffer *out, bool *lacking_out, struct error *e)
{
    struct slice rest = text;

    *lacking_out = false;
    for (;;) {
        size_t open = slice_find(rest, SLICE("{{"));
        buffer_add(out, slice_cut(rest, 0, open));
        if (open == rest.len)
            return !out->failed || error_set(e, "the package is too large");
        rest = slice_after(rest, open);
        struct slice line = slice_cut(rest, 2, slice_find_byte(rest, '\n'));
        struct slice name = slice_cut(line, 0, slice_find(line, SLICE("}}")));
        const struct template_value *value = find(values, count, slice_trim(name));
        if (name.len == line.len)
            error_set(e, "'{{' has no '}}' behind it on its line");
        else if (!value)
            error_set(e, "there is no value '%.*s' for a template", SLICE_ARGS(slice_trim(name)));
        if (name.len == line.len || !value) {
            error_place(e, "%s:%u", file, line_of(text, rest));
            return error_kind(e, ERROR_INPUT);
        }
        *lacking_out = *lacking_out || value->value.len == 0;
        buffer_add(out, value->value);
        rest = slice_after(rest, 2 + name.len + 2);
    }
}
