/* needs - what events must have for any rule of a set to match them, asked of many at once.
 *
 * By the rules' conditions and log sources: names of fields, and texts of which some must stand in their
 * values. Only what proves that nothing can match is used: a negated part demands nothing, nor do
 * expressions without a text that is certain, networks, numbers compared, null, fields that are absent.
 * Good: for a back-test, to leave out whole blocks of an archive; one thread.
 * Never: for records that are looked at joined (event/audit.h): each by itself lacks what the others have.
 */
#ifndef DETECT_NEEDS_H
#define DETECT_NEEDS_H

#include "detect/ruleset.h"
#include "event/event.h"

struct needs;

/* A text that stands in a value, both folded (base/fold.h), or both as they are. Short of an open end the
 * value may go on; at the other it begins or ends with the text. */
struct needs_text {
    struct slice text;
    bool left, right;                     /* open there */
};

/* What is known of some events. */
struct needs_events {
    const bool *absent;                   /* by text: it stands in none of them; NULL: nothing is known */
    const struct event_logsource *labels; /* what decoders say of some of them */
    uint32_t label_count;
    const struct slice *names;            /* of their fields: they have no others */
    uint32_t name_count;
};

/* Shares the ruleset. NULL: memory is short. */
struct needs *needs_new(struct ruleset *ruleset);
void needs_free(struct needs **needs);
/* They live as long as the needs. */
uint32_t needs_texts(const struct needs *needs, const struct needs_text **texts_out);
/* False only when no rule can match one of these events; correlations count what others match. each: NULL,
 * or by rule: set to true for those that may; those that were true before are not asked. */
bool needs_met(struct needs *needs, const struct needs_events *events, bool *each);

#endif
