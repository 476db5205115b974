/* A compiled blob of any numbers, under a right checksum: it is refused, or whatever it refers to can be
 * scanned with, explained and correlated. The input is a list of edits of a genuine blob (a blob itself holds
 * pattern databases of one processor): 12 bytes each, section, element's offset, new value; little-endian. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "detect/blob.h"
#include "detect/compiler.h"
#include "detect/correlator.h"
#include "event/json_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LOGSOURCE "logsource: {product: test, category: c}\n"

static const char *const rules[] = {
    "title: tests\nid: r1\n" LOGSOURCE "detection:\n  selection:\n    name: exact\n"
    "    path|endswith: '\\end.exe'\n    line|contains|all: [one, two]\n    start|startswith: begin\n"
    "    like: a*b?c\n  other:\n    text|re: 'a+b'\n    back|re: '(a)\\1'\n    ip|cidr: 10.0.0.0/8\n"
    "    n|gte: 5\n    same|fieldref: name\n    gone: null\n    there|exists: true\n    time|hour: 5\n"
    "  keywords: [needle, hay*stack]\n"
    "  condition: selection or other or keywords and not 1 of sel*\n",
    "title: failed\nid: r2\nname: failed\n" LOGSOURCE "detection:\n  selection:\n    action: failed\n"
    "  condition: selection\n",
    "title: odd\nid: r3\n" LOGSOURCE "detection:\n  selection:\n    action: ''\n  condition: not selection\n",
    "title: filter\nid: f1\n" LOGSOURCE "filter:\n  rules: [r1]\n  selection:\n    user: root\n"
    "  condition: not selection\n",
    "title: burst\nid: c1\nname: burst\ncorrelation:\n  type: event_count\n  rules: [failed]\n"
    "  group-by: [ip, user]\n  timespan: 1m\n  condition: {gte: 2}\n",
    "title: many\nid: c2\ncorrelation:\n  type: value_count\n  rules: [burst]\n  group-by: [ip]\n"
    "  timespan: 5m\n  condition: {gte: 1, field: user}\n",
    "title: order\nid: c3\ncorrelation:\n  type: temporal_ordered\n  rules: [failed, odd]\n"
    "  group-by: [ip]\n  timespan: 1h\n",
};

static const char logsources[] =
    "names:\n  strip: [Event.*.]\n  rename: { act: action }\nsources:\n  - product: test\n"
    "    category: c\n    when: { kind: t }\n    fields: { path: file }\n  - product: test\n"
    "    service: s\n    when: { line|contains: x }\n";

static const char *const events[] = {
    "{\"kind\":\"t\",\"name\":\"exact\",\"file\":\"C:\\\\end.exe\",\"line\":\"one two\","
    "\"start\":\"beginning\",\"like\":\"axxbzc\"}",
    "{\"kind\":\"t\",\"text\":\"aab\",\"back\":\"aa\",\"ip\":\"10.1.2.3\",\"n\":7,\"same\":\"x\","
    "\"name\":\"x\",\"there\":1,\"time\":\"2026-01-02T05:06:07Z\"}",
    "{\"kind\":\"t\",\"act\":\"failed\",\"ip\":\"10.0.0.1\",\"user\":\"a\"}",
    "{\"kind\":\"t\",\"Event.x.action\":\"failed\",\"ip\":\"10.0.0.1\",\"user\":\"a\"}",
    "{\"kind\":\"t\",\"action\":\"odd\",\"ip\":\"10.0.0.1\",\"note\":\"hay in a stack, needle\"}",
};

static char genuine[1 << 20]; /* the blob that is edited */
static size_t genuine_size;

