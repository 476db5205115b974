-- Persons who sign: the last signature seen of each is of the government's own CA, not a public
-- one.
SELECT e.agency AS agency,
       e.subject AS subject,
       CASE e.data ->> '$.ca' WHEN 'government' THEN 1 WHEN 'public' THEN 0 END AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE e.data ->> '$.ca' WHEN 'government' THEN 'last signed with the government CA on {1}|'
            WHEN 'public' THEN 'last signed with a public CA on {1}|'
            ELSE 'the CA could not be told, {1}|' END || date_text(e.holds_from) AS reason
FROM m_evidence e
WHERE e.kind = 'signature.seen'
  AND e.holds_from < :to
  AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
  AND NOT EXISTS (SELECT 1 FROM m_evidence n
                  WHERE n.kind = 'signature.seen' AND n.subject = e.subject AND n.holds_from < :to
                    AND n.learnt_at <= :asof
                    AND (n.revoked_at IS NULL OR n.revoked_at > :asof)
                    AND (n.holds_from, n.id) > (e.holds_from, e.id))
