#include <stdlib.h>

#include "base/file.h"
#include "event/decoder_set.h"
#include "event/stamp.h"

#define DECODERS_MOST 2000u

static const char *const kind_names[] = {
    [DECODER_PATTERN] = "pattern", [DECODER_KEYVALUE] = "keyvalue", [DECODER_JSON] = "json",
    [DECODER_CEF] = "cef", [DECODER_LEEF] = "leef", [DECODER_SYSLOG] = "syslog",
    [DECODER_EVENT_XML] = "event-xml", [DECODER_W3C] = "w3c",
};

#define KINDS (sizeof kind_names / sizeof *kind_names)

static const char *const decoder_keys[] = {
    "name", "title", "title_vi", "kind", "applies", "logsource", "set", "patterns", "cases",
    "rename", "split", "join", "copy", "extension", "host", "time", "hex", "nested", "payload", "inserts",
    "samples", NULL,
};
static const char *const applies_keys[] = { "program", "starts", "field", "line", "asked", "header",
                                           NULL };
static const char *const logsource_keys[] = { "product", "category", "service", NULL };
static const char *const pattern_keys[] = { "text", "set", "logsource", NULL };
static const char *const case_keys[] = { "when", "set", "logsource", NULL };
static const char *const time_keys[] = { "field", "format", "zone", NULL };
static const char *const split_keys[] = { "field", "at", "before", "after", NULL };
static const char *const payload_keys[] = { "program", "message", NULL };

static bool no_memory(struct error *e)
{
    return error_set(e, "not enough memory for the decoders");
}

/* --- pieces of a document --------------------------------------------------------------------- */

/* A scalar, or a sequence of scalars, as a list; absent: an empty one. */
static bool read_texts(struct arena *arena, const struct yaml *node, struct slice **out,
                       uint32_t *count, struct error *e)
{
    *count = 0;
    *out = NULL;
    if (!node)
        return true;
    if (node->kind == YAML_MAPPING)
        return yaml_error(e, node, "a text or a list of texts is expected here");
    uint32_t n = node->kind == YAML_SCALAR ? 1 : node->count;
    *out = arena_array(arena, n + 1u, sizeof **out);
    if (!*out)
        return no_memory(e);
    for (uint32_t i = 0; i < n; i++) {
        const struct yaml *item = node->kind == YAML_SCALAR ? node : &node->children[i];
        if (item->kind != YAML_SCALAR)
            return yaml_error(e, item, "a text is expected here");
        (*out)[(*count)++] = item->text;
    }
    return true;
}

static bool read_logsource(const struct yaml *node, struct event_logsource *out, struct error *e)
{
    if (!node)
        return true;
    if (node->kind != YAML_MAPPING)
        return yaml_error(e, node, "'logsource' has product, category and service");
    if (!yaml_known(node, logsource_keys, e))
        return false;
    out->product = yaml_member_text(node, "product", out->product);
    out->category = yaml_member_text(node, "category", out->category);
    out->service = yaml_member_text(node, "service", out->service);
    return true;
}

static bool read_outcome(struct arena *arena, const struct yaml *node, struct decoder_outcome *out,
                         struct error *e)
{
    const struct yaml *set = yaml_member(node, "set");

    if (!read_logsource(yaml_member(node, "logsource"), &out->logsource, e))
        return false;
    if (!set)
        return true;
    if (set->kind != YAML_MAPPING)
        return yaml_error(e, set, "'set' has names of fields and their values");
    out->set = arena_array(arena, set->count + 1u, sizeof *out->set);
    if (!out->set)
        return no_memory(e);
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->children[i].kind != YAML_SCALAR)
            return yaml_error(e, &set->children[i], "a text is expected here");
        out->set[out->set_count++] =
            (struct event_field){ set->children[i].key, set->children[i].text, EVENT_TEXT };
    }
    return true;
}

