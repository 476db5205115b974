#include "cli/findings.h"

#include <stdlib.h>

#include "base/clock.h"

#define KEPT_BYTES (12u * 1024 * 1024)  /* of alerts; beyond half of it only three a rule */
#define ARENA_BYTES (256u * 1024 * 1024)
#define HOSTS_MOST 20000u
#define RULES_MOST 100000u
#define BUCKETS 4096u                   /* slots; half full: the buckets grow twice as wide */

struct findings *findings_new(uint32_t keep)
{
    struct findings *f = calloc(1, sizeof *f);
    if (!f || !(f->buckets = calloc(BUCKETS, sizeof *f->buckets))) {
        free(f);
        return NULL;
    }
    arena_init(&f->arena, ARENA_BYTES);
    f->keep = keep;
    f->bucket = CLOCK_SECOND;
    return f;
}

void findings_free(struct findings **findings)
{
    struct findings *f = *findings;
    *findings = NULL;
    if (!f)
        return;
    map_free(&f->by_id);
    map_free(&f->by_host);
    map_free(&f->files);
    arena_free(&f->arena);
    free(f->rules);
    free(f->hosts);
    free(f->buckets);
    free(f);
}

/* --- time line --- */

static bool used(const struct finding_bucket *b)
{
    for (int level = 0; level < FINDINGS_LEVELS; level++)
        if (b->counts[level])
            return true;
    return false;
}

static void count_at(struct findings *f, int64_t at, const uint64_t *counts)
{
    uint32_t i = (uint32_t)((uint64_t)at * UINT64_C(0x9e3779b97f4a7c15) >> 40) % BUCKETS;
    while (used(&f->buckets[i]) && f->buckets[i].at != at)
        i = (i + 1) % BUCKETS;
    f->bucket_count += !used(&f->buckets[i]);
    f->buckets[i].at = at;
    for (int level = 0; level < FINDINGS_LEVELS; level++)
        f->buckets[i].counts[level] += counts[level];
}

static int64_t floor_half(int64_t at)
{
    return at >= 0 ? at / 2 : -((1 - at) / 2);
}

static void widen(struct findings *f)
{
    struct finding_bucket *old = f->buckets, *fresh = calloc(BUCKETS, sizeof *fresh);
    if (!fresh) {
        f->failed = true;
        return;
    }
    f->buckets = fresh;
    f->bucket *= 2;
    f->bucket_count = 0;
    for (uint32_t i = 0; i < BUCKETS; i++)
        if (used(&old[i]))
            count_at(f, floor_half(old[i].at), old[i].counts);
    free(old);
}

static void count_time(struct findings *f, int64_t time, enum alert_level level)
{
    uint64_t counts[FINDINGS_LEVELS] = { 0 };
    counts[level] = 1;
    if (!time) {
        f->untimed++;
        return;
    }
    count_at(f, time / f->bucket, counts);
    while (f->bucket_count > BUCKETS / 2 && !f->failed)
        widen(f);
}

