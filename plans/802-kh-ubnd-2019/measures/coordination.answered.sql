-- What the lead asked of an agency in an incident, answered within n_answer_days working days.
SELECT e.agency AS agency,
       e.subject AS subject,
       CASE WHEN e.answered_at IS NOT NULL
                THEN working_days(e.holds_from, e.answered_at) <= :n_answer_days
            WHEN working_days(e.holds_from, :asof) <= :n_answer_days THEN NULL
            ELSE 0 END AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE WHEN e.answered_at IS NOT NULL
                THEN 'answered after {1} working days|'
                    || working_days(e.holds_from, e.answered_at)
            WHEN working_days(e.holds_from, :asof) <= :n_answer_days
                THEN 'pending:waits since {1}|' || date_text(e.holds_from)
            ELSE 'waits since {1}|' || date_text(e.holds_from) END AS reason
FROM (SELECT e.*, CASE WHEN e.data ->> '$.answered_at' <= :asof
                       THEN e.data ->> '$.answered_at' END AS answered_at
      FROM m_evidence e) e
WHERE e.kind = 'coordination.asked'
  AND e.holds_from >= :from AND e.holds_from < :to
  AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)
