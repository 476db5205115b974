#include "base/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    size_t capacity, length, head;
    size_t weight, weight_most;
    size_t (*weigh)(const void *item); /* NULL: only places count */
    bool closed;
    void *items[];
};

struct queue *queue_new(size_t capacity)
{
    if (capacity == 0 || capacity > SIZE_MAX / sizeof(void *) / 2)
        return NULL;
    struct queue *queue = calloc(1, sizeof *queue + capacity * sizeof(void *));
    if (!queue)
        return NULL;
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->not_empty, &steady);
    pthread_cond_init(&queue->not_full, &steady);
    pthread_condattr_destroy(&steady);
    queue->capacity = capacity;
    return queue;
}

void queue_free(struct queue **queue)
{
    if (!*queue)
        return;
    pthread_mutex_destroy(&(*queue)->lock);
    pthread_cond_destroy(&(*queue)->not_empty);
    pthread_cond_destroy(&(*queue)->not_full);
    free(*queue);
    *queue = NULL;
}

void queue_limit(struct queue *queue, size_t most, size_t (*weigh)(const void *item))
{
    queue->weight_most = most;
    queue->weigh = weigh;
}

static size_t weight_of(const struct queue *queue, const void *item)
{
    return queue->weigh ? queue->weigh(item) : 0;
}

static bool has_room(const struct queue *queue, size_t weight)
{
    if (queue->length == queue->capacity)
        return false;
    return !queue->weigh || queue->length == 0 ||
           (queue->weight <= queue->weight_most && weight <= queue->weight_most - queue->weight);
}

static bool put(struct queue *queue, void *item, size_t weight)
{
    bool room = !queue->closed && has_room(queue, weight);
    if (room) {
        queue->items[(queue->head + queue->length++) % queue->capacity] = item;
        queue->weight += weight;
        pthread_cond_signal(&queue->not_empty);
    }
    return room;
}

bool queue_push(struct queue *queue, void *item)
{
    size_t weight = weight_of(queue, item);
    pthread_mutex_lock(&queue->lock);
    while (!queue->closed && !has_room(queue, weight))
        pthread_cond_wait(&queue->not_full, &queue->lock);
    bool done = put(queue, item, weight);
    pthread_mutex_unlock(&queue->lock);
    return done;
}

bool queue_try_push(struct queue *queue, void *item)
{
    size_t weight = weight_of(queue, item);
    pthread_mutex_lock(&queue->lock);
    bool done = put(queue, item, weight);
    pthread_mutex_unlock(&queue->lock);
    return done;
}

void *queue_pop(struct queue *queue, int64_t timeout)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    if (timeout > 0) {
        int64_t nanosecond = until.tv_nsec + timeout % 1000000000;
        until.tv_sec += (time_t)(timeout / 1000000000 + nanosecond / 1000000000);
        until.tv_nsec = (long)(nanosecond % 1000000000);
    }
    void *item = NULL;
    pthread_mutex_lock(&queue->lock);
    int waited = 0;
    while (queue->length == 0 && !queue->closed && waited != ETIMEDOUT)
        waited = timeout < 0 ? pthread_cond_wait(&queue->not_empty, &queue->lock)
                             : pthread_cond_timedwait(&queue->not_empty, &queue->lock, &until);
    if (queue->length) {
        item = queue->items[queue->head];
        queue->head = (queue->head + 1) % queue->capacity;
        queue->length--;
        queue->weight -= weight_of(queue, item);
        if (queue->weigh) /* room for a light one need not be room for the heavy one that waits */
            pthread_cond_broadcast(&queue->not_full);
        else
            pthread_cond_signal(&queue->not_full);
    }
    pthread_mutex_unlock(&queue->lock);
    return item;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_cond_broadcast(&queue->not_full);
    pthread_mutex_unlock(&queue->lock);
}

bool queue_closed(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool closed = queue->closed;
    pthread_mutex_unlock(&queue->lock);
    return closed;
}

size_t queue_length(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    size_t length = queue->length;
    pthread_mutex_unlock(&queue->lock);
    return length;
}

unsigned queue_fullness(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    size_t places = queue->length * 100 / queue->capacity;
    size_t weight = queue->weigh ? queue->weight * 100 / queue->weight_most : 0;
    pthread_mutex_unlock(&queue->lock);
    return (unsigned)(places > weight ? places : weight);
}
