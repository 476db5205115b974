/* w3c - logs that say themselves what their lines hold: the W3C's extended log file format.
 *
 *     #Date: 2026-11-24 00:00:01
 *     #Fields: date time s-ip cs-method cs-uri-stem cs(User-Agent) sc-status
 *     2026-11-24 00:31:02 10.1.2.3 GET /a.aspx curl/8 200
 *
 * IIS, HTTP.sys, CloudFront (values parted by tabs), Windows' firewall, proxies, and Exchange (parted by
 * commas). A header holds for what follows it in the same stream, so whoever reads the stream keeps it and
 * hands it on with each line. Format: https://www.w3.org/TR/WD-logfile
 * Never: a header of a stream that did not begin with one (a line of another log may look like it).
 */
#ifndef EVENT_W3C_H
#define EVENT_W3C_H

#include "event/keyvalue.h"

#define W3C_HEADER_MOST 8192u   /* bytes of a #Fields line */
#define W3C_NAMES_MOST 256u     /* in it */

struct w3c_header {
    struct slice fields;        /* the names; "": none are known, lines are read as without a header */
    struct slice date;          /* of #Date, for times that come alone; may be "" */
    bool heard;                 /* the stream's first line was a directive */
};

/* A line of the stream, of which `first` is the first. True when the header is another one now: its slices
 * are the line's then. A #Fields line that is too long, or names too many, leaves none in force. */
bool w3c_header_line(struct w3c_header *header, struct slice line, bool first);
/* to = from, in memory of its own: *memory (malloc) was to's, and is anew. False: memory; to is as before. */
bool w3c_header_copy(const struct w3c_header *from, struct w3c_header *to, char **memory);
bool w3c_header_equal(const struct w3c_header *a, const struct w3c_header *b);

/* Is the field in the header's list? */
bool w3c_names(const struct w3c_header *header, struct slice field);
/* Adds the line's values by the header's names, but for "-", which says that there is none. Values may stand
 * in quotes (doubled within). The header's bytes must live as long as the list. False: the line has not as
 * many values as there are names. */
bool w3c_parse(const struct w3c_header *header, struct slice line, struct field_list *list);
/* "#Version: 1.0" as `directive` and `value`. False: it is none. */
bool w3c_directive(struct slice line, struct field_list *list);

#endif
