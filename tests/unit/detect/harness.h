/* harness - a rule and an event in a line each, for the conformance tests. */
#ifndef TEST_DETECT_HARNESS_H
#define TEST_DETECT_HARNESS_H

#include "detect/compiler.h"
#include "detect/scanner.h"
#include "test.h"

/* Does a rule with this detection section match this JSON event? `detection` is what stands under
 * "detection:", two blanks deep; "condition" is added when it is missing. Its log source fits. */
bool detects(const char *detection, const char *json);
/* The same, of a JSON event whose fields are read lazily. */
bool detects_lazily(const char *detection, const char *json);
/* Scans the event, whose fields were read at once, and then again as a lazy reader gives it: fails where
 * the two do not say the same. Returns the number of rules, in rules_out. */
uint32_t scan_both(struct scanner *scanner, const struct event *event, const uint32_t **rules_out);
/* One selection, one line: "Image|endswith: '\\cmd.exe'". */
bool matches(const char *item, const char *json);
/* The sentence of the error that refuses the rule; "" when it compiles. */
const char *refusal(const char *detection);
/* The sentence of the last refusal. */
const char *refusal_text(void);
/* Whole rules (YAML documents) of a file; NULL when one was refused. */
struct ruleset *compile_text(const char *yaml, const char *logsources, const char *placeholders);
/* Writes a file into the test folder and returns its path. */
const char *write_file(const char *name, const char *text);
/* ../shared beside the project, or SKIP. */
const char *shared(const char *path);

#endif
