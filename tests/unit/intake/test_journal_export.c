#include <stdio.h>
#include <stdlib.h>

#include "intake/journal_export.h"
#include "test.h"

/* The entries of bytes dealt out by `step`, each with '|' behind it ('+' when something was left
 * out), then "!" when it broke. */
static const char *entries(struct slice text, size_t step)
{
    static struct buffer out;
    struct journal_export journal;
    size_t start = 0, have = 0, eaten;
    struct slice entry;
    bool cut;

    if (!out.ceiling)
        buffer_init(&out, 8u * 1024 * 1024);
    buffer_clear(&out);
    journal_export_init(&journal);
    for (;;) {
        bool ended = have >= text.len;
        enum journal_step found = journal_export_next(
            &journal, slice_cut(text, start, ended ? text.len : have), ended, &eaten, &entry, &cut);
        start += eaten;
        if (found == JOURNAL_ENTRY) {
            buffer_add(&out, entry);
            buffer_add_byte(&out, cut ? '+' : '|');
            continue;
        }
        if (found == JOURNAL_BROKEN)
            buffer_add_byte(&out, '!');
        if (found == JOURNAL_BROKEN || ended)
            break;
        have += step;
    }
    journal_export_free(&journal);
    buffer_add_byte(&out, '\0');
    return out.data;
}

#define ENTRIES(text, step) entries(slice_from(text, sizeof(text) - 1), step)

TEST("journal export: text, bytes with a length, names that come again; the same however it is dealt out") {
    static const char text[] = "_PID=7\nMESSAGE=a=b\n\n\n"
                               "MESSAGE\n\x09\0\0\0\0\0\0\0two\nlines\nTAG=x\nTAG=y\nTAG=z\n\n"
                               "MESSAGE\n\x05\0\0\0\0\0\0\0" "ca\xcc\xa9o\n";
    static const char expected[] = "{\"_PID\":\"7\",\"MESSAGE\":\"a=b\"}|"
                                   "{\"MESSAGE\":\"two\\nlines\",\"TAG\":[\"x\",\"y\",\"z\"]}|"
                                   "{\"MESSAGE\":\"ca\xcc\xa9o\"}|";
    for (size_t step = 1; step < 200; step += 7)
        CHECK_TEXT(ENTRIES(text, step), expected);
}

TEST("journal export: what is no journal, a half field at the end, a length without bytes") {
    CHECK_TEXT(ENTRIES("<34>1 2026-11-24T07:31:02Z web01 sshd - - - hello\n", 10), "!");
    CHECK_TEXT(ENTRIES("MESSAGE=a\n\nMESS", 100), "{\"MESSAGE\":\"a\"}|!");
    CHECK_TEXT(ENTRIES("MESSAGE=a\n\nMESSAGE\n\xff\xff\xff\x7f\0\0\0\0xy", 3), "{\"MESSAGE\":\"a\"}|!");
    CHECK_TEXT(ENTRIES("MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xffxy", 3), "!");
    CHECK_TEXT(ENTRIES("lower=x\n\n", 3), "!");
    CHECK_TEXT(ENTRIES("\n\n\n", 1), "");
}

TEST("journal export: long values are cut and the entry is marked, what follows is read rightly") {
    size_t len = 200000;
    char *text = malloc(2 * len + 200);
    memcpy(text, "A=", 2);
    memset(text + 2, 'x', len);
    size_t at = 2 + len;
    at += (size_t)snprintf(text + at, 8, "\nB\n");
    for (int i = 0; i < 8; i++)
        text[at++] = (char)((len >> (8 * i)) & 255);
    memset(text + at, '\n', len);
    at += len;
    at += (size_t)snprintf(text + at, 32, "\nC=end\n\nC=next\n\n");
    for (size_t step = 1000; step < 400000; step *= 7) {
        const char *out = entries(slice_from(text, at), step);
        CHECK(strstr(out, "\"C\":\"end\"}+{\"C\":\"next\"}|") != NULL);
        CHECK(strlen(out) < 4 * JOURNAL_VALUE_MOST);
    }
    free(text);
}
