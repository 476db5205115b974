/* indicator_file - threat indicators out of the files in which feeds publish them.
 *
 *   list   one value a line; '#', ';' and '//' begin comments; "0.0.0.0 evil.example" of hosts files
 *   csv    a header row (also behind '#', as abuse.ch writes it) names what each column holds
 *   stix   a STIX 2.1 bundle: its `indicator` objects whose pattern names single values
 *   misp   a MISP event, a list of events, or {"response": […]}: attributes that are to_ids
 *
 * A pattern that asks for several things at once (AND, FOLLOWEDBY) is no single indicator: it is
 * refused by name, never cut down to one of its halves. What is refused is told with its place, the
 * rest is taken. What a feed marks as not to be matched (revoked, deleted, to_ids false) is counted
 * as skipped.
 * Good: millions of rows (lists and CSV are read row by row; JSON becomes a tree of at most 1 GiB).
 */
#ifndef EXCHANGE_INDICATOR_FILE_H
#define EXCHANGE_INDICATOR_FILE_H

#include "event/indicator.h"

#define INDICATOR_FILE_MOST ((size_t)512 << 20)

enum indicator_format { INDICATOR_AUTO, INDICATOR_LIST, INDICATOR_CSV, INDICATOR_STIX,
                        INDICATOR_MISP };

/* "list", "csv", "stix", "misp". */
const char *indicator_format_name(enum indicator_format format);

struct indicator_item {
    struct indicator indicator;
    int confidence;          /* 0..100; -1: the file does not say */
    int tlp;                 /* enum indicator_tlp; -1: the file does not say */
    int64_t valid_until;     /* 0: it does not say */
    struct slice note;
};

struct indicator_file {
    const char *name;        /* for places */
    struct slice bytes;
    /* Each value, its bytes only until it returns; false ends the reading. */
    bool (*take)(void *owner, const struct indicator_item *item);
    void (*refused)(void *owner, const struct error *e);   /* may be NULL */
    void *owner;
};

struct indicator_file_count {
    enum indicator_format format;
    uint64_t taken, skipped, refused;
};

/* False when the file is in no form that we know, is broken JSON, or take() said so. */
bool indicator_file_read(const struct indicator_file *file, struct indicator_file_count *count_out,
                         struct error *e);

#endif
