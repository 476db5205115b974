#include "event/alert.h"

static const char *const level_names[] = {
    [LEVEL_INFORMATIONAL] = "informational", [LEVEL_LOW] = "low", [LEVEL_MEDIUM] = "medium",
    [LEVEL_HIGH] = "high", [LEVEL_CRITICAL] = "critical",
};

#define LEVELS (sizeof level_names / sizeof *level_names)

const char *alert_level_name(enum alert_level level)
{
    return (size_t)level < LEVELS ? level_names[level] : "unknown";
}

bool alert_level_parse(struct slice name, enum alert_level *level_out)
{
    for (size_t i = 0; i < LEVELS; i++)
        if (slice_is(name, level_names[i])) {
            *level_out = (enum alert_level)i;
            return true;
        }
    return false;
}
