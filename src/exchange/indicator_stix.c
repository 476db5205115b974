/* STIX 2.1 bundles: https://docs.oasis-open.org/cti/stix/v2.1/ (§4.7 Indicator, §7.2.1.4 TLP, §9
 * patterning). */
#include <stdio.h>

#include "exchange/indicator_read.h"

/* ---- markings ------------------------------------------------------------------------------------ */

/* TLP 1.0 by STIX 2.1 §7.2.1.4; TLP 2.0 by its extension of OASIS. */
static const struct { const char *id; enum indicator_tlp tlp; } markings[] = {
    { "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", TLP_CLEAR },
    { "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", TLP_GREEN },
    { "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", TLP_AMBER },
    { "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", TLP_RED },
    { "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", TLP_CLEAR },
    { "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", TLP_GREEN },
    { "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", TLP_AMBER },
    { "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", TLP_AMBER_STRICT },
    { "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", TLP_RED },
};

/* What the bundle itself says of a marking: definition.tlp, or its name "TLP:AMBER". */
static int tlp_defined(const struct json *objects, struct slice id)
{
    for (uint32_t i = 0; objects && i < objects->count; i++) {
        const struct json *one = &objects->children[i];
        enum indicator_tlp tlp;
        if (!slice_equal(json_member_text(one, "id"), id))
            continue;
        if (indicator_tlp_parse(json_member_text(json_member(one, "definition"), "tlp"), &tlp) ||
            indicator_tlp_parse(json_member_text(one, "name"), &tlp))
            return (int)tlp;
    }
    return -1;
}

/* The strictest of them. */
static int tlp_of(const struct json *objects, const struct json *object)
{
    const struct json *list = json_member(object, "object_marking_refs");
    int strictest = -1;
    for (uint32_t i = 0; list && list->kind == JSON_ARRAY && i < list->count && i < 32; i++) {
        struct slice id = json_text(&list->children[i], SLICE_NONE);
        int tlp = -1;
        for (size_t k = 0; k < sizeof markings / sizeof *markings; k++)
            if (slice_is(id, markings[k].id))
                tlp = (int)markings[k].tlp;
        if (tlp < 0)
            tlp = tlp_defined(objects, id);
        strictest = tlp > strictest ? tlp : strictest;
    }
    return strictest;
}

/* ---- patterns ------------------------------------------------------------------------------------ */

#define TERMS_MOST 256u

struct term {
    struct slice path, value;
    bool network;                /* ISSUBSET */
};

struct pattern {
    struct slice rest;
    struct term terms[TERMS_MOST];
    uint32_t count;
    bool all;                    /* joined by AND somewhere */
    struct error wrong;          /* why it is no single value */
    struct arena *arena;
};

static void skip_blanks(struct pattern *p)
{
    while (p->rest.len && strchr(" \t\r\n", p->rest.data[0]) && p->rest.data[0])
        p->rest = slice_after(p->rest, 1);
}

static bool eat(struct pattern *p, const char *word)
{
    size_t len = strlen(word);
    skip_blanks(p);
    if (!slice_equal_nocase(slice_cut(p->rest, 0, len), slice_of(word)))
        return false;
    p->rest = slice_after(p->rest, len);
    return true;
}

/* 'text', with \' and \\ in it. */
static bool eat_text(struct pattern *p, struct slice *out)
{
    skip_blanks(p);
    if (!p->rest.len || p->rest.data[0] != '\'')
        return false;
    char *copy = arena_alloc(p->arena, p->rest.len);
    size_t at = 1, len = 0;
    while (copy && at < p->rest.len && p->rest.data[at] != '\'') {
        at += p->rest.data[at] == '\\' && at + 1 < p->rest.len;
        copy[len++] = p->rest.data[at++];
    }
    if (!copy || at >= p->rest.len)
        return false;
    p->rest = slice_after(p->rest, at + 1);
    *out = slice_from(copy, len);
    return true;
}

/* An object path: until a blank or an operator, quoted keys included. */
static struct slice eat_path(struct pattern *p)
{
    size_t at = 0;
    bool quoted = false;
    skip_blanks(p);
    while (at < p->rest.len && (quoted || !strchr(" \t\r\n=!<>()[]", p->rest.data[at]))) {
        quoted ^= p->rest.data[at] == '\'';
        at++;
    }
    struct slice path = slice_cut(p->rest, 0, at);
    p->rest = slice_after(p->rest, at);
    return path;
}

static bool put_term(struct pattern *p, struct slice path, struct slice value, bool network)
{
    if (p->count == TERMS_MOST)
        return error_set(&p->wrong, "the pattern names too many values");
    p->terms[p->count++] = (struct term){ path, value, network };
    return true;
}

static bool read_comparison(struct pattern *p)
{
    struct slice value;
    if (eat(p, "("))
        return error_set(&p->wrong, "a pattern with brackets of its own is no single value");
    struct slice path = eat_path(p);
    bool network = false;
    if (eat(p, "IN")) {
        if (!eat(p, "("))
            return false;
        do {
            if (!eat_text(p, &value) || !put_term(p, path, value, false))
                return false;
        } while (eat(p, ","));
        return eat(p, ")");
    }
    if (!eat(p, "=") && !(network = eat(p, "ISSUBSET")))
        return error_set(&p->wrong, "only '=', IN and ISSUBSET name single values");
    return eat_text(p, &value) && put_term(p, path, value, network);
}

