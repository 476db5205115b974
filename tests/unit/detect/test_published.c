/* Published rules on recorded events, and SigmaHQ's own mapping of log sources. EVIDENCE
 * sigma-2/index-sound */
#include <stdio.h>
#include <unistd.h>
#include <zstd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/map.h"
#include "base/yaml.h"
#include "event/evtx.h"
#include "event/json_event.h"
#include "harness.h"
#include "plain.h"

/* --- all published rules × recorded events --- */

static const char *const renames_4688[] = { "Image", "NewProcessName", "ParentImage",
    "ParentProcessName", "User", "SubjectUserName", "LogonId", "SubjectLogonId", "IntegrityLevel",
    "MandatoryLabel", NULL };
static const char *const renames_4657[] = { "TargetObject", "ObjectName", "Details", "NewValue",
    "Image", "ProcessName", NULL };
static const char *const renames_5156[] = { "Image", "Application", "SourceIp", "SourceAddress",
    "DestinationIp", "DestAddress", "DestinationPort", "DestPort", NULL };
static const char *const renames_virus[] = { "Signature", "ThreatName", "Filename", "Path", NULL };

static const char *const *renames_for(const struct yaml *rule, const struct event *event)
{
    struct slice category = yaml_member_text(yaml_member(rule, "logsource"), "category", SLICE(""));
    struct slice id = event_value(event, SLICE("EventID"));
    if (!id.data)
        id = event_value(event, SLICE("Event.System.EventID"));
    if (slice_is(category, "process_creation") && slice_is(id, "4688"))
        return renames_4688;
    if (slice_is(id, "4657") && category.len)
        return renames_4657;
    if (slice_is(id, "5156") && category.len)
        return renames_5156;
    return slice_is(category, "antivirus") ? renames_virus : NULL;
}

struct published {
    struct yaml **rules;      /* their documents */
    uint32_t count, *of;      /* of: in the ruleset */
    struct ruleset *ruleset;
    struct scanner *scanner;
    uint64_t tried, hits;
};

struct refusals { unsigned files; char last[256]; };

/* Each rule is refused by name and for its placeholders, of which it may have several. */
static void refused(void *owner, const struct error *e, bool warning)
{
    struct refusals *r = owner;
    size_t file = strcspn(e->place, ":");
    if (warning || !strstr(e->sentence, "there is no list for the placeholder") ||
        (strncmp(e->place, r->last, file) == 0 && !r->last[file]))
        return;
    r->files += file > 0;
    snprintf(r->last, sizeof r->last, "%.*s", (int)file, e->place);
}

static const char *own_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s%s", access(name, R_OK) == 0 ? "" : "../", name);
    return path;
}

static void read_published(const char *folder, struct arena *arena, struct published *p)
{
    static const char *const suffixes[] = { ".yml", NULL };
    struct slice *paths;
    size_t count;
    struct error e = ERROR_NONE;
    struct compiler_count compiled;
    const char *folders[] = { folder, NULL };
    struct refusals named = { .files = 0 };
    struct compiler_options options = { .rules = folders, .logsources = own_folder("logsources"),
                                        .report = refused, .owner = &named };
    if (!compiler_run(&options, &p->ruleset, &compiled, &e) ||
        !file_list(folder, suffixes, 100000, arena, &paths, &count, &e))
        fail_msg("%s", e.sentence);
    struct map indices = MAP_EMPTY; /* id → index + 1 */
    for (uint32_t i = 0; i < ruleset_count(p->ruleset); i++)
        CHECK(map_put(&indices, ruleset_rule(p->ruleset, i).id, (void *)((uintptr_t)i + 1)));
    p->rules = arena_array(arena, count, sizeof *p->rules);
    p->of = arena_array(arena, count, sizeof *p->of);
    for (size_t i = 0; i < count; i++) {
        struct yaml *document;
        if (slice_ends(paths[i], SLICE("/info.yml")) ||
            slice_find(paths[i], SLICE("/tests/")) < paths[i].len)
            continue;
        if (!yaml_read(paths[i].data, arena, &document, &e))
            fail_msg("%s: %s", e.place, e.sentence);
        uintptr_t of = (uintptr_t)map_get(&indices, yaml_member_text(document, "id", SLICE("")));
        if (!of)
            continue; /* refused: placeholders */
        p->rules[p->count] = document;
        p->of[p->count++] = (uint32_t)(of - 1);
    }
    map_free(&indices);
    CHECK_INT(p->count, compiled.rules);
    CHECK_INT(compiled.rules, 3755);
    CHECK_INT(compiled.refused, 25);
    CHECK_INT(named.files, 25);
    p->scanner = scanner_new(p->ruleset);
}

