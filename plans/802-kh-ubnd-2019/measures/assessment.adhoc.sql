-- Assessments ordered out of turn within the period, carried out in the time that the order
-- gave: the order is the first that was told of it, what became of it the last.
SELECT e.agency AS agency,
       e.subject AS subject,
       e.ok AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE e.ok WHEN 1 THEN 'ordered on {1}, done in time' WHEN 0
           THEN 'ordered on {1}, not done in time'
               ELSE 'pending:ordered on {1}, still in time' END
           || '|' || date_text(e.ordered_at) AS reason
FROM (SELECT e.*, MIN(e.holds_from) OVER (PARTITION BY e.agency, e.subject) AS ordered_at,
             row_number() OVER (PARTITION BY e.agency, e.subject
                                ORDER BY e.learnt_at DESC, e.id DESC) AS place
      FROM m_evidence e
      WHERE e.kind = 'assessment.ordered'
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)) e
WHERE e.place = 1 AND e.ordered_at >= :from AND e.ordered_at < :to
