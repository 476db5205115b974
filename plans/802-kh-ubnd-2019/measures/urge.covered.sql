-- Obligations that are late or not met, for which a reminder, a letter or a call is in the ledger.
-- Who is late is what the hub judged last (each hour): m_late.
SELECT :role_lead AS agency,
       s.obligation || '/' || s.agency || '/' || s.period AS subject,
       n.id IS NOT NULL AS ok,
       1 AS w,
       'measured' AS basis,
       'agency:' || s.agency AS evidence,
       CASE WHEN n.id IS NULL THEN 'nobody was reminded'
            ELSE 'reminded on {1}|' || date_text(n.sent_at) END AS reason
FROM m_late s
LEFT JOIN m_notice n ON n.id = (
    SELECT n.id
    FROM m_notice n
    WHERE n.agency = s.agency AND n.obligation = s.obligation AND n.period = s.period
      AND n.learnt_at <= :asof
    ORDER BY n.sent_at
    LIMIT 1)
WHERE s.began_at <= :asof AND s.ended_at > :asof AND s.agency <> :role_lead
  AND s.due >= :from AND s.due < :to
