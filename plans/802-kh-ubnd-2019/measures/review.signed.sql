-- The head has signed the review of monitoring and response of this very period, when it was
-- over: earlier it can not have been looked at as a whole.
SELECT a.id AS agency,
       a.id AS subject,
       e.id IS NOT NULL AND e.holds_from >= :to AS ok,
       1 AS w,
       COALESCE(e.basis, 'declared') AS basis,
       CASE WHEN e.id IS NULL THEN 'agency:' || a.id ELSE 'evidence:' || e.id END AS evidence,
       CASE WHEN e.id IS NULL THEN 'the review of the period is not signed'
            WHEN e.holds_from < :to THEN 'the review was signed on {1}, before the period was over|'
                || date_text(e.holds_from)
           ELSE 'review signed on {1}|' || date_text(e.holds_from) END AS reason
FROM m_agency a
LEFT JOIN m_evidence e ON e.id = (
    SELECT e.id
    FROM m_evidence e
    WHERE e.kind = 'review.signed' AND e.agency = a.id AND e.ok = 1
      AND e.data ->> '$.period' = :period
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
    ORDER BY e.holds_from >= :to DESC, e.learnt_at DESC
    LIMIT 1)
WHERE a.valid_from < :to_day AND a.valid_to >= :from_day
