-- Money for security products that goes to products of domestic firms. Class and origin are
-- Finance's where Finance has decided, else the agency's (basis says which).
SELECT e.agency AS agency,
       e.subject AS subject,
       CASE e.data ->> '$.origin' WHEN 'domestic' THEN 1 WHEN 'foreign' THEN 0 END AS ok,
       COALESCE(e.amount, 0) AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE e.data ->> '$.origin' WHEN 'domestic' THEN 'domestic product' WHEN 'foreign'
           THEN 'foreign product'
            ELSE 'theirs:origin not stated' END AS reason
FROM m_evidence e
WHERE e.kind = 'purchase.line'
  AND e.holds_from >= :from AND e.holds_from < :to
  AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
