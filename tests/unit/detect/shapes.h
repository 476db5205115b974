/* shapes - records as products write them, against a rule in a line. */
#ifndef TEST_DETECT_SHAPES_H
#define TEST_DETECT_SHAPES_H

#include "base/clock.h"
#include "detect/scanner.h"

#define RECEIVED (INT64_C(1795480262) * CLOCK_SECOND)

/* As the pipeline has it: decoded first. */
bool meets_decoded(struct scanner *s, const char *record, struct arena *arena);
/* As `haidang detect` has it: JSON by its fields, text by a decoder. */
bool meets_as_file(struct scanner *s, const char *record, struct arena *arena);
/* Does a rule of this log source with this item match? Pipeline and detect have to agree. */
bool meets(const char *logsource, const char *item, const char *record);

/* One row a shape: a rule that must match the record, and a record near it that the rule must leave. */
struct shape {
    const char *name, *logsource, *item, *record, *near;
};

void check_shapes(const struct shape *rows, size_t count);
#define CHECK_SHAPES(rows) check_shapes(rows, sizeof rows / sizeof *rows)

#endif
