-- The yearly report to the ministry was sent, with a receipt, within its year and before the
-- regime's date. The due date is bound by the engine.
SELECT :role_lead AS agency,
       :period AS subject,
       e.id IS NOT NULL AND e.holds_from < :due AS ok,
       1 AS w,
       COALESCE(e.basis, 'declared') AS basis,
       CASE WHEN e.id IS NULL THEN 'agency:' || :role_lead ELSE 'evidence:'
           || e.id END AS evidence,
       CASE WHEN e.id IS NULL THEN 'the report was not sent'
            ELSE 'sent on {1}|' || date_text(e.holds_from) END AS reason
FROM (SELECT 1)
LEFT JOIN m_evidence e ON e.id = (
    SELECT e.id
    FROM m_evidence e
    WHERE e.kind = 'report.sent' AND e.agency = :role_lead AND e.data ->> '$.period' = :period
      AND e.ok = 1 AND e.holds_from >= :from
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
    ORDER BY e.holds_from
    LIMIT 1)
