/* pattern - templates for lines of text, readable by whoever reads the log.
 *
 *     Failed password for {user} from {src_ip:ip} port {src_port:number} ssh2
 *
 * Literal text matches itself; {name} is the shortest text that lets the rest match; {name:kind}
 * says what it may be: number (digits), ip (an address), word (no blank), quoted (up to a '"' that
 * is not escaped), rest (to the end), pairs (the rest as key=value). {} and {:kind} match and
 * forget. "(? text {x})" may be missing. {{ is a brace. The whole text must match.
 *
 * The end is anchored and kinds are checked while backtracking, so a user name such as
 * "x from 1.2.3.4 port 1 ssh2" cannot forge src_ip. Work is bounded: after PATTERN_STEPS tries a
 * text does not match.
 */
#ifndef EVENT_PATTERN_H
#define EVENT_PATTERN_H

#include "base/arena.h"
#include "base/error.h"

enum pattern_kind {
    PATTERN_LITERAL, PATTERN_TEXT, PATTERN_NUMBER, PATTERN_IP, PATTERN_WORD, PATTERN_QUOTED,
    PATTERN_REST, PATTERN_PAIRS
};

struct pattern_part {
    enum pattern_kind kind;
    struct slice text;      /* literal, or the name ("" forgets) */
    uint32_t id;            /* of the name; the decoders' */
};

struct pattern {
    struct pattern_part *parts;
    uint32_t count;
};

#define PATTERN_PARTS 64u
#define PATTERN_STEPS 4000u
#define PATTERN_OPTIONS 5u /* (? ) groups of one template */

/* Compiles a template into 1 << (number of groups) patterns, longest first. False with a sentence
 * when it is not well formed. */
bool pattern_compile(struct slice text, struct arena *arena, struct pattern **patterns_out,
                     uint32_t *count_out, struct error *e);
/* values[i] is what part i matched (literals too); it has PATTERN_PARTS places. */
bool pattern_match(const struct pattern *pattern, struct slice text, struct slice *values);
/* The same, trying one end of each value after the other at once: for tests to compare. */
bool pattern_search(const struct pattern *pattern, struct slice text, struct slice *values);

#endif
