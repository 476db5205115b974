-- Assessments ordered out of turn within the period, carried out in the time that the order
-- gave.
SELECT e.agency AS agency,
       e.subject AS subject,
       e.ok AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE e.ok WHEN 1 THEN 'ordered on {1}, done in time' WHEN 0
           THEN 'ordered on {1}, not done in time'
               ELSE 'pending:ordered on {1}, still in time' END
           || '|' || date_text(e.holds_from) AS reason
FROM m_evidence e
WHERE e.kind = 'assessment.ordered'
  AND e.holds_from >= :from AND e.holds_from < :to
  AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
