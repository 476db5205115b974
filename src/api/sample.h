/* sample - which fields the newest matching events carry, and their commonest values: counted while
 * a search's events pass by. */
#ifndef API_SAMPLE_H
#define API_SAMPLE_H

#include "api/search.h"

#define SAMPLE_EVENTS 1000   /* enough to be counted over */

struct sample {
    struct api_call *call;
    struct map fields;       /* name → struct field * */
    uint64_t events;
};

void sample_free(struct sample *sample);
/* One of the reader's events; its bytes are copied into the call's arena. */
void sample_take(struct sample *sample, const struct json *event);
/* The members of FieldList: each field with at most so many values. */
void sample_put(struct sample *sample, struct search_names *names, size_t values);

#endif
