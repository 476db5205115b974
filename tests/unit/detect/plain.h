/* plain - the specification as code: slow, obvious, sharing nothing with the engine but the reading of
 * YAML and of JSON. Rules are read anew for each event, straight from their documents. The engine is
 * held against it. */
#ifndef TEST_DETECT_PLAIN_H
#define TEST_DETECT_PLAIN_H

#include "base/yaml.h"
#include "event/event.h"

/* Does the rule's condition hold for the event? lists: of placeholders, or NULL. renamed: pairs (Sigma's
 * name, the event's name), NULL-ended, used where Sigma's name is absent. */
bool plain_match(const struct yaml *rule, const struct yaml *lists, const struct event *event,
                 const char *const *renamed);

#endif
