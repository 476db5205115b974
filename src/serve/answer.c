#include "serve/answer.h"

#include "serve/line.h"

bool answer_send(struct answer *answer)
{
    bool sent = !answer->line.failed && line_write(answer->fd, buffer_slice(&answer->line), NULL);
    buffer_clear(&answer->line);
    answer->gone = !sent;
    return sent;
}
