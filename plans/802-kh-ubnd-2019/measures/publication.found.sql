-- Looks at the pages that are to carry the material: the text was found (never only the answer
-- 200).
-- A look that was told twice counts once.
SELECT e.agency AS agency,
       e.subject AS subject,
       e.ok AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE e.ok WHEN 1 THEN 'found on {1}' WHEN 0 THEN 'not found on {1}'
           ELSE 'third:the page could not be looked at on {1}' END
           || '|' || date_text(e.holds_from) AS reason
FROM (SELECT e.*, row_number() OVER (PARTITION BY e.agency, e.subject, e.holds_from
                                     ORDER BY e.id DESC) AS place
      FROM m_evidence e
      WHERE e.kind = 'publication.look'
        AND e.holds_from >= :from AND e.holds_from < :to
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)) e
WHERE e.place = 1
