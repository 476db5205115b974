-- Specialised staff (focal points, members of the incident team) with at least one course
-- passed within n_course_days before the period's end.
SELECT :role_lead AS agency,
       p.person AS subject,
       e.id IS NOT NULL AS ok,
       1 AS w,
       COALESCE(e.basis, 'verified') AS basis,
       CASE WHEN e.id IS NULL THEN 'agency:' || p.agency ELSE 'evidence:' || e.id END AS evidence,
       CASE WHEN e.id IS NULL THEN 'no course passed'
            ELSE 'course passed on {1}|' || date_text(e.holds_from) END AS reason
FROM (SELECT person, MIN(agency) AS agency
      FROM m_post
      WHERE duty IN ('focal', 'incident_team') AND learnt_at <= :asof
        AND holds_from < :to_day AND holds_to >= MIN(:asof_day, :to_day)
      GROUP BY person) p
LEFT JOIN m_evidence e ON e.id = (
    SELECT e.id
    FROM m_evidence e
    WHERE e.kind = 'course.passed' AND e.subject = p.person AND e.ok = 1
      AND e.holds_from < :to AND days_between(e.holds_from, MIN(:to, :asof)) <= :n_course_days
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
    ORDER BY e.holds_from DESC
    LIMIT 1)
