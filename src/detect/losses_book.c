#include "detect/losses_book.h"

#include <pthread.h>
#include <stdlib.h>

#define NAMED_EACH 4096u   /* unknown events named one by one, */
#define NAMED_ONE_OF 64u   /* and behind them: making the name costs as much as the scan */

struct counted { uint64_t events, unknown, dropped, regex_limit; };

struct losses_book {
    pthread_mutex_t lock;
    struct losses shown;       /* under the lock */
    struct losses own;         /* the detector's thread's */
    struct counted before;     /* of scanners and correlators that are gone */
    uint64_t unknown;          /* of the present scanner, at the event before */
};

struct losses_book *losses_new(void)
{
    struct losses_book *book = calloc(1, sizeof *book);
    if (book)
        pthread_mutex_init(&book->lock, NULL);
    return book;
}

void losses_free(struct losses_book **book)
{
    if (*book)
        pthread_mutex_destroy(&(*book)->lock);
    free(*book);
    *book = NULL;
}

static void name_source(struct losses *l, struct slice name, uint64_t weight)
{
    size_t len = name.len < LOSSES_NAME ? name.len : LOSSES_NAME - 1;
    uint32_t i = 0;
    while (i < l->source_count && !slice_equal(slice_of(l->sources[i].name), slice_cut(name, 0, len)))
        i++;
    if (i == LOSSES_NAMES)
        return;
    if (i == l->source_count) {
        l->sources[l->source_count++] = (struct losses_source){ .events = 0 };
        memcpy(l->sources[i].name, name.data, len);
    }
    l->sources[i].events += weight;
    for (; i && l->sources[i].events > l->sources[i - 1].events; i--) {
        struct losses_source less = l->sources[i - 1];
        l->sources[i - 1] = l->sources[i];
        l->sources[i] = less;
    }
}

void losses_event(struct losses_book *book, const struct scanner *scanner)
{
    uint64_t unknown = scanner_statistics(scanner).unknown;
    if (unknown == book->unknown)
        return;
    book->unknown = unknown;
    bool each = unknown <= NAMED_EACH;
    struct slice name = each || unknown % NAMED_ONE_OF == 0 ? scanner_unknown(scanner) : SLICE_NONE;
    if (name.len)
        name_source(&book->own, name, each ? 1 : NAMED_ONE_OF);
}

static struct counted count(const struct losses_book *book, const struct scanner *scanner,
                            const struct correlator *correlator)
{
    struct scanner_statistics s = scanner_statistics(scanner);
    return (struct counted){
        .events = book->before.events + s.events,
        .unknown = book->before.unknown + s.unknown,
        .regex_limit = book->before.regex_limit + s.regex_limit,
        .dropped = book->before.dropped + correlator_statistics(correlator).dropped,
    };
}

void losses_batch(struct losses_book *book, const struct scanner *scanner,
                  const struct correlator *correlator, bool cut)
{
    struct counted now = count(book, scanner, correlator);
    book->own.events = now.events;
    book->own.unknown = now.unknown;
    book->own.regex_limit = now.regex_limit;
    book->own.dropped = now.dropped;
    book->own.cut += cut;
    pthread_mutex_lock(&book->lock);
    book->shown = book->own;
    pthread_mutex_unlock(&book->lock);
}

void losses_keep(struct losses_book *book, const struct scanner *scanner,
                 const struct correlator *correlator)
{
    book->before = count(book, scanner, correlator);
    book->unknown = 0;
}

struct losses losses_look(struct losses_book *book)
{
    pthread_mutex_lock(&book->lock);
    struct losses shown = book->shown;
    pthread_mutex_unlock(&book->lock);
    return shown;
}
