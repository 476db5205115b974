-- Addressees of the plan ('Nơi nhận') with a receipt in the exchange log.
-- Of what was told of one addressee the last counts.
SELECT :role_lead AS agency,
       e.subject AS subject,
       e.ok AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE e.ok WHEN 1 THEN 'received on {1}' WHEN 0 THEN 'no receipt'
           ELSE 'no log of the exchange' END
           || '|' || date_text(e.holds_from) AS reason
FROM (SELECT e.*, row_number() OVER (PARTITION BY e.subject
                                     ORDER BY e.holds_from DESC, e.id DESC) AS place
      FROM m_evidence e
      WHERE e.kind = 'addressee.receipt'
        AND e.holds_from < :to
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)) e
WHERE e.place = 1
