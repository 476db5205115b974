-- The same over the five-year plan that holds the period: its lines carry the years they span.
-- Class and origin are Finance's where Finance has decided, else the agency's (basis says
-- which).
SELECT e.agency AS agency,
       e.subject AS subject,
       CASE e.data ->> '$.class' WHEN 'security' THEN 1 WHEN 'it' THEN 0 END AS ok,
       COALESCE(e.amount, 0) AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE e.data ->> '$.class' WHEN 'security' THEN 'a line for security' WHEN 'it'
           THEN 'a line for other IT'
            ELSE 'theirs:the line has no class' END AS reason
FROM m_evidence e
WHERE e.kind = 'plan.line'
  AND CAST(e.data ->> '$.year' AS INTEGER) / 5 = CAST(substr(:period, 1, 4) AS INTEGER) / 5
  AND e.holds_from < :to
  AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
