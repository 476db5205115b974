-- Purchases of security products for which a domestic product was taken, or the reason why none
-- met the requirements is on paper.
SELECT e.agency AS agency,
       e.subject AS subject,
       CASE WHEN e.data ->> '$.origin' = 'domestic' THEN 1
            WHEN e.data ->> '$.origin' IS NULL THEN NULL
            ELSE COALESCE(e.data ->> '$.reason', '') <> '' END AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE WHEN e.data ->> '$.origin' = 'domestic' THEN 'domestic product'
            WHEN e.data ->> '$.origin' IS NULL THEN 'theirs:origin not stated'
            WHEN COALESCE(e.data ->> '$.reason', '') <> ''
                THEN 'foreign product, the reason is on paper'
            ELSE 'foreign product without a reason' END AS reason
FROM m_evidence e
WHERE e.kind = 'purchase.line'
  AND e.holds_from >= :from AND e.holds_from < :to
  AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
