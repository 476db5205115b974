/* detect_scan - what the rules and indicators find in one block of a file, by one worker (private to
 * detect_engine.c, which reads the blocks and puts the answers in order).
 */
#ifndef CLI_DETECT_SCAN_H
#define CLI_DETECT_SCAN_H

#include "cli/detect_engine.h"
#include "cli/detect_evtx.h"
#include "cli/detect_input.h"
#include "event/json_event.h"

/* What a worker found in one block. */
struct found_alert { uint32_t rule; uint64_t place; struct slice host; struct alert alert; };
struct found_hit { struct hit hit; uint64_t place; };

struct scan_job {
    uint64_t order;
    struct input_block block;
    struct error failed;           /* the input ended with it, behind this block */
    struct arena arena;
    struct found_alert *alerts;
    uint32_t alert_count, alert_capacity;
    struct found_hit *hits;
    uint32_t hit_count, hit_capacity;
    uint64_t events, matched, undecoded, broken, unknown;
    struct { char name[120]; uint64_t count; } unknowns[DETECT_UNKNOWN_NAMES];
    uint32_t unknown_count;
    struct error first_broken;
    struct error spent;            /* from this place on there was no room for what was found */
    bool last;                     /* of its file */
};

struct scan_worker {
    const struct detect_options *options;
    struct scanner *scanner;
    struct json_reader *reader;
    struct detect_evtx *evtx;
    struct indicator_matcher *matcher; /* NULL: no indicators */
    struct arena arena;            /* of one event */
    struct w3c_header header;      /* of the file, at the present line */
};

/* False: memory; to be closed all the same. */
bool detect_scan_open(struct scan_worker *worker, const struct detect_options *options);
/* How many regular expressions it gave up. */
uint64_t detect_scan_close(struct scan_worker *worker);
void detect_scan_block(struct scan_worker *worker, struct scan_job *job);
/* There was no room for what was found at this place: told once a block. */
void detect_no_room(struct scan_job *job, uint64_t place);

#endif
