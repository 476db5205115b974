-- Members of the provincial incident team whose contact was verified within the period. The records
-- keep the last verification only: one of later than the period, or than the day asked, hides
-- whether there was one before.
SELECT :role_lead AS agency,
       p.person AS subject,
       CASE WHEN p.verified_at >= :to OR p.verified_at > :asof THEN NULL
            ELSE COALESCE(p.verified_at >= :from, 0) END AS ok,
       1 AS w,
       'verified' AS basis,
       'agency:' || p.agency AS evidence,
       CASE WHEN p.verified_at IS NULL THEN 'contact never verified'
            WHEN p.verified_at >= :to OR p.verified_at > :asof
                THEN 'ours:only the last verification is kept, of {1}|' || date_text(p.verified_at)
            ELSE 'contact verified on {1}|' || date_text(p.verified_at) END AS reason
FROM m_post p
WHERE p.duty = 'incident_team' AND p.learnt_at <= :asof
  AND p.holds_from < :to_day AND p.holds_to >= MIN(:asof_day, :to_day)
GROUP BY p.person
