/* indicator_allow - the allow-list's files (indicators/allow/ *.txt) into a table of indicators.
 *
 * One value a line, '#' begins a comment. ".example.vn" trusts the domain with all its sub-domains.
 */
#ifndef EXCHANGE_INDICATOR_ALLOW_H
#define EXCHANGE_INDICATOR_ALLOW_H

#include "event/indicator_table.h"

/* One entry of an allow-list, as it stands in such a line, from the file or person `source`. */
bool indicator_allow_add(struct indicator_builder *builder, struct slice text, struct slice source,
                         struct error *e);
/* The entry's one form, the dot before it kept. False when it is no indicator. */
bool indicator_allow_value(struct slice text, struct arena *arena, struct slice *out,
                           struct error *e);
/* Every file of the folder. False with file and line of what cannot be read. */
bool indicator_allow_read(const char *folder, struct indicator_builder *builder, struct error *e);

#endif
