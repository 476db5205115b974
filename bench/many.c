/* many - real JSON lines again and again, changed as another day on other machines would change them.
 *
 *     bench_many FILE BYTES [NEEDLE]
 *
 * Writes about BYTES to stdout. In each round over FILE every run of five or more digits or hex digits
 * (ids, handles, hashes, SIDs, GUIDs), every host number and the last two parts of every IPv4 address
 * become others, the same ones within a round, so that lines keep hanging together; times go on. So no
 * round can be told from the one before by a long match, and the words, addresses and hashes grow with
 * the rounds. NEEDLE is put into three lines of all. Nothing of FILE is kept by the project. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
    char *data;
    size_t len;
};

static struct text read_all(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct text text = { NULL, 0 };
    if (!file || fseek(file, 0, SEEK_END) != 0)
        exit(3);
    text.len = (size_t)ftell(file);
    rewind(file);
    text.data = malloc(text.len + 1);
    if (!text.data || fread(text.data, 1, text.len, file) != text.len)
        exit(3);
    text.data[text.len] = '\n';
    fclose(file);
    return text;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x7fb5d329728ea185);
    x ^= x >> 27;
    x *= UINT64_C(0x81dadef4bc2dd44d);
    return x ^ x >> 33;
}

/* Each digit becomes another of its kind; the first of a number does not become 0. */
static void change(char *run, size_t len, uint64_t round)
{
    uint64_t state = round;
    for (size_t i = 0; i < len; i++)
        state = (state ^ (unsigned char)run[i]) * UINT64_C(0x100000001b3);
    state = mix(state);
    for (size_t i = 0; i < len; i++) {
        state = state * UINT64_C(6364136223846793005) + 1;
        if (is_digit(run[i]))
            run[i] = (char)('0' + (i ? (state >> 33) % 10 : 1 + (state >> 33) % 9));
        else
            run[i] = (char)((run[i] & 0x60) + 1 + (int)((state >> 33) % 6));
    }
}

/* 2020-10-23T02:36:40 at text: the day and the hour go on with the rounds. */
static bool is_time(const char *text, size_t left)
{
    return left >= 19 && text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == ' ') &&
           text[13] == ':' && text[16] == ':' && is_digit(text[0]) && is_digit(text[18]);
}

static size_t address(char *text, size_t left, uint64_t round)
{
    unsigned a, b, c, d;
    char number[32], other[32];
    int len = 0;
    snprintf(number, sizeof number, "%.*s", left < 16 ? (int)left : 16, text);
    if (sscanf(number, "%u.%u.%u.%u%n", &a, &b, &c, &d, &len) != 4 || a > 255 || b > 255 ||
        c > 255 || d > 255 || a == 127 || a == 0)
        return 0;
    uint64_t state = mix(round * 65537 + c * 256 + d);
    unsigned digits = (unsigned)(strchr(strchr(number, '.') + 1, '.') + 1 - number);
    size_t room = (size_t)len - digits; /* keeps the length, so that the line needs no room */
    for (unsigned tries = 0; tries < 4096; tries++) {
        unsigned e = (unsigned)(state + tries) % 256, f = (unsigned)(state / 256 + tries / 16) % 256;
        if ((size_t)snprintf(other, sizeof other, "%u.%u", e, f) == room) {
            memcpy(text + digits, other, room);
            break;
        }
    }
    return (size_t)len;
}

static void change_line(char *line, size_t len, uint64_t round)
{
    for (size_t i = 0; i < len;) {
        if (!is_hex(line[i]) || (i && ((line[i - 1] | 32) >= 'g' && (line[i - 1] | 32) <= 'z' &&
                                       !is_digit(line[i])))) {
            i++;
            continue;
        }
        if (is_time(line + i, len - i)) {
            char day[3];
            snprintf(day, sizeof day, "%02u", (unsigned)(1 + round / 24 % 28));
            memcpy(line + i + 8, day, 2);
            snprintf(day, sizeof day, "%02u", (unsigned)(round % 24));
            memcpy(line + i + 11, day, 2);
            i += 19;
            continue;
        }
        size_t dotted = is_digit(line[i]) && (i == 0 || !is_hex(line[i - 1]))
                            ? address(line + i, len - i, round) : 0;
        size_t end = i;
        bool digit = false;
        while (end < len && is_hex(line[end]))
            digit |= is_digit(line[end++]);
        bool word = end < len && (line[end] | 32) >= 'g' && (line[end] | 32) <= 'z';
        if (!dotted && digit && end - i >= 5 && !word)
            change(line + i, end - i, round);
        i = dotted ? i + dotted : end;
    }
}

/* WORKSTATION5 → WORKSTATION7: the number behind capital letters. */
static void change_host(char *line, size_t len, uint64_t round)
{
    for (size_t i = 4; i < len; i++)
        if (is_digit(line[i]) && line[i - 1] >= 'G' && line[i - 1] <= 'Z' && line[i - 2] >= 'A' &&
            line[i - 2] <= 'Z')
            line[i] = (char)('0' + (line[i] - '0' + round) % 10);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "bench_many FILE BYTES [NEEDLE]\n");
        return 2;
    }
    struct text all = read_all(argv[1]);
    uint64_t most = strtoull(argv[2], NULL, 10), written = 0;
    char *line = malloc(all.len + 1);
    int needles = 0;
    for (uint64_t round = 0; line && written < most; round++)
        for (size_t at = 0; at < all.len && written < most;) {
            size_t len = (size_t)((char *)memchr(all.data + at, '\n', all.len + 1 - at) -
                                  (all.data + at));
            memcpy(line, all.data + at, len);
            at += len + 1;
            change_line(line, len, round);
            change_host(line, len, round);
            if (argc > 3 && len > 2 && needles < 3 && written > most / 4 * (uint64_t)(needles + 1)) {
                char *brace = memchr(line, '{', len);
                if (brace)
                    written += (uint64_t)fprintf(stdout, "{\"needle\":\"%s\",", argv[3]);
                fwrite(brace ? brace + 1 : line, 1, brace ? len - 1 - (size_t)(brace - line) : len,
                       stdout);
                needles++;
            } else
                fwrite(line, 1, len, stdout);
            fputc('\n', stdout);
            written += len + 1;
        }
    return fflush(stdout) == 0 ? 0 : 3;
}
