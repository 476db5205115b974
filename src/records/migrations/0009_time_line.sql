-- What the system writes into a time line are facts, worded when they are shown, in the reader's language.
-- An alert's titles stand in the alert, an incident's in the incident; holds and packages are kinds of
-- their own, of which `text` is the reason that a person gave.

CREATE TABLE incident_entry_of_facts (           -- the time line: only appended to
    id          INTEGER PRIMARY KEY,
    incident    INTEGER NOT NULL REFERENCES incident(id),
    time        INTEGER NOT NULL,                -- when it happened
    learnt_at   INTEGER NOT NULL,                -- when it was written
    kind        TEXT NOT NULL CHECK (kind IN ('opened', 'alert', 'move', 'tell', 'severity', 'note',
                                              'event', 'hold', 'release', 'package')),
    user        TEXT NOT NULL,                   -- '' the system
    text        TEXT NOT NULL DEFAULT '',        -- a person's words
    from_state  TEXT NOT NULL DEFAULT '',        -- also severities
    to_state    TEXT NOT NULL DEFAULT '',
    alert       INTEGER REFERENCES alert(id),
    events      INTEGER NOT NULL DEFAULT 0,      -- in the package
    sha256      TEXT NOT NULL DEFAULT ''         -- of the package
) STRICT;

INSERT INTO incident_entry_of_facts (id, incident, time, learnt_at, kind, user, text, from_state, to_state,
                                     alert)
SELECT id, incident, time, learnt_at, kind, user,
       CASE WHEN kind IN ('opened', 'alert') THEN '' ELSE text END, from_state, to_state, alert
FROM incident_entry;

-- The sentences of before, into their facts.
UPDATE incident_entry_of_facts
SET kind = 'hold', text = substr(text, length('Giữ log làm chứng cứ (legal hold): ') + 1)
WHERE kind = 'note' AND text GLOB 'Giữ log làm chứng cứ (legal hold): *';

UPDATE incident_entry_of_facts
SET kind = 'release', text = substr(text, length('Thôi giữ log làm chứng cứ (hold released): ') + 1)
WHERE kind = 'note' AND text GLOB 'Thôi giữ log làm chứng cứ (hold released)*';

UPDATE incident_entry_of_facts
SET kind = 'package',
    events = CAST(substr(text, length('Xuất gói chứng cứ (evidence package): ') + 1) AS INTEGER),
    sha256 = substr(text, instr(text, ', SHA-256 ') + length(', SHA-256 '), 64),
    text = substr(text, instr(text, ', SHA-256 ') + length(', SHA-256 ') + 64 + length(': '))
WHERE kind = 'note' AND text GLOB 'Xuất gói chứng cứ (evidence package): *, SHA-256 *: *';

DROP TABLE incident_entry;
ALTER TABLE incident_entry_of_facts RENAME TO incident_entry;
CREATE INDEX incident_entry_incident ON incident_entry(incident, id);
CREATE TRIGGER incident_entry_keep_update BEFORE UPDATE ON incident_entry
BEGIN SELECT RAISE(ABORT, 'the time line is only appended to'); END;
CREATE TRIGGER incident_entry_keep_delete BEFORE DELETE ON incident_entry
BEGIN SELECT RAISE(ABORT, 'the time line is only appended to'); END;
