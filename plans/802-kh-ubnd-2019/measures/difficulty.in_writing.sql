-- Difficulties that agencies filed in writing within the period.
-- Of what was told of one difficulty the last counts.
SELECT e.agency AS agency,
       e.subject AS subject,
       e.ok AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE e.ok WHEN 1 THEN 'filed on {1}' WHEN 0 THEN 'filed on {1} without a paper'
           ELSE 'filed on {1}' END
           || '|' || date_text(e.holds_from) AS reason
FROM (SELECT e.*, row_number() OVER (PARTITION BY e.agency, e.subject
                                     ORDER BY e.holds_from DESC, e.id DESC) AS place
      FROM m_evidence e
      WHERE e.kind = 'difficulty.filed'
        AND e.holds_from >= :from AND e.holds_from < :to
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)) e
WHERE e.place = 1
