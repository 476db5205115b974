#include "cli/detect_scan.h"

#include "base/clock.h"
#include "cli/detect_audit.h"
#include "cli/detect_event.h"

#define WORKER_MEMORY (256u * 1024 * 1024) /* of one event */

static void *grown(struct arena *arena, void *old, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return old;
    uint32_t more = *capacity ? *capacity * 2 : 16;
    void *fresh = arena_array(arena, more, size);
    if (fresh && count)
        memcpy(fresh, old, count * size);
    if (fresh)
        *capacity = more;
    return fresh;
}

static void count_unknown(struct scan_job *job, struct slice name)
{
    uint32_t i = 0;
    if (!name.len)
        return;
    job->unknown++;
    name = slice_cut(name, 0, sizeof job->unknowns[0].name - 1);
    while (i < job->unknown_count && !slice_is(name, job->unknowns[i].name))
        i++;
    if (i == DETECT_UNKNOWN_NAMES)
        return;
    if (i == job->unknown_count) {
        memcpy(job->unknowns[i].name, name.data, name.len);
        job->unknowns[i].name[name.len] = 0;
        job->unknown_count++;
    }
    job->unknowns[i].count++;
}

void detect_no_room(struct scan_job *job, uint64_t place)
{
    if (job->spent.set)
        return;
    error_place(&job->spent, "%s:%llu", job->block.path, (unsigned long long)place);
    error_set(&job->spent, "too much was found near here: there is no room for more alerts of this "
                           "megabyte");
    error_hint(&job->spent, "leave out rules that match everything: --min-level, --exclude");
}

static void keep_alert(struct scan_worker *w, struct scan_job *job, const struct event *event, uint32_t rule,
                       uint64_t place)
{
    struct found_alert *alerts = grown(&job->arena, job->alerts, job->alert_count,
                                       &job->alert_capacity, sizeof *alerts);
    struct found_alert found = { .rule = rule, .place = place };
    if (alerts)
        job->alerts = alerts;
    if (!alerts || !scanner_alert(w->scanner, event, rule, &job->arena, &found.alert)) {
        detect_no_room(job, place);
        return;
    }
    found.host = arena_copy(&job->arena, detect_event_host(event));
    alerts[job->alert_count++] = found;
}

static void keep_hits(struct scan_worker *w, struct scan_job *job, const struct event *event, uint32_t rule,
                      uint64_t place)
{
    struct hit *hits;
    uint32_t count;
    if (!correlator_hits(w->scanner, event, rule, 0, &job->arena, &hits, &count)) {
        detect_no_room(job, place);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct found_hit *all = grown(&job->arena, job->hits, job->hit_count, &job->hit_capacity,
                                      sizeof *all);
        if (!all) {
            detect_no_room(job, place);
            return;
        }
        job->hits = all;
        all[job->hit_count++] = (struct found_hit){ hits[i], place };
    }
}

static bool outside(const struct detect_options *o, int64_t time)
{
    return (o->from && time < o->from) || (o->to && time >= o->to);
}

static void keep_indicators(struct scan_worker *w, struct scan_job *job, struct event *event, uint64_t place,
                            bool timed)
{
    const struct indicator_found *found;
    uint32_t count = indicator_matcher_scan(w->matcher, event, &found);
    if (count && !timed)
        event->time = detect_event_time(event);
    for (uint32_t i = 0; i < count; i++) {
        struct alert alert;
        bool made = indicator_alert(w->matcher, event, &found[i], &job->arena, &alert);
        if (made && alert.level < w->options->indicator_least)
            continue;
        struct found_alert *alerts = made ? grown(&job->arena, job->alerts, job->alert_count,
                                                  &job->alert_capacity, sizeof *alerts) : NULL;
        if (!alerts) {
            detect_no_room(job, place);
            return;
        }
        job->alerts = alerts;
        alerts[job->alert_count++] = (struct found_alert){
            UINT32_MAX, place, arena_copy(&job->arena, detect_event_host(event)), alert
        };
    }
}

/* A record whose log source nobody knows, or whose values have no names, may hold what a decoder finds: a
 * line that Filebeat carries, the journal's message, Fluent Bit's values. Then it is decoded and looked at
 * again. The event's time is known then. */
static bool open_record(struct scan_worker *w, struct event *event)
{
    const struct decoders *decoders = w->options->decoders;
    if (!decoders || !scanner_unknown(w->scanner).len || !decoder_opens(decoders, event))
        return false;
    struct event opened = { .raw = event->raw, .received = event->received };
    decoder_decode(decoders, &opened, &w->arena, NULL);
    if (opened.flags & EVENT_UNDECODED)
        return false;
    *event = opened;
    return true;
}

/* json: the time is looked for only when somebody asks. */
static void scan_event(struct scan_worker *w, struct scan_job *job, struct event *event, uint64_t place,
                       bool json)
{
    const struct detect_options *o = w->options;
    const uint32_t *rules;
    bool timed = !json;
    job->events++;
    if (json && (o->from || o->to)) {
        event->time = detect_event_time(event);
        timed = true;
    }
    if ((o->from || o->to) && outside(o, event->time))
        return;
    uint32_t count = scanner_scan(w->scanner, event, &rules);
    if (json && open_record(w, event)) {
        timed = true;
        if ((o->from || o->to) && outside(o, event->time))
            return;
        count = scanner_scan(w->scanner, event, &rules);
    }
    count_unknown(job, scanner_unknown(w->scanner));
    job->matched += count > 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!timed) {
            event->time = detect_event_time(event);
            timed = true;
        }
        struct ruleset_rule rule = ruleset_rule(o->ruleset, rules[i]);
        if (!rule.silent && (!o->wanted || o->wanted[rules[i]]))
            keep_alert(w, job, event, rules[i], place);
        keep_hits(w, job, event, rules[i], place);
    }
    if (w->matcher)
        keep_indicators(w, job, event, place, timed);
}

