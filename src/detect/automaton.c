#include "detect/automaton.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

typedef hs_error_t scan_function(const hs_database_t *, const char *, unsigned, unsigned, hs_scratch_t *,
                                 match_event_handler, void *);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static scan_function *scan = hs_scan;
static const char *build = "the library's choice";

/* As the library exports them beside hs_scan; elsewhere (not x86-64, or built for one processor) there is
 * one build only. */
static bool take(const char *symbol, const char *name)
{
    void *found = dlsym(RTLD_DEFAULT, symbol);
    if (!found)
        return false;
    memcpy(&scan, &found, sizeof scan);
    build = name;
    return true;
}

static void choose(void)
{
#if defined(__x86_64__)
    if (!(__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt") &&
          take("corei7_hs_scan", "SSE4.2")) && __builtin_cpu_supports("ssse3"))
        take("core2_hs_scan", "SSSE3");
#endif
}

const hs_platform_info_t *automaton_platform(void)
{
    static const hs_platform_info_t any = { .tune = HS_TUNE_FAMILY_GENERIC, .cpu_features = 0 };
    return &any;
}

void automaton_scan(const hs_database_t *database, struct slice text, hs_scratch_t *scratch,
                    match_event_handler found, void *owner)
{
    pthread_once(&once, choose);
    scan(database, text.data ? text.data : "", (unsigned)text.len, 0, scratch, found, owner);
}

const char *automaton_build(void)
{
    pthread_once(&once, choose);
    return build;
}
