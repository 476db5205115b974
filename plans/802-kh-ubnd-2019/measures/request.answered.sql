-- Requests of a kind, made in the period, that were answered in time: difficulties within
-- n_difficulty_days working days, others within n_answer_days. What the lead asked of an agency in an
-- incident that agency owes, all else the lead.
-- Of what was told of one request the last counts; it waits since the first.
SELECT CASE :with_kind WHEN 'coordination.asked' THEN e.agency ELSE :role_lead END AS agency,
       e.subject AS subject,
       CASE WHEN e.answered_at IS NOT NULL
                THEN working_days(e.asked_at, e.answered_at) <= e.most
            WHEN working_days(e.asked_at, :asof) <= e.most THEN NULL
            ELSE 0 END AS ok,
       1 AS w,
       e.basis AS basis,
       'evidence:' || e.id AS evidence,
       CASE WHEN e.answered_at IS NOT NULL
                THEN 'answered after {1} working days|'
                    || working_days(e.asked_at, e.answered_at)
            WHEN working_days(e.asked_at, :asof) <= e.most
                THEN 'pending:waits since {1}|' || date_text(e.asked_at)
            ELSE 'waits since {1}|' || date_text(e.asked_at) END AS reason
FROM (SELECT e.*, CASE WHEN e.data ->> '$.answered_at' <= :asof
                       THEN e.data ->> '$.answered_at' END AS answered_at,
             CASE :with_kind WHEN 'difficulty.filed' THEN :n_difficulty_days
                             ELSE :n_answer_days END AS most,
             MIN(e.holds_from) OVER (PARTITION BY e.agency, e.subject) AS asked_at,
             row_number() OVER (PARTITION BY e.agency, e.subject
                                ORDER BY e.learnt_at DESC, e.id DESC) AS place
      FROM m_evidence e
      WHERE e.kind = :with_kind
        AND e.holds_from >= :from AND e.holds_from < :to
        AND e.learnt_at <= :asof AND (e.revoked_at IS NULL OR e.revoked_at > :asof)) e
WHERE e.place = 1
