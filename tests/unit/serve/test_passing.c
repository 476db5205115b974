/* Blocks that a back-test passes by: never one in which a rule matches. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "../archive/fixture.h"
#include "archive/lack.h"
#include "archive/walk.h"
#include "archive/words.h"
#include "base/clock.h"
#include "base/fold.h"
#include "detect/compiler.h"
#include "detect/needs.h"
#include "detect/scanner.h"
#include "event/json_event.h"
#include "serve/backtest.h"
#include "test.h"

/* ---- each rule of a set held against each block ------------------------------------------------ */

struct held {
    struct ruleset *rules;
    struct scanner *scanner;
    struct needs *needs;
    struct lack *lack;
    bool *absent, *may, *matched;
    unsigned blocks, pairs, passed;     /* rules by blocks; of them passed by */
    unsigned matches, lost;             /* pairs in which the rule matched; passed by all the same */
};

static void held_init(struct held *h, const struct compiler_options *options)
{
    struct error e = ERROR_NONE;
    const struct needs_text *texts;
    *h = (struct held){ .rules = NULL };
    CHECK(compiler_run(options, &h->rules, NULL, &e));
    h->scanner = scanner_new(h->rules);
    h->needs = needs_new(h->rules);
    h->lack = lack_new();
    uint32_t count = needs_texts(h->needs, &texts);
    for (uint32_t i = 0; i < count; i++)
        CHECK(lack_add(h->lack, texts[i].text, texts[i].left, texts[i].right));
    h->absent = calloc(count + 1, sizeof *h->absent);
    h->may = calloc(ruleset_count(h->rules) + 1, sizeof *h->may);
    h->matched = calloc(ruleset_count(h->rules) + 1, sizeof *h->matched);
}

static void held_free(struct held *h)
{
    scanner_free(&h->scanner);
    needs_free(&h->needs);
    lack_free(&h->lack);
    ruleset_free(&h->rules);
    free(h->absent);
    free(h->may);
    free(h->matched);
}

static void ask(struct held *h, const struct block_rows *rows, struct slice filter)
{
    struct event_logsource labels[16];
    struct needs_events events = { .labels = labels, .label_count = rows->label_count };
    CHECK(rows->label_count <= 16);
    for (uint32_t i = 0; i < rows->label_count; i++)
        labels[i] = rows->labels[i].logsource;
    if (filter.len) {
        lack_look(h->lack, filter, h->absent);
        events.absent = h->absent;
    }
    memset(h->may, 0, ruleset_count(h->rules));
    for (uint32_t i = 0; i < rows->shape_count; i++) {
        events.names = rows->shapes[i].names;
        events.name_count = rows->shapes[i].count;
        needs_met(h->needs, &events, h->may);
    }
}

static void close_block(struct held *h)
{
    for (uint32_t i = 0; i < ruleset_count(h->rules); i++) {
        h->pairs++;
        h->passed += !h->may[i];
        h->matches += h->matched[i];
        h->lost += h->matched[i] && !h->may[i];
        if (h->matched[i] && !h->may[i])
            printf("# lost: %.*s\n", SLICE_ARGS(ruleset_rule(h->rules, i).title));
    }
    memset(h->matched, 0, ruleset_count(h->rules));
}

static bool on_wanted(void *owner, const struct block_rows *rows, struct slice filter)
{
    ask(owner, rows, filter);
    return true;
}

static bool on_events(void *owner, struct batch *batch, const struct event_id *ids)
{
    struct held *h = owner;
    const uint32_t *rules;
    (void)ids;
    for (uint32_t i = 0; i < batch->event_count; i++)
        for (uint32_t k = scanner_scan(h->scanner, &batch->events[i], &rules); k > 0; k--)
            h->matched[rules[k - 1]] = true;
    return true;
}

static bool on_progress(void *owner, const struct search_foot *so_far)
{
    close_block(owner);
    CHECK_INT(so_far->blocks_damaged, 0);
    return true;
}

