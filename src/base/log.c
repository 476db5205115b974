#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

static const char *log_name = "haidang";
static enum log_level log_least = LOG_INFO_;
static bool log_journal;

void log_init(const char *name, enum log_level least)
{
    log_name = name;
    log_least = least;
    log_journal = getenv("JOURNAL_STREAM") != NULL;
}

static void say(enum log_level level, const char *format, va_list args)
{
    static const char *const names[] = { "debug", "info", "warning", "error" };
    static const int priorities[] = { 7, 6, 4, 3 };
    if (level < log_least)
        return;
    char line[2048]; /* one write a line, so that processes do not mix */
    char when[CLOCK_TEXT];
    int len;
    if (log_journal) {
        len = snprintf(line, sizeof line, "<%d>%s: ", priorities[level], log_name);
    } else {
        clock_print(clock_now(), when);
        len = snprintf(line, sizeof line, "%s %s %s: ", when, log_name, names[level]);
    }
    size_t room = sizeof line - (size_t)len - 1;
    int more = vsnprintf(line + len, room, format, args);
    if (more < 0)
        return;
    size_t end = (size_t)len + ((size_t)more < room ? (size_t)more : room - 1);
    for (size_t i = (size_t)len; i < end; i++) /* one message stays one line */
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = ' ';
    line[end++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, end);
    (void)written; /* nowhere left to say it */
}

#define SAY(level)             \
    va_list args;              \
    va_start(args, format);    \
    say(level, format, args);  \
    va_end(args)

void log_debug(const char *format, ...)
{
    SAY(LOG_DEBUG_);
}

void log_info(const char *format, ...)
{
    SAY(LOG_INFO_);
}

void log_warning(const char *format, ...)
{
    SAY(LOG_WARNING_);
}

void log_failure(const char *format, ...)
{
    SAY(LOG_ERROR_);
}

void log_error(const struct error *e, const char *what)
{
    log_failure("%s: %s%s%s%s%s%s", what, e->place, e->place[0] ? ": " : "", e->sentence,
                e->hint[0] ? " (" : "", e->hint, e->hint[0] ? ")" : "");
}

static size_t utf8_length(struct slice s, size_t at)
{
    unsigned char c = (unsigned char)s.data[at];
    size_t len = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : (c & 0xf0) == 0xe0 ? 3
                 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (len == 0 || at + len > s.len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if (((unsigned char)s.data[at + i] & 0xc0) != 0x80)
            return 0;
    return len;
}

const char *log_printable(struct slice s, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < s.len;) {
        size_t len = utf8_length(s, i);
        unsigned char c = (unsigned char)s.data[i];
        bool plain = len > 1 || (len == 1 && c >= ' ' && c != 0x7f);
        if (used + (plain ? len : 4) >= size)
            break;
        if (plain) {
            memcpy(out + used, s.data + i, len);
            used += len;
            i += len;
        } else {
            snprintf(out + used, size - used, "\\x%02x", c);
            used += 4;
            i++;
        }
    }
    if (size)
        out[used] = '\0';
    return out;
}
