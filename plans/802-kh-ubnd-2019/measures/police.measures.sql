-- The police have reported measures against cybercrime and joint work with the lead within the
-- period.
SELECT a.id AS agency,
       a.id AS subject,
       e.id IS NOT NULL AS ok,
       1 AS w,
       COALESCE(e.basis, 'declared') AS basis,
       CASE WHEN e.id IS NULL THEN 'agency:' || a.id ELSE 'evidence:' || e.id END AS evidence,
       CASE WHEN e.id IS NULL THEN 'no report of measures in the period'
           ELSE 'reported on {1}|' || date_text(e.holds_from) END AS reason
FROM m_agency a
LEFT JOIN m_evidence e ON e.id = (
    SELECT e.id
    FROM m_evidence e
    WHERE e.kind = 'police.measures' AND e.agency = a.id AND e.ok = 1
      AND e.holds_from >= :from AND e.holds_from < :to
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
    ORDER BY e.learnt_at DESC
    LIMIT 1)
WHERE a.valid_from < :to_day AND a.valid_to >= :from_day AND a.id = :role_police
