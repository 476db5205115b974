-- Duties that were late or not met, each once, for which a reminder, a letter or a call is in the
-- ledger, sent while it was so: behind the due day and before it was done. What was done within
-- n_urge_days working days needed none. Who was late is what the hub judged each hour: m_late.
WITH late AS (
    SELECT obligation, agency, period, MIN(due) AS due, MAX(ended_at) AS ended_at
    FROM m_late
    WHERE began_at <= :asof AND agency <> :role_lead AND due >= :from AND due < :to
    GROUP BY obligation, agency, period
)
SELECT :role_lead AS agency,
       s.obligation || '/' || s.agency || '/' || s.period AS subject,
       CASE WHEN n.id IS NULL AND s.days <= :n_urge_days THEN NULL ELSE n.id IS NOT NULL END AS ok,
       n.id IS NOT NULL OR s.days > :n_urge_days OR s.ended_at > :asof AS w,
       'measured' AS basis,
       'agency:' || s.agency AS evidence,
       CASE WHEN n.id IS NOT NULL THEN 'reminded on {1}|' || date_text(n.sent_at)
            WHEN s.days > :n_urge_days THEN 'nobody was reminded'
            WHEN s.ended_at > :asof THEN 'pending:late since {1}, nobody was reminded yet|' || date_text(s.due)
            ELSE 'done on {1}, before it had to be urged|' || date_text(s.ended_at) END AS reason
FROM (SELECT *, working_days(due, MIN(ended_at, :asof)) AS days FROM late) s
LEFT JOIN m_notice n ON n.id = (
    SELECT n.id
    FROM m_notice n
    WHERE n.agency = s.agency AND n.obligation = s.obligation AND n.period = s.period
      AND n.sent_at >= s.due AND n.sent_at <= s.ended_at AND n.learnt_at <= :asof
    ORDER BY n.sent_at
    LIMIT 1)
