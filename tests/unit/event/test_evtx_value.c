/* Values of binary XML as text, each sort at its ends. */
#include <stdio.h>
#include <stdlib.h>

#include "test.h"

#include "event/evtx_value.h"

#define BYTES(literal) ((struct slice){ literal, sizeof(literal) - 1 })

static const struct row {
    const char *what;
    uint8_t type;
    struct slice bytes;
    const char *text;
} rows[] = {
    { "least int8", EVTX_INT8, BYTES("\x80"), "-128" },
    { "most uint8", EVTX_UINT8, BYTES("\xff"), "255" },
    { "int16", EVTX_INT16, BYTES("\xff\xff"), "-1" },
    { "uint16", EVTX_UINT16, BYTES("\x50\x12"), "4688" },
    { "least int32", EVTX_INT32, BYTES("\0\0\0\x80"), "-2147483648" },
    { "uint32", EVTX_UINT32, BYTES("\x64\0\0\0"), "100" },
    { "ninety-nine", EVTX_UINT32, BYTES("\x63\0\0\0"), "99" },
    { "ten", EVTX_UINT32, BYTES("\x0a\0\0\0"), "10" },
    { "nothing", EVTX_UINT32, BYTES("\0\0\0\0"), "0" },
    { "least int64", EVTX_INT64, BYTES("\0\0\0\0\0\0\0\x80"), "-9223372036854775808" },
    { "most uint64", EVTX_UINT64, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"),
      "18446744073709551615" },
    { "cut off", EVTX_UINT32, BYTES("\x01"), "0" },
    { "hex32", EVTX_HEX32, BYTES("\xf0\x0d\0\0"), "0xdf0" },
    { "hex of nothing", EVTX_HEX32, BYTES("\0\0\0\0"), "0x0" },
    { "hex64", EVTX_HEX64, BYTES("\xe7\x03\0\0\0\0\0\x80"), "0x80000000000003e7" },
    { "size of 4", EVTX_SIZE, BYTES("\x10\0\0\0"), "0x10" },
    { "size of 8", EVTX_SIZE, BYTES("\0\0\0\0\x01\0\0\0"), "0x100000000" },
    { "GUID", EVTX_GUID, BYTES("\x5f\x3a\xe8\x54\x25\x54\x78\x49\x94\x94\x84\xba\x00\x3f\x17\x94"),
      "54E83A5F-5425-4978-9494-84BA003F1794" },
    { "GUID of a wrong length", EVTX_GUID, BYTES("\x5f\x3a\xe8"), "5F3AE8" },
    { "binary", EVTX_BINARY, BYTES("\x00\x1f\xa9\xff\x10"), "001FA9FF10" },
    { "SID", EVTX_SID, BYTES("\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x20\x02\0\0"), "S-1-5-32-544" },
    { "file time", EVTX_FILETIME, BYTES("\x80\xe2\x1e\xd0\x7b\x9d\xd8\x01"),
      "2022-07-22T03:33:30.565286Z" },
    { "system time", EVTX_SYSTEMTIME, BYTES("\xe6\x07\x07\0\x05\0\x16\0\x04\0\x08\0\x29\0\x09\0"),
      "2022-07-22T04:08:41.009Z" },
    { "true", EVTX_BOOLEAN, BYTES("\x01\0\0\0"), "true" },
    { "false", EVTX_BOOLEAN, BYTES("\0\0\0\0"), "false" },
    { "ANSI", EVTX_ANSI, BYTES("caf\xe9\0"), "caf\u00e9" },
    { "text", EVTX_STRING, BYTES("K\0h\0\xe1\0n\0h\0\0\0"), "Kh\u00e1nh" },
};

TEST("each sort of value is written as the usual JSON form has it") {
    struct arena arena;
    enum event_kind kind;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct evtx_text text = { .arena = &arena };
        struct slice value = evtx_value(rows[i].type, rows[i].bytes, &text, &kind);
        if (!slice_is(value, rows[i].text))
            printf("# %s: %.*s\n", rows[i].what, SLICE_ARGS(value));
        CHECK(slice_is(value, rows[i].text));
    }
    arena_free(&arena);
}

/* UTF-16LE of a character. */
static size_t put_units(unsigned char *out, uint32_t c)
{
    uint32_t high = c < 0x10000 ? c : 0xd800 + ((c - 0x10000) >> 10), low = 0xdc00 + (c & 0x3ff);
    out[0] = (unsigned char)high;
    out[1] = (unsigned char)(high >> 8);
    if (c < 0x10000)
        return 2;
    out[2] = (unsigned char)low;
    out[3] = (unsigned char)(low >> 8);
    return 4;
}

TEST("text of every length, with a character beyond ASCII at every place") {
    static const struct { uint32_t c; const char *utf8; } others[] = {
        { 'x', "x" }, { 0x7f, "\x7f" }, { 0x80, "\xc2\x80" }, { 0x1ec1, "\xe1\xbb\x81" },
        { 0x1f600, "\xf0\x9f\x98\x80" }, { 0xdc00, "\xef\xbf\xbd" } };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t len = 1; len < 40; len++)
        for (size_t at = 0; at < len; at++)
            for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
                unsigned char *units = malloc(len * 2 + 2); /* exactly: reading beyond is seen */
                char want[64];
                size_t n = 0, w = 0;
                for (size_t i = 0; i < len; i++) {
                    char letter[2] = { (char)('a' + i % 26), 0 };
                    n += put_units(units + n, i == at ? others[k].c : (uint32_t)letter[0]);
                    w += (size_t)snprintf(want + w, sizeof want - w, "%s",
                                          i == at ? others[k].utf8 : letter);
                }
                unsigned char *exact = malloc(n);
                memcpy(exact, units, n);
                struct evtx_text text = { .arena = &arena };
                struct slice got = evtx_utf16(slice_from(exact, n), &text);
                CHECK(slice_is(got, want));
                free(exact);
                free(units);
                arena_clear(&arena);
            }
    arena_free(&arena);
}
