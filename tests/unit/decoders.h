/* decoders - the project's own, loaded once a file of tests; -DDECODERS names their folder. */
#ifndef TEST_DECODERS_H
#define TEST_DECODERS_H

#include "event/decoder.h"
#include "test.h"

static inline struct decoders *own_decoders(void)
{
    static struct decoders *set;
    struct error e = ERROR_NONE;
    if (!set && !decoders_load(DECODERS, &set, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    return set;
}

#endif
