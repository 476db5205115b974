/* YAML rules, their conditions, modifiers and regexes: nothing breaks the compiler, and what compiles
 * can be scanned with. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "detect/compiler.h"
#include "detect/scanner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/fuzz-rule-XXXXXX.yml";
    int fd = mkstemps(path, 4);
    if (fd < 0 || size > 64 * 1024)
        return 0;
    bool written = write(fd, data, size) == (ssize_t)size;
    close(fd);
    const char *rules[] = { path, NULL };
    struct compiler_options options = { .rules = rules };
    struct compiler_count count;
    struct ruleset *ruleset = NULL;
    struct error e = ERROR_NONE;
    if (written && compiler_run(&options, &ruleset, &count, &e)) {
        struct event_field fields[] = { { SLICE("a"), SLICE("Ab-c/d 10.0.0.1"), EVENT_TEXT },
                                        { SLICE("b"), SLICE("7"), EVENT_NUMBER } };
        struct event event = { .raw = SLICE("{}"), .fields = fields, .field_count = 2 };
        struct scanner *scanner = scanner_new(ruleset);
        const uint32_t *found;
        scanner_logsource(scanner, (struct event_logsource){ SLICE("test"), SLICE("test"),
                                                             SLICE("test") });
        uint32_t fast = scanner_scan(scanner, &event, &found);
        scanner_slow(scanner, true);
        if (fast != scanner_scan(scanner, &event, &found))
            abort(); /* the index lost a rule */
        scanner_free(&scanner);
        ruleset_free(&ruleset);
    }
    unlink(path);
    return 0;
}
