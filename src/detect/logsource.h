/* logsource - what selects a log source in each shape of event: data in logsources/ *.yaml
 * (private to detect).
 *
 * A file holds:
 *   names:    how fields are called in foreign shapes
 *     unwrap: [_source.]                                    what is behind it is looked up as a whole name
 *     strip:  [Event.EventData., winlog.event_data., …]     beginnings that are left out
 *     restore: [data.win.eventdata.]                        the same where Wazuh wrote the name with a small
 *                                                           first letter and escaped the value once more
 *     rename: { Event.System.EventID: EventID, … }          the value also counts as that field's; or
 *             { cs-uri: [cs-uri-query, c-uri] }             as several fields' (VIEW_SLOTS_A_NAME)
 *   In all of them `*` stands for (the rest of) one part of a path: Event.UserData.*. or param*
 *   sources:  a list of
 *     - product, category, service                           what Sigma calls it
 *       when:   a selection as in a rule; all events that match it belong to the source
 *       fields: { Image: NewProcessName }                    Sigma's name: the name in these events, or
 *               { Image: [NewProcessName, exe] }             names, of which the first that is there
 *       unnamed: true                                        its values have no names: rules are tried,
 *                                                            and the event counts as unknown
 * One event may belong to several sources.
 */
#ifndef DETECT_LOGSOURCE_H
#define DETECT_LOGSOURCE_H

#include "detect/lower.h"

struct logsources;

/* folder NULL: none. */
bool logsources_read(const char *folder, struct arena *arena, struct logsources **out,
                     struct error *e);
/* Something selects events for rules of that log source. */
bool logsources_select(const struct logsources *l, struct slice product, struct slice category,
                       struct slice service);
bool logsources_lower(struct logsources *l, struct lowering *lowering, struct error *e);

#endif
