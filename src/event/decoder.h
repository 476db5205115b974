/* decoder - from a raw record to fields, time and log source. Decoders are data: decoders/ *.yaml.
 *
 * How a record is read (decoder.c):
 *   0. a line of a file that says itself what its lines hold (event/w3c.h) is read by that, unless the
 *      source has a decoder of another kind;
 *   1. the envelope: a syslog header gives host, program, pid, facility, severity, message, time;
 *   2. the payload (message, or the whole record without an envelope) goes to the first decoder
 *      that fits, asked in this order: the source's own (hint), those that name the program, those
 *      whose shape fits (JSON with a certain field, a beginning, a part of the line);
 *   3. what only the envelope read is decoded by 'syslog'; what nothing read is EVENT_UNDECODED.
 * A decoder is chosen by program first (one map lookup), so an sshd line never meets the patterns
 * of nginx; patterns are templates matched without regular expressions (event/pattern.h).
 *
 * Good: one set of decoders for all threads; decoding changes nothing in it.
 * Never: raw changed. Fields are valid UTF-8 (other bytes are read as Windows-1258) in NFC.
 */
#ifndef EVENT_DECODER_H
#define EVENT_DECODER_H

#include "base/arena.h"
#include "base/error.h"
#include "event/event.h"
#include "event/w3c.h"

struct decoders;

/* All *.yaml of the folder (or the one file). False with file:line:column at the first that is
 * wrong. Frozen and shared between threads until freed. */
bool decoders_load(const char *path, struct decoders **decoders_out, struct error *e);
void decoders_free(struct decoders **decoders);

/* What is known of a record besides its bytes; all may be empty. */
struct decoder_hint {
    struct slice decoder;   /* name of the decoder to try first (a source's setting) */
    int64_t zone;           /* offset in ns of times without zone; decoder_zone() */
    bool syslog;            /* it came by a syslog transport: a header is expected, and a record
                             * without one is taken as message */
    const struct w3c_header *header; /* in force in the file that the line stands in; NULL: none */
};

/* Offset of a zone: "UTC", "Z", "+07:00", "Asia/Ho_Chi_Minh" and others without daylight saving
 * that stand in the table of decoder_time.c; "" is Asia/Ho_Chi_Minh. False: unknown zone. */
bool decoder_zone(struct slice name, int64_t *offset_out);

/* Reads event->raw; sets fields, field_count, time, logsource, decoder, and the flags
 * EVENT_UNDECODED and EVENT_TIME_GUESSED. event->received must be set: it is the time of records
 * without one, and tells the year where that is missing. Everything new is the arena's; when
 * that is exhausted the event stays undecoded. hint may be NULL: Asia/Ho_Chi_Minh and nothing
 * else. */
void decoder_decode(const struct decoders *decoders, struct event *event, struct arena *arena,
                    const struct decoder_hint *hint);

/* Would a decoder find more in this JSON record than its fields show (a record within, names of values)?
 * Asks for the fields' presence only, so that it may be lazy. For `haidang detect`, which decodes JSON only
 * then. */
bool decoder_opens(const struct decoders *decoders, const struct event *event);

/* For lists, tests and documentation, in order of name. */
struct decoder_info {
    struct slice name, kind, title, title_vi, file;
    struct event_logsource logsource;
    uint32_t sample_count;
};
size_t decoders_count(const struct decoders *decoders);
struct decoder_info decoders_info(const struct decoders *decoders, size_t i);
/* Runs every sample of every decoder: raw line → decoder and expected fields. False with the place
 * of the first that differs and what was read instead. *count_out: how many were run. */
bool decoders_check(const struct decoders *decoders, size_t *count_out, struct error *e);

#endif
