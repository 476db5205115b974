-- The same over the five-year plan that holds the period (2016 to 2020, 2021 to 2025, ...): the
-- lines of its years; one that names no year counts in that of its date. Class and origin are
-- Finance's where Finance has decided, else the agency's (basis says which).
WITH line AS (
    SELECT e.id, e.agency, e.subject, e.basis, e.data ->> '$.class' AS class,
           CASE WHEN e.amount >= 0 THEN e.amount END AS amount,
           row_number() OVER (PARTITION BY e.agency, e.subject, e.year
                              ORDER BY CASE e.basis WHEN 'declared' THEN 0 ELSE 1 END DESC,
                                       e.holds_from DESC, e.id DESC) AS place
    FROM (SELECT *, CAST(COALESCE(data ->> '$.year', substr(date_text(holds_from), 1, 4)) AS INTEGER)
                    AS year
          FROM m_evidence) e
    WHERE e.kind = 'plan.line'
      AND (e.year - 1) / 5 = (CAST(substr(:period, 1, 4) AS INTEGER) - 1) / 5
      AND e.holds_from < :to
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
),
last AS (
    SELECT *, SUM(amount) OVER (PARTITION BY agency) AS known FROM line WHERE place = 1
)
SELECT agency AS agency,
       subject AS subject,
       CASE WHEN amount IS NULL THEN NULL WHEN class = 'security' THEN 1 WHEN class = 'it' THEN 0
       END AS ok,
       -- an amount that nobody knows could turn the share either way, and so it weighs
       COALESCE(amount, :r_security_share_min_of * COALESCE(known, 0) + 1) AS w,
       basis AS basis,
       'evidence:' || id AS evidence,
       CASE WHEN amount IS NULL THEN 'theirs:the amount is missing or below zero'
            WHEN amount = 0 THEN 'a line of 0 đồng'
            WHEN class = 'security' THEN 'a line for security'
            WHEN class = 'it' THEN 'a line for other IT'
            ELSE 'theirs:the line has no class' END AS reason
FROM last