static int by_time(const void *a, const void *b)
{
    const struct finding_bucket *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

struct finding_bucket *findings_buckets(struct findings *f, uint32_t *count_out)
{
    struct finding_bucket *out = arena_array(&f->arena, f->bucket_count + 1, sizeof *out);
    *count_out = 0;
    for (uint32_t i = 0; out && i < BUCKETS; i++)
        if (used(&f->buckets[i]))
            out[(*count_out)++] = f->buckets[i];
    if (out)
        qsort(out, *count_out, sizeof *out, by_time);
    return out;
}

/* --- hosts and files --- */

static bool room(void **list, uint32_t count, uint32_t *capacity, uint32_t most, size_t size)
{
    if (count < *capacity)
        return true;
    uint32_t more = *capacity ? *capacity * 2 : 64;
    void *grown = count < most ? realloc(*list, more * size) : NULL;
    if (!grown)
        return false;
    *list = grown;
    *capacity = more;
    return true;
}

static uint32_t find_host(struct findings *f, struct slice name)
{
    if (!name.len)
        return UINT32_MAX;
    uintptr_t known = (uintptr_t)map_get(&f->by_host, name);
    if (known)
        return (uint32_t)known - 1;
    void *list = f->hosts;
    bool fine = f->host_count < HOSTS_MOST &&
                room(&list, f->host_count, &f->host_capacity, HOSTS_MOST, sizeof *f->hosts);
    f->hosts = list;
    struct slice copy = fine ? arena_copy(&f->arena, slice_cut(name, 0, 255)) : SLICE_NONE;
    if (!copy.data || !map_put(&f->by_host, copy, (void *)(uintptr_t)(f->host_count + 1))) {
        f->other_hosts++;
        return UINT32_MAX;
    }
    f->hosts[f->host_count] = (struct finding_host){ .name = copy };
    return f->host_count++;
}

static struct slice find_file(struct findings *f, const char *path)
{
    struct slice name = slice_of(path);
    struct slice *known = map_get(&f->files, name);
    if (known)
        return *known;
    known = arena_alloc(&f->arena, sizeof *known);
    struct slice copy = known ? arena_copy(&f->arena, name) : SLICE_NONE;
    if (copy.data) {
        *known = copy;
        map_put(&f->files, copy, known);
    }
    return copy;
}

/* --- rules --- */

static struct slice copied(struct findings *f, struct slice text)
{
    return text.len ? arena_copy(&f->arena, text) : SLICE("");
}

static struct finding *find_rule(struct findings *f, const struct detect_found *found)
{
    const struct alert *a = found->alert;
    struct finding *known = map_get(&f->by_id, a->rule);
    void *list = f->rules;
    if (known)
        return known;
    bool fine = room(&list, f->rule_count, &f->rule_capacity, RULES_MOST, sizeof *f->rules);
    f->rules = list;
    if (!fine || !(known = arena_zero(&f->arena, sizeof *known)))
        return NULL;
    *known = (struct finding){
        .rule = found->rule, .id = copied(f, a->rule), .title = copied(f, a->title),
        .title_vi = copied(f, a->title_vi), .author = copied(f, a->author),
        .license = copied(f, a->license), .tags = copied(f, a->tags), .level = a->level
    };
    if (f->arena.exhausted || !map_put(&f->by_id, known->id, known))
        return NULL;
    return f->rules[f->rule_count++] = known;
}

static void count_host(struct finding *rule, uint32_t host)
{
    uint32_t i = 0;
    if (host == UINT32_MAX)
        return;
    while (i < rule->host_count && rule->hosts[i].host != host)
        i++;
    if (i == FINDINGS_HOSTS_A_RULE)
        return;
    rule->host_count += i == rule->host_count;
    rule->hosts[i].host = host;
    rule->hosts[i].count++;
}

static void keep_alert(struct findings *f, struct finding *rule, const struct detect_found *found,
                       uint32_t host)
{
    uint32_t most = f->arena.used < KEPT_BYTES / 2 ? f->keep : f->arena.used < KEPT_BYTES ? 3 : 0;
    struct finding_alert *alerts = rule->alerts;
    if (rule->kept >= most)
        return;
    if (rule->kept == rule->capacity) {
        uint32_t more = rule->capacity ? rule->capacity * 2 : 2;
        alerts = arena_array(&f->arena, more, sizeof *alerts);
        if (!alerts)
            return;
        if (rule->kept)
            memcpy(alerts, rule->alerts, rule->kept * sizeof *alerts);
        rule->alerts = alerts;
        rule->capacity = more;
    }
    const struct alert *a = found->alert;
    alerts[rule->kept++] = (struct finding_alert){
        .time = a->time, .file = find_file(f, found->file), .place = found->place, .host = host,
        .entity = copied(f, a->entity),
        .why = a->why.len <= FINDINGS_WHY_MOST ? copied(f, a->why) : SLICE("")
    };
}

void findings_add(struct findings *f, const struct detect_found *found)
{
    const struct alert *a = found->alert;
    struct finding *rule = find_rule(f, found);
    uint32_t host = find_host(f, found->host);
    count_time(f, a->time, a->level);
    if (host != UINT32_MAX)
        f->hosts[host].counts[a->level]++;
    if (!rule) {
        f->failed = true;
        return;
    }
    rule->count++;
    if (a->time && (!rule->first || a->time < rule->first))
        rule->first = a->time;
    if (a->time > rule->last)
        rule->last = a->time;
    count_host(rule, host);
    keep_alert(f, rule, found, host);
}

static int by_weight(const void *a, const void *b)
{
    const struct finding *const *x = a, *const *y = b;
    if ((*x)->level != (*y)->level)
        return (*x)->level > (*y)->level ? -1 : 1;
    if ((*x)->count != (*y)->count)
        return (*x)->count > (*y)->count ? -1 : 1;
    return slice_compare((*x)->title, (*y)->title);
}

void findings_sort(struct findings *f)
{
    if (f->rule_count)
        qsort(f->rules, f->rule_count, sizeof *f->rules, by_weight);
}