static void compile(void)
{
    char folder[] = "/tmp/fuzz-ruleset-XXXXXX", path[64], blob[64];
    struct slice texts[sizeof rules / sizeof *rules];
    const char *none[] = { NULL };
    struct compiler_options options = { .rules = none, .texts = texts, .logsources = folder,
                                        .text_count = sizeof rules / sizeof *rules };
    struct compiler_count count = { 0 };
    struct ruleset *ruleset = NULL;
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;
    struct slice bytes = SLICE_NONE;
    arena_init(&arena, ARENA_NO_CEILING);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        texts[i] = slice_of(rules[i]);
    if (!mkdtemp(folder))
        abort();
    snprintf(path, sizeof path, "%s/test.yaml", folder);
    snprintf(blob, sizeof blob, "%s/blob", folder);
    if (!file_replace(path, slice_of(logsources), 0600, &e) ||
        !compiler_run(&options, &ruleset, &count, &e) || count.refused ||
        !ruleset_save(ruleset, blob, &e) || !file_read(blob, sizeof genuine, &arena, &bytes, &e)) {
        fprintf(stderr, "%u refused; %s: %s\n", count.refused, e.place, e.sentence);
        abort();
    }
    memcpy(genuine, bytes.data, bytes.len);
    genuine_size = bytes.len;
    ruleset_free(&ruleset);
    unlink(path);
    unlink(blob);
    rmdir(folder);
}

static void raised(void *owner, uint32_t rule, const struct alert *alert)
{
    (void)rule;
    *(size_t *)owner += alert->why.len;
}

static void scan(struct scanner *scanner, struct correlator *correlator, uint32_t index,
                 struct arena *arena)
{
    struct event event = { .raw = slice_of(events[index]), .time = (int64_t)index * 1000000000 };
    const uint32_t *found;
    struct error e = ERROR_NONE;
    size_t said = 0;
    if (!json_event_decode(event.raw, arena, &event.fields, &event.field_count, &e))
        abort();
    uint32_t count = scanner_scan(scanner, &event, &found);
    for (uint32_t i = 0; i < count; i++) {
        struct alert alert;
        struct hit *hits;
        uint32_t hit_count;
        scanner_alert(scanner, &event, found[i], arena, &alert);
        correlator_hits(scanner, &event, found[i], index, arena, &hits, &hit_count);
        for (uint32_t k = 0; k < hit_count; k++)
            correlator_put(correlator, &hits[k], arena, raised, &said);
    }
    scanner_label(scanner, &event);
    scanner_unknown(scanner);
}

static void use(struct ruleset *ruleset)
{
    ARENA_AUTO arena;
    BUFFER_AUTO text;
    struct scanner *scanner = scanner_new(ruleset);
    struct correlator *correlator = correlator_new(ruleset);
    arena_init(&arena, 64u << 20);
    buffer_init(&text, 16u << 20);
    for (int slow = 0; scanner && slow < 2; slow++) {
        scanner_slow(scanner, slow);
        for (uint32_t i = 0; i < sizeof events / sizeof *events; i++)
            scan(scanner, correlator, i, &arena);
    }
    for (uint32_t i = 0; i < ruleset_count(ruleset); i++)
        ruleset_explain(ruleset, i, &text);
    correlator_span(ruleset);
    correlator_free(&correlator);
    if (scanner)
        scanner_free(&scanner);
}

static void edit(char *blob, const uint8_t *how)
{
    const struct blob_head *head = (const void *)genuine;
    uint32_t section = how[0] % (SECTIONS + 1), where, value;
    memcpy(&where, how + 4, 4);
    memcpy(&value, how + 8, 4);
    size_t at = section < SECTIONS ? head->sections[section].at : 0;
    size_t size = section < SECTIONS ? head->sections[section].size : sizeof *head;
    if (size >= 4)
        memcpy(blob + at + where % (size / 4) * 4, &value, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char blob[sizeof genuine] __attribute__((aligned(64)));
    struct ruleset *ruleset = NULL;
    struct error e = ERROR_NONE;
    if (!genuine_size)
        compile();
    memcpy(blob, genuine, genuine_size);
    for (size_t i = 0; i + 12 <= size && i < 480; i += 12)
        edit(blob, data + i);
    struct blob_head *head = (void *)blob;
    memcpy(head->magic, "HDRULES", 8);
    head->key = ruleset_key();
    head->size = genuine_size;
    head->checksum = slice_hash(slice_from(blob + sizeof *head, genuine_size - sizeof *head));
    bool open = ruleset_open(slice_from(blob, genuine_size), &ruleset, &e);
    if (!size && !open)
        abort(); /* the genuine one */
    if (open) {
        use(ruleset);
        ruleset_free(&ruleset);
    }
    if (ruleset_open(slice_from(data, size), &ruleset, &e)) /* and as it comes */
        ruleset_free(&ruleset);
    return 0;
}
