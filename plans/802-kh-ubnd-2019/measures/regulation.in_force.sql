-- An internal regulation is in force, signed by the head, and was issued or reviewed within
-- n_regulation_months.
SELECT a.id AS agency,
       a.id AS subject,
       e.id IS NOT NULL AS ok,
       1 AS w,
       COALESCE(e.basis, 'declared') AS basis,
       CASE WHEN e.id IS NULL THEN 'agency:' || a.id ELSE 'evidence:' || e.id END AS evidence,
       CASE WHEN e.id IS NULL THEN 'no regulation is in force, or it is due for review'
           ELSE 'regulation of {1} is in force|' || date_text(e.holds_from) END AS reason
FROM m_agency a
LEFT JOIN m_evidence e ON e.id = (
    SELECT e.id
    FROM m_evidence e
    WHERE e.kind = 'regulation.issued' AND e.agency = a.id AND e.ok = 1
      AND e.holds_from < :to AND (e.holds_to IS NULL OR e.holds_to > :from)
      AND days_between(e.holds_from, MIN(:to, :asof)) <= 31 * :n_regulation_months
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
    ORDER BY e.learnt_at DESC
    LIMIT 1)
WHERE a.valid_from < :to_day AND a.valid_to >= :from_day
