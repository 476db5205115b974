-- Contracted monitors with proof of capability and a contract in force.
-- Of what was told of one organisation at one system the last counts.
SELECT e.agency AS agency,
       e.subject AS subject,
       e.ok AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE e.ok WHEN 1 THEN 'contract of {1} with proof of capability' WHEN 0
           THEN 'contract of {1} without proof of capability'
               ELSE 'proof of capability not looked at' END
           || '|' || date_text(e.holds_from) AS reason
FROM (SELECT e.*, row_number() OVER (PARTITION BY e.agency, e.subject, e.data ->> '$.organisation'
                                     ORDER BY e.holds_from DESC, e.id DESC) AS place
      FROM m_evidence e
      WHERE e.kind = 'monitor.contract'
        AND e.holds_from < :to AND (e.holds_to IS NULL OR e.holds_to > :from)
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)) e
WHERE e.place = 1
