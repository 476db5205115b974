-- Searches that people keep: their own, and those they share with the colleagues who see the same
-- events: those of one agency, or those who see all agencies (agency '').
CREATE TABLE saved_search (
    id          INTEGER PRIMARY KEY,
    owner       TEXT NOT NULL REFERENCES user(name),
    agency      TEXT NOT NULL DEFAULT '',        -- the owner's when it was kept
    name        TEXT NOT NULL,
    query       TEXT NOT NULL,
    minutes     INTEGER NOT NULL,                -- the range: so long, ending now
    shared      INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1)),
    changed_at  INTEGER NOT NULL,
    UNIQUE (owner, name)
) STRICT;
CREATE INDEX saved_search_agency ON saved_search(agency, shared);
