/* log - what the program says of itself, one line a message on standard error.
 *
 * Form: "2026-11-24T07:31:02.123+07:00 pipeline warning: sentence" ; under systemd (JOURNAL_STREAM)
 * with the <priority> prefix instead of the time.
 * Never: secrets, whole records of others, or bytes from outside unescaped (log_printable).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

enum log_level { LOG_DEBUG_, LOG_INFO_, LOG_WARNING_, LOG_ERROR_ };

/* Name of this process in each line ("pipeline"); least level said. Call once, before threads. */
void log_init(const char *name, enum log_level least);
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "what: place: sentence (hint)" at error level. */
void log_error(const struct error *e, const char *what);

/* s with control bytes, and what is not UTF-8, as \xNN; cut to size - 1 bytes. Returns out. */
const char *log_printable(struct slice s, char *out, size_t size);

#endif
