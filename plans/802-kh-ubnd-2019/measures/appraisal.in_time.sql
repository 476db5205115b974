-- Estimates submitted in the period that Finance appraised within n_appraisal_days working
-- days.
-- Of what was told of one estimate the last counts; it waits since the first.
SELECT :role_finance AS agency,
       e.subject AS subject,
       CASE WHEN e.answered_at IS NOT NULL
                THEN working_days(e.asked_at, e.answered_at) <= :n_appraisal_days
            WHEN working_days(e.asked_at, :asof) <= :n_appraisal_days THEN NULL
            ELSE 0 END AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE WHEN e.answered_at IS NOT NULL
                THEN 'appraised after {1} working days|'
                    || working_days(e.asked_at, e.answered_at)
            WHEN working_days(e.asked_at, :asof) <= :n_appraisal_days
                THEN 'pending:waits since {1}|' || date_text(e.asked_at)
            ELSE 'waits since {1}|' || date_text(e.asked_at) END AS reason
FROM (SELECT e.*, CASE WHEN e.data ->> '$.answered_at' <= :asof
                       THEN e.data ->> '$.answered_at' END AS answered_at,
             MIN(e.holds_from) OVER (PARTITION BY e.agency, e.subject) AS asked_at,
             row_number() OVER (PARTITION BY e.agency, e.subject
                                ORDER BY e.learnt_at DESC, e.id DESC) AS place
      FROM m_evidence e
      WHERE e.kind = 'estimate.submitted'
        AND e.holds_from >= :from AND e.holds_from < :to
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)) e
WHERE e.place = 1
