/* person - an official, and the posts held for spans of time. */
#ifndef RECORDS_PERSON_H
#define RECORDS_PERSON_H

#include "records/records.h"

struct records_post {
    struct slice agency;
    struct slice duty;                  /* head, deputy, focal, incident_team */
    struct slice title, decision;
    struct slice holds_from, holds_to;  /* days, both included; holds_to empty: still */
    int64_t learnt_at;                  /* that it began. Read only */
};

struct records_person {
    struct slice key, name, email, phone;
    int64_t verified_at;                /* contact; 0: never. Read only */
    struct records_post *posts;
    uint32_t post_count;
};

struct records_person_filter {
    struct slice key, agency, duty, words;
    struct slice on;                    /* holds a post on this day; empty: whenever */
};

struct records_person_list {
    struct records_person *rows;
    uint32_t count;
    uint64_t total;
    struct slice next;
};

/* An agency sees people with a post in it, and of those only such posts. Sort: name. */
bool records_person_list(struct records *records, const struct records_scope *scope,
                         const struct records_person_filter *filter,
                         const struct records_page *page, struct arena *arena,
                         struct records_person_list *list_out, struct error *e);
bool records_person_get(struct records *records, const struct records_scope *scope,
                        struct slice key, struct arena *arena,
                        struct records_person *person_out, struct error *e);
/* Adds or changes the person; posts are added or changed by (agency, duty, holds_from), never
 * removed (end them by holds_to). */
bool records_person_put(struct records *records, const struct actor *actor,
                        const struct records_person *person, enum records_change *change_out,
                        struct error *e);

#endif
