-- Systems of the register whose sources really sent events on at least n_heard_days_share % of
-- the days that could be known. In neither sum: days before the first start, days on which a
-- listener through which the system is heard was down for n_deaf_minutes and the system was not
-- heard, and the running day until the system is heard on it. A contract proves nothing here; only
-- hearing does.
WITH RECURSIVE
bound(first, after) AS (
    SELECT MAX(:from_day, :start_day), MIN(:to_day, :asof_day)
),
day(d, opens, closes) AS (
    SELECT first, day_start(first), day_start(day_add(first, 1)) FROM bound WHERE first < after
    UNION ALL
    SELECT day_add(d, 1), closes, day_start(day_add(d, 2)) FROM day, bound
    WHERE day_add(d, 1) < after
),
-- through which listeners a system is heard: those that its sources last sent to; one that never
-- sent may have tried any of its kind
way(system, listener) AS MATERIALIZED (
    SELECT DISTINCT so.system, l.listener
    FROM m_source so
    JOIN (SELECT DISTINCT listener FROM m_collector_gap) l
        ON l.listener IN ('', so.protocol)
        OR so.protocol = '' AND CASE so.kind
               WHEN 'http' THEN l.listener IN ('http', 'https', 'lumberjack')
               WHEN 'syslog' THEN l.listener IN ('syslog-udp', 'syslog-tcp', 'syslog-tls', 'relp')
               ELSE l.listener = so.kind END
    WHERE so.enabled
),
-- a listener is down when it is or all are ('')
gap(listener, d, began, ended) AS (
    SELECT l.listener, d, MAX(g.began_at, opens), MIN(g.ended_at, closes)
    FROM day
    JOIN m_collector_gap g ON g.began_at < closes AND g.ended_at > opens
    JOIN (SELECT DISTINCT listener FROM way) l ON g.listener IN ('', l.listener)
),
-- gaps may overlap: each counts from where those before it ended
deaf(listener, d) AS MATERIALIZED (
    SELECT listener, d
    FROM (SELECT listener, d, ended,
                 MAX(began, COALESCE(MAX(ended) OVER (PARTITION BY listener, d ORDER BY began, ended
                                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), began))
                     AS began
          FROM gap)
    GROUP BY listener, d
    HAVING SUM(MAX(ended - began, 0)) >= :n_deaf_minutes * 60000000000
),
sent(source, d) AS MATERIALIZED (
    SELECT source, day FROM m_source_day WHERE events > 0
),
heard(system, d) AS MATERIALIZED (
    SELECT DISTINCT s.id, sent.d
    FROM sent
    JOIN m_source so ON so.id = sent.source
    JOIN m_system s ON s.id = so.system AND sent.d BETWEEN s.valid_from AND s.valid_to
    WHERE sent.d >= :from_day AND sent.d < :to_day AND sent.d <= :asof_day
),
total(system, days, today) AS (
    SELECT system, COUNT(*), MAX(d = :asof_day) FROM heard GROUP BY system
),
missed(system, days) AS (
    SELECT s.id, COUNT(DISTINCT f.d)
    FROM m_system s
    JOIN way w ON w.system = s.id
    JOIN deaf f ON f.listener = w.listener AND f.d BETWEEN s.valid_from AND s.valid_to
    WHERE NOT EXISTS (SELECT 1 FROM heard h WHERE h.system = s.id AND h.d = f.d)
    GROUP BY s.id
),
tally AS (
    SELECT s.id, s.agency, s.valid_to,
           (SELECT COUNT(*) FROM m_source so WHERE so.system = s.id AND so.enabled) AS sources,
           COALESCE(t.days, 0) AS heard,
           COALESCE(m.days, 0) AS missed,
           (SELECT COUNT(*) FROM day WHERE d BETWEEN s.valid_from AND s.valid_to)
               + COALESCE(t.today, 0) - COALESCE(m.days, 0) AS known
    FROM m_system s
    LEFT JOIN total t ON t.system = s.id
    LEFT JOIN missed m ON m.system = s.id
    WHERE s.valid_from < :to_day AND s.valid_to >= :from_day
)
SELECT agency,
       id AS subject,
       CASE WHEN known <= 0 THEN NULL
            WHEN 100 * heard >= :n_heard_days_share * known THEN 1
            ELSE 0 END AS ok,
       1 AS w,
       'measured' AS basis,
       'system:' || id AS evidence,
       CASE WHEN known <= 0 AND (:to_day <= :start_day OR valid_to < :start_day)
           THEN 'ours:before the first start of this installation'
            WHEN known <= 0 AND missed > 0 THEN 'ours:no day of the period could be known'
            WHEN known <= 0 AND sources = 0
                THEN 'pending:no source is registered; the first day is not over'
            WHEN known <= 0 THEN 'pending:not heard yet; the first day is not over'
            WHEN sources = 0 THEN 'no source is registered'
            WHEN heard = 0 THEN 'heard on none of {1} days|' || known
            ELSE 'heard on {1} of {2} days|' || heard || '|' || known END AS reason
FROM tally