static bool read_conditions(struct arena *arena, const struct yaml *node,
                            struct decoder_condition **out, uint32_t *count, struct error *e)
{
    *count = 0;
    if (!node)
        return true;
    if (node->kind != YAML_MAPPING)
        return yaml_error(e, node, "names of fields and their values are expected here");
    *out = arena_array(arena, node->count + 1u, sizeof **out);
    if (!*out)
        return no_memory(e);
    for (uint32_t i = 0; i < node->count; i++) {
        struct decoder_condition *c = &(*out)[(*count)++];
        c->field = node->children[i].key;
        if (!read_texts(arena, &node->children[i], &c->values, &c->value_count, e))
            return false;
        if (c->value_count == 1 && slice_is(c->values[0], "*"))
            c->value_count = 0;
    }
    return true;
}

static bool read_patterns(struct arena *arena, const struct yaml *node, struct decoder *d,
                          struct error *e)
{
    if (!node)
        return true;
    if (node->kind != YAML_SEQUENCE)
        return yaml_error(e, node, "'patterns' is a list");
    d->patterns = arena_array(arena, ((size_t)node->count << PATTERN_OPTIONS) + 1,
                              sizeof *d->patterns);
    if (!d->patterns)
        return no_memory(e);
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *row = &node->children[i];
        const struct yaml *text = row->kind == YAML_MAPPING ? yaml_member(row, "text") : row;
        struct decoder_outcome outcome = { NULL, 0, { SLICE(""), SLICE(""), SLICE("") } };
        struct pattern *variants;
        uint32_t count;
        struct error why = ERROR_NONE;
        if (row->kind == YAML_MAPPING &&
            (!yaml_known(row, pattern_keys, e) || !read_outcome(arena, row, &outcome, e)))
            return false;
        if (!text || text->kind != YAML_SCALAR)
            return yaml_error(e, row, "a pattern has a 'text'");
        if (!pattern_compile(text->text, arena, &variants, &count, &why)) {
            yaml_error(e, text, "%s", why.sentence);
            return why.hint[0] ? error_hint(e, "%s", why.hint) : false;
        }
        for (uint32_t v = 0; v < count; v++)
            d->patterns[d->pattern_count++] = (struct decoder_pattern){ variants[v], outcome };
    }
    return true;
}

static bool read_cases(struct arena *arena, const struct yaml *node, struct decoder *d,
                       struct error *e)
{
    if (!node)
        return true;
    if (node->kind != YAML_SEQUENCE)
        return yaml_error(e, node, "'cases' is a list");
    d->cases = arena_array(arena, node->count + 1u, sizeof *d->cases);
    if (!d->cases)
        return no_memory(e);
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *row = &node->children[i];
        struct decoder_case *c = &d->cases[d->case_count++];
        *c = (struct decoder_case){ .outcome.logsource = { SLICE(""), SLICE(""), SLICE("") } };
        if (row->kind != YAML_MAPPING || !yaml_member(row, "when"))
            return yaml_error(e, row, "a case has 'when'");
        if (!yaml_known(row, case_keys, e) || !read_outcome(arena, row, &c->outcome, e) ||
            !read_conditions(arena, yaml_member(row, "when"), &c->conditions, &c->condition_count,
                             e))
            return false;
    }
    return true;
}

