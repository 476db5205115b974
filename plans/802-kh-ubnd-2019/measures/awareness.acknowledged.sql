-- Officials on Home Affairs' list who confirmed that they read the material and passed the
-- quiz. The list comes from Home Affairs, never from the agency that owes.
SELECT p.agency AS agency,
       p.subject AS subject,
       e.id IS NOT NULL AS ok,
       1 AS w,
       COALESCE(e.basis, p.basis) AS basis,
       CASE WHEN e.id IS NULL THEN 'agency:' || p.agency ELSE 'evidence:' || e.id END AS evidence,
       CASE WHEN e.id IS NULL THEN 'not confirmed'
            ELSE 'confirmed and passed on {1}|' || date_text(e.holds_from) END AS reason
FROM m_evidence p
LEFT JOIN m_evidence e ON e.id = (
    SELECT e.id
    FROM m_evidence e
    WHERE e.kind = 'awareness.passed' AND e.subject = p.subject AND e.ok = 1
      AND e.holds_from < :to
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
    ORDER BY e.holds_from DESC
    LIMIT 1)
WHERE p.kind = 'official.listed'
  AND p.holds_from < :to AND (p.holds_to IS NULL OR p.holds_to > :from)
  AND p.learnt_at <= :asof AND (p.revoked_at IS NULL OR p.revoked_at > :asof)
