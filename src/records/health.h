/* health - how well a source is heard, as SQL that source.c, system.c and intake.c share.
 *
 * Private to records/. The aliases are fixed: o is source, y its system, h its source_health.
 * A source is silent only when we really listened for longer than its cadence since its last event:
 * the time of our own gaps is taken off, and what remains below the cadence is 'unknown'.
 */
#ifndef RECORDS_HEALTH_H
#define RECORDS_HEALTH_H

/* 0 heard, 1 silent, 2 never, 3 unknown: order of enum records_health. now: a parameter, "?11". */
#define HEALTH(now)                                                                               \
    "CASE WHEN h.last_seen IS NULL THEN 2 "                                                       \
    "WHEN " now " - h.last_seen <= o.cadence * 1000000000 THEN 0 "                                \
    "WHEN " now " - h.last_seen - (SELECT coalesce(sum(min(coalesce(g.ended_at, " now "), " now   \
    ") - max(g.began_at, h.last_seen)), 0) FROM collector_gap g WHERE g.began_at < " now          \
    " AND coalesce(g.ended_at, " now ") > h.last_seen) <= o.cadence * 1000000000 THEN 3 "         \
    "ELSE 1 END"

#define HEALTH_FROM                                                                               \
    "source o JOIN system y ON y.key = o.system JOIN agency a ON a.key = y.agency "               \
    "LEFT JOIN source_health h ON h.source = o.key "

#endif
