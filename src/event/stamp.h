/* stamp - times as logs write them.
 *
 * A format is a text in which %-letters stand for parts, as strptime(3) knows them:
 *   %Y year  %m month 01–12  %b month Jan–Dec (any case)  %d day 01–31  %e day, blank-padded
 *   %H hour  %M minute  %S second  %f fraction with its '.' or ',' (may be absent)
 *   %z zone: Z, UTC, GMT, ICT, +07, +0700, +07:00 (may be absent)  %a weekday, ignored
 * or one of the names: iso8601, epoch (seconds, fraction allowed), epoch_ms, epoch_us, epoch_ns.
 */
#ifndef EVENT_STAMP_H
#define EVENT_STAMP_H

#include "base/slice.h"

struct stamp {
    int64_t time;   /* ns UTC */
    bool guessed;   /* year or zone was missing */
    size_t len;     /* bytes eaten */
};

/* True when the format is one that stamp_read knows. */
bool stamp_format_valid(struct slice format);
/* Reads a time at the beginning of text. zone: offset in ns of times without one. received: the
 * year is chosen so that the time comes closest to it. False: no such time there. */
bool stamp_read(struct slice text, struct slice format, int64_t received, int64_t zone,
                struct stamp *out);
/* The same, and nothing but blanks may follow. */
bool stamp_parse(struct slice text, struct slice format, int64_t received, int64_t zone,
                 struct stamp *out);

#endif
