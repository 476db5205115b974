/* canary_watch - the hub's half of the canary: is what was sent found again in the archive?
 *
 * Two in a row that are not found: the listener loses events. Then an alarm is raised for the lead,
 * our own gap begins (nobody is blamed for it), and the page of the machine says so; the next one that
 * is found ends both.
 */
#ifndef SERVE_CANARY_WATCH_H
#define SERVE_CANARY_WATCH_H

#include "api/api.h"
#include "enrol/authority.h"
#include "event/roster.h"
#include "records/records.h"

struct canary_watch;

/* run and archive: folders; they must live as long. interval ns; 0: there is no canary. authority: makes
 * its certificate, for listeners that take no one without. */
struct canary_watch *canary_watch_new(const char *run, const char *archive, int64_t interval,
                                      struct authority *authority);
void canary_watch_free(struct canary_watch **watch);

/* The source by which the listeners know it, its token and certificate made when there are none yet; the
 * bytes are the watch's. *certificate_out: hex of its SHA-256, NULL when none could be made. False when
 * there is no canary. */
bool canary_watch_source(struct canary_watch *watch, struct roster_source *source_out,
                         const char **certificate_out);
/* By the hub's thread, every second or so. */
void canary_watch_step(struct canary_watch *watch, struct records *records);

/* For the page of the machine, any thread: what is known of that listener, and a check of its own. */
void canary_watch_listener(struct canary_watch *watch, struct slice protocol,
                           struct api_listener *listener);
bool canary_watch_check(struct canary_watch *watch, const char *language, struct arena *arena,
                        struct api_check *check_out);

#endif
