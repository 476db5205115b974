/* answer - the lines that a child of the reader sends while it works (serve/query_wire.h). */
#ifndef SERVE_ANSWER_H
#define SERVE_ANSWER_H

#include "base/buffer.h"

struct answer {
    int fd;
    struct buffer line;
    bool gone;          /* the other side has hung up */
    bool columns;       /* of the table were said */
};

/* The line in the buffer; false when nobody listens any more. */
bool answer_send(struct answer *answer);

#endif
