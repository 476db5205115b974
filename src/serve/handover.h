/* handover - the settings as the supervisor hands them to each role (process/heritage.h). */
#ifndef SERVE_HANDOVER_H
#define SERVE_HANDOVER_H

#include "process/heritage.h"
#include "serve/options.h"

/* Puts every value that a role may ask for by its name. What is made for it stays in the arena. */
void handover_settings(const struct serve_settings *settings, struct arena *arena,
                       struct heritage_writer *w);

#endif
