-- Incidents detected in the period that were told within the regime's time; while the clock
-- still runs an incident is pending. One that was rejected counts no longer from then on. Without an incident the row says how many alerts were
-- looked at.
SELECT i.agency AS agency,
       CAST(i.id AS TEXT) AS subject,
       CASE WHEN i.told_at <= i.due THEN 1
            WHEN i.told_at IS NULL AND :asof <= i.due THEN NULL
            ELSE 0 END AS ok,
       1 AS w,
       'measured' AS basis,
       'incident:' || i.id AS evidence,
       CASE WHEN i.told_at <= i.due THEN 'told {1} hours after it was detected|'
                || ((i.told_at - i.detected_at) / 3600000000000)
            WHEN i.told_at IS NULL AND :asof <= i.due
                THEN 'pending:not told yet; the clock runs until {1}|' || date_text(i.due)
            WHEN i.told_at IS NULL THEN 'not told; it was due on {1}|' || date_text(i.due)
            ELSE 'told on {1}, due on {2}|' || date_text(i.told_at) || '|' || date_text(i.due)
       END AS reason
FROM (SELECT id, agency, detected_at,
             CASE WHEN told_at <= :asof THEN told_at END AS told_at,
             COALESCE(tell_due, detected_at + :r_incident_days * 86400000000000) AS due
      FROM m_incident
      WHERE NOT (state = 'rejected' AND closed_at <= :asof) AND opened_at <= :asof
        AND detected_at >= :from AND detected_at < :to) i
UNION ALL
SELECT a.id, a.id, 1, 0, 'measured', 'agency:' || a.id,
       'no incident; {1} alerts were raised, {2} of them looked at|' || COUNT(l.id)
           || '|' || COALESCE(SUM(l.looked_at <= :asof), 0)
FROM m_agency a
LEFT JOIN m_alert l ON l.agency = a.id AND l.raised_at >= :from AND l.raised_at < MIN(:to, :asof)
WHERE a.valid_from < :to_day AND a.valid_to >= :from_day
  AND NOT EXISTS (SELECT 1 FROM m_incident i
                  WHERE i.agency = a.id AND NOT (i.state = 'rejected' AND i.closed_at <= :asof)
                    AND i.opened_at <= :asof
                    AND i.detected_at >= :from AND i.detected_at < :to)
GROUP BY a.id
