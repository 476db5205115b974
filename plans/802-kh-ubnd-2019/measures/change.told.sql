-- Changes of the focal point or of a member of the incident team that were told within
-- n_change_told_days working days of the day on which the personnel decision took effect.
SELECT p.agency AS agency,
       p.person || '/' || p.duty AS subject,
       working_days(day_start(p.holds_from), p.learnt_at) <= :n_change_told_days AS ok,
       1 AS w,
       'verified' AS basis,
       'agency:' || p.agency AS evidence,
       'told {1} working days after it took effect|'
           || working_days(day_start(p.holds_from), p.learnt_at) AS reason
FROM m_post p
WHERE p.duty IN ('focal', 'incident_team')
  AND p.holds_from >= :from_day AND p.holds_from < :to_day AND p.learnt_at <= :asof
