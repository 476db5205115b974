-- The title of an incident that nobody wrote is its first alert's: in both languages, as the alert has it.

ALTER TABLE incident ADD COLUMN title_en TEXT NOT NULL DEFAULT '';   -- '': a person's words, in any language

UPDATE incident SET title_en = coalesce(
    (SELECT a.title FROM incident_alert l JOIN alert a ON a.id = l.alert
     WHERE l.incident = incident.id AND a.title_vi = incident.title ORDER BY l.linked_at, a.id LIMIT 1), '');

DROP VIEW m_name;
CREATE VIEW m_name(kind, id, name, name_en) AS
SELECT 'agency', key, name, name_en FROM agency
UNION ALL
SELECT 'system', key, name, name_en FROM system
UNION ALL
SELECT 'source', key, name, '' FROM source
UNION ALL
SELECT 'incident', CAST(id AS TEXT), title, title_en FROM incident
UNION ALL
SELECT 'alert', CAST(id AS TEXT), COALESCE(NULLIF(title_vi, ''), title), title FROM alert;