static bool read_times(struct arena *arena, const struct yaml *node, struct decoder *d,
                       struct error *e)
{
    if (!node)
        return true;
    if (node->kind != YAML_SEQUENCE)
        return yaml_error(e, node, "'time' is a list of field and format");
    d->times = arena_array(arena, node->count + 1u, sizeof *d->times);
    if (!d->times)
        return no_memory(e);
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *row = &node->children[i];
        struct decoder_time *t = &d->times[d->time_count++];
        struct slice *fields;
        if (row->kind != YAML_MAPPING || !yaml_member(row, "field") || !yaml_member(row, "format"))
            return yaml_error(e, row, "'time' is a list of field and format");
        if (!yaml_known(row, time_keys, e) ||
            !read_texts(arena, yaml_member(row, "field"), &fields, &t->field_count, e))
            return false;
        if (t->field_count == 0 || t->field_count > DECODER_TIME_FIELDS)
            return yaml_error(e, row, "a time has one to %u fields", DECODER_TIME_FIELDS);
        memcpy(t->fields, fields, t->field_count * sizeof *fields);
        t->format = yaml_member_text(row, "format", SLICE(""));
        const struct yaml *zone = yaml_member(row, "zone");
        t->has_zone = zone != NULL;
        if (zone && !decoder_zone(zone->text, &t->zone))
            return yaml_error(e, zone, "'%.*s' is no time zone that we know", SLICE_ARGS(zone->text));
        if (!stamp_format_valid(t->format)) {
            const struct yaml *format = yaml_member(row, "format");
            yaml_error(e, format, "'%.*s' is no format of a time",
                       SLICE_ARGS(t->format));
            return error_hint(e, "write iso8601, epoch, epoch_ms, or parts such as "
                                 "%%Y-%%m-%%d %%H:%%M:%%S");
        }
    }
    return true;
}

static bool read_renames(struct arena *arena, const struct yaml *node, struct decoder *d,
                         struct error *e)
{
    if (!node)
        return true;
    if (node->kind != YAML_MAPPING)
        return yaml_error(e, node, "'rename' has old and new names");
    d->prefixes = arena_array(arena, node->count + 1u, sizeof *d->prefixes);
    if (!d->prefixes)
        return no_memory(e);
    for (uint32_t i = 0; i < node->count; i++) {
        struct yaml *row = &node->children[i];
        bool wild = slice_ends(row->key, SLICE("*"));
        if (row->kind != YAML_SCALAR)
            return yaml_error(e, row, "a text is expected here");
        if (wild != slice_ends(row->text, SLICE("*")) && row->text.len)
            return yaml_error(e, row, "'*' stands at the end of both names, or of none");
        if (wild)
            d->prefixes[d->prefix_count++] = (struct decoder_rename){
                slice_cut(row->key, 0, row->key.len - 1),
                row->text.len ? slice_cut(row->text, 0, row->text.len - 1) : SLICE_NONE,
            };
        else if (!map_put(&d->renames, row->key, &row->text))
            return no_memory(e);
    }
    return true;
}

/* `split` and `join` are written alike: the one takes apart what the other puts together. */
static bool read_splits(struct arena *arena, const struct yaml *node, struct decoder_split **out,
                        uint32_t *count, struct error *e)
{
    if (!node)
        return true;
    if (node->kind != YAML_SEQUENCE)
        return yaml_error(e, node, "'split' and 'join' are lists of field, at, before and after");
    *out = arena_array(arena, node->count + 1u, sizeof **out);
    if (!*out)
        return no_memory(e);
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml *row = &node->children[i];
        struct decoder_split *s = &(*out)[(*count)++];
        if (row->kind != YAML_MAPPING || !yaml_known(row, split_keys, e))
            return yaml_error(e, row,
                              "'split' and 'join' are lists of field, at, before and after");
        s->field = yaml_member_text(row, "field", SLICE(""));
        s->at = yaml_member_text(row, "at", SLICE(""));
        s->before = yaml_member_text(row, "before", SLICE(""));
        s->after = yaml_member_text(row, "after", SLICE(""));
        if (!s->field.len || !yaml_member(row, "at") || !s->before.len || !s->after.len)
            return yaml_error(e, row,
                              "'split' and 'join' are lists of field, at, before and after");
    }
    return true;
}

static bool read_copies(struct arena *arena, const struct yaml *node, struct decoder_rename **out,
                        uint32_t *count, struct error *e)
{
    if (!node)
        return true;
    if (node->kind != YAML_MAPPING)
        return yaml_error(e, node, "names of fields and their values are expected here");
    *out = arena_array(arena, node->count + 1u, sizeof **out);
    if (!*out)
        return no_memory(e);
    for (uint32_t i = 0; i < node->count; i++)
        (*out)[(*count)++] = (struct decoder_rename){ node->children[i].key, node->children[i].text };
    return true;
}

