#include "serve/error_json.h"

#include <stdio.h>

void error_json_put(struct json_writer *w, const struct error *e)
{
    json_open_object(w);
    json_integer_member(w, "kind", e->kind);
    json_text_member(w, "place", slice_of(e->place));
    json_text_member(w, "sentence", slice_of(e->sentence));
    json_text_member(w, "sentence_vi", slice_of(e->sentence_vi));
    json_text_member(w, "hint", slice_of(e->hint));
    json_text_member(w, "hint_vi", slice_of(e->hint_vi));
    json_text_member(w, "excerpt", slice_of(e->excerpt));
    json_integer_member(w, "column", e->excerpt_column);
    json_close_object(w);
}

static void get_text(const struct json *json, const char *name, char *out, size_t size)
{
    snprintf(out, size, "%.*s", SLICE_ARGS(json_member_text(json, name)));
}

void error_json_get(const struct json *json, struct error *e)
{
    if (!e || e->set)
        return;
    *e = (struct error){ .set = true, .kind = ERROR_FAILED };
    int64_t kind = json_integer(json_member(json, "kind"), ERROR_FAILED);
    if (kind >= ERROR_INPUT && kind <= ERROR_DAMAGED)
        e->kind = (enum error_kind)kind;
    get_text(json, "place", e->place, sizeof e->place);
    get_text(json, "sentence", e->sentence, sizeof e->sentence);
    get_text(json, "sentence_vi", e->sentence_vi, sizeof e->sentence_vi);
    get_text(json, "hint", e->hint, sizeof e->hint);
    get_text(json, "hint_vi", e->hint_vi, sizeof e->hint_vi);
    get_text(json, "excerpt", e->excerpt, sizeof e->excerpt);
    e->excerpt_column = (unsigned)json_integer(json_member(json, "column"), 0);
}
