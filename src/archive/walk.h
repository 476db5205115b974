/* walk - every event of a time range, block by block: for those who must look at all of them, like a
 * rule's back-test.
 *
 * Newest day first, so that what the budget leaves out is the oldest; within a day file the blocks in
 * the order of receipt, within a block as it is packed (by program and host, then as received).
 * Who can tell from a block's rows and filter that nothing in it matters need not see its events: that
 * costs about a fiftieth of reading them.
 * Good: in a process of its own, read-only, beside the writer.
 * Bad: to find something: that is search.h, which leaves out most blocks unread.
 * Never: without a scope (search.h).
 */
#ifndef ARCHIVE_WALK_H
#define ARCHIVE_WALK_H

#include "archive/block.h"
#include "archive/search.h"
#include "event/batch.h"

/* Any may be NULL. */
struct walk_handlers {
    void *owner;
    /* At most BATCH_EVENTS events with their ids; the batch's arena takes what is made of them, and all
     * of it lives until the callback returns. False ends the walk (SEARCH_CANCELLED). */
    bool (*events)(void *owner, struct batch *batch, const struct event_id *ids);
    /* Before the events of a block are read: false passes it by. Asked first without the filter (the foot
     * counts the block in skipped_source), then, where the block has one, with it (skipped_words). */
    bool (*wanted)(void *owner, const struct block_rows *rows, struct slice filter);
    /* An event of such a block, within scope and times: when it happened. */
    void (*passed)(void *owner, int64_t time);
    /* Behind each block. False ends the walk. */
    bool (*progress)(void *owner, const struct search_foot *so_far);
    /* A block that was not read (budget, damage): its events lie between these times. */
    void (*left)(void *owner, int64_t time_min, int64_t time_max);
};

/* Of the options count: directory, scope, from, to, budget_bytes, budget_ms. foot_out is filled in any
 * case, its slices live in arena. False: the archive cannot be read at all, or memory is short. */
bool walk_run(const struct search_options *options, const struct walk_handlers *handlers,
              struct arena *arena, struct search_foot *foot_out, struct error *e);

#endif
