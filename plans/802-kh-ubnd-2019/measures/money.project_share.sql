-- Projects of IT investment of which at least the regime's share goes to security, compared in
-- whole đồng by cross-multiplication. A line without a class leaves its project unknown when it
-- matters.
SELECT p.agency AS agency,
       p.project AS subject,
       CASE WHEN :r_security_share_min_of * p.security >= :r_security_share_min_num * p.total THEN 1
            WHEN :r_security_share_min_of * (p.security + p.open) >= :r_security_share_min_num * p.total
                THEN NULL
            ELSE 0 END AS ok,
       1 AS w,
       CASE p.rank WHEN 0 THEN 'declared' WHEN 1 THEN 'verified' ELSE 'measured' END AS basis,
       'evidence:' || p.first AS evidence,
       CASE WHEN :r_security_share_min_of * p.security >= :r_security_share_min_num * p.total
                THEN '{1} of {2} đồng|' || p.security || '|' || p.total
            WHEN :r_security_share_min_of * (p.security + p.open) >= :r_security_share_min_num * p.total
                THEN 'theirs:{1} đồng have no class|' || p.open
            ELSE '{1} đồng short of the share|'
                || ((:r_security_share_min_num * p.total + :r_security_share_min_of - 1)
                    / :r_security_share_min_of - p.security) END AS reason
FROM (SELECT e.agency, e.data ->> '$.project' AS project, MIN(e.id) AS first,
             SUM(COALESCE(e.amount, 0)) AS total,
             SUM(CASE e.data ->> '$.class' WHEN 'security' THEN COALESCE(e.amount, 0)
                 ELSE 0 END) AS security,
             SUM(CASE WHEN COALESCE(e.data ->> '$.class', '') IN ('security', 'it') THEN 0
                      ELSE COALESCE(e.amount, 0) END) AS open,
             MIN(CASE e.basis WHEN 'declared' THEN 0 WHEN 'verified' THEN 1 ELSE 2 END) AS rank
      FROM m_evidence e
      WHERE e.kind = 'project.line'
        AND e.holds_from >= :from AND e.holds_from < :to
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
      GROUP BY e.agency, e.data ->> '$.project') p
