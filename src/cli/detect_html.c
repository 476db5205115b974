#include "cli/detect_html.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/page.inc"

#define PATHS_SHOWN 20u

struct writer {
    const struct detect_html *page;
    struct json_writer json;
    struct map files;            /* to its index + 1 */
    struct slice *file_names;
    uint32_t file_count, file_capacity;
};

static void put_seconds(struct json_writer *w, const char *name, int64_t time)
{
    json_integer_member(w, name, time / CLOCK_SECOND);
}

static void put_counts(struct json_writer *w, const uint64_t *counts)
{
    for (int level = 0; level < FINDINGS_LEVELS; level++)
        json_put_integer(w, (int64_t)counts[level]);
}

static int64_t file_index(struct writer *w, struct slice file)
{
    uintptr_t known = (uintptr_t)map_get(&w->files, file);
    if (known)
        return (int64_t)known - 1;
    if (w->file_count == w->file_capacity) {
        uint32_t more = w->file_capacity ? w->file_capacity * 2 : 64;
        struct slice *grown = realloc(w->file_names, more * sizeof *grown);
        if (!grown)
            return 0;
        w->file_names = grown;
        w->file_capacity = more;
    }
    map_put(&w->files, file, (void *)(uintptr_t)(w->file_count + 1));
    w->file_names[w->file_count] = file;
    return w->file_count++;
}

static void put_alert(struct writer *w, const struct finding_alert *a)
{
    struct json_writer *j = &w->json;
    json_open_object(j);
    put_seconds(j, "time", a->time);
    json_integer_member(j, "file", file_index(w, a->file));
    json_integer_member(j, "record", (int64_t)a->place);
    json_integer_member(j, "host", a->host == UINT32_MAX ? -1 : (int64_t)a->host);
    json_text_member(j, "entity", a->entity);
    json_name(j, "why");
    if (a->why.len)
        json_put_raw(j, a->why);
    else
        json_put_null(j);
    json_close_object(j);
}

static void put_hosts_of(struct json_writer *j, const struct finding *rule)
{
    json_integer_member(j, "host_count", rule->host_count);
    json_boolean_member(j, "more_hosts", rule->host_count == FINDINGS_HOSTS_A_RULE);
    json_open_array_member(j, "hosts");
    for (uint32_t i = 0; i < rule->host_count; i++) {
        json_open_array(j);
        json_put_integer(j, rule->hosts[i].host);
        json_put_integer(j, (int64_t)rule->hosts[i].count);
        json_close_array(j);
    }
    json_close_array(j);
}

static void put_rule(struct writer *w, const struct finding *rule)
{
    struct json_writer *j = &w->json;
    struct slice tags = rule->tags, tag;
    json_open_object(j);
    json_text_member(j, "id", rule->id);
    json_text_member(j, "title", rule->title);
    json_text_member(j, "title_vi", rule->title_vi);
    json_text_member(j, "level", slice_of(alert_level_name(rule->level)));
    json_text_member(j, "author", rule->author);
    json_text_member(j, "license", rule->license);
    if (rule->rule != UINT32_MAX) {
        struct ruleset_rule r = ruleset_rule(w->page->ruleset, rule->rule);
        json_text_member(j, "description", r.description);
        json_text_member(j, "references", r.references);
        json_text_member(j, "falsepositives", r.falsepositives);
    }
    json_open_array_member(j, "tags");
    while (tags.len && slice_split(&tags, ' ', &tag))
        json_put_text(j, tag);
    json_close_array(j);
    json_integer_member(j, "count", (int64_t)rule->count);
    put_seconds(j, "first", rule->first);
    put_seconds(j, "last", rule->last);
    put_hosts_of(j, rule);
    json_open_array_member(j, "alerts");
    for (uint32_t i = 0; i < rule->kept; i++)
        put_alert(w, &rule->alerts[i]);
    json_close_array(j);
    json_close_object(j);
}

static void put_timeline(struct writer *w)
{
    struct json_writer *j = &w->json;
    struct findings *f = w->page->findings;
    uint32_t count;
    const struct finding_bucket *buckets = findings_buckets(f, &count);
    json_integer_member(j, "bucket", f->bucket / CLOCK_SECOND);
    json_open_array_member(j, "timeline");
    for (uint32_t i = 0; i < count; i++) {
        json_open_array(j);
        json_put_integer(j, buckets[i].at * (f->bucket / CLOCK_SECOND));
        put_counts(j, buckets[i].counts);
        json_close_array(j);
    }
    json_close_array(j);
}