static void hold(struct held *h, const char *directory)
{
    ARENA_AUTO arena;
    struct search_foot foot;
    struct error e = ERROR_NONE;
    struct search_options options = { .directory = directory, .scope.all = true };
    struct walk_handlers handlers = { .owner = h, .wanted = on_wanted, .events = on_events,
                                      .progress = on_progress };
    arena_init(&arena, ARENA_NO_CEILING);
    CHECK(walk_run(&options, &handlers, &arena, &foot, &e));
    CHECK_INT(foot.blocks_read, foot.blocks);
    h->blocks += (unsigned)foot.blocks;
}

/* An archive of one sealed block a line of events. fields: NULL: those of the JSON record. */
static struct event *put_event(struct batch *batch, struct slice raw)
{
    struct event *event = batch_add(batch);
    struct error e = ERROR_NONE;
    CHECK(event != NULL);
    event->raw = arena_copy(&batch->arena, raw);
    event->agency = SLICE("so-tttt");
    event->system = SLICE("so-tttt.cong");
    event->source = SLICE("so-tttt.cong.web01");
    event->time = event->received = FIXTURE_DAY + CLOCK_HOUR;
    batch->raw_bytes += raw.len;
    if (raw.data[0] == '{' &&
        !json_event_decode(event->raw, &batch->arena, &event->fields, &event->field_count, &e))
        fail_msg("%s", e.sentence);
    return event;
}

static void seal_batch(const char *directory, struct batch *batch)
{
    struct archive *archive = NULL;
    struct error e = ERROR_NONE;
    CHECK(archive_open(directory, &archive, &e) && archive_commit(archive, batch, &e));
    fixture_seal(archive);
    archive_close(&archive);
}

/* ---- made events ------------------------------------------------------------------------------- */

/* Values as rules see them, in lines that write them otherwise, or not at all. */
static const struct odd {
    const char *raw;
    const char *fields[8];        /* name, value …; none: the JSON record's own */
} odds[] = {
    { "{\"Image\":\"C:\\\\Windows\\\\System32\\\\net.exe\",\"User\":\"CORP\\\\thanh\"}" },
    { "{\"CommandLine\":\"cmd /c \\\"C:\\\\temp\\\\root tool.exe\\\" -n\\r\\n\\tnext:10.0.0.1,x\"}" },
    { "{\"Path\":\"\\/usr\\/bin\\/\\u0073udo -u root\",\"Note\":\"a\\u0062c\\bdef \\f!\"}" },
    { "{\"Name\":\"Nguy\\u1ec5n V\\u0103n \\u0110\\u1ee9c\",\"Unit\":\"Sở Y tế, Khánh Hòa\"}" },
    { "{\"Long\":\"Mi\\u017f\\u017fi\\u017f\\u017fippi \\u212aelvin.ſystem-S\","
      "\"Plain\":\"missis sippi\"}" },
    { "{\"Number\":1e3,\"Float\":1.50,\"Big\":9007199254740993,\"Flag\":true,\"None\":null,"
      "\"Text\":\"007\"}" },
    { "{\"a\":{\"b\":[{\"c\":\"x.y.z-1\"},{\"c\":\"deep 192.168.1.10.5\"}]},"
      "\"Dotted\":\"host.name.vn\"}" },
    { "{\"Greek\":\"ΟΔΥΣΣΕΥΣ odos\",\"Turkish\":\"İstanbul ıI\",\"Sharp\":\"STRAẞE ß-x\","
      "\"Nfd\":\"Tie\\u0302\\u0301ng a\"}" },
    { "{\"Quote\":\"say \\\"word\\\"s\",\"Slash\":\"\\\\n\\\\t\\\\root\","
      "\"Wild\":\"50%*?[x]\",\"Empty\":\"\"}" },
    { "{\"Emoji\":\"go\\ud83d\\ude00 now“then”–end\",\"Wide\":\"ＡＢＣ １２３\",\"Dots\":\"a..b.c. .d\"}" },
    { "{\"Addr\":\"10.0.0.1\",\"List\":\"10.0.0.2,10.0.0.3.\",\"Six\":\"::ffff:10.1.2.3\","
      "\"Ver\":\"1.2.3.4.5\"}" },
    { "took 1234ms by xrooty from 5.10.0.0.1", { "took", "1234", "user", "root", "ip", "10.0.0.1" } },
    { "\\nroot \\\\troot \\Tabs", { "a", "root", "b", "\\troot", "c", "Tabs", "d", "abs" } },
    { "type=x msg=68656c6c6f", { "msg", "hello world.exe", "cmd", "/bin/Sh -c 'id'" } },
    { "Đăng nhập thất bại cho Trần-Thị_Sáu", { "user", "Trần-Thị_Sáu", "what", "thất bại" } },
    { "\"abc\"def ghi'jkl", { "x", "abc", "y", "bc\"de", "z", "'jkl" } },
    { "caf\xc3\xa9s na\xc3\xafve \xff\xfe" "bad \xc3 tail", { "p", "caf", "q", "s na", "r", "bad" } },
    { "Undecoded: root's Sáng-Tạo\\new.EXE at 10.9.8.7, kiss" },
    { "aaa.bbb.ccc:ddd", { "host", "bbb.ccc", "part", "aa.bb", "end", "c:ddd" } },
};
#define ODDS (sizeof odds / sizeof *odds)