/* What the engine found in the event against the plain evaluator, of all rules that it tries. */
static void hold(struct published *p, const struct event *event, const uint32_t *rules, uint32_t count)
{
    for (uint32_t i = 0; i < p->count; i++) {
        bool engine = false;
        for (uint32_t k = 0; k < count; k++)
            engine = engine || rules[k] == p->of[i];
        if (!scanner_tries(p->scanner, p->of[i])) {
            CHECK(!engine);
            continue;
        }
        bool plain = plain_match(p->rules[i], NULL, event, renames_for(p->rules[i], event));
        if (plain != engine)
            fail_msg("%s: plain %d, engine %d on %.*s", p->rules[i]->file->name, plain, engine,
                     SLICE_ARGS(slice_cut(event->raw, 0, 1500)));
        p->tried++;
        p->hits += plain;
    }
}

static void hold_json(struct published *p, struct slice json)
{
    ARENA_AUTO arena;
    struct event event = { .raw = json };
    struct error e = ERROR_NONE;
    const uint32_t *rules;
    arena_init(&arena, 0);
    if (!json_event_decode(json, &arena, &event.fields, &event.field_count, &e))
        fail_msg("%s", e.sentence);
    uint32_t count = scan_both(p->scanner, &event, &rules);
    hold(p, &event, rules, count);
}

static void hold_documents(struct published *p, const char *folder, struct arena *arena)
{
    static const char *const suffixes[] = { ".json", NULL };
    struct slice *paths;
    size_t count;
    struct error e = ERROR_NONE;
    CHECK(file_list(folder, suffixes, 10000, arena, &paths, &count, &e));
    for (size_t i = 0; i < count; i += 18) {
        struct slice text;
        CHECK(file_read(paths[i].data, 1 << 24, arena, &text, &e));
        size_t second = slice_find(slice_after(text, 1), SLICE("\n{"));
        hold_json(p, second + 1 < text.len ? slice_cut(text, 0, second + 1) : text);
    }
}

/* An event log's first records: their fields come from our own reader, not from JSON. */
struct log_head { struct published *p; unsigned left; };

static void on_record(void *owner, struct event *event, uint64_t record)
{
    struct log_head *head = owner;
    const uint32_t *rules;
    (void)record;
    if (!head->left)
        return;
    head->left--;
    uint32_t count = scanner_scan(head->p->scanner, event, &rules);
    hold(head->p, event, rules, count);
}

static void hold_logs(struct published *p, const char *folder, struct arena *arena)
{
    static const char *const suffixes[] = { ".evtx", NULL };
    struct evtx_reader *reader = evtx_reader_new();
    struct slice *paths;
    size_t count;
    struct error e = ERROR_NONE;
    CHECK(file_list(folder, suffixes, 10000, arena, &paths, &count, &e));
    for (size_t i = 1; i < count; i += 24) {
        struct slice text;
        CHECK(file_read(paths[i].data, 1 << 26, arena, &text, &e));
        struct log_head head = { p, 1 };
        struct evtx_sink sink = { on_record, &head };
        struct evtx_chunk chunk = { .bytes = slice_cut(text, EVTX_HEAD, EVTX_HEAD + EVTX_CHUNK) };
        CHECK(evtx_read_chunk(reader, &chunk, &sink, &e));
    }
    evtx_reader_free(&reader);
}

