-- Projects of IT investment of which at least the regime's share goes to security, compared in
-- whole đồng by cross-multiplication. A line without a class or an amount leaves its project
-- unknown when it matters, and so does a project of 0 đồng. A line without a project is one.
WITH line AS (
    SELECT e.id, e.agency, e.basis,
           COALESCE(NULLIF(trim(e.data ->> '$.project'), ''), e.subject) AS project,
           COALESCE(e.data ->> '$.class', '') AS class,
           CASE WHEN e.amount >= 0 THEN e.amount END AS amount,
           row_number() OVER (PARTITION BY e.agency, e.subject, e.data ->> '$.project'
                              ORDER BY CASE e.basis WHEN 'declared' THEN 0 ELSE 1 END DESC,
                                       e.holds_from DESC, e.id DESC) AS place
    FROM m_evidence e
    WHERE e.kind = 'project.line'
      AND e.holds_from >= :from AND e.holds_from < :to
      AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
),
project AS (
    SELECT agency, project, MIN(id) AS first,
           COALESCE(SUM(amount), 0) AS total,
           COALESCE(SUM(CASE class WHEN 'security' THEN amount END), 0) AS security,
           COALESCE(SUM(CASE WHEN class NOT IN ('security', 'it') THEN amount END), 0) AS open,
           SUM(amount IS NULL) AS blank,
           SUM(amount IS NULL AND class <> 'security') AS may_sink,
           SUM(amount IS NULL AND class <> 'it') AS may_rise,
           MIN(CASE basis WHEN 'declared' THEN 0 WHEN 'verified' THEN 1 ELSE 2 END) AS rank
    FROM line
    WHERE place = 1
    GROUP BY agency, project
),
share AS (
    SELECT *, total > 0 AND may_sink = 0
              AND :r_security_share_min_of * security >= :r_security_share_min_num * total AS holds,
           may_rise = 0
              AND :r_security_share_min_of * (security + open) < :r_security_share_min_num * total
              AS fails
    FROM project
)
SELECT agency AS agency,
       project AS subject,
       CASE WHEN holds THEN 1 WHEN fails THEN 0 END AS ok,
       1 AS w,
       CASE rank WHEN 0 THEN 'declared' WHEN 1 THEN 'verified' ELSE 'measured' END AS basis,
       'evidence:' || first AS evidence,
       CASE WHEN holds THEN '{1} of {2} đồng|' || security || '|' || total
            WHEN fails THEN '{1} đồng short of the share|'
                || ((:r_security_share_min_num * total + :r_security_share_min_of - 1)
                    / :r_security_share_min_of - security)
            WHEN blank > 0 THEN 'theirs:lines without a usable amount: {1}|' || blank
            WHEN total = 0 THEN 'theirs:the lines sum up to 0 đồng'
            ELSE 'theirs:{1} đồng have no class|' || open END AS reason
FROM share