static struct batch *odd_batch(const struct odd *odd)
{
    struct batch *batch = batch_new("standard", FIXTURE_DAY + CLOCK_HOUR);
    struct event *event = put_event(batch, slice_of(odd->raw));
    event->logsource.product = SLICE("linux");
    if (!odd->fields[0])
        return batch;
    event->fields = arena_array(&batch->arena, 4, sizeof *event->fields);
    for (uint32_t k = 0; k < 8 && odd->fields[k]; k += 2)
        event->fields[event->field_count++] =
            (struct event_field){ slice_of(odd->fields[k]),
                                  arena_copy(&batch->arena, slice_of(odd->fields[k + 1])), EVENT_TEXT };
    return batch;
}

/* The beginning of a character at or before `at`. */
static size_t whole(struct slice text, size_t at)
{
    while (at > 0 && at < text.len && ((unsigned char)text.data[at] & 0xc0) == 0x80)
        at--;
    return at;
}

/* The text in another case, for a rule in double quotes; `?` for a character here and there. */
static void put_literal(struct buffer *out, struct slice text, bool wild)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i], other = c;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
            other = test_random(2) ? c : c ^ 32;
        if (wild && !(c & '\x80') && test_random(12) == 0)
            buffer_add_byte(out, '?');
        else if ((other == 's' || other == 'S') && test_random(6) == 0)
            buffer_add(out, SLICE("\xc5\xbf"));
        else if ((other == 'k' || other == 'K') && test_random(4) == 0)
            buffer_add(out, SLICE("\xe2\x84\xaa"));
        else if (c == '*' || c == '?')
            buffer_print(out, "\\\\%c", c);
        else if (c == '\\')
            buffer_add(out, SLICE("\\\\\\\\"));
        else if (c == '"')
            buffer_add(out, SLICE("\\\""));
        else if ((unsigned char)c < 0x20)
            buffer_print(out, "\\x%02x", (unsigned)c);
        else
            buffer_add_byte(out, other);
    }
}

/* The same as an expression. */
static void put_expression(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter || c & '\x80' || (c >= '0' && c <= '9'))
            buffer_add_byte(out, letter && test_random(2) ? c ^ 32 : c);
        else
            buffer_print(out, test_random(8) ? "\\\\x%02x" : "[^a]", (unsigned)(unsigned char)c);
    }
}

