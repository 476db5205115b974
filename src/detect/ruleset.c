#include <stdio.h>

#include "detect/automaton.h"
#include "detect/regex.h"
#include "detect/verify.h"

#include "base/file.h"

#define BLOB_FORMAT 11u

uint64_t ruleset_key(void)
{
    const hs_platform_info_t *platform = automaton_platform();
    char text[256];
    int n = snprintf(text, sizeof text, "%u %s %u %llx %zu %zu", BLOB_FORMAT, hs_version(),
                     platform->tune, platform->cpu_features, sizeof(struct atom),
                     sizeof(struct blob_rule));
    return slice_hash(slice_from(text, (size_t)n));
}

/* count: NULL where nobody asks. */
static const void *section(const struct ruleset *r, enum section s, uint32_t *count)
{
    const struct blob_head *head = (const void *)r->bytes;
    if (count)
        *count = verify_count(r, s);
    return r->bytes + head->sections[s].at;
}

static bool check(struct slice blob, struct error *e)
{
    struct blob_head head;
    if (blob.len < sizeof head)
        return error_set(e, "the compiled rules are cut off");
    memcpy(&head, blob.data, sizeof head);
    if (memcmp(head.magic, "HDRULES", 8) != 0)
        return error_set(e, "this is no file of compiled rules");
    if (head.key != ruleset_key())
        return error_set(e, "the rules were compiled by another release or for another processor");
    if (head.size != blob.len ||
        head.checksum != slice_hash(slice_after(blob, sizeof head)))
        return error_set(e, "the compiled rules are damaged");
    return verify_head(&head, blob.len) || error_set(e, "the compiled rules are damaged");
}

static void point(struct ruleset *r)
{
    r->text = section(r, SECTION_TEXT, NULL);
    r->slots = section(r, SECTION_SLOT, &r->slot_count);
    r->atoms = section(r, SECTION_ATOM, &r->atom_count);
    r->pieces = section(r, SECTION_PIECE, NULL);
    r->nodes = section(r, SECTION_NODE, &r->node_count);
    r->rules = section(r, SECTION_RULE, &r->rule_count);
    r->witnesses = section(r, SECTION_WITNESS, &r->witness_count);
    r->buckets = section(r, SECTION_BUCKET, NULL);
    r->fields = section(r, SECTION_FIELD, NULL);
    r->groups = section(r, SECTION_GROUP, &r->group_count);
    r->list = section(r, SECTION_LIST, NULL);
    r->sources = section(r, SECTION_SOURCE, &r->source_count);
    r->renames = section(r, SECTION_RENAME, NULL);
    r->name_rules = section(r, SECTION_NAME_RULE, &r->name_rule_count);
    r->names = section(r, SECTION_NAME, NULL);
    r->correlations = section(r, SECTION_CORRELATION, &r->correlation_count);
    r->regexes = section(r, SECTION_REGEX, &r->regex_count);
    r->databases = section(r, SECTION_DATABASE, &r->database_count);
    r->selectors = section(r, SECTION_SELECTOR, &r->selector_count);
}

static bool open_patterns(struct ruleset *r, struct error *e)
{
    const char *bytes = section(r, SECTION_DATABASE_BYTES, NULL);
    r->opened = calloc(r->database_count + 1, sizeof *r->opened);
    r->pcre = calloc(r->regex_count + 1, sizeof *r->pcre);
    if (!r->opened || !r->pcre)
        return error_set(e, "out of memory");
    for (uint32_t i = 0; i < r->database_count; i++) {
        const struct blob_database *d = &r->databases[i];
        if (hs_deserialize_database(bytes + d->at, d->len, &r->opened[i]) != HS_SUCCESS ||
            hs_alloc_scratch(r->opened[i], &r->scratch) != HS_SUCCESS)
            return error_set(e, "a pattern database of the compiled rules cannot be opened");
    }
    for (uint32_t i = 0; i < r->regex_count; i++)
        if (r->regexes[i].database == NONE &&
            !(r->pcre[i] = regex_compile_pcre(blob_text(r, r->regexes[i].text),
                                              r->regexes[i].flags, e)))
            return false;
    return true;
}

/* bytes: in the arena, which goes over to the ruleset, or is freed. */
static bool take(struct arena *kept, struct slice bytes, struct ruleset **out, struct error *e)
{
    struct ruleset *r = NULL;
    *out = NULL;
    if (!check(bytes, e) || !((r = calloc(1, sizeof *r)) || error_set(e, "out of memory"))) {
        arena_free(kept);
        return false;
    }
    *r = (struct ruleset){ .kept = *kept, .bytes = bytes.data, .size = bytes.len, .users = 1 };
    point(r);
    bool whole = verify_sections(r) || error_set(e, "the compiled rules are damaged");
    if (!whole || !open_patterns(r, e)) {
        ruleset_free(&r);
        return false;
    }
    *out = r;
    return true;
}

