-- Systems assessed within the period by somebody independent: neither its owner nor whoever runs
-- it, and without a contract for monitoring that system within n_assessor_apart_days before the
-- assessment. One independent assessment is enough, whoever else came later.
WITH visit AS (
    SELECT e.id, e.subject AS system, e.holds_from, e.basis,
           NULLIF(trim(e.data ->> '$.organisation'), '') AS assessor
    FROM m_evidence e
    WHERE e.kind = 'assessment.done' AND e.ok = 1
      AND e.holds_from >= :from AND e.holds_from < :to
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
),
judged AS (
    SELECT v.*, v.assessor IN (s.agency, s.operator, s.operator_organisation) AS runs,
           (SELECT MIN(e.id)
            FROM m_evidence e
            WHERE e.kind = 'monitor.contract' AND e.subject = v.system
              AND trim(e.data ->> '$.organisation') = v.assessor
              AND e.holds_from <= v.holds_from
              AND (e.holds_to IS NULL
                   OR days_between(e.holds_to, v.holds_from) < :n_assessor_apart_days)
              AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof))
               AS contract
    FROM visit v
    JOIN m_system s ON s.id = v.system
),
best AS (
    SELECT *, CASE WHEN assessor IS NOT NULL THEN NOT runs AND contract IS NULL END AS fine,
           row_number() OVER (PARTITION BY system
                              ORDER BY CASE WHEN assessor IS NULL THEN 1
                                            WHEN runs OR contract IS NOT NULL THEN 2 ELSE 0 END,
                                       holds_from DESC, id DESC) AS place
    FROM judged
)
SELECT s.agency AS agency,
       s.id AS subject,
       CASE WHEN x.id IS NULL THEN 0 ELSE x.fine END AS ok,
       1 AS w,
       COALESCE(x.basis, 'declared') AS basis,
       CASE WHEN x.id IS NULL THEN 'system:' || s.id ELSE 'evidence:' || x.id END AS evidence,
       CASE WHEN x.id IS NULL THEN 'not assessed in the period'
            WHEN x.assessor IS NULL THEN 'theirs:the assessor is not named'
            WHEN x.runs THEN 'the assessor owns or runs the system: {1}|' || x.assessor
            WHEN x.contract IS NOT NULL
                THEN 'the assessor also monitored the system: evidence {1}|' || x.contract
            ELSE 'assessed on {1} by {2}|' || date_text(x.holds_from) || '|' || x.assessor
       END AS reason
FROM m_system s
LEFT JOIN best x ON x.system = s.id AND x.place = 1
WHERE s.valid_from < :to_day AND s.valid_to >= :from_day
