#include "api/stream.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "http/http.h"

#define LISTENERS_MOST 12

/* ---- lines ----------------------------------------------------------------------------------- */

bool api_stream_open(struct api_call *call, const char *type)
{
    http_reply_security(call->request);
    http_reply_header(call->request, "Cache-Control", SLICE("no-store"));
    http_reply_header(call->request, "X-Accel-Buffering", SLICE("no"));
    call->stream = http_reply_stream(call->request, 200, type);
    call->request = NULL;
    call->streamed = true;
    return call->stream != NULL;
}

bool api_stream_bytes(struct api_call *call)
{
    bool sent = call->stream && !call->body.failed &&
                http_stream_write(call->stream, buffer_slice(&call->body));
    buffer_clear(&call->body);
    json_writer_init(&call->json, &call->body);
    return sent;
}

bool api_stream_line(struct api_call *call)
{
    buffer_add_byte(&call->body, '\n');
    return api_stream_bytes(call);
}

/* ---- news ------------------------------------------------------------------------------------ */

struct api_news {
    pthread_mutex_t lock;
    pthread_cond_t told;
    uint64_t number;
    unsigned listeners;
};

struct api_news *api_news_new(void)
{
    struct api_news *news = calloc(1, sizeof *news);

    if (news) {
        pthread_mutex_init(&news->lock, NULL);
        pthread_cond_init(&news->told, NULL);
    }
    return news;
}

void api_news_free(struct api_news **news)
{
    if (*news) {
        pthread_mutex_destroy(&(*news)->lock);
        pthread_cond_destroy(&(*news)->told);
    }
    free(*news);
    *news = NULL;
}

void api_news_tell(struct api_news *news)
{
    pthread_mutex_lock(&news->lock);
    news->number++;
    pthread_cond_broadcast(&news->told);
    pthread_mutex_unlock(&news->lock);
}

bool api_news_join(struct api_news *news, uint64_t *seen_out)
{
    pthread_mutex_lock(&news->lock);
    bool joined = news->listeners < LISTENERS_MOST;
    news->listeners += joined;
    *seen_out = news->number;
    pthread_mutex_unlock(&news->lock);
    return joined;
}

void api_news_leave(struct api_news *news)
{
    pthread_mutex_lock(&news->lock);
    news->listeners--;
    pthread_mutex_unlock(&news->lock);
}

void api_news_wait(struct api_news *news, uint64_t *seen, int64_t most)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    most += until.tv_nsec;
    until.tv_sec += most / CLOCK_SECOND;
    until.tv_nsec = most % CLOCK_SECOND;
    pthread_mutex_lock(&news->lock);
    while (news->number == *seen &&
           pthread_cond_timedwait(&news->told, &news->lock, &until) == 0)
        ;
    *seen = news->number;
    pthread_mutex_unlock(&news->lock);
}
