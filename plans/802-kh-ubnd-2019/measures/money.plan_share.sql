-- Money for security products and services within the yearly plan for IT applications: each
-- line weighs its đồng. Class and origin are Finance's where Finance has decided, else the
-- agency's (basis says which).
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
  AND e.holds_from >= :from AND e.holds_from < :to
  AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
