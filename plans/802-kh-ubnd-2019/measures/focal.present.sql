-- Agencies that had a focal point for network security on at least n_focal_days_share % of the
-- period's days that are over, by the posts in the register.
WITH RECURSIVE
bound(first, after) AS (SELECT MAX(:from_day, :start_day), MIN(:to_day, day_add(:asof_day, 1))),
day(d) AS (
    SELECT first FROM bound WHERE first < after
    UNION ALL
    SELECT day_add(d, 1) FROM day, bound WHERE day_add(d, 1) < after
),
tally AS (
    SELECT a.id,
           COUNT(*) AS days,
           SUM(EXISTS (SELECT 1 FROM m_post p
                       WHERE p.agency = a.id AND p.duty = 'focal' AND p.learnt_at <= :asof
                         AND day.d BETWEEN p.holds_from AND p.holds_to)) AS held
    FROM m_agency a
    JOIN day ON day.d BETWEEN a.valid_from AND a.valid_to
    GROUP BY a.id
)
SELECT id AS agency,
       id AS subject,
       100 * held >= :n_focal_days_share * days AS ok,
       1 AS w,
       'verified' AS basis,
       'agency:' || id AS evidence,
       'a focal point on {1} of {2} days|' || held || '|' || days AS reason
FROM tally
