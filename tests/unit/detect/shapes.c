#include "shapes.h"

#include <stdio.h>

#include "event/json_event.h"
#include "decoders.h"
#include "harness.h"

bool meets_decoded(struct scanner *s, const char *record, struct arena *arena)
{
    struct event event = { .raw = slice_of(record), .received = RECEIVED };
    const uint32_t *rules;
    decoder_decode(own_decoders(), &event, arena, NULL);
    return scanner_scan(s, &event, &rules) == 1;
}

bool meets_as_file(struct scanner *s, const char *record, struct arena *arena)
{
    struct event event = { .raw = slice_of(record), .received = RECEIVED };
    struct error e = ERROR_NONE;
    const uint32_t *rules;
    if (record[0] != '{')
        return meets_decoded(s, record, arena);
    CHECK(json_event_decode(event.raw, arena, &event.fields, &event.field_count, &e));
    uint32_t count = scanner_scan(s, &event, &rules);
    if (scanner_unknown(s).len && decoder_opens(own_decoders(), &event))
        return meets_decoded(s, record, arena);
    return count == 1;
}

bool meets(const char *logsource, const char *item, const char *record)
{
    char yaml[4096];
    snprintf(yaml, sizeof yaml, "title: t\nlogsource: {%s}\ndetection:\n  selection:\n    %s\n"
             "  condition: selection\n", logsource, item);
    struct ruleset *ruleset = compile_text(yaml, LOGSOURCES, NULL);
    if (!ruleset)
        fail_msg("%s\n%s", refusal_text(), yaml);
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct scanner *s = scanner_new(ruleset);
    bool decoded = meets_decoded(s, record, &arena), file = meets_as_file(s, record, &arena);
    if (decoded != file)
        fail_msg("the pipeline says %d, detect %d: {%s} %s\n%s", decoded, file, logsource, item, record);
    scanner_free(&s);
    ruleset_free(&ruleset);
    return file;
}

void check_shapes(const struct shape *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!meets(rows[i].logsource, rows[i].item, rows[i].record))
            fail_msg("%s: {%s} %s misses\n%s", rows[i].name, rows[i].logsource, rows[i].item,
                     rows[i].record);
        if (meets(rows[i].logsource, rows[i].item, rows[i].near))
            fail_msg("%s: {%s} %s matches\n%s", rows[i].name, rows[i].logsource, rows[i].item,
                     rows[i].near);
    }
}