bool ruleset_open(struct slice blob, struct ruleset **out, struct error *e)
{
    struct arena kept;
    arena_init(&kept, ARENA_NO_CEILING);
    char *bytes = arena_alloc(&kept, blob.len);
    if (bytes && blob.len)
        memcpy(bytes, blob.data, blob.len);
    return take(&kept, bytes ? slice_from(bytes, blob.len) : SLICE(""), out, e);
}

bool ruleset_load(const char *path, struct ruleset **out, struct error *e)
{
    struct arena kept;
    struct slice bytes;
    arena_init(&kept, ARENA_NO_CEILING);
    *out = NULL;
    if (!file_read(path, 1024u * 1024 * 1024, &kept, &bytes, e)) {
        arena_free(&kept);
        return false;
    }
    return take(&kept, bytes, out, e) || error_place(e, "%s", path);
}

bool ruleset_save(const struct ruleset *r, const char *path, struct error *e)
{
    return file_replace(path, slice_from(r->bytes, r->size), 0640, e);
}

struct ruleset *ruleset_share(struct ruleset *r)
{
    __atomic_add_fetch(&r->users, 1, __ATOMIC_RELAXED);
    return r;
}

void ruleset_free(struct ruleset **ruleset)
{
    struct ruleset *r = *ruleset;
    *ruleset = NULL;
    if (!r || __atomic_sub_fetch(&r->users, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (uint32_t i = 0; r->opened && i < r->database_count; i++)
        hs_free_database(r->opened[i]);
    for (uint32_t i = 0; r->pcre && i < r->regex_count; i++)
        pcre2_code_free(r->pcre[i]);
    hs_free_scratch(r->scratch);
    free(r->opened);
    free(r->pcre);
    arena_free(&r->kept);
    free(r);
}

uint32_t ruleset_count(const struct ruleset *r)
{
    return r->rule_count;
}

struct ruleset_rule ruleset_rule(const struct ruleset *r, uint32_t index)
{
    const struct blob_rule *b = &r->rules[index];
    return (struct ruleset_rule){
        .id = blob_text(r, b->id), .name = blob_text(r, b->name), .title = blob_text(r, b->title),
        .title_vi = blob_text(r, b->title_vi), .description = blob_text(r, b->description),
        .author = blob_text(r, b->author), .license = blob_text(r, b->license),
        .status = blob_text(r, b->status), .tags = blob_text(r, b->tags),
        .file = blob_text(r, b->file), .references = blob_text(r, b->references),
        .falsepositives = blob_text(r, b->falsepositives), .product = blob_text(r, b->product),
        .category = blob_text(r, b->category), .service = blob_text(r, b->service),
        .level = (enum alert_level)b->level, .line = b->line,
        .correlation = b->correlation != NONE, .silent = b->flags & RULE_SILENT,
        .unreachable = b->flags & RULE_UNREACHABLE, .always = b->flags & RULE_ALWAYS
    };
}

uint32_t ruleset_find(const struct ruleset *r, struct slice name)
{
    for (uint32_t i = 0; i < r->rule_count; i++) {
        struct ruleset_rule rule = ruleset_rule(r, i);
        if (slice_equal(rule.id, name) || (rule.name.len && slice_equal(rule.name, name)) ||
            slice_equal_nocase(rule.title, name))
            return i;
    }
    return NONE;
}

struct ruleset_statistics ruleset_statistics(const struct ruleset *r)
{
    const struct blob_head *head = (const void *)r->bytes;
    struct ruleset_statistics s = {
        .rules = r->rule_count, .correlations = r->correlation_count, .groups = r->group_count,
        .fields = r->slot_count, .atoms = r->atom_count, .nodes = r->node_count,
        .witnesses = r->witness_count, .databases = r->database_count, .regexes = r->regex_count,
        .bytes = r->size, .database_bytes = head->sections[SECTION_DATABASE_BYTES].size
    };
    for (uint32_t i = 0; i < r->regex_count; i++)
        s.pcre += r->regexes[i].database == NONE;
    for (uint32_t i = 0; i < r->rule_count; i++) {
        s.always += (r->rules[i].flags & RULE_ALWAYS) != 0;
        s.unreachable += (r->rules[i].flags & RULE_UNREACHABLE) != 0;
    }
    return s;
}
