-- Alerts of level high and critical that somebody took (or decided) within n_alert_take_hours
-- of the moment at which people could see them.
SELECT l.agency AS agency,
       CAST(l.id AS TEXT) AS subject,
       CASE WHEN l.looked_at <= l.due THEN 1
            WHEN l.looked_at IS NULL AND :asof <= l.due THEN NULL
            ELSE 0 END AS ok,
       1 AS w,
       'measured' AS basis,
       'alert:' || l.id AS evidence,
       CASE WHEN l.looked_at IS NOT NULL
                THEN 'taken after {1} minutes|' || ((l.looked_at - l.raised_at) / 60000000000)
            WHEN :asof <= l.due THEN 'pending:not taken yet, still in time'
            ELSE 'not taken within {1} hours|' || :n_alert_take_hours END AS reason
FROM (SELECT id, agency, raised_at, CASE WHEN looked_at <= :asof THEN looked_at END AS looked_at,
             raised_at + :n_alert_take_hours * 3600000000000 AS due
      FROM m_alert
      WHERE level >= 3 AND raised_at >= :from AND raised_at < :to AND raised_at <= :asof) l