/* Each n-th line of a packed file. */
static void hold_packed(struct published *p, const char *path, unsigned nth, struct arena *arena)
{
    ZSTD_DStream *unpack = ZSTD_createDStream();
    struct slice packed, line;
    struct error e = ERROR_NONE;
    BUFFER_AUTO text;
    static char part[1 << 17];
    unsigned number = 0;
    buffer_init(&text, 0);
    CHECK(file_read(path, 1 << 26, arena, &packed, &e));
    ZSTD_inBuffer in = { packed.data, packed.len, 0 };
    while (in.pos < in.size) {
        ZSTD_outBuffer out = { part, sizeof part, 0 };
        CHECK(!ZSTD_isError(ZSTD_decompressStream(unpack, &out, &in)));
        for (struct slice rest = slice_from(part, out.pos); rest.len;) {
            size_t end = slice_find_byte(rest, '\n');
            if (number % nth == 0)
                buffer_add(&text, slice_cut(rest, 0, end));
            if (end == rest.len)
                break;
            rest = slice_after(rest, end + 1);
            line = slice_trim(buffer_slice(&text));
            if (number++ % nth == 0 && line.len)
                hold_json(p, line);
            buffer_clear(&text);
        }
    }
    ZSTD_freeDStream(unpack);
}

static void tell(struct published *p, const char *of)
{
    print_message("# %s: %llu rule × event pairs, %llu matches\n", of, (unsigned long long)p->tried,
                  (unsigned long long)p->hits);
    p->tried = p->hits = 0;
}

TEST("all published rules compile but those with placeholders; on recorded events the engine agrees with "
     "the plain evaluator")
{
    ARENA_AUTO arena;
    struct published p = { 0 };
    char folder[4096];
    struct slice cloud, line;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    snprintf(folder, sizeof folder, "%s", shared("data/sigma"));
    read_published(folder, &arena, &p);
    hold_documents(&p, folder, &arena);
    CHECK(p.hits >= 8);
    tell(&p, "documents");
    hold_logs(&p, folder, &arena);
    CHECK(p.hits >= 4);
    tell(&p, "event logs");
    hold_packed(&p, shared("data/events/windows-attack.jsonl.zst"), 4003, &arena);
    CHECK(p.tried > 1000);
    tell(&p, "lines of Windows");
    CHECK(file_read(shared("data/events/cloudtrail-attack.jsonl"), 1 << 24, &arena, &cloud, &e));
    for (unsigned n = 0; slice_split(&cloud, '\n', &line); n++)
        if (n % 24 == 0 && line.len)
            hold_json(&p, line);
    tell(&p, "lines of a cloud");
    scanner_free(&p.scanner);
    ruleset_free(&p.ruleset);
}

/* --- log sources against SigmaHQ's own mapping --- */

static bool holds_number(const struct yaml *node, uint64_t number)
{
    uint64_t one;
    bool found = node && node->kind == YAML_SCALAR && slice_to_u64(node->text, &one) && one == number;
    for (uint32_t i = 0; node && node->kind == YAML_SEQUENCE && i < node->count; i++)
        found = found || holds_number(&node->children[i], number);
    return found;
}

static const struct yaml *rewritten(const struct yaml *source)
{
    return yaml_member(yaml_member(source, "rewrite"), "service");
}

/* The first channel of a service of Windows; empty: it has none. */
static struct slice channel_of(const struct yaml *sources, struct slice service)
{
    struct slice prefix = SLICE("WinEventLog:");
    for (uint32_t i = 0; i < sources->count; i++) {
        const struct yaml *s = &sources->children[i], *first = yaml_element(yaml_member(s, "sources"), 0);
        if (first && !yaml_member(s, "category") && slice_starts(first->text, prefix) &&
            slice_equal(yaml_member_text(s, "service", SLICE("")), service))
            return slice_after(first->text, prefix.len);
    }
    return SLICE("");
}

/* Is the event (number, type of registry change, service) of that source? */
static bool belongs(const struct yaml *source, uint64_t number, struct slice type, struct slice service)
{
    const struct yaml *conditions = yaml_member(source, "conditions"), *to = rewritten(source);
    struct slice wanted = yaml_member_text(conditions, "EventType", SLICE(""));
    return to && slice_equal(to->text, service) && holds_number(yaml_member(conditions, "EventID"), number) &&
           (!wanted.len || slice_equal(wanted, type));
}

