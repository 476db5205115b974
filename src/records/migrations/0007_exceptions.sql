-- What people say about single rules: exceptions, how often they may speak; and what was held back.

CREATE TABLE exception (
    id          INTEGER PRIMARY KEY,
    rules       TEXT NOT NULL CHECK (rules <> ''),   -- ids, blank between
    title       TEXT NOT NULL DEFAULT '',            -- of the first rule, for people
    agency      TEXT NOT NULL DEFAULT '',            -- only of these; '' any
    system      TEXT NOT NULL DEFAULT '',
    source      TEXT NOT NULL DEFAULT '',
    conditions  TEXT NOT NULL,                       -- as people wrote them, one a line
    filter      TEXT NOT NULL,                       -- the same as a Sigma filter
    reason      TEXT NOT NULL,
    by_whom     TEXT NOT NULL,
    since       INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    ended_at    INTEGER,                             -- earlier than `until`, by hand
    ended_by    TEXT NOT NULL DEFAULT '',
    alert       INTEGER REFERENCES alert(id),        -- from which it was made; NULL: none
    silenced    INTEGER NOT NULL DEFAULT 0,          -- matches
    last_match  INTEGER
) STRICT;
CREATE INDEX exception_until ON exception(until);

CREATE TABLE rule_limit (
    rule        TEXT PRIMARY KEY,
    fold        INTEGER NOT NULL,                    -- seconds; 0: the default
    most        INTEGER NOT NULL,                    -- alerts an hour and agency; 0: default, -1: none
    by_whom     TEXT NOT NULL,
    since       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Alerts held back because the rule fired above its rate.
CREATE TABLE rule_throttle (
    rule        TEXT NOT NULL,
    agency      TEXT NOT NULL,
    day         INTEGER NOT NULL,                    -- 20261124, in Asia/Ho_Chi_Minh
    matches     INTEGER NOT NULL,
    first_time  INTEGER NOT NULL,
    last_time   INTEGER NOT NULL,
    PRIMARY KEY (rule, agency, day)
) STRICT, WITHOUT ROWID;
