-- Purchases of security products for which a domestic product was taken, or the reason why none
-- met the requirements is on paper.
SELECT agency AS agency,
       subject AS subject,
       CASE origin WHEN 'domestic' THEN 1 WHEN 'foreign' THEN why <> '' END AS ok,
       1 AS w,
       basis AS basis,
       'evidence:' || id AS evidence,
       CASE WHEN origin = 'domestic' THEN 'domestic product'
            WHEN origin = 'foreign' AND why <> '' THEN 'foreign product, the reason is on paper'
            WHEN origin = 'foreign' THEN 'foreign product without a reason'
            ELSE 'theirs:origin not stated' END AS reason
FROM (SELECT e.id, e.agency, e.subject, e.basis, e.data ->> '$.origin' AS origin,
             COALESCE(trim(e.data ->> '$.reason'), '') AS why,
             row_number() OVER (PARTITION BY e.agency, e.subject
                                ORDER BY CASE e.basis WHEN 'declared' THEN 0 ELSE 1 END DESC,
                                         e.holds_from DESC, e.id DESC) AS place
      FROM m_evidence e
      WHERE e.kind = 'purchase.line'
        AND e.holds_from >= :from AND e.holds_from < :to
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof))
WHERE place = 1
