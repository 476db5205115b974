-- Findings confirmed before the period's end that a pass of the same check on the same target
-- closed within the days for their severity. An accepted finding counts as open.
-- Of what was told of one finding the last counts; it is open since the first.
SELECT f.agency AS agency,
       f.subject AS subject,
       CASE WHEN f.fixed_at <= f.due THEN 1
            WHEN f.fixed_at IS NULL AND :asof <= f.due THEN NULL
            ELSE 0 END AS ok,
       1 AS w,
       f.basis AS basis,
       'evidence:' || f.id AS evidence,
       CASE WHEN f.fixed_at IS NOT NULL
                THEN 'fix verified after {1} days|' || days_between(f.holds_from, f.fixed_at)
            WHEN :asof <= f.due THEN 'pending:open, due on {1}|' || date_text(f.due)
            ELSE 'open since {1}|' || date_text(f.holds_from) END AS reason
FROM (SELECT e.id, e.agency, e.subject, e.basis, e.found_at AS holds_from,
             CASE WHEN e.data ->> '$.fixed_at' <= :asof
                 THEN e.data ->> '$.fixed_at' END AS fixed_at,
             e.found_at + 86400000000000 * CASE e.data ->> '$.severity'
                 WHEN 'critical' THEN :n_fix_days_critical
                 WHEN 'high' THEN :n_fix_days_high
                 ELSE :n_fix_days_medium END AS due
      FROM (SELECT e.*, MIN(e.holds_from) OVER (PARTITION BY e.agency, e.subject) AS found_at,
                   row_number() OVER (PARTITION BY e.agency, e.subject
                                      ORDER BY e.learnt_at DESC, e.id DESC) AS place
            FROM m_evidence e
            WHERE e.kind = 'finding.confirmed'
              AND e.holds_from >= :from AND e.holds_from < :to
              AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)) e
      WHERE e.place = 1 AND e.data ->> '$.severity' IN ('critical', 'high', 'medium')) f
