#include "test.h"

#include <pthread.h>

#include "base/queue.h"

static void *take_all(void *queue)
{
    intptr_t sum = 0;
    for (void *item; (item = queue_pop(queue, -1));)
        sum += (intptr_t)item;
    return (void *)sum;
}

TEST("everything that goes in comes out, once, while a full queue makes the sender wait") {
    struct queue *queue = queue_new(4);
    pthread_t takers[2];
    intptr_t sum = 0, expected = 0;
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&takers[i], NULL, take_all, queue) == 0);
    for (intptr_t i = 1; i <= 5000; i++, expected += i - 1)
        CHECK(queue_push(queue, (void *)i));
    queue_close(queue);
    for (int i = 0; i < 2; i++) {
        void *part;
        pthread_join(takers[i], &part);
        sum += (intptr_t)part;
    }
    CHECK_INT(sum, expected);
    queue_free(&queue);
    CHECK(queue == NULL);
}

TEST("a full queue refuses who will not wait; a closed one refuses all but gives what it holds") {
    struct queue *queue = queue_new(1);
    int item;
    CHECK(queue_try_push(queue, &item));
    CHECK(!queue_try_push(queue, &item));
    CHECK_INT(queue_length(queue), 1);
    queue_close(queue);
    CHECK(!queue_push(queue, &item) && queue_closed(queue));
    CHECK(queue_pop(queue, -1) == &item);
    CHECK(queue_pop(queue, -1) == NULL);
    queue_free(&queue);
}

TEST("waiting ends at the time given") {
    struct queue *queue = queue_new(1);
    CHECK(queue_pop(queue, 1000000) == NULL);
    queue_free(&queue);
}

static size_t weigh(const void *item)
{
    return (size_t)(intptr_t)item;
}

static void *push_forty(void *queue)
{
    return (void *)(intptr_t)queue_push(queue, (void *)40);
}

TEST("a queue with a limit of weight takes no more than that, but always one") {
    struct queue *queue = queue_new(8);
    queue_limit(queue, 100, weigh);
    CHECK(queue_try_push(queue, (void *)60));
    CHECK_INT(queue_fullness(queue), 60);
    CHECK(!queue_try_push(queue, (void *)41));
    CHECK(queue_try_push(queue, (void *)40));
    CHECK(!queue_try_push(queue, (void *)1));
    CHECK_INT((intptr_t)queue_pop(queue, 0), 60);
    CHECK_INT((intptr_t)queue_pop(queue, 0), 40);
    CHECK(queue_try_push(queue, (void *)500)); /* heavier than all: into the empty queue */
    pthread_t waiting;
    void *done;
    CHECK(pthread_create(&waiting, NULL, push_forty, queue) == 0);
    CHECK_INT((intptr_t)queue_pop(queue, -1), 500);
    pthread_join(waiting, &done);
    CHECK(done != NULL);
    CHECK_INT((intptr_t)queue_pop(queue, -1), 40);
    queue_free(&queue);
}
