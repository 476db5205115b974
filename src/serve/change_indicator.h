/* change_indicator - the commands of serve/change.h that load, remove and allow threat indicators.
 *
 *   {"do":"indicators begin","source":"ncsc","add":false}      → {"feed":1,"round":4}
 *   {"do":"indicators put","feed":1,"round":4,
 *    "rows":[[type,"value",confidence,tlp,valid_until,"note"],…]}  → {"rows":n}
 *   {"do":"indicators end","feed":1,"round":4,"source":…,"license":…,"format":…,"file":…,
 *    "skipped":n,"refused":n}                                      → {"source":…}
 *   {"do":"indicators remove","value":…} or {"source":…}           → {"removed":n}
 *   {"do":"indicators allow","value":…,"reason":…}, {"do":"indicators disallow","value":…}
 */
#ifndef SERVE_CHANGE_INDICATOR_H
#define SERVE_CHANGE_INDICATOR_H

#include "base/json.h"
#include "records/records.h"

#define CHANGE_INDICATORS_MOST 50000u   /* rows in one put */

bool change_indicators_begin(struct records *records, const struct json *request,
                             struct arena *arena, struct json_writer *w, struct error *e);
bool change_indicators_put(struct records *records, const struct json *request,
                           struct arena *arena, struct json_writer *w, struct error *e);
bool change_indicators_end(struct records *records, const struct json *request,
                           struct arena *arena, struct json_writer *w, struct error *e);
bool change_indicators_remove(struct records *records, const struct json *request,
                              struct arena *arena, struct json_writer *w, struct error *e);
bool change_indicators_allow(struct records *records, const struct json *request,
                             struct arena *arena, struct json_writer *w, struct error *e);
bool change_indicators_disallow(struct records *records, const struct json *request,
                                struct arena *arena, struct json_writer *w, struct error *e);

#endif
