#include "detect/logsource.h"

#include "base/file.h"

struct source_entry {
    struct slice product, category, service;
    struct expr *when;
    const struct yaml *fields;
    bool unnamed;
};

struct logsources {
    struct source_entry *sources;
    uint32_t source_count, capacity;
    const struct yaml **names;
    uint32_t file_count;
};

static bool read_source(struct logsources *l, const struct yaml *node, struct arena *arena,
                        struct error *e)
{
    static const char *const keys[] = { "product", "category", "service", "when", "fields", "unnamed", NULL };
    static const struct placeholders no_lists;
    const struct yaml *when = yaml_member(node, "when"), *fields = yaml_member(node, "fields");
    const struct yaml *unnamed = yaml_member(node, "unnamed");
    if (node->kind != YAML_MAPPING || !when)
        return yaml_error(e, node, "a source needs 'when'");
    if (!yaml_known(node, keys, e))
        return false;
    if (fields && fields->kind != YAML_MAPPING)
        return yaml_error(e, fields, "'fields' must map Sigma's names to those of the event");
    if (l->source_count == l->capacity) {
        uint32_t more = l->capacity ? l->capacity * 2 : 64;
        struct source_entry *grown = arena_array(arena, more, sizeof *grown);
        if (!grown)
            return yaml_error(e, node, "no memory left");
        if (l->source_count)
            memcpy(grown, l->sources, l->source_count * sizeof *grown);
        l->sources = grown;
        l->capacity = more;
    }
    struct source_entry *s = &l->sources[l->source_count++];
    *s = (struct source_entry){ .product = yaml_member_text(node, "product", SLICE_NONE),
                                .category = yaml_member_text(node, "category", SLICE_NONE),
                                .service = yaml_member_text(node, "service", SLICE_NONE),
                                .fields = fields };
    if (unnamed && !yaml_to_boolean(unnamed, &s->unnamed))
        return yaml_error(e, unnamed, "'unnamed' is true or false");
    uint32_t count = when->kind == YAML_SEQUENCE ? when->count : 1;
    const struct yaml *maps = when->kind == YAML_SEQUENCE ? when->children : when;
    s->when = expr_new(arena, EXPR_OR, count);
    for (uint32_t i = 0; s->when && i < count; i++) {
        if (maps[i].kind != YAML_MAPPING)
            return yaml_error(e, &maps[i], "'when' must be a selection or a list of them");
        struct expr *and = s->when->children[i] = expr_new(arena, EXPR_AND, maps[i].count);
        for (uint32_t k = 0; and && k < maps[i].count; k++)
            if (!item_read(&maps[i].children[k], &no_lists, arena, &and->children[k], e))
                return false;
    }
    return s->when || yaml_error(e, node, "no memory left");
}

bool logsources_read(const char *folder, struct arena *arena, struct logsources **out,
                     struct error *e)
{
    static const char *const suffixes[] = { ".yaml", ".yml", NULL };
    static const char *const keys[] = { "names", "sources", NULL };
    struct logsources *l = *out = arena_zero(arena, sizeof *l);
    struct slice *paths;
    size_t count = 0;
    if (!l)
        return error_set(e, "no memory left for the log sources");
    if (!folder)
        return true;
    if (!file_list(folder, suffixes, 1000, arena, &paths, &count, e))
        return false;
    l->names = arena_array(arena, count + 1, sizeof *l->names);
    for (size_t i = 0; l->names && i < count; i++) {
        struct yaml *document;
        if (!yaml_read(paths[i].data, arena, &document, e) || !yaml_known(document, keys, e))
            return false;
        const struct yaml *sources = yaml_member(document, "sources");
        l->names[l->file_count++] = yaml_member(document, "names");
        for (uint32_t k = 0; sources && k < sources->count; k++)
            if (!read_source(l, &sources->children[k], arena, e))
                return false;
    }
    return true;
}

static bool fits(struct slice wanted, struct slice have)
{
    return !wanted.len || slice_equal(wanted, have);
}

bool logsources_select(const struct logsources *l, struct slice product, struct slice category,
                       struct slice service)
{
    for (uint32_t i = 0; i < l->source_count; i++) {
        const struct source_entry *s = &l->sources[i];
        if (fits(product, s->product) && fits(category, s->category) && fits(service, s->service))
            return true;
    }
    return false;
}

static void put_name(struct lowering *lowering, struct slice from, struct slice to, enum name_kind kind)
{
    struct name_rule rule = { lower_text(lowering, from), lower_text(lowering, to), kind };
    buffer_add(&lowering->sections[SECTION_NAME_RULE], slice_from(&rule, sizeof rule));
}

