#include "cases/clock.h"

const char *clock_standing_name(enum clock_standing standing)
{
    static const char *const names[] = {
        [CLOCK_RUNNING] = "running", [CLOCK_MET] = "met",
        [CLOCK_LATE] = "late",       [CLOCK_MISSED] = "missed",
    };
    return standing <= CLOCK_MISSED ? names[standing] : "?";
}

int64_t clock_due(const struct regime_clock *clock, int64_t detected_at)
{
    int64_t due;
    if (!clock || !clock->regime.len || clock->span <= 0 ||
        __builtin_add_overflow(detected_at, clock->span, &due))
        return 0;
    return due;
}

bool clock_standing_of(const struct records_incident *incident, int64_t now,
                       enum clock_standing *standing_out)
{
    if (!incident->tell_due || slice_is(incident->state, "rejected"))
        return false;
    if (incident->told_at)
        *standing_out = incident->told_at <= incident->tell_due ? CLOCK_MET : CLOCK_MISSED;
    else
        *standing_out = now <= incident->tell_due ? CLOCK_RUNNING : CLOCK_LATE;
    return true;
}