/* A rule that the value meets; without a name a keyword that stands in the line. */
static void put_rule(struct buffer *out, struct slice name, struct slice value, unsigned number)
{
    static const char *const modifiers[] = { "", "|startswith", "|endswith", "|contains", "", "", "|re|i" };
    unsigned form = name.len ? test_random(7) : 5; /* 4: with wildcards, 5: a keyword */
    size_t from = form == 0 || form == 1 ? 0 : whole(value, test_random((uint32_t)value.len));
    size_t to = form == 0 || form == 2 ? value.len
                                       : whole(value, from + 1 + test_random((uint32_t)(value.len - from)));
    if (to <= from)
        to = value.len;
    buffer_print(out, "%stitle: r%u\nid: r%u\nlogsource: {product: linux}\ndetection:\n",
                 number ? "---\n" : "", number, number);
    if (form == 5)
        buffer_add(out, SLICE("  k:\n    - \""));
    else
        buffer_print(out, "  s:\n    \"%.*s%s\": \"%s", SLICE_ARGS(name), modifiers[form],
                     form == 4 ? "*" : "");
    if (form == 6)
        put_expression(out, slice_cut(value, from, to));
    else
        put_literal(out, slice_cut(value, from, to), form == 4);
    buffer_print(out, "%s\"\n  condition: %s\n", form == 4 ? "*" : "", form == 5 ? "k" : "s");
}

TEST("a made-up value that a rule matches is never passed by, however the line writes it")
{
    BUFFER_AUTO text;
    const char *directories[ODDS];
    unsigned rules = 0;
    struct held h;
    buffer_init(&text, 64u << 20);
    for (size_t i = 0; i < ODDS; i++) {
        struct batch *batch = odd_batch(&odds[i]);
        const struct event *event = &batch->events[0];
        for (uint32_t k = 0; k < event->field_count; k++)
            for (unsigned times = 0; times < 24 && event->fields[k].value.len &&
                                     event->fields[k].kind != EVENT_NULL; times++)
                put_rule(&text, event->fields[k].name, event->fields[k].value, rules++);
        for (unsigned times = 0; times < 24 && event->raw.data[0] != '{' && fold_is_utf8(event->raw); times++)
            put_rule(&text, SLICE(""), event->raw, rules++);
        seal_batch(directories[i] = test_folder(), batch);
        batch_free(&batch);
    }
    struct slice yaml = buffer_slice(&text);
    struct compiler_options options = { .texts = &yaml, .text_count = 1 };
    held_init(&h, &options);
    CHECK_INT(ruleset_count(h.rules), rules);
    for (size_t i = 0; i < ODDS; i++)
        hold(&h, directories[i]);
    printf("# %u rules, %u blocks: %u matches, %u of %u passed by\n", rules, h.blocks, h.matches,
           h.passed, h.pairs);
    CHECK_INT(h.blocks, ODDS);
    CHECK(h.matches > rules * 9 / 10);
    CHECK(h.passed > h.pairs / 2);
    CHECK_INT(h.lost, 0);
    held_free(&h);
}

static size_t encode(uint32_t c, char *out)
{
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((len == 2 ? 0xc0 : len == 3 ? 0xe0 : 0xf0) | c);
    return len;
}

/* What makes archive/lack.c sound: the rules' folding and the filter's agree on all that is ASCII. */
TEST("no letter but the long s is ASCII to a rule and another to a block's filter")
{
    BUFFER_AUTO rule;
    BUFFER_AUTO filter;
    unsigned others = 0;
    buffer_init(&rule, 64);
    buffer_init(&filter, 64);
    for (uint32_t c = 0x80; c < 0x110000; c++) {
        char utf8[4];
        struct slice one = slice_from(utf8, encode(c, utf8));
        buffer_clear(&rule);
        buffer_clear(&filter);
        fold_case(one, &rule);
        words_fold(one, &filter);
        bool ascii = false;
        for (size_t i = 0; i < rule.len; i++)
            ascii |= !(rule.data[i] & '\x80');
        others += ascii && c != 0x17f && !slice_equal(buffer_slice(&rule), buffer_slice(&filter));
        if (c == 0x17f)
            CHECK_SLICE(buffer_slice(&filter), "\xc5\xbf");
    }
    CHECK_INT(others, 0);
}

