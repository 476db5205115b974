/* queue - a bounded line of pointers between two stages of threads.
 *
 * A full queue is back-pressure: the one who pushes waits, or is told. Closing wakes everybody:
 * what is inside still comes out.
 */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

struct queue *queue_new(size_t capacity);  /* NULL when memory is short */
void queue_free(struct queue **queue);     /* what is inside is the caller's: drain it before */
/* Waits while full. False when closed: the item stays the caller's. */
bool queue_push(struct queue *queue, void *item);
/* False at once when full or closed. */
bool queue_try_push(struct queue *queue, void *item);
/* Waits while empty; NULL when closed and empty, or after timeout ns (negative: for ever). */
void *queue_pop(struct queue *queue, int64_t timeout);
void queue_close(struct queue *queue);
bool queue_closed(struct queue *queue);
size_t queue_length(struct queue *queue);

/* Items of very different size: limits the sum of their weights too. Pushing waits while the item
 * would bring the sum above `most`; one that is heavier alone goes into an empty queue. An item's
 * weight must not change while it is inside. To be called before the first push. */
void queue_limit(struct queue *queue, size_t most, size_t (*weigh)(const void *item));
/* How full it is, in percent of its places or of its weight, whichever is more. */
unsigned queue_fullness(struct queue *queue);

#endif
