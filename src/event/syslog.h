/* syslog - the header of a syslog message: RFC 5424, and RFC 3164 with its dialects.
 *
 * RFC 3164 describes what was seen, so almost anything is allowed: no PRI, no year, a year behind
 * the day (Cisco ASA) or the time, RFC 3339 stamps (rsyslog's file format), a sequence number and
 * a '*' before the stamp (Cisco IOS), no host, a tag with blanks in it, no tag at all.
 * Good: taking a line apart once; nothing is copied.
 * Never: trusted: host and program are what the sender says.
 */
#ifndef EVENT_SYSLOG_H
#define EVENT_SYSLOG_H

#include "base/slice.h"

struct syslog_header {
    int priority;             /* facility * 8 + severity; -1: none */
    int64_t time;             /* ns UTC; only when has_time */
    bool has_time, time_guessed;
    bool structured;          /* RFC 5424 */
    struct slice host, program, pid, message_id;
    struct slice data;        /* structured data of RFC 5424 as it stands; empty for "-" */
    struct slice message;
};

/* IMPLEMENTS rfc5424#6, rfc3164#4. The text is one record without framing. False: neither a
 * priority nor a stamp was found, so it is no syslog (then header->message is the whole text). */
bool syslog_parse(struct slice text, int64_t received, int64_t zone, struct syslog_header *header);

/* "auth", "err": RFC 5424 tables 1 and 2 in the words of syslog(3); "" when priority is -1. */
struct slice syslog_facility(int priority);
struct slice syslog_severity(int priority);

/* Walks the structured data: *rest begins as header->data. False at its end. The value is as it
 * stands, its escapes (\" \\ \]) still in. */
bool syslog_parameter(struct slice *rest, struct slice *id, struct slice *name,
                      struct slice *value);

#endif
