/* machine - how the server itself is, for the console's page of the machine: read from the small files
 * that supervisor, pipeline and compiler leave in run/ and cache/. */
#ifndef SERVE_MACHINE_H
#define SERVE_MACHINE_H

#include "archive/holdings.h"
#include "intake/listeners.h"

#include "api/api.h"

struct machine {
    const char *run, *cache, *archive;
    const char *addresses[INTAKE_LISTENERS_COUNT];   /* of the listeners; "": off */
    int64_t started;        /* of the hub */
    struct holdings *holdings;
    struct canary_watch *canary;
    struct damage_watch *damage;
};

/* Fits api_machine.look; owner is a struct machine. */
bool machine_look(void *owner, const char *language, struct arena *arena,
                  struct api_machine_state *state_out, struct error *e);

/* When the pipeline was last alive, began, and when the one before it last lived (ns UTC; 0: never). */
struct machine_pulse {
    int64_t alive, started, before;
};
struct machine_pulse machine_pulse(const char *run);

#endif
