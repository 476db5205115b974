/* relay - collects at an agency, keeps on disk while the link is down, sends on to the hub.
 *
 *   intake's threads ──queue──▶ spool thread ──▶ spool (disk) ──▶ link thread ──▶ hub
 *
 * The same listeners as the hub's; records stay raw, the hub decodes them. A local sender that can be
 * acknowledged is so when its records are on disk, synced. Who a sender is, the hub's roster says, as far
 * as it is this agency's; the last one is kept for times without the hub.
 */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include "relay/options.h"

/* Until SIGTERM or SIGINT. listen_fd: bound by the caller, -1 off; the relay's from now on. The process
 * shuts itself in before it reads a byte. The exit status. */
int relay_run(const struct relay_settings *settings, const int listen_fd[INTAKE_LISTENERS_COUNT],
              struct arena *arena, struct error *e);

#endif
