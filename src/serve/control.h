/* control - changing commands while the server runs: the CLI asks the hub over run/control.sock.
 *
 * One line of JSON a connection, one line back: {"ok":true,"result":{…}} or {"ok":false,"error":{…}}.
 * The socket stands in the data directory (0700, the owner's), so whoever reaches it may change the
 * records anyway; the way through the hub keeps the order of things: one writer, roster at once.
 */
#ifndef SERVE_CONTROL_H
#define SERVE_CONTROL_H

#include "base/json.h"
#include "serve/change.h"

struct control;

/* Hub's side: a thread that answers on the listening descriptor (its own from now on) with a
 * connection to the records of its own; changed() runs in that thread after each change that took
 * effect. */
bool control_start(int listen_fd, const char *records, struct office *office,
                   void (*changed)(void *owner), void *owner, struct control **control_out,
                   struct error *e);
/* Ends the thread after the command in hand. NULL is fine. */
void control_stop(struct control **control);

/* CLI's side: sends the request, gives the result's JSON in the arena. False with e: what the
 * command said, or ERROR_BUSY when no server runs there (then the records may be opened directly). */
bool control_call(const char *socket, struct slice request, struct arena *arena,
                  const struct json **result_out, struct error *e);

#endif
