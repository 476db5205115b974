-- Changes of the focal point or of a member of the incident team, who comes as well as who leaves,
-- that were told within n_change_told_days working days of the day on which they took effect. A
-- term that is renewed without a day between is no change; what took effect before the first start
-- could not be told to us.
WITH change(agency, subject, form, day, told_at) AS (
    SELECT p.agency, p.person || '/' || p.duty,
           'told {1} working days after it took effect', p.holds_from, p.learnt_at
    FROM m_post p
    WHERE p.duty IN ('focal', 'incident_team')
      AND NOT EXISTS (SELECT 1 FROM m_post b
                      WHERE b.person = p.person AND b.agency = p.agency AND b.duty = p.duty
                        AND day_add(b.holds_to, 1) = p.holds_from)
    UNION ALL
    SELECT p.agency, p.person || '/' || p.duty || '/left',
           'that the post ends was told {1} working days after it did', day_add(p.holds_to, 1),
           COALESCE(p.end_learnt_at, p.learnt_at)
    FROM m_post p
    WHERE p.duty IN ('focal', 'incident_team') AND p.holds_to < '9999-12-31'
      AND NOT EXISTS (SELECT 1 FROM m_post n
                      WHERE n.person = p.person AND n.agency = p.agency AND n.duty = p.duty
                        AND day_add(p.holds_to, 1) = n.holds_from)
)
SELECT agency AS agency,
       subject AS subject,
       CASE WHEN day >= :start_day
            THEN working_days(day_start(day), told_at) <= :n_change_told_days END AS ok,
       1 AS w,
       'verified' AS basis,
       'agency:' || agency AS evidence,
       CASE WHEN day < :start_day THEN 'ours:before the first start of this installation'
            ELSE form || '|' || working_days(day_start(day), told_at) END AS reason
FROM change
WHERE day >= :from_day AND day < :to_day AND told_at <= :asof