static bool read_names(struct arena *arena, const struct yaml *node, struct map *map,
                       struct error *e)
{
    struct slice *names;
    uint32_t count;

    if (!read_texts(arena, node, &names, &count, e))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!map_put(map, names[i], map))
            return no_memory(e);
    return true;
}

/* --- one decoder ------------------------------------------------------------------------------ */

static bool read_kind(const struct yaml *node, struct decoder *d, struct error *e)
{
    const struct yaml *kind = yaml_member(node, "kind");

    for (size_t i = 0; kind && i < KINDS; i++)
        if (kind->kind == YAML_SCALAR && slice_is(kind->text, kind_names[i])) {
            d->kind = (enum decoder_kind)i;
            return true;
        }
    yaml_error(e, kind ? kind : node, "a decoder has a 'kind' that we know");
    return error_hint(e, "there are pattern, keyvalue, json, cef, leef, event-xml, w3c and syslog");
}

static bool read_decoder(struct decoders *set, const struct yaml *node, const char *file,
                         struct decoder *d, struct error *e)
{
    struct arena *arena = &set->arena;
    const struct yaml *applies = yaml_member(node, "applies");
    const struct yaml *line = yaml_member(applies, "line");
    const struct yaml *asked = yaml_member(applies, "asked");
    const struct yaml *payload = yaml_member(node, "payload");

    *d = (struct decoder){ .outcome.logsource = { SLICE(""), SLICE(""), SLICE("") } };
    if (node->kind != YAML_MAPPING)
        return yaml_error(e, node, "a decoder is a mapping: name, kind, applies, …");
    if (!yaml_known(node, decoder_keys, e) || !read_kind(node, d, e))
        return false;
    d->file = slice_of(file);
    d->name = yaml_member_text(node, "name", SLICE(""));
    d->title = yaml_member_text(node, "title", d->name);
    d->title_vi = yaml_member_text(node, "title_vi", d->title);
    d->samples = yaml_member(node, "samples");
    if (d->name.len == 0)
        return yaml_error(e, node, "a decoder has a 'name'");
    if (applies && (!yaml_known(applies, applies_keys, e) ||
                    !read_conditions(arena, yaml_member(applies, "field"), &d->conditions,
                                     &d->condition_count, e) ||
                    !read_texts(arena, yaml_member(applies, "header"), &d->header,
                                &d->header_count, e)))
        return false;
    if (line && !yaml_to_boolean(line, &d->line))
        return yaml_error(e, line, "'line' is true or false");
    if (asked && !yaml_to_boolean(asked, &d->asked))
        return yaml_error(e, asked, "'asked' is true or false");
    if (payload && !yaml_known(payload, payload_keys, e))
        return false;
    d->payload_program = yaml_member_text(payload, "program", SLICE(""));
    d->payload_message = yaml_member_text(payload, "message", SLICE(""));
    if (d->kind == DECODER_PATTERN && !yaml_member(node, "patterns"))
        return yaml_error(e, node, "a decoder of kind pattern has 'patterns'");
    return read_outcome(arena, node, &d->outcome, e) &&
           read_patterns(arena, yaml_member(node, "patterns"), d, e) &&
           read_cases(arena, yaml_member(node, "cases"), d, e) &&
           read_times(arena, yaml_member(node, "time"), d, e) &&
           read_renames(arena, yaml_member(node, "rename"), d, e) &&
           read_splits(arena, yaml_member(node, "split"), &d->splits, &d->split_count, e) &&
           read_splits(arena, yaml_member(node, "join"), &d->joins, &d->join_count, e) &&
           read_copies(arena, yaml_member(node, "copy"), &d->copies, &d->copy_count, e) &&
           read_copies(arena, yaml_member(node, "extension"), &d->extensions, &d->extension_count,
                       e) &&
           read_copies(arena, yaml_member(node, "host"), &d->hosts, &d->host_count, e) &&
           read_names(arena, yaml_member(node, "hex"), &d->hex, e) &&
           read_names(arena, yaml_member(node, "nested"), &d->nested, e) &&
           inserts_read(yaml_member(node, "inserts"), arena, &d->inserts, e);
}

