/* message - one whole message between two of our processes, with descriptors.
 *
 * Over SOCK_SEQPACKET socket pairs: the kernel keeps the bounds of a message, so there is no framing
 * to get wrong. Good: handing over, nudges, small reports. Bad: anything large or lasting (streams
 * have a socket of their own). Never: to or from another machine.
 */
#ifndef PROCESS_MESSAGE_H
#define PROCESS_MESSAGE_H

#include "base/error.h"
#include "base/slice.h"

#define MESSAGE_BYTES_MAX (64u * 1024)
#define MESSAGE_DESCRIPTORS_MAX 32

struct message {
    char bytes[MESSAGE_BYTES_MAX];
    size_t len;
    int descriptors[MESSAGE_DESCRIPTORS_MAX]; /* the receiver's own; close-on-exec */
    unsigned descriptor_count;
};

/* Both ends, close-on-exec. */
bool message_pair(int ends_out[2], struct error *e);
/* False when the other end is gone or its queue is full (non-blocking ends only). */
bool message_send(int fd, struct slice bytes, const int *descriptors, unsigned count,
                  struct error *e);
/* Waits for the next message. False with e unset when the other end has closed. */
bool message_receive(int fd, struct message *message_out, struct error *e);

/* A nudge: "look again". An empty-bodied message that may be lost when one is already waiting. */
void message_nudge(int fd, char what);
/* Takes all waiting nudges off fd (non-blocking); a bit per letter 'a'..'z' is set in the result.
 * *closed_out: the other end is gone. */
uint32_t message_nudges(int fd, bool *closed_out);

#endif
