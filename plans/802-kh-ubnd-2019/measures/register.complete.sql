-- Hosts of an agency's ranges that were seen in logs, DNS or scans and stand in the register.
-- Of what was told of one host the last counts.
SELECT e.agency AS agency,
       e.subject AS subject,
       e.ok AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE e.ok WHEN 1 THEN 'registered, seen on {1}' WHEN 0
           THEN 'seen on {1} but not in the register' ELSE 'seen on {1}, owner not known' END
           || '|' || date_text(e.holds_from) AS reason
FROM (SELECT e.*, row_number() OVER (PARTITION BY e.agency, e.subject
                                     ORDER BY e.holds_from DESC, e.id DESC) AS place
      FROM m_evidence e
      WHERE e.kind = 'host.seen'
        AND e.holds_from >= :from AND e.holds_from < :to
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)) e
WHERE e.place = 1
