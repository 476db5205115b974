-- Threat indicators: what feeds told us, whole feed by whole feed.
--
-- A feed is loaded as a new round beside the one in force and takes its place in one transaction at
-- the end, so that half a feed never counts.

CREATE TABLE indicator_feed (
    id          INTEGER PRIMARY KEY,
    key         TEXT NOT NULL UNIQUE,            -- the source that alerts name
    license     TEXT NOT NULL DEFAULT '',
    format      TEXT NOT NULL DEFAULT '',        -- list, csv, stix, misp
    file        TEXT NOT NULL DEFAULT '',
    round       INTEGER NOT NULL DEFAULT 0,      -- in force; 0: none yet
    loading     INTEGER,                         -- being loaded
    count       INTEGER NOT NULL DEFAULT 0,
    skipped     INTEGER NOT NULL DEFAULT 0,
    refused     INTEGER NOT NULL DEFAULT 0,
    imported_at INTEGER,
    imported_by TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE indicator (
    feed        INTEGER NOT NULL REFERENCES indicator_feed(id),
    round       INTEGER NOT NULL,
    type        INTEGER NOT NULL CHECK (type BETWEEN 0 AND 7), -- as event/indicator.h numbers them
    value       TEXT NOT NULL,                   -- in its one form
    confidence  INTEGER NOT NULL CHECK (confidence BETWEEN 0 AND 100),
    tlp         INTEGER NOT NULL CHECK (tlp BETWEEN 0 AND 4),
    valid_until INTEGER,                         -- NULL: open
    note        TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (feed, round, type, value)
) STRICT, WITHOUT ROWID;

-- What people added to the allow-list of the files.
CREATE TABLE indicator_allow (
    value       TEXT PRIMARY KEY,                -- '.example.vn' with all sub-domains
    reason      TEXT NOT NULL,
    by_whom     TEXT NOT NULL,
    since       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
