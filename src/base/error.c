#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/text.h"

/* vsnprintf with a format looked up at run time: text_check_formats proves in a test that every
 * translation takes the same arguments as its key. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-truncation" /* under sanitizers gcc takes format for NULL */

static void print_both(char *en, char *vi, size_t size, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    vsnprintf(en, size, format, args);
    if (strcmp(format, "%s") == 0) /* the sentence itself is the key */
        snprintf(vi, size, "%s", text_in("vi", en));
    else
        vsnprintf(vi, size, text_in("vi", format), again);
    va_end(again);
}

bool error_vset(struct error *e, const char *format, va_list args)
{
    if (!e || e->set)
        return false;
    print_both(e->sentence, e->sentence_vi, sizeof e->sentence, format, args);
    e->set = true;
    if (!e->kind)
        e->kind = ERROR_FAILED;
    return false;
}

bool error_set_(struct error *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error_vset(e, format, args);
    va_end(args);
    return false;
}

static void append(char *text, size_t size, const char *more)
{
    size_t len = strlen(text);
    if (len < size)
        snprintf(text + len, size - len, ": %s", more);
}

bool error_errno(struct error *e, int number, const char *format, ...)
{
    static const struct {
        int number;
        const char *hint;
    } hints[] = {
        { ENOSPC, "free space on this disk, or set `data` to another one" },
        { EACCES, "run as a user who may, or set `data` to a folder of your own" },
        { EADDRINUSE, "another program listens there: stop it, or set another port" },
        { EADDRNOTAVAIL, "this machine has no such address: set another one" },
    };
    if (!e || e->set)
        return false;
    va_list args;
    va_start(args, format);
    print_both(e->sentence, e->sentence_vi, sizeof e->sentence, format, args);
    va_end(args);
    const char *why = strerrordesc_np(number);
    append(e->sentence, sizeof e->sentence, why ? why : "unknown error");
    append(e->sentence_vi, sizeof e->sentence_vi, why ? text_in("vi", why) : "?");
    e->set = true;
    e->kind = ERROR_FAILED;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].number == number)
            error_hint(e, "%s", hints[i].hint);
    return false;
}

bool error_kind(struct error *e, enum error_kind kind)
{
    if (e)
        e->kind = kind;
    return false;
}

bool error_place(struct error *e, const char *format, ...)
{
    if (e && !e->place[0]) {
        va_list args;
        va_start(args, format);
        vsnprintf(e->place, sizeof e->place, format, args);
        va_end(args);
    }
    return false;
}

bool error_hint(struct error *e, const char *format, ...)
{
    if (e) {
        va_list args;
        va_start(args, format);
        if (strcmp(format, "%s") == 0) {   /* the argument is the whole text, and so the key */
            const char *text = va_arg(args, const char *);
            snprintf(e->hint, sizeof e->hint, "%s", text);
            snprintf(e->hint_vi, sizeof e->hint_vi, "%s", text_in("vi", text));
        } else {
            print_both(e->hint, e->hint_vi, sizeof e->hint, format, args);
        }
        va_end(args);
    }
    return false;
}

bool error_at(struct error *e, const char *file, unsigned line, unsigned column, struct slice text)
{
    if (!e)
        return false;
    if (!e->place[0]) {
        if (line && column)
            snprintf(e->place, sizeof e->place, "%s:%u:%u", file, line, column);
        else if (line)
            snprintf(e->place, sizeof e->place, "%s:%u", file, line);
        else
            snprintf(e->place, sizeof e->place, "%s", file);
    }
    if (text.len && !e->excerpt[0]) {
        size_t len = slice_find_byte(text, '\n');
        if (len >= sizeof e->excerpt)
            len = sizeof e->excerpt - 1;
        while (len && ((unsigned char)text.data[len - 1] & 0xc0) == 0x80 && len < text.len &&
               ((unsigned char)text.data[len] & 0xc0) == 0x80)
            len--; /* not in the middle of a character */
        memcpy(e->excerpt, text.data, len);
        e->excerpt[len] = '\0';
        e->excerpt_column = column <= len + 1 ? column : 0;
    }
    return false;
}

void error_clear(struct error *e)
{
    *e = ERROR_NONE;
}

static bool is_vietnamese(const char *language)
{
    return language && strncmp(language, "vi", 2) == 0;
}

const char *error_sentence(const struct error *e, const char *language)
{
    return is_vietnamese(language) && e->sentence_vi[0] ? e->sentence_vi : e->sentence;
}

const char *error_hint_in(const struct error *e, const char *language)
{
    return is_vietnamese(language) && e->hint_vi[0] ? e->hint_vi : e->hint;
}

void error_print(const struct error *e, const char *language, struct buffer *out)
{
    if (e->place[0])
        buffer_print(out, "%s: ", e->place);
    buffer_print(out, "%s\n", error_sentence(e, language));
    if (e->excerpt[0]) {
        buffer_print(out, "    %s\n", e->excerpt);
        if (e->excerpt_column) {
            unsigned column = 0; /* characters, not bytes */
            for (unsigned i = 0; i + 1 < e->excerpt_column && e->excerpt[i]; i++)
                column += ((unsigned char)e->excerpt[i] & 0xc0) != 0x80;
            buffer_print(out, "    %*s^\n", (int)column, "");
        }
    }
    if (e->hint[0])
        buffer_print(out, "    %s: %s\n", text_in(language, "hint"), error_hint_in(e, language));
}