static void put_summary(struct writer *w)
{
    const struct detect_summary *s = w->page->summary;
    struct json_writer *j = &w->json;
    json_open_object_member(j, "summary");
    json_integer_member(j, "files", (int64_t)s->files);
    json_integer_member(j, "events", (int64_t)s->events);
    json_integer_member(j, "matched", (int64_t)s->matched);
    json_integer_member(j, "alerts", (int64_t)s->alerts);
    json_integer_member(j, "damaged", (int64_t)s->damaged);
    json_integer_member(j, "undecoded", (int64_t)s->undecoded);
    json_integer_member(j, "unknown", (int64_t)s->unknown);
    json_integer_member(j, "dropped", (int64_t)s->correlator.dropped);
    json_integer_member(j, "untimed", (int64_t)w->page->findings->untimed);
    json_integer_member(j, "other_hosts", (int64_t)w->page->findings->other_hosts);
    json_integer_member(j, "rules", w->page->rules);
    json_integer_member(j, "refused", w->page->refused);
    json_name(j, "seconds");
    json_put_number(j, s->seconds);
    json_close_object(j);
    json_open_array_member(j, "unknown");
    for (uint32_t i = 0; i < s->unknown_count; i++) {
        json_open_object(j);
        json_text_member(j, "name", slice_of(s->unknowns[i].name));
        json_integer_member(j, "count", (int64_t)s->unknowns[i].count);
        json_close_object(j);
    }
    json_close_array(j);
}

static void put_texts(struct json_writer *j, const char *name, const struct slice *texts,
                      uint32_t count)
{
    json_open_array_member(j, name);
    for (uint32_t i = 0; i < count; i++)
        json_put_text(j, texts[i]);
    json_close_array(j);
}

static void put_said(struct writer *w)
{
    const struct detect_html *p = w->page;
    struct json_writer *j = &w->json;
    struct slice rest = p->damage, line;
    json_open_array_member(j, "damage");
    while (rest.len && slice_split(&rest, '\n', &line))
        if (line.len)
            json_put_text(j, line);
    json_close_array(j);
    json_open_array_member(j, "paths");
    for (unsigned i = 0; i < p->path_count && i < PATHS_SHOWN; i++)
        json_put_text(j, slice_of(p->paths[i]));
    if (p->path_count > PATHS_SHOWN)
        json_put_text(j, SLICE("…"));
    json_close_array(j);
}

static void put_data(struct writer *w)
{
    const struct detect_html *p = w->page;
    struct json_writer *j = &w->json;
    json_open_object(j);
    json_text_member(j, "version", slice_of(cli_version()));
    json_text_member(j, "language", slice_of(p->language));
    put_seconds(j, "made", p->made);
    put_said(w);
    put_summary(w);
    put_timeline(w);
    json_open_array_member(j, "hosts");
    for (uint32_t i = 0; i < p->findings->host_count; i++) {
        json_open_object(j);
        json_text_member(j, "name", p->findings->hosts[i].name);
        json_open_array_member(j, "counts");
        put_counts(j, p->findings->hosts[i].counts);
        json_close_array(j);
        json_close_object(j);
    }
    json_close_array(j);
    json_open_array_member(j, "rules");
    for (uint32_t i = 0; i < p->findings->rule_count; i++)
        put_rule(w, p->findings->rules[i]);
    json_close_array(j);
    put_texts(j, "files", w->file_names, w->file_count);
    json_close_object(j);
}

/* '<' could end the block; within JSON it stands in texts only. */
static void put_escaped(struct buffer *out, struct slice json)
{
    struct slice part;
    bool first = true;
    while (slice_split(&json, '<', &part)) {
        if (!first)
            buffer_add(out, SLICE("\\u003c"));
        buffer_add(out, part);
        first = false;
    }
}

bool detect_html_write(const struct detect_html *page, const char *path, struct error *e)
{
    struct writer w = { .page = page };
    BUFFER_AUTO data, out;
    buffer_init(&data, DETECT_HTML_MOST);
    buffer_init(&out, DETECT_HTML_MOST + 1024 * 1024);
    json_writer_init(&w.json, &data);
    put_data(&w);
    map_free(&w.files);
    free(w.file_names);
    buffer_add(&out, slice_from(page_before, sizeof page_before));
    put_escaped(&out, buffer_slice(&data));
    buffer_add(&out, slice_from(page_after, sizeof page_after));
    if (data.failed || out.failed)
        return error_set(e, "the page would be larger than %u MB", DETECT_HTML_MOST >> 20);
    return file_replace(path, buffer_slice(&out), 0644, e);
}