/* --- who is asked when ------------------------------------------------------------------------ */

static bool list_add(struct arena *arena, struct decoder_list *list, const struct decoder *d)
{
    const struct decoder **items = arena_array(arena, list->count + 1u, sizeof *items);

    if (!items)
        return false;
    if (list->count)
        memcpy(items, list->items, list->count * sizeof *items);
    items[list->count] = d;
    list->items = items;
    list->count++;
    return true;
}

static bool index_programs(struct decoders *set, const struct yaml *node, const struct decoder *d,
                           struct error *e)
{
    struct slice *names;
    uint32_t count;

    if (!read_texts(&set->arena, node, &names, &count, e))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct decoder_list *list = map_get(&set->programs, names[i]);
        if (!list) {
            list = arena_zero(&set->arena, sizeof *list);
            if (!list || !map_put(&set->programs, names[i], list))
                return no_memory(e);
        }
        if (!list_add(&set->arena, list, d))
            return no_memory(e);
    }
    return true;
}

static bool index_starts(struct decoders *set, const struct yaml *node, const struct decoder *d,
                         struct error *e)
{
    struct slice *texts;
    uint32_t count;

    if (!read_texts(&set->arena, node, &texts, &count, e))
        return false;
    struct decoder_start *starts = arena_array(&set->arena, set->start_count + count + 1u,
                                               sizeof *starts);
    if (!starts)
        return no_memory(e);
    if (set->start_count)
        memcpy(starts, set->starts, set->start_count * sizeof *starts);
    set->starts = starts;
    for (uint32_t i = 0; i < count; i++) {
        if (texts[i].len == 0)
            return yaml_error(e, node, "a beginning must not be empty");
        starts[set->start_count++] = (struct decoder_start){ texts[i], d };
    }
    return true;
}

static int compare_starts(const void *left, const void *right)
{
    const struct decoder_start *a = left, *b = right;
    unsigned char x = (unsigned char)a->text.data[0], y = (unsigned char)b->text.data[0];

    if (x != y)
        return x < y ? -1 : 1;
    if (a->text.len != b->text.len)
        return a->text.len > b->text.len ? -1 : 1;
    return slice_compare(a->decoder->file, b->decoder->file); /* as programs are asked */
}

static int compare_json(const void *left, const void *right)
{
    const struct decoder *const *a = left, *const *b = right;

    if ((*a)->condition_count != (*b)->condition_count)
        return (*a)->condition_count > (*b)->condition_count ? -1 : 1;
    return slice_compare((*a)->name, (*b)->name);
}

static int compare_headers(const void *left, const void *right)
{
    const struct decoder *const *a = left, *const *b = right;

    if ((*a)->header_count != (*b)->header_count)
        return (*a)->header_count > (*b)->header_count ? -1 : 1;
    return slice_compare((*a)->name, (*b)->name);
}

static int compare_names(const void *left, const void *right)
{
    const struct decoder *const *a = left, *const *b = right;

    return slice_compare((*a)->name, (*b)->name);
}

static bool index_decoder(struct decoders *set, const struct yaml *node, struct decoder *d,
                          struct error *e)
{
    const struct yaml *applies = yaml_member(node, "applies");

    if (map_has(&set->names, d->name))
        return yaml_error(e, node, "there is another decoder with the name '%.*s'",
                          SLICE_ARGS(d->name));
    set->all[set->count++] = d;
    if (!map_put(&set->names, d->name, d) ||
        (d->kind == DECODER_JSON && !d->asked && !list_add(&set->arena, &set->json, d)) ||
        (d->kind == DECODER_W3C && !list_add(&set->arena, &set->headers, d)) ||
        (d->line && !list_add(&set->arena, &set->lines, d)))
        return no_memory(e);
    if (d->kind == DECODER_SYSLOG)
        set->syslog = d;
    return index_programs(set, yaml_member(applies, "program"), d, e) &&
           index_starts(set, yaml_member(applies, "starts"), d, e);
}

