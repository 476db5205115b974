/* indicator_fields - which field may hold which kind of indicator (private to detect). */
#ifndef DETECT_INDICATOR_FIELDS_H
#define DETECT_INDICATOR_FIELDS_H

#include "base/map.h"
#include "detect/indicator_match.h"

enum field_role { ROLE_ADDRESS = 1, ROLE_HOST = 2, ROLE_URL = 4, ROLE_EMAIL = 8, ROLE_HASH = 16,
                  ROLE_TEXT = 32 };

struct indicator_fields {
    struct arena arena;
    struct map names;                 /* lower case → roles */
    struct map except;                /* names as they are */
    unsigned levels[LEVEL_CRITICAL + 1]; /* least confidence; 101: none */
};

/* The roles of a field's name; 0: none. */
unsigned indicator_fields_role(const struct indicator_fields *fields, struct slice name);
enum alert_level indicator_fields_level(const struct indicator_fields *fields, unsigned confidence);

#endif
