-- What measures ask beyond 0002: the firm that runs a system, for who may assess it; and how a source
-- last sent, so that a listener's gap excuses only those who send to it.

DROP VIEW m_system;
CREATE VIEW m_system(id, agency, operator, kind, level, dossier, valid_from, valid_to,
                     operator_organisation) AS
SELECT key, agency, COALESCE(operator, agency), kind, level, dossier,
       COALESCE(valid_from, '0001-01-01'), COALESCE(valid_to, '9999-12-31'),
       COALESCE(operator_organisation, '')
FROM system;

DROP VIEW m_source;
CREATE VIEW m_source(id, system, agency, kind, cadence, enabled, valid_from, valid_to, protocol) AS
SELECT o.key, o.system, s.agency, o.kind, o.cadence, o.enabled,
       COALESCE(o.valid_from, '0001-01-01'), COALESCE(o.valid_to, '9999-12-31'),
       COALESCE((SELECT h.protocol FROM source_health h WHERE h.source = o.key), '')
FROM source o
JOIN system s ON s.key = o.system;
