-- Money for security products that goes to products of domestic firms. Class and origin are
-- Finance's where Finance has decided, else the agency's (basis says which).
SELECT agency AS agency,
       subject AS subject,
       CASE WHEN amount IS NULL THEN NULL WHEN origin = 'domestic' THEN 1 WHEN origin = 'foreign' THEN 0
       END AS ok,
       COALESCE(amount, 1) AS w,
       basis AS basis,
       'evidence:' || id AS evidence,
       CASE WHEN amount IS NULL THEN 'theirs:the amount is missing or below zero'
            WHEN amount = 0 THEN 'a line of 0 đồng'
            WHEN origin = 'domestic' THEN 'domestic product'
            WHEN origin = 'foreign' THEN 'foreign product'
            ELSE 'theirs:origin not stated' END AS reason
FROM (SELECT e.id, e.agency, e.subject, e.basis, e.data ->> '$.origin' AS origin,
             CASE WHEN e.amount >= 0 THEN e.amount END AS amount,
             row_number() OVER (PARTITION BY e.agency, e.subject
                                ORDER BY CASE e.basis WHEN 'declared' THEN 0 ELSE 1 END DESC,
                                         e.holds_from DESC, e.id DESC) AS place
      FROM m_evidence e
      WHERE e.kind = 'purchase.line'
        AND e.holds_from >= :from AND e.holds_from < :to
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof))
WHERE place = 1