static void index_sort(struct decoders *set)
{
    qsort(set->all, set->count, sizeof *set->all, compare_names);
    if (set->json.count)
        qsort(set->json.items, set->json.count, sizeof *set->json.items, compare_json);
    if (set->headers.count)
        qsort(set->headers.items, set->headers.count, sizeof *set->headers.items, compare_headers);
    if (set->start_count)
        qsort(set->starts, set->start_count, sizeof *set->starts, compare_starts);
    uint32_t at = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        set->start_at[byte] = at;
        while (at < set->start_count && (unsigned char)set->starts[at].text.data[0] == byte)
            at++;
    }
    set->start_at[256] = at;
}

/* --- files ------------------------------------------------------------------------------------ */

static bool load_file(struct decoders *set, const char *path, struct error *e)
{
    struct yaml *document;
    struct decoder *d = arena_zero(&set->arena, sizeof *d);
    char *file = arena_text(&set->arena, slice_of(path));

    if (!d || !file)
        return no_memory(e);
    if (!yaml_read(path, &set->arena, &document, e))
        return false;
    bool ok = read_decoder(set, document, file, d, e);
    if (ok && set->count < DECODERS_MOST && index_decoder(set, document, d, e))
        return true;
    if (ok && set->count >= DECODERS_MOST)
        error_set(e, "there are more than %u decoders", DECODERS_MOST);
    map_free(&d->renames);
    map_free(&d->hex);
    map_free(&d->nested);
    inserts_free(&d->inserts);
    for (uint32_t i = 0; i < set->count; i++)
        if (set->all[i] == d)
            set->count--;
    return false;
}

bool decoders_load(const char *path, struct decoders **decoders_out, struct error *e)
{
    static const char *const suffixes[] = { ".yaml", ".yml", NULL };
    struct decoders *set = calloc(1, sizeof *set);
    struct slice *paths;
    size_t count = 0;
    bool ok;

    *decoders_out = NULL;
    if (!set)
        return no_memory(e);
    arena_init(&set->arena, ARENA_NO_CEILING);
    ok = file_list(path, suffixes, DECODERS_MOST, &set->arena, &paths, &count, e);
    if (ok) {
        set->all = arena_array(&set->arena, count + 1, sizeof *set->all);
        ok = set->all ? true : no_memory(e);
    }
    for (size_t i = 0; ok && i < count; i++) {
        char *file = arena_text(&set->arena, paths[i]);
        ok = file ? load_file(set, file, e) : no_memory(e);
    }
    if (ok && count == 0) {
        error_set(e, "there are no decoders");
        ok = error_place(e, "%s", path);
    }
    if (!ok) {
        decoders_free(&set);
        return false;
    }
    index_sort(set);
    decoder_names(set);
    *decoders_out = set;
    return true;
}

void decoders_free(struct decoders **decoders)
{
    struct decoders *set = *decoders;

    if (!set)
        return;
    for (uint32_t i = 0; i < set->count; i++) {
        map_free(&set->all[i]->renames);
        map_free(&set->all[i]->hex);
        map_free(&set->all[i]->nested);
        inserts_free(&set->all[i]->inserts);
    }
    map_free(&set->names);
    map_free(&set->programs);
    arena_free(&set->arena);
    free(set);
    *decoders = NULL;
}

size_t decoders_count(const struct decoders *decoders)
{
    return decoders->count;
}

struct decoder_info decoders_info(const struct decoders *decoders, size_t i)
{
    const struct decoder *d = decoders->all[i];

    return (struct decoder_info){
        .name = d->name, .kind = slice_of(kind_names[d->kind]), .title = d->title,
        .title_vi = d->title_vi, .file = d->file, .logsource = d->outcome.logsource,
        .sample_count = d->samples ? d->samples->count : 0,
    };
}
