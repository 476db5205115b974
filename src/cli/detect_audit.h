/* detect_audit - which lines of a block of text are records of one auditd event. */
#ifndef CLI_DETECT_AUDIT_H
#define CLI_DETECT_AUDIT_H

#include "base/arena.h"
#include "event/audit.h"

struct audit_line {
    struct slice text;
    struct slice stamp;    /* empty: no audit record */
    uint64_t place;
    uint32_t next;         /* index of the event's next record; 0: none */
    bool follows;          /* belongs to a line before */
};

/* Does any line look like an audit record? */
bool detect_audit_any(struct slice block);
/* All lines of the block, the records of one event linked. NULL when memory is short. */
struct audit_line *detect_audit_lines(struct slice block, uint64_t first, struct arena *arena,
                                      uint32_t *count_out);
/* Of whole lines up to `end`: where the event of the last one begins, so that a block may end before it; 0
 * when all of them are of that event, `end` when the last line is no audit record. */
size_t detect_audit_begin(const char *bytes, size_t end);

#endif
