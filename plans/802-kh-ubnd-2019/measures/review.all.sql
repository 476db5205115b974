-- Systems of the whole register that the lead looked at within the period.
SELECT :role_lead AS agency,
       s.id AS subject,
       e.id IS NOT NULL AS ok,
       1 AS w,
       COALESCE(e.basis, 'declared') AS basis,
       CASE WHEN e.id IS NULL THEN 'system:' || s.id ELSE 'evidence:' || e.id END AS evidence,
       CASE WHEN e.id IS NULL THEN 'not checked in the period'
            ELSE 'checked on {1}|' || date_text(e.holds_from) END AS reason
FROM m_system s
LEFT JOIN m_evidence e ON e.id = (
    SELECT e.id
    FROM m_evidence e
    WHERE e.kind = 'system.checked' AND e.subject = s.id AND e.ok = 1
      AND e.holds_from >= :from AND e.holds_from < :to
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
    ORDER BY e.holds_from DESC
    LIMIT 1)
WHERE s.valid_from < :to_day AND s.valid_to >= :from_day
