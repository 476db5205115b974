-- When a duty was late: kept, so that any past day can be asked, and for the measure of who was urged.

CREATE TABLE standing_late (
    plan        TEXT NOT NULL,
    obligation  TEXT NOT NULL,
    agency      TEXT NOT NULL,
    period      TEXT NOT NULL,
    due         INTEGER NOT NULL,
    began_at    INTEGER NOT NULL,                    -- when the hub first judged it late or not met
    ended_at    INTEGER                              -- NULL: it still is
) STRICT;
CREATE UNIQUE INDEX standing_late_open ON standing_late(plan, obligation, agency, period)
    WHERE ended_at IS NULL;
CREATE INDEX standing_late_due ON standing_late(due);

-- A time in which a duty was late; one that lasts ends far in the future.
CREATE VIEW m_late(plan, obligation, agency, period, due, began_at, ended_at) AS
SELECT plan, obligation, agency, period, due, began_at, COALESCE(ended_at, 9000000000000000000)
FROM standing_late;

DROP VIEW m_evidence_kind;
CREATE VIEW m_evidence_kind(kind, since) AS
SELECT kind, MIN(learnt_at) FROM evidence GROUP BY kind
UNION ALL
SELECT 'post', MIN(learnt_at) FROM post HAVING COUNT(*) > 0
UNION ALL
SELECT 'notice', MIN(learnt_at) FROM notice HAVING COUNT(*) > 0
UNION ALL
SELECT 'standing', CAST(value AS INTEGER) FROM setting WHERE key = 'standing_since';