/* Each category as a rule of its own, each event that a category names: which rules are tried? */
static void hold_source(const struct yaml *sources, const struct yaml *source, uint64_t number,
                        struct scanner *scanner, struct ruleset *ruleset)
{
    ARENA_AUTO arena;
    struct slice service = rewritten(source)->text, channel = channel_of(sources, service);
    struct slice type = yaml_member_text(yaml_member(source, "conditions"), "EventType", SLICE(""));
    struct event event = { 0 };
    struct error e = ERROR_NONE;
    const uint32_t *rules;
    char json[500];
    arena_init(&arena, 0);
    CHECK(channel.len > 0);
    snprintf(json, sizeof json, "{\"EventID\":%llu,\"Channel\":\"%.*s\",\"EventType\":\"%.*s\",\"a\":1}",
             (unsigned long long)number, SLICE_ARGS(channel), SLICE_ARGS(type));
    event.raw = slice_of(json);
    CHECK(json_event_decode(event.raw, &arena, &event.fields, &event.field_count, &e));
    uint32_t count = scan_both(scanner, &event, &rules);
    for (uint32_t i = 0; i < ruleset_count(ruleset); i++) {
        struct ruleset_rule rule = ruleset_rule(ruleset, i);
        bool met = false, wanted = rule.service.len && slice_equal(rule.service, service);
        for (uint32_t k = 0; k < count; k++)
            met = met || rules[k] == i;
        for (uint32_t k = 0; k < sources->count && rule.category.len; k++)
            wanted = wanted || (slice_equal(yaml_member_text(&sources->children[k], "category", SLICE("")),
                                            rule.category) &&
                                belongs(&sources->children[k], number, type, service));
        /* wider than thor.yml: a deletion is one whether Sysmon kept the file (23) or not (26) */
        wanted = wanted || (slice_is(rule.category, "file_delete") && number == 26);
        if (met != wanted)
            fail_msg("%.*s/%.*s: met %d, by thor.yml %d, on %s", SLICE_ARGS(rule.category),
                     SLICE_ARGS(rule.service), met, wanted, json);
    }
}

static bool named_before(const struct yaml *sources, uint32_t index, const char *member, struct slice name)
{
    for (uint32_t i = 0; i < index; i++)
        if (slice_equal(yaml_member_text(&sources->children[i], member, SLICE("")), name))
            return true;
    return false;
}

/* EVIDENCE sigma-2/logsource-mapping */
TEST("categories and services of Windows are those of SigmaHQ's own mapping, event by event")
{
    ARENA_AUTO arena;
    BUFFER_AUTO text;
    struct yaml *document;
    struct error e = ERROR_NONE;
    unsigned events = 0;
    arena_init(&arena, 0);
    buffer_init(&text, 0);
    if (!yaml_read(shared("data/sigma/tests/thor.yml"), &arena, &document, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    const struct yaml *sources = yaml_member(document, "logsources");
    for (uint32_t i = 0; i < sources->count; i++) {
        const struct yaml *s = &sources->children[i];
        const char *by = rewritten(s) ? "category" : "service";
        struct slice name = yaml_member_text(s, by, SLICE(""));
        bool windows = rewritten(s) || slice_is(yaml_member_text(s, "product", SLICE("")), "windows");
        if (!windows || !name.len || named_before(sources, i, by, name))
            continue;
        buffer_print(&text, "---\ntitle: t%u\nlogsource: {%s%s: %.*s}\n"
                     "detection: {s: {a|exists: true}, condition: s}\n", i,
                     yaml_member(s, "product") ? "product: windows, " : "", by, SLICE_ARGS(name));
    }
    buffer_add_byte(&text, 0);
    struct ruleset *ruleset = compile_text(text.data, own_folder("logsources"), NULL);
    CHECK(ruleset != NULL && ruleset_count(ruleset) > 60);
    struct scanner *scanner = scanner_new(ruleset);
    for (uint32_t i = 0; i < sources->count; i++)
        for (uint64_t number = 1; number < 6000 && rewritten(&sources->children[i]); number++)
            if (holds_number(yaml_member(yaml_member(&sources->children[i], "conditions"), "EventID"),
                             number)) {
                hold_source(sources, &sources->children[i], number, scanner, ruleset);
                events++;
            }
    CHECK(events > 40);
    scanner_free(&scanner);
    ruleset_free(&ruleset);
}
