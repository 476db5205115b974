-- Policies and rules on the lead's list that were submitted or issued by their date,
-- which is the one that was told last.
SELECT :role_lead AS agency,
       e.subject AS subject,
       e.ok AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE e.ok WHEN 1 THEN 'in time, due {1}' WHEN 0 THEN 'not in time, due {1}'
           ELSE 'pending:due {1}' END
           || '|' || date_text(e.holds_from) AS reason
FROM (SELECT e.*, row_number() OVER (PARTITION BY e.subject ORDER BY e.learnt_at DESC, e.id DESC) AS place
      FROM m_evidence e
      WHERE e.kind = 'policy.due'
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)) e
WHERE e.place = 1 AND e.holds_from >= :from AND e.holds_from < :to
