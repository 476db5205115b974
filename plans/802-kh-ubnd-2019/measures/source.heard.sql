-- Registered sources in use that sent at least one event within the period.
WITH sent(source, d, events) AS MATERIALIZED (
    SELECT source, day, events FROM m_source_day WHERE events > 0
),
total(source, events, last) AS (
    SELECT source, SUM(events), MAX(d)
    FROM sent
    WHERE d >= :from_day AND d < :to_day AND d <= :asof_day
    GROUP BY source
)
SELECT so.agency AS agency,
       so.id AS subject,
       CASE WHEN t.events > 0 THEN 1 WHEN :asof_day <= :start_day THEN NULL ELSE 0 END AS ok,
       1 AS w,
       'measured' AS basis,
       'source:' || so.id AS evidence,
       CASE WHEN t.events > 0 THEN '{1} events, last on {2}|' || t.events || '|' || t.last
            WHEN :to_day <= :start_day THEN 'ours:before the first start of this installation'
            WHEN :asof_day <= :start_day THEN 'pending:not heard yet; the first day is not over'
            ELSE 'has sent nothing' END AS reason
FROM m_source so
LEFT JOIN total t ON t.source = so.id
WHERE so.enabled AND so.valid_from < :to_day AND so.valid_to >= :from_day
