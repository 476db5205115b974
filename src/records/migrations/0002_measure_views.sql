-- The views that measures of a plan may read: a contract (docs/measures.md), so that a plan's SQL
-- goes on working when the tables change. No secrets, no names of people, no free text.
--
-- Times are nanoseconds UTC. Days are TEXT 'YYYY-MM-DD' of Asia/Ho_Chi_Minh; spans of days include
-- both ends and are never NULL (open ends are 0001-01-01 and 9999-12-31).

-- When this installation first started: days before it cannot be known.
CREATE VIEW m_start(first_at) AS
SELECT CAST(value AS INTEGER) FROM setting WHERE key = 'first_start';

CREATE VIEW m_agency(id, kind, rank, valid_from, valid_to) AS
SELECT key, kind, rank, COALESCE(valid_from, '0001-01-01'), COALESCE(valid_to, '9999-12-31')
FROM agency;

-- agency owns it, operator runs it (the owner where none is named). level NULL: not classified.
CREATE VIEW m_system(id, agency, operator, kind, level, dossier, valid_from, valid_to) AS
SELECT key, agency, COALESCE(operator, agency), kind, level, dossier,
       COALESCE(valid_from, '0001-01-01'), COALESCE(valid_to, '9999-12-31')
FROM system;

CREATE VIEW m_source(id, system, agency, kind, cadence, enabled, valid_from, valid_to) AS
SELECT o.key, o.system, s.agency, o.kind, o.cadence, o.enabled,
       COALESCE(o.valid_from, '0001-01-01'), COALESCE(o.valid_to, '9999-12-31')
FROM source o
JOIN system s ON s.key = o.system;

-- What was heard from a source on a day of receipt; events are those that were stored.
CREATE VIEW m_source_day(source, day, events, undecoded, first_at, last_at) AS
SELECT source, printf('%04d-%02d-%02d', day / 10000, day / 100 % 100, day % 100),
       stored, undecoded, first, last
FROM source_day
WHERE source <> '';

-- Times in which our own listeners were down; one that lasts ends far in the future.
CREATE VIEW m_collector_gap(listener, began_at, ended_at) AS
SELECT listener, began_at, COALESCE(ended_at, 9000000000000000000) FROM collector_gap;

-- raised_at: when people could see it; looked_at: when somebody first took or decided it.
CREATE VIEW m_alert(id, rule, agency, system, source, level, state, first_at, raised_at, looked_at)
AS
SELECT id, rule, agency, system, source, level, state, first_time, folded_at,
       COALESCE((SELECT MIN(m.time) FROM alert_move m WHERE m.alert = alert.id),
                taken_at, decided_at)
FROM alert
WHERE agency <> '';

CREATE VIEW m_incident(id, agency, system, severity, state, regime, detected_at, opened_at, tell_due,
                       told_at, closed_at) AS
SELECT id, agency, system, severity, state, regime, detected_at, opened_at, tell_due, told_at,
       closed_at
FROM incident;

CREATE VIEW m_incident_alert(incident, alert) AS
SELECT incident, alert FROM incident_alert;

-- A fact with its two times: it holds in [holds_from, holds_to), it was learnt at learnt_at. Kinds
-- and what stands in data are listed in docs/measures.md.
CREATE VIEW m_evidence(id, kind, subject, agency, holds_from, holds_to, learnt_at, basis, ok, amount,
                       base, data, revoked_at) AS
SELECT id, kind, subject, agency, holds_from, holds_to, learnt_at, basis, ok, amount, base, data,
       revoked_at
FROM evidence;

-- Since when a kind of evidence reaches this installation at all: before that nothing can be said.
CREATE VIEW m_evidence_kind(kind, since) AS
SELECT kind, MIN(learnt_at) FROM evidence GROUP BY kind
UNION ALL
SELECT 'post', MIN(learnt_at) FROM post HAVING COUNT(*) > 0
UNION ALL
SELECT 'notice', MIN(learnt_at) FROM notice HAVING COUNT(*) > 0;

CREATE VIEW m_notice(id, kind, subject, agency, obligation, period, step, incident, channel, sent_at,
                     learnt_at, due_at, delivered_at, acknowledged_at) AS
SELECT id, kind, subject, agency, obligation, period, step, incident, channel, sent_at, learnt_at,
       due_at, delivered_at, acknowledged_at
FROM notice;

-- Who holds which duty (head, focal, incident_team, …); verified_at: contact last verified.
CREATE VIEW m_post(person, agency, duty, holds_from, holds_to, learnt_at, verified_at) AS
SELECT o.person, o.agency, o.duty, o.holds_from, COALESCE(o.holds_to, '9999-12-31'), o.learnt_at,
       p.verified_at
FROM post o
JOIN person p ON p.key = o.person;

CREATE VIEW m_organisation(id, kind, domestic) AS
SELECT key, kind, domestic FROM organisation;

CREATE VIEW m_exemption(id, plan, obligation, agency, subject, reason, document, granted_by,
                        holds_from, holds_to, learnt_at, revoked_at) AS
SELECT id, plan, obligation, agency, subject, reason, document, granted_by, holds_from, holds_to,
       learnt_at, revoked_at
FROM exemption;

-- What the plan check said last (computed by the hub).
CREATE VIEW m_standing(plan, obligation, agency, period, state, due, asof) AS
SELECT plan, obligation, agency, period, state, due, asof FROM standing;

-- Names of public bodies and things, for showing beside a key.
CREATE VIEW m_name(kind, id, name, name_en) AS
SELECT 'agency', key, name, name_en FROM agency
UNION ALL
SELECT 'system', key, name, name_en FROM system
UNION ALL
SELECT 'source', key, name, '' FROM source
UNION ALL
SELECT 'incident', CAST(id AS TEXT), title, '' FROM incident
UNION ALL
SELECT 'alert', CAST(id AS TEXT), COALESCE(NULLIF(title_vi, ''), title), title FROM alert;