static bool read_pattern(struct pattern *p)
{
    do {
        if (!eat(p, "["))
            return false;
        do {
            if (!read_comparison(p))
                return false;
            if (eat(p, "AND")) {
                p->all = true;
                continue;
            }
            if (!eat(p, "OR"))
                break;
        } while (true);
        if (!eat(p, "]"))
            return false;
    } while (eat(p, "OR"));
    skip_blanks(p);
    return !p->rest.len ||
           error_set(&p->wrong, "several observations together are no single value");
}

static bool path_type(struct slice path, enum indicator_type *type_out)
{
    static const struct { const char *path; enum indicator_type type; } paths[] = {
        { "ipv4-addr:value", INDICATOR_TYPE_ADDRESS }, { "ipv6-addr:value", INDICATOR_TYPE_ADDRESS },
        { "domain-name:value", INDICATOR_TYPE_DOMAIN }, { "url:value", INDICATOR_TYPE_URL },
        { "email-addr:value", INDICATOR_TYPE_EMAIL },
        { "email-message:from_ref.value", INDICATOR_TYPE_EMAIL },
        { "email-message:sender_ref.value", INDICATOR_TYPE_EMAIL },
        { "network-traffic:dst_ref.value", INDICATOR_TYPE_ANY },
        { "network-traffic:src_ref.value", INDICATOR_TYPE_ANY },
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (slice_is(path, paths[i].path)) {
            *type_out = paths[i].type;
            return true;
        }
    size_t hashes = slice_find(path, SLICE(":hashes."));
    if (hashes == path.len)
        return false;
    struct slice name = slice_after(path, hashes + 8);
    if (name.len > 2 && name.data[0] == '\'')
        name = slice_cut(name, 1, name.len - 1);
    if (slice_equal_nocase(name, SLICE("MD5")))
        *type_out = INDICATOR_TYPE_MD5;
    else if (slice_equal_nocase(name, SLICE("SHA-1")) || slice_equal_nocase(name, SLICE("SHA1")))
        *type_out = INDICATOR_TYPE_SHA1;
    else if (slice_equal_nocase(name, SLICE("SHA-256")) || slice_equal_nocase(name, SLICE("SHA256")))
        *type_out = INDICATOR_TYPE_SHA256;
    else
        return false;
    return true;
}

/* Digests of one file may be joined by AND: each names the file. Nothing else may. */
static bool one_file(const struct pattern *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        enum indicator_type type;
        if (!path_type(p->terms[i].path, &type) || type < INDICATOR_TYPE_MD5 ||
            type > INDICATOR_TYPE_SHA256)
            return false;
    }
    return true;
}

static void read_indicator(struct indicator_reading *r, const struct json *objects,
                           const struct json *object, struct arena *arena)
{
    struct error e = ERROR_NONE;
    struct slice id = json_member_text(object, "id"), language = json_member_text(object, "pattern_type");
    struct pattern *p = arena_zero(arena, sizeof *p);
    char place[100];
    snprintf(place, sizeof place, "%.*s", SLICE_ARGS(slice_cut(id, 0, 90)));
    if (json_boolean(json_member(object, "revoked"), false)) {
        r->count->skipped++;
        return;
    }
    if (p) {
        p->rest = json_member_text(object, "pattern");
        p->arena = arena;
    }
    if (!p || (language.len && !slice_equal_nocase(language, SLICE("stix")))) {
        error_set(&e, "a pattern of the type '%.*s' is not read",
                  SLICE_ARGS(slice_cut(language, 0, 40)));
        indicator_refuse(r, &e, place);
        return;
    }
    bool read = read_pattern(p);
    if (read && p->all && !one_file(p))
        read = error_set(&p->wrong, "a pattern with AND is no single value");
    if (!read) {
        error_set(&p->wrong, "the pattern cannot be read");
        indicator_refuse(r, &p->wrong, place);
        return;
    }
    struct indicator_item item = {
        .confidence = (int)json_integer(json_member(object, "confidence"), -1),
        .tlp = tlp_of(objects, object),
        .valid_until = indicator_time(json_member_text(object, "valid_until")),
        .note = json_member_text(object, "name"),
    };
    if (item.confidence > 100)
        item.confidence = 100;
    for (uint32_t i = 0; i < p->count && !r->ended; i++) {
        enum indicator_type type;
        if (path_type(p->terms[i].path, &type)) {
            indicator_put(r, p->terms[i].value, type, item, place);
            continue;
        }
        struct error unknown = ERROR_NONE;
        error_set(&unknown, "'%.*s' is nothing that events are compared with",
                  SLICE_ARGS(slice_cut(p->terms[i].path, 0, 80)));
        indicator_refuse(r, &unknown, place);
    }
}

bool indicator_read_stix(struct indicator_reading *r, const struct json *bundle)
{
    ARENA_AUTO arena;
    const struct json *objects = json_member(bundle, "objects");
    arena_init(&arena, 64u << 20);
    if (!objects) {
        read_indicator(r, NULL, bundle, &arena);
        return true;
    }
    if (objects->kind != JSON_ARRAY) {
        error_set(r->e, "`objects` of the bundle is no list");
        error_place(r->e, "%s", r->file->name);
        return error_kind(r->e, ERROR_INPUT);
    }
    for (uint32_t i = 0; i < objects->count && !r->ended; i++) {
        arena_clear(&arena);
        if (slice_is(json_member_text(&objects->children[i], "type"), "indicator"))
            read_indicator(r, objects, &objects->children[i], &arena);
    }
    return true;
}