static void scan_json(struct scan_worker *w, struct scan_job *job, struct slice line, uint64_t place)
{
    struct event event = { .raw = line, .received = w->options->now };
    struct error e = ERROR_NONE;
    line = slice_trim(line);
    event.raw = line;
    if (!line.len)
        return;
    if (!json_event_lazy(w->reader, &event, &w->arena, &e)) {
        job->events++;
        job->broken++;
        if (!job->first_broken.set) {
            error_place(&e, "%s:%llu", job->block.path, (unsigned long long)place);
            job->first_broken = e;
        }
        return;
    }
    scan_event(w, job, &event, place, true);
}

static void decode_text(struct scan_worker *w, struct scan_job *job, struct slice line, struct event *event)
{
    const struct decoder_hint hint = { .zone = CLOCK_ZONE, .header = &w->header };
    *event = (struct event){ .raw = line, .received = w->options->now };
    if (line.len && line.data[line.len - 1] == '\r')
        event->raw = slice_cut(line, 0, line.len - 1);
    if (!event->raw.len)
        return;
    if (w->options->decoders)
        decoder_decode(w->options->decoders, event, &w->arena, &hint);
    else
        event->flags |= EVENT_UNDECODED;
    job->undecoded += (event->flags & EVENT_UNDECODED) != 0;
}

static void scan_text(struct scan_worker *w, struct scan_job *job, struct slice line, uint64_t place)
{
    struct event event;
    if (line.len && line.data[0] == '#')
        w3c_header_line(&w->header, line, place == 1);
    decode_text(w, job, line, &event);
    if (event.raw.len)
        scan_event(w, job, &event, place, false);
}

/* The records of one audit event as one; lines[first] is the first of them. */
static void scan_audit(struct scan_worker *w, struct scan_job *job, const struct audit_line *lines,
                       uint32_t first)
{
    struct event records[AUDIT_RECORDS_MOST], joined;
    const struct event *list[AUDIT_RECORDS_MOST];
    uint32_t count = 0;
    for (uint32_t i = first; count < AUDIT_RECORDS_MOST && (i == first || i); i = lines[i].next) {
        decode_text(w, job, lines[i].text, &records[count]);
        list[count] = &records[count];
        count++;
    }
    if (audit_join(list, count, &w->arena, &joined))
        scan_event(w, job, &joined, lines[first].place, false);
}

static void scan_audit_block(struct scan_worker *w, struct scan_job *job)
{
    uint32_t count;
    struct slice block = { job->block.bytes, job->block.len };
    struct audit_line *lines = detect_audit_lines(block, job->block.first, &job->arena, &count);
    for (uint32_t i = 0; lines && i < count; i++) {
        arena_clear(&w->arena);
        if (lines[i].follows)
            continue;
        if (lines[i].next)
            scan_audit(w, job, lines, i);
        else
            scan_text(w, job, lines[i].text, lines[i].place);
    }
}

struct evtx_scan { struct scan_worker *worker; struct scan_job *job; };

static void on_evtx(void *owner, struct event *event, uint64_t record)
{
    struct evtx_scan *scan = owner;
    event->received = scan->worker->options->now;
    if (!event->time) /* a record without: what the event itself says */
        event->time = detect_event_time(event);
    scan_event(scan->worker, scan->job, event, record, false);
}

static void on_evtx_damage(void *owner, const struct error *e)
{
    struct evtx_scan *scan = owner;
    scan->job->broken++;
    if (!scan->job->first_broken.set)
        scan->job->first_broken = *e;
}

static void scan_evtx(struct scan_worker *w, struct scan_job *job)
{
    struct evtx_scan scan = { w, job };
    struct evtx_sink sink = { on_evtx, &scan };
    detect_evtx_read(w->evtx, &job->block, &sink, on_evtx_damage);
}

void detect_scan_block(struct scan_worker *w, struct scan_job *job)
{
    if (job->block.kind == INPUT_EVTX) {
        scan_evtx(w, job);
        return;
    }
    struct slice rest = { job->block.bytes, job->block.len }, line;
    uint64_t place = job->block.first;
    w->header = job->block.header;
    if (job->block.kind == INPUT_TEXT && detect_audit_any(rest)) {
        scan_audit_block(w, job);
        return;
    }
    while (slice_split(&rest, '\n', &line)) {
        arena_clear(&w->arena);
        if (job->block.kind == INPUT_JSON)
            scan_json(w, job, line, place);
        else
            scan_text(w, job, line, place);
        place++;
    }
}

bool detect_scan_open(struct scan_worker *w, const struct detect_options *options)
{
    w->options = options;
    w->scanner = scanner_new(options->ruleset);
    w->reader = json_reader_new();
    w->evtx = detect_evtx_new();
    arena_init(&w->arena, WORKER_MEMORY);
    if (options->indicators)
        w->matcher = indicator_matcher_new(options->indicator_fields, options->indicators);
    if (!w->scanner || !w->reader || !w->evtx || (options->indicators && !w->matcher))
        return false;
    scanner_logsource(w->scanner, options->logsource);
    return true;
}

uint64_t detect_scan_close(struct scan_worker *w)
{
    uint64_t given_up = w->scanner ? scanner_statistics(w->scanner).regex_limit : 0;
    scanner_free(&w->scanner);
    json_reader_free(&w->reader);
    detect_evtx_free(&w->evtx);
    indicator_matcher_free(&w->matcher);
    arena_free(&w->arena);
    return given_up;
}