/* IMPLEMENTS sigma-2/shape-evtx sigma-2/shape-velociraptor
 * sigma-2/shape-winlogbeat sigma-2/shape-nxlog sigma-2/shape-fluent-bit sigma-2/shape-wazuh
 * sigma-2/shape-ecs
 * sigma-2/logsource-mapping sigma-2/shape-4688 sigma-2/shape-cloud sigma-2/shape-xml
 * sigma-2/shape-devices sigma-2/shape-suricata sigma-2/shape-zeek sigma-2/shape-text */
static void lower_names(const struct yaml *names, struct lowering *lowering)
{
    const struct yaml *strip = yaml_member(names, "strip"), *restore = yaml_member(names, "restore");
    const struct yaml *rename = yaml_member(names, "rename"), *unwrap = yaml_member(names, "unwrap");
    for (uint32_t i = 0; unwrap && i < unwrap->count; i++)
        put_name(lowering, unwrap->children[i].text, SLICE_NONE, NAME_UNWRAP);
    for (uint32_t i = 0; strip && i < strip->count; i++)
        put_name(lowering, strip->children[i].text, SLICE_NONE, NAME_STRIP);
    for (uint32_t i = 0; restore && i < restore->count; i++)
        put_name(lowering, restore->children[i].text, SLICE_NONE, NAME_RESTORE);
    for (uint32_t i = 0; rename && i < rename->count; i++) {
        const struct yaml *to = &rename->children[i];
        if (to->kind != YAML_SEQUENCE)
            put_name(lowering, to->key, to->text, NAME_RENAME);
        for (uint32_t k = 0; to->kind == YAML_SEQUENCE && k < to->count; k++)
            put_name(lowering, to->key, to->children[k].text, NAME_RENAME);
    }
}

/* The slots whose values decide the log source: with them a scanner remembers its answer. */
static void lower_selectors(struct lowering *lowering, uint32_t first_atom)
{
    const struct atom *atoms = (const void *)lowering->sections[SECTION_ATOM].data;
    uint32_t count = lower_count(lowering, SECTION_ATOM, sizeof *atoms);
    uint32_t slots = lower_count(lowering, SECTION_SLOT, sizeof(struct ref));
    uint8_t *use = arena_zero(lowering->arena, slots + 1); /* 1 presence, 2 value */
    for (uint32_t i = first_atom; use && i < count; i++) {
        if (atoms[i].slot == SLOT_WHOLE)
            continue;
        use[atoms[i].slot] |= atoms[i].kind == ATOM_EXISTS ? 1 : 2;
    }
    for (uint32_t slot = 0; use && slot < slots; slot++)
        if (use[slot])
            buffer_add_u32(&lowering->sections[SECTION_SELECTOR],
                           slot | (use[slot] & 2 ? 0 : 0x10000u));
}

/* Sigma's name, and what these events call it: of several the first that is there. */
static void lower_field(struct lowering *lowering, const struct yaml *field)
{
    uint32_t count = field->kind == YAML_SEQUENCE ? field->count : 1;
    const struct yaml *names = field->kind == YAML_SEQUENCE ? field->children : field;
    for (uint32_t i = 0; i < count; i++) {
        struct rename rename = { lower_slot(lowering, field->key), lower_slot(lowering, names[i].text) };
        buffer_add(&lowering->sections[SECTION_RENAME], slice_from(&rename, sizeof rename));
    }
}

bool logsources_lower(struct logsources *l, struct lowering *lowering, struct error *e)
{
    uint32_t first_atom = lower_count(lowering, SECTION_ATOM, sizeof(struct atom));
    for (uint32_t i = 0; i < l->file_count; i++)
        if (l->names[i])
            lower_names(l->names[i], lowering);
    lower_group_begin(lowering);
    for (uint32_t i = 0; i < l->source_count; i++) {
        const struct source_entry *s = &l->sources[i];
        struct source out = { .product = lower_text(lowering, s->product),
                              .category = lower_text(lowering, s->category),
                              .service = lower_text(lowering, s->service),
                              .unnamed = s->unnamed };
        if (!lower_expr(lowering, s->when, &out.node, e))
            return false;
        out.renames.first = lower_count(lowering, SECTION_RENAME, sizeof(struct rename));
        for (uint32_t k = 0; s->fields && k < s->fields->count; k++)
            lower_field(lowering, &s->fields->children[k]);
        out.renames.count = lower_count(lowering, SECTION_RENAME, sizeof(struct rename)) - out.renames.first;
        buffer_add(&lowering->sections[SECTION_SOURCE], slice_from(&out, sizeof out));
    }
    lower_selectors(lowering, first_atom);
    return true;
}
