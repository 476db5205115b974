/* compiler - rules into one frozen file in the cache; ends when that is done. */
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

#include "detect/compiler.h"
#include "detect/ruleset.h"

#include "serve/roles.h"

struct faults {
    struct json_writer writer;
    struct buffer text;
};

static void report(void *owner, const struct error *e, bool warning)
{
    struct faults *faults = owner;
    if (warning)
        return;
    log_warning("rule left out: %s: %s", e->place, e->sentence);
    json_open_object(&faults->writer);
    json_text_member(&faults->writer, "path", slice_of(e->place));
    json_text_member(&faults->writer, "sentence", slice_of(e->sentence));
    json_text_member(&faults->writer, "sentence_vi", slice_of(e->sentence_vi));
    json_close_object(&faults->writer);
}

/* What the console shows of it: cache/rules.json. */
static bool write_summary(const char *cache, const struct compiler_count *count,
                          struct faults *faults, struct error *e)
{
    ARENA_AUTO arena;
    BUFFER_AUTO out;
    struct json_writer w;
    arena_init(&arena, ARENA_NO_CEILING);
    buffer_init(&out, 0);
    json_close_array(&faults->writer);
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_integer_member(&w, "rules", count->rules);
    json_integer_member(&w, "refused", count->refused);
    json_time_member(&w, "compiled", clock_now());
    json_name(&w, "faults");
    json_put_raw(&w, buffer_slice(&faults->text));
    json_close_object(&w);
    return file_replace(file_join(&arena, cache, "rules.json"), buffer_slice(&out), 0600, e);
}

static void put_rule(struct json_writer *w, const struct ruleset *ruleset, uint32_t index)
{
    BUFFER_AUTO explained;
    struct ruleset_rule r = ruleset_rule(ruleset, index);
    struct slice tags = r.tags, tag;
    buffer_init(&explained, 1024 * 1024);
    ruleset_explain(ruleset, index, &explained);
    json_open_object(w);
    json_text_member(w, "id", r.id.len ? r.id : r.name.len ? r.name : r.title);
    json_text_member(w, "title", r.title);
    json_text_member(w, "title_vi", r.title_vi);
    json_text_member(w, "level", slice_of(alert_level_name(r.level)));
    json_text_member(w, "status", r.status);
    json_text_member(w, "author", r.author);
    json_text_member(w, "license", r.license);
    json_text_member(w, "product", r.product);
    json_text_member(w, "category", r.category);
    json_text_member(w, "service", r.service);
    json_text_member(w, "file", r.file);
    json_boolean_member(w, "correlation", r.correlation);
    json_boolean_member(w, "silent", r.silent);
    json_boolean_member(w, "unreachable", r.unreachable);
    json_open_array_member(w, "tags");
    while (tags.len && slice_split(&tags, ' ', &tag))
        json_put_text(w, tag);
    json_close_array(w);
    json_text_member(w, "explain", buffer_slice(&explained));
    json_close_object(w);
}

/* Every rule in force with its compiled form, for the console: cache/catalogue.json. */
static bool write_catalogue(const char *cache, const struct ruleset *ruleset, struct error *e)
{
    ARENA_AUTO arena;
    BUFFER_AUTO out;
    struct json_writer w;
    arena_init(&arena, ARENA_NO_CEILING);
    buffer_init(&out, 256u * 1024 * 1024);
    json_writer_init(&w, &out);
    json_open_array(&w);
    for (uint32_t i = 0; i < ruleset_count(ruleset); i++)
        put_rule(&w, ruleset, i);
    json_close_array(&w);
    return !out.failed && file_replace(file_join(&arena, cache, "catalogue.json"),
                                       buffer_slice(&out), 0600, e);
}

int compiler_role_run(struct heritage *heritage)
{
    const char *rules[] = { heritage_text(heritage, "rules"), NULL };
    const char *logsources = heritage_text(heritage, "logsources");
    const char *placeholders = heritage_text_if(heritage, "placeholders");
    struct faults faults;
    struct ruleset *ruleset = NULL;
    struct compiler_count count = { 0 };
    struct error e = ERROR_NONE;
    int64_t began = clock_steady();
    buffer_init(&faults.text, 0);
    json_writer_init(&faults.writer, &faults.text);
    json_open_array(&faults.writer);
    struct compiler_options options = {
        .rules = rules,
        .logsources = access(logsources, R_OK) == 0 ? logsources : NULL,
        .placeholders = placeholders[0] ? placeholders : NULL,
        .report = report,
        .owner = &faults,
    };
    bool ok = compiler_run(&options, &ruleset, &count, &e) &&
              ruleset_save(ruleset, heritage_text(heritage, "blob"), &e) &&
              write_summary(heritage_text(heritage, "cache"), &count, &faults, &e) &&
              write_catalogue(heritage_text(heritage, "cache"), ruleset, &e);
    if (ok)
        log_info("%u rules compiled in %lld ms, %u left out", count.rules,
                 (long long)((clock_steady() - began) / 1000000), count.refused);
    else
        log_error(&e, "rules");
    ruleset_free(&ruleset);
    buffer_free(&faults.text);
    return ok ? 0 : 3;
}
