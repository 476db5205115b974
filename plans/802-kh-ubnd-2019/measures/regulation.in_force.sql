-- An internal regulation is in force, signed by the head, and was issued or reviewed within
-- n_regulation_months of the calendar: up to and with the day of the same number, as text (a 31st
-- that its month lacks stands behind the month's last day and before the next one's first).
SELECT a.id AS agency,
       a.id AS subject,
       e.id IS NOT NULL AS ok,
       1 AS w,
       COALESCE(e.basis, 'declared') AS basis,
       CASE WHEN e.id IS NULL THEN 'agency:' || a.id ELSE 'evidence:' || e.id END AS evidence,
       CASE WHEN e.id IS NULL THEN 'no regulation is in force, or it is due for review'
           ELSE 'regulation of {1} is in force|' || date_text(e.holds_from) END AS reason
FROM m_agency a
LEFT JOIN m_evidence e ON e.id = (
    SELECT e.id
    FROM (SELECT e.*, date_text(e.holds_from) AS day,
                 12 * substr(date_text(e.holds_from), 1, 4) + substr(date_text(e.holds_from), 6, 2) - 1
                     + :n_regulation_months AS month
          FROM m_evidence e) e
    WHERE e.kind = 'regulation.issued' AND e.agency = a.id AND e.ok = 1
      AND e.holds_from < :to AND (e.holds_to IS NULL OR e.holds_to > :from)
      AND MIN(:asof_day, day_add(:to_day, -1))
          <= printf('%04d-%02d-%s', e.month / 12, e.month % 12 + 1, substr(e.day, 9, 2))
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
    ORDER BY e.learnt_at DESC
    LIMIT 1)
WHERE a.valid_from < :to_day AND a.valid_to >= :from_day
