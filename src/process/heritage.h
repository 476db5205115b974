/* heritage - what the supervisor hands to a role: the part of the configuration that it needs, and
 * sockets. One message over descriptor 3, before anything else.
 *
 * Values are texts by name, descriptors too; asking for what was not given is a bug (asserts), except
 * through the _if functions.
 */
#ifndef PROCESS_HERITAGE_H
#define PROCESS_HERITAGE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "process/message.h"

#define HERITAGE_FD 3

/* ---- giving ---------------------------------------------------------------------------------- */

struct heritage_writer {
    struct buffer bytes;
    int descriptors[MESSAGE_DESCRIPTORS_MAX];
    unsigned descriptor_count;
};

void heritage_writer_init(struct heritage_writer *w);
void heritage_writer_free(struct heritage_writer *w);
void heritage_put(struct heritage_writer *w, const char *name, const char *value);
/* fd stays the caller's; -1 is left out. */
void heritage_put_descriptor(struct heritage_writer *w, const char *name, int fd);
bool heritage_send(int channel, const struct heritage_writer *w, struct error *e);

/* ---- receiving ------------------------------------------------------------------------------- */

struct heritage_item {
    char *name, *value;     /* value NULL: a descriptor */
    int fd;
};

struct heritage {
    struct arena *arena;
    struct heritage_item *items;
    uint32_t count;
    int channel;            /* to the supervisor: nudges both ways; closed when it ends */
};

bool heritage_receive(int channel, struct arena *arena, struct heritage *heritage_out,
                      struct error *e);
const char *heritage_text(const struct heritage *heritage, const char *name);
/* "" when absent. */
const char *heritage_text_if(const struct heritage *heritage, const char *name);
/* -1 when absent. The role's own from then on. */
int heritage_descriptor(const struct heritage *heritage, const char *name);

#endif
