-- Members of the provincial incident team whose contact was verified within the period.
SELECT :role_lead AS agency,
       p.person AS subject,
       COALESCE(p.verified_at >= :from AND p.verified_at <= :asof, 0) AS ok,
       1 AS w,
       'verified' AS basis,
       'agency:' || p.agency AS evidence,
       CASE WHEN p.verified_at IS NULL THEN 'contact never verified'
            ELSE 'contact verified on {1}|' || date_text(p.verified_at) END AS reason
FROM m_post p
WHERE p.duty = 'incident_team' AND p.learnt_at <= :asof
  AND p.holds_from < :to_day AND p.holds_to >= MIN(:asof_day, :to_day)
GROUP BY p.person
