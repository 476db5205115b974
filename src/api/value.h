/* value - what came, held against the fields that a route declares. Private to the room. */
#ifndef API_VALUE_H
#define API_VALUE_H

#include "api/call.h"

/* Fills call->values from the path behind API_ROOT, the query and the body. False: call->error
 * names the place (a parameter's or member's name). */
bool api_values_read(struct api_call *call, struct slice path);

#endif
