-- Items of the baseline of each running system, by its level: met where a scan, a log or a
-- check shows it.
-- Of what was told of one item the last counts.
SELECT e.agency AS agency,
       e.subject AS subject,
       e.ok AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE e.ok WHEN 1 THEN 'met, checked on {1}' WHEN 0 THEN 'not met, checked on {1}'
           ELSE 'not checkable, {1}' END
           || '|' || date_text(e.holds_from) AS reason
FROM (SELECT e.*, row_number() OVER (PARTITION BY e.agency, e.subject
                                     ORDER BY e.holds_from DESC, e.id DESC) AS place
      FROM m_evidence e
      WHERE e.kind = 'baseline.item'
        AND e.holds_from < :to AND (e.holds_to IS NULL OR e.holds_to > :from)
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)) e
WHERE e.place = 1
