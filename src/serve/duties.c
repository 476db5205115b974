#include "serve/duties.h"

#include "base/clock.h"
#include "base/log.h"

#include "records/rhythm.h"
#include "records/silence.h"
#include "records/source.h"
#include "records/user.h"

#define WATCH_EVERY (5 * CLOCK_SECOND)
#define LEARN_EVERY CLOCK_HOUR
#define TIDY_EVERY (10 * CLOCK_MINUTE)

/* Its time has come; the next is that much later. */
static bool is_due(int64_t *due, int64_t every)
{
    int64_t now = clock_steady();
    if (now < *due)
        return false;
    *due = now + every;
    return true;
}

static void watch(struct duties *d)
{
    struct records_silence_news news;
    struct error e = ERROR_NONE;
    if (!records_silence_watch(d->records, clock_now(), d->skew_most, &news, &e))
        log_error(&e, "watching the sources");
    if (news.fell_silent || news.spoke_again)
        log_info("%u sources fell silent, %u are heard again", news.fell_silent, news.spoke_again);
    if (news.clocks_wrong || news.clocks_right)
        log_info("%u clocks are wrong, %u are right again", news.clocks_wrong, news.clocks_right);
}

static void learn(struct duties *d)
{
    struct error e = ERROR_NONE;
    if (!records_rhythm_learn(d->records, clock_now(), &e))
        log_error(&e, "learning how sources send");
}

static void tidy(struct duties *d)
{
    struct error e = ERROR_NONE;
    if (!records_source_tidy(d->records, &e) || !records_session_tidy(d->records, &e))
        log_error(&e, "tidying");
}

void duties_step(struct duties *d)
{
    if (is_due(&d->learn_due, LEARN_EVERY))
        learn(d);
    if (is_due(&d->watch_due, WATCH_EVERY))
        watch(d);
    if (is_due(&d->tidy_due, TIDY_EVERY))
        tidy(d);
}
