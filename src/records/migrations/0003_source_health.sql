-- How a source usually sends, when it fell silent, and which incidents hold events back from deletion.

-- Events received in an hour (receipt time / 3600 s): the usual rhythm by the hour of the week. An
-- hour without events has no row; older than six weeks is deleted.
CREATE TABLE source_hour (
    source      TEXT NOT NULL,
    hour        INTEGER NOT NULL,
    received    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (source, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX source_hour_hour ON source_hour(hour);

-- The longest pause that ended on that day, ns; the time of our own gaps is taken off.
ALTER TABLE source_day ADD COLUMN pause INTEGER NOT NULL DEFAULT 0;

ALTER TABLE source_health ADD COLUMN usual_pause INTEGER;   -- ns; NULL: not known yet
ALTER TABLE source_health ADD COLUMN silent_after INTEGER;  -- ns; NULL: by its registered cadence
ALTER TABLE source_health ADD COLUMN skew_since INTEGER;    -- its clock is beyond the limit; NULL: not

-- A silence that was noticed: from its last event to the next one.
CREATE TABLE source_silence (
    id          INTEGER PRIMARY KEY,
    source      TEXT NOT NULL,
    began_at    INTEGER NOT NULL,
    noticed_at  INTEGER NOT NULL,
    ended_at    INTEGER,                         -- NULL: lasts
    CHECK (ended_at IS NULL OR ended_at >= began_at)
) STRICT;
CREATE INDEX source_silence_source ON source_silence(source, began_at);
CREATE UNIQUE INDEX source_silence_open ON source_silence(source) WHERE ended_at IS NULL;

-- Legal hold: while it lasts, no day file that may hold the incident's events is deleted.
CREATE TABLE incident_hold (
    id          INTEGER PRIMARY KEY,
    incident    INTEGER NOT NULL REFERENCES incident(id),
    since       INTEGER NOT NULL,
    by_whom     TEXT NOT NULL,
    reason      TEXT NOT NULL CHECK (reason <> ''),
    released_at INTEGER,                         -- NULL: holds
    released_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX incident_hold_open ON incident_hold(incident) WHERE released_at IS NULL;

-- For measures: silences that were noticed; one that lasts ends far in the future.
CREATE VIEW m_source_silence(source, began_at, ended_at) AS
SELECT source, began_at, COALESCE(ended_at, 9000000000000000000) FROM source_silence;
