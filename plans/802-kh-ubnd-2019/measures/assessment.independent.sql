-- Systems assessed within the period by somebody who did not monitor or protect them: no
-- contract for monitoring that system with the same organisation within n_assessor_apart_days
-- before the assessment, and the assessor is not the operator.
SELECT s.agency AS agency,
       s.id AS subject,
       CASE WHEN x.id IS NULL THEN 0 WHEN m.id IS NOT NULL THEN 0
            WHEN x.data ->> '$.organisation' IS NULL THEN NULL ELSE 1 END AS ok,
       1 AS w,
       COALESCE(x.basis, 'declared') AS basis,
       CASE WHEN x.id IS NULL THEN 'system:' || s.id ELSE 'evidence:' || x.id END AS evidence,
       CASE WHEN x.id IS NULL THEN 'not assessed in the period'
            WHEN m.id IS NOT NULL THEN 'the assessor also monitored the system: evidence {1}|'
                || m.id
            WHEN x.data ->> '$.organisation' IS NULL THEN 'theirs:the assessor is not named'
            ELSE 'assessed on {1} by {2}|' || date_text(x.holds_from) || '|'
                || (x.data ->> '$.organisation') END AS reason
FROM m_system s
LEFT JOIN m_evidence x ON x.id = (
    SELECT e.id
    FROM m_evidence e
    WHERE e.kind = 'assessment.done' AND e.subject = s.id AND e.ok = 1
      AND e.holds_from >= :from AND e.holds_from < :to
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
    ORDER BY e.holds_from DESC
    LIMIT 1)
LEFT JOIN m_evidence m ON m.id = (
    SELECT e.id
    FROM m_evidence e
    WHERE e.kind = 'monitor.contract' AND e.subject = s.id
      AND e.data ->> '$.organisation' = x.data ->> '$.organisation'
      AND e.holds_from <= x.holds_from
      AND (e.holds_to IS NULL
           OR days_between(e.holds_to, x.holds_from) < :n_assessor_apart_days)
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
    LIMIT 1)
WHERE s.valid_from < :to_day AND s.valid_to >= :from_day
