/* damage_watch - the hub's eye on files of the archive that cannot be used: those that the pipeline
 * set aside (archive/aside.h), and those of the last month that cannot be read.
 *
 * Each is an alarm for the lead, once; a file set aside is also a gap of our own, from its last write
 * to the new file's beginning. The page of the machine names them until they are taken away. What was
 * told stands in the records, so that a hub that starts anew does not tell it again.
 */
#ifndef SERVE_DAMAGE_WATCH_H
#define SERVE_DAMAGE_WATCH_H

#include "api/api.h"
#include "records/records.h"

struct damage_watch;

/* archive: the folder; must live as long. NULL when memory is short. */
struct damage_watch *damage_watch_new(const char *archive);
void damage_watch_free(struct damage_watch **watch);
/* By the hub's thread, every second or so; it looks when it is time. */
void damage_watch_step(struct damage_watch *watch, struct records *records);
/* For the page of the machine; any thread. */
bool damage_watch_check(struct damage_watch *watch, const char *language, struct arena *arena,
                        struct api_check *check_out);

#endif
