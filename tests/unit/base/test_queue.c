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
