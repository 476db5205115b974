/* audit - the records of one event of Linux auditd, joined.
 *
 * The kernel writes an event as several records (SYSCALL, EXECVE, CWD, PATH, PROCTITLE …) that share
 * the stamp in msg=audit(time:serial); rules speak of the event. Joined, it has the fields of all its
 * records, a name as often as it occurs: a rule that asks for type EXECVE and the key of the SYSCALL
 * record matches.
 * Good: records that stand near each other; a few of other events may stand between.
 * Never: kept: a joined event is for looking at, the records are what is stored.
 * Source: auditd(8), "Understanding Audit log files": records with the same time stamp and serial
 * belong together; EOE ends those of several records.
 */
#ifndef EVENT_AUDIT_H
#define EVENT_AUDIT_H

#include "event/event.h"

#define AUDIT_RECORDS_MOST 64u  /* of one event; a further one begins anew */
#define AUDIT_APART_MOST 256u   /* records that may stand between two of one event */

/* What tells audit events apart. */
struct audit_key { struct slice node, time, serial; };

/* Its events may be such records; no other decoder's are. */
bool audit_decoder(struct slice decoder);
/* False when the event is no record of auditd that a decoder read. */
bool audit_key(const struct event *event, struct audit_key *out);
bool audit_key_equal(const struct audit_key *a, const struct audit_key *b);
/* The same for a raw line, without decoding: "msg=audit(1604994496.155:92733):"; SLICE_NONE: none. */
struct slice audit_stamp(struct slice line);
/* The records (in their order) as one event: head, time and source of the first, fields of all, raw
 * lines one below the other. False when the arena is exhausted. */
bool audit_join(const struct event *const *records, uint32_t count, struct arena *arena,
                struct event *out);

#endif
