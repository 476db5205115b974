/* health - how well a source is heard, as SQL that source.c, system.c, intake.c and silence.c share.
 *
 * Private to records/. The aliases are fixed: o is source, y its system, h its source_health.
 * A source is silent when its silence was noticed (silence.c), or when we really listened for longer
 * since its last event than it ever pauses: three times its longest usual pause once that is learnt
 * (rhythm.c), before that its registered cadence. The time of our own gaps is taken off, and what
 * remains below is 'unknown'.
 */
#ifndef RECORDS_HEALTH_H
#define RECORDS_HEALTH_H

/* 0 heard, 1 silent, 2 never, 3 unknown: order of enum records_health. now: a parameter, "?11". */
#define HEALTH_LIMIT "coalesce(h.silent_after, o.cadence * 1000000000)"
#define HEALTH(now)                                                                               \
    "CASE WHEN h.last_seen IS NULL THEN 2 "                                                       \
    "WHEN EXISTS (SELECT 1 FROM source_silence q WHERE q.source = o.key AND q.ended_at IS NULL) " \
    "THEN 1 "                                                                                     \
    "WHEN " now " - h.last_seen <= " HEALTH_LIMIT " THEN 0 "                                      \
    "WHEN " now " - h.last_seen - (SELECT coalesce(sum(min(coalesce(g.ended_at, " now "), " now   \
    ") - max(g.began_at, h.last_seen)), 0) FROM collector_gap g WHERE g.began_at < " now          \
    " AND coalesce(g.ended_at, " now ") > h.last_seen) <= " HEALTH_LIMIT " THEN 3 "               \
    "ELSE 1 END"

#define HEALTH_FROM                                                                               \
    "source o JOIN system y ON y.key = o.system JOIN agency a ON a.key = y.agency "               \
    "LEFT JOIN source_health h ON h.source = o.key "

#endif
