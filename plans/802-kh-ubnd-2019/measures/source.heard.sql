-- Registered sources in use that sent at least one event within the period.
SELECT so.agency AS agency,
       so.id AS subject,
       CASE WHEN SUM(sd.events) > 0 THEN 1 WHEN :asof_day <= :start_day THEN NULL
           ELSE 0 END AS ok,
       1 AS w,
       'measured' AS basis,
       'source:' || so.id AS evidence,
       CASE WHEN SUM(sd.events) > 0
                THEN '{1} events, last on {2}|' || SUM(sd.events) || '|' || MAX(sd.day)
            WHEN :to_day <= :start_day THEN 'ours:before the first start of this installation'
            WHEN :asof_day <= :start_day THEN 'pending:not heard yet; the first day is not over'
            ELSE 'has sent nothing' END AS reason
FROM m_source so
LEFT JOIN m_source_day sd ON sd.source = so.id AND sd.events > 0
    AND sd.day >= :from_day AND sd.day < :to_day AND sd.day <= :asof_day
WHERE so.enabled AND so.valid_from < :to_day AND so.valid_to >= :from_day
GROUP BY so.id