/* ---- real events ------------------------------------------------------------------------------- */

#define BUCKETS 64u
#define REAL_BYTES ((size_t)120 << 20)    /* of the unpacked file that are looked at, */
#define REAL_STRIDE 3u                    /* one line of so many */

static const char *shared(const char *path)
{
    static char full[4][4096];
    static unsigned next;
    const char *roots[] = { "../shared", "../../shared", getenv("HAIDANG_SHARED") };
    char *out = full[next++ % 4];
    for (size_t i = 0; i < 3; i++) {
        snprintf(out, sizeof full[0], "%s/%s", roots[i] ? roots[i] : ".", path);
        if (roots[i] && access(out, R_OK) == 0)
            return out;
    }
    SKIP("../shared/data is not here");
    return NULL;
}

static struct slice unpacked(const char *path)
{
    FILE *file = fopen(path, "rb");
    static char in[1 << 16];
    char *bytes = malloc(REAL_BYTES);
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_outBuffer out = { bytes, REAL_BYTES, 0 };
    CHECK(file && bytes && stream);
    for (size_t got; out.pos < out.size && (got = fread(in, 1, sizeof in, file)) > 0;) {
        ZSTD_inBuffer part = { in, got, 0 };
        while (part.pos < part.size && out.pos < out.size)
            CHECK(!ZSTD_isError(ZSTD_decompressStream(stream, &out, &part)));
    }
    ZSTD_freeDStream(stream);
    fclose(file);
    return slice_from(bytes, out.pos);
}

/* Events of one channel and number stand together, as in sealed blocks of a large archive. */
static void share_out(struct slice text, struct batch **batches)
{
    struct slice line;
    for (unsigned i = 0; slice_split(&text, '\n', &line); i++) {
        if (i % REAL_STRIDE || !text.len)
            continue;
        struct batch *alone = batch_new("standard", FIXTURE_DAY + CLOCK_HOUR);
        const struct event *event = put_event(alone, line);
        uint64_t kind = slice_hash(event_value(event, SLICE("Channel"))) ^
                        slice_hash(event_value(event, SLICE("EventID"))) * 31;
        if (!batch_full(batches[kind % BUCKETS]))
            put_event(batches[kind % BUCKETS], line);
        batch_free(&alone);
    }
}

TEST("no published rule's match in real events is passed by, and most of the blocks are")
{
    const char *path = shared("data/events/windows-attack.jsonl.zst");
    const char *folders[] = { shared("data/sigma/rules/windows"), NULL };
    struct compiler_options options = { .rules = folders, .logsources = SOURCE_ROOT "/logsources" };
    struct batch *batches[BUCKETS];
    struct held h;
    for (unsigned i = 0; i < BUCKETS; i++)
        batches[i] = batch_new("standard", FIXTURE_DAY + CLOCK_HOUR);
    struct slice text = unpacked(path);
    share_out(text, batches);
    held_init(&h, &options);
    for (unsigned i = 0; i < BUCKETS; i++) {
        const char *directory = test_folder();
        if (batches[i]->event_count) {
            seal_batch(directory, batches[i]);
            hold(&h, directory);
        }
        batch_free(&batches[i]);
    }
    free((char *)(uintptr_t)text.data);
    printf("# %u rules, %u blocks: %u matches, %u of %u passed by\n", ruleset_count(h.rules), h.blocks,
           h.matches, h.passed, h.pairs);
    CHECK(h.matches > 30);
    CHECK(h.passed > h.pairs * 3 / 4);
    CHECK_INT(h.lost, 0);
    held_free(&h);
}
