-- The kind 'event' of a time line was never written: what it was meant for is an alert's.

CREATE TABLE incident_entry_of_kinds (           -- the time line: only appended to
    id          INTEGER PRIMARY KEY,
    incident    INTEGER NOT NULL REFERENCES incident(id),
    time        INTEGER NOT NULL,                -- when it happened
    learnt_at   INTEGER NOT NULL,                -- when it was written
    kind        TEXT NOT NULL CHECK (kind IN ('opened', 'alert', 'move', 'tell', 'severity', 'note',
                                              'hold', 'release', 'package')),
    user        TEXT NOT NULL,                   -- '' the system
    text        TEXT NOT NULL DEFAULT '',        -- a person's words
    from_state  TEXT NOT NULL DEFAULT '',        -- also severities
    to_state    TEXT NOT NULL DEFAULT '',
    alert       INTEGER REFERENCES alert(id),
    events      INTEGER NOT NULL DEFAULT 0,      -- in the package
    sha256      TEXT NOT NULL DEFAULT ''         -- of the package
) STRICT;

INSERT INTO incident_entry_of_kinds
SELECT id, incident, time, learnt_at, CASE kind WHEN 'event' THEN 'note' ELSE kind END, user, text, from_state,
       to_state, alert, events, sha256
FROM incident_entry;

DROP TABLE incident_entry;
ALTER TABLE incident_entry_of_kinds RENAME TO incident_entry;
CREATE INDEX incident_entry_incident ON incident_entry(incident, id);
CREATE TRIGGER incident_entry_keep_update BEFORE UPDATE ON incident_entry
BEGIN SELECT RAISE(ABORT, 'the time line is only appended to'); END;
CREATE TRIGGER incident_entry_keep_delete BEFORE DELETE ON incident_entry
BEGIN SELECT RAISE(ABORT, 'the time line is only appended to'); END;
