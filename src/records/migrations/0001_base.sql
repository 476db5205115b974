-- The records' base schema.
--
-- Times (INTEGER, …_at, time) are nanoseconds UTC. Legal dates (TEXT 'YYYY-MM-DD') are days of
-- Asia/Ho_Chi_Minh; valid_to is the last day on which the thing still exists, NULL: still does.
-- Counted days (INTEGER) are 20261124.
-- Keys are slugs. `fold` columns hold names without case and diacritics, for search.
-- Levels and severities: 0 informational, 1 low, 2 medium, 3 high, 4 critical.

-- ---- register ----------------------------------------------------------------------------

CREATE TABLE agency (
    key         TEXT PRIMARY KEY CHECK (key <> ''),
    name        TEXT NOT NULL,
    short       TEXT NOT NULL DEFAULT '',
    name_en     TEXT NOT NULL DEFAULT '',
    kind        TEXT NOT NULL,
    rank        INTEGER NOT NULL DEFAULT 0,      -- the register's own order
    valid_from  TEXT,
    valid_to    TEXT,
    fold        TEXT NOT NULL,                   -- names, key, codes, aliases
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    CHECK (valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE agency_code (
    agency      TEXT NOT NULL REFERENCES agency(key),
    code        TEXT NOT NULL,
    PRIMARY KEY (agency, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE agency_alias (
    agency      TEXT NOT NULL REFERENCES agency(key),
    alias       TEXT NOT NULL,
    PRIMARY KEY (agency, alias)
) STRICT, WITHOUT ROWID;

-- Bodies merge (n to 1) and split (1 to n).
CREATE TABLE agency_predecessor (
    agency      TEXT NOT NULL REFERENCES agency(key),
    predecessor TEXT NOT NULL REFERENCES agency(key) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (agency, predecessor),
    CHECK (agency <> predecessor)
) STRICT, WITHOUT ROWID;

CREATE TABLE organisation (
    key         TEXT PRIMARY KEY CHECK (key <> ''),
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,                   -- monitor, assessor, supplier, ca, …
    tax_code    TEXT NOT NULL DEFAULT '',
    domestic    INTEGER CHECK (domestic IN (0, 1)),
    fold        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE system (
    key         TEXT PRIMARY KEY CHECK (key <> ''),
    agency      TEXT NOT NULL REFERENCES agency(key),   -- the owner
    operator    TEXT REFERENCES agency(key),            -- who runs it; NULL: the owner
    operator_organisation TEXT REFERENCES organisation(key),
    name        TEXT NOT NULL,
    name_en     TEXT NOT NULL DEFAULT '',
    kind        TEXT NOT NULL DEFAULT '',
    level       INTEGER CHECK (level BETWEEN 1 AND 5),  -- NULL: not classified
    dossier     TEXT NOT NULL DEFAULT 'none'
                CHECK (dossier IN ('none', 'drafting', 'submitted', 'appraised', 'approved')),
    decision    TEXT NOT NULL DEFAULT '',               -- number of the level's decision
    decided_on  TEXT,
    valid_from  TEXT,
    valid_to    TEXT,
    fold        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    CHECK (valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from)
) STRICT, WITHOUT ROWID;
CREATE INDEX system_agency ON system(agency);
CREATE INDEX system_operator ON system(operator);

CREATE TABLE source (
    key         TEXT PRIMARY KEY CHECK (key <> ''),
    system      TEXT NOT NULL REFERENCES system(key),
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('syslog', 'http', 'file')),
    network     TEXT NOT NULL DEFAULT '',        -- CIDR of the sender; '' any (token sources)
    hostname    TEXT NOT NULL DEFAULT '',        -- in the syslog header; '' any
    token_sha256 TEXT NOT NULL DEFAULT '',       -- hex; '' none
    decoder     TEXT NOT NULL DEFAULT '',        -- to be tried first
    zone        TEXT NOT NULL DEFAULT '',        -- of times without one; '' Asia/Ho_Chi_Minh
    class       TEXT NOT NULL DEFAULT 'standard',-- retention class
    cadence     INTEGER NOT NULL DEFAULT 3600 CHECK (cadence > 0), -- seconds; silent after that
    enabled     INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    valid_from  TEXT,
    valid_to    TEXT,
    fold        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX source_system ON source(system);
CREATE UNIQUE INDEX source_token ON source(token_sha256) WHERE token_sha256 <> '';

-- What was heard. source '' counts senders that nobody knows; therefore no foreign key.
CREATE TABLE source_health (
    source      TEXT PRIMARY KEY,
    first_seen  INTEGER NOT NULL,                -- receipt times
    last_seen   INTEGER NOT NULL,
    skew        INTEGER NOT NULL DEFAULT 0,      -- ns, its clock minus ours, of the last batch
    protocol    TEXT NOT NULL DEFAULT ''         -- how it last sent: syslog-udp, …; '' not known
) STRICT, WITHOUT ROWID;

CREATE TABLE source_day (
    source      TEXT NOT NULL,
    day         INTEGER NOT NULL,                -- of receipt, in Asia/Ho_Chi_Minh
    received    INTEGER NOT NULL DEFAULT 0,      -- = stored + repeated + quarantined + refused
    stored      INTEGER NOT NULL DEFAULT 0,
    repeated    INTEGER NOT NULL DEFAULT 0,
    quarantined INTEGER NOT NULL DEFAULT 0,
    refused     INTEGER NOT NULL DEFAULT 0,
    undecoded   INTEGER NOT NULL DEFAULT 0,
    first       INTEGER NOT NULL,
    last        INTEGER NOT NULL,
    PRIMARY KEY (source, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX source_day_day ON source_day(day);

-- The recent rhythm; older than eight days is deleted.
CREATE TABLE source_minute (
    source      TEXT NOT NULL,
    minute      INTEGER NOT NULL,                -- receipt time / 60 s
    received    INTEGER NOT NULL DEFAULT 0,
    undecoded   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (source, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX source_minute_minute ON source_minute(minute);

-- Our own listener was down: nobody is blamed for that.
CREATE TABLE collector_gap (
    id          INTEGER PRIMARY KEY,
    listener    TEXT NOT NULL,                   -- '' all of them
    began_at    INTEGER NOT NULL,
    ended_at    INTEGER,                         -- NULL: lasts
    reason      TEXT NOT NULL DEFAULT '',
    CHECK (ended_at IS NULL OR ended_at >= began_at)
) STRICT;
CREATE INDEX collector_gap_began ON collector_gap(began_at);

CREATE TABLE person (
    key         TEXT PRIMARY KEY CHECK (key <> ''),
    name        TEXT NOT NULL,
    email       TEXT NOT NULL DEFAULT '',
    phone       TEXT NOT NULL DEFAULT '',
    verified_at INTEGER,                         -- contact last verified
    fold        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE post (
    id          INTEGER PRIMARY KEY,
    person      TEXT NOT NULL REFERENCES person(key),
    agency      TEXT NOT NULL REFERENCES agency(key),
    duty        TEXT NOT NULL,                   -- head, focal, incident_team, …
    title       TEXT NOT NULL DEFAULT '',
    decision    TEXT NOT NULL DEFAULT '',
    holds_from  TEXT NOT NULL,
    holds_to    TEXT,                            -- last day; NULL: still
    learnt_at   INTEGER NOT NULL,
    UNIQUE (person, agency, duty, holds_from),
    CHECK (holds_to IS NULL OR holds_to >= holds_from)
) STRICT;
CREATE INDEX post_agency ON post(agency, duty);

-- ---- people who log in -------------------------------------------------------------------

CREATE TABLE user (
    name        TEXT PRIMARY KEY CHECK (name <> ''),
    full_name   TEXT NOT NULL,
    password    TEXT NOT NULL,                   -- argon2id, libsodium's text form
    role        TEXT NOT NULL CHECK (role IN ('lead', 'agency', 'responder', 'finance', 'police',
                                              'assessor', 'leader', 'admin')),
    agency      TEXT REFERENCES agency(key),
    language    TEXT NOT NULL DEFAULT 'vi' CHECK (language IN ('vi', 'en')),
    disabled    INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    last_login  INTEGER,
    CHECK ((role = 'agency') = (agency IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    token       BLOB PRIMARY KEY CHECK (length(token) = 32),   -- SHA-256 of the cookie
    user        TEXT NOT NULL REFERENCES user(name),
    csrf        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    address     TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session(user);
CREATE INDEX session_expires ON session(expires_at);

CREATE TABLE login_failure (
    name        TEXT NOT NULL,                   -- as typed, cut
    address     TEXT NOT NULL,
    time        INTEGER NOT NULL
) STRICT;
CREATE INDEX login_failure_name ON login_failure(name, time);
CREATE INDEX login_failure_time ON login_failure(time);

-- ---- audit: who did what, each row chained to the one before it ---------------------------

CREATE TABLE audit (
    id          INTEGER PRIMARY KEY,             -- 1, 2, 3 … without gaps
    time        INTEGER NOT NULL,
    user        TEXT NOT NULL,
    role        TEXT NOT NULL,
    agency      TEXT NOT NULL,                   -- whose thing it was; '' none
    action      TEXT NOT NULL,                   -- 'incident.confirm'
    object      TEXT NOT NULL,                   -- 'incident:12'
    detail      TEXT NOT NULL,                   -- JSON or ''
    hash        BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_object ON audit(object);
CREATE TABLE audit_head (                        -- so that a tail cut off is noticed
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    id          INTEGER NOT NULL,
    hash        BLOB NOT NULL
) STRICT;
INSERT INTO audit_head VALUES (1, 0, zeroblob(32));
CREATE TRIGGER audit_keep_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;
CREATE TRIGGER audit_keep_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;

-- ---- alerts ------------------------------------------------------------------------------

-- Matches of one rule about one entity in one system on one day are one alert.
CREATE TABLE alert (
    id          INTEGER PRIMARY KEY,
    rule        TEXT NOT NULL,
    title       TEXT NOT NULL,
    title_vi    TEXT NOT NULL DEFAULT '',
    author      TEXT NOT NULL DEFAULT '',
    license     TEXT NOT NULL DEFAULT '',
    tags        TEXT NOT NULL DEFAULT '',        -- blank between
    level       INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4),
    agency      TEXT NOT NULL,                   -- '' when the sender is unknown
    system      TEXT NOT NULL,
    source      TEXT NOT NULL,                   -- of the first match
    entity      TEXT NOT NULL,                   -- 'src_ip=203.0.113.77' or ''
    day         INTEGER NOT NULL,                -- of the matches, in Asia/Ho_Chi_Minh
    why         TEXT NOT NULL DEFAULT '',        -- JSON, of the first match
    first_time  INTEGER NOT NULL,
    last_time   INTEGER NOT NULL,
    matches     INTEGER NOT NULL DEFAULT 1,
    folded_at   INTEGER NOT NULL,                -- when the records learnt of it
    state       TEXT NOT NULL DEFAULT 'new'
                CHECK (state IN ('new', 'taken', 'false_positive', 'escalated', 'closed')),
    taken_by    TEXT REFERENCES user(name),
    taken_at    INTEGER,
    decided_at  INTEGER,                         -- false_positive, escalated, closed
    reason      TEXT NOT NULL DEFAULT '',
    fold        TEXT NOT NULL,                   -- title, entity, rule
    UNIQUE (rule, agency, system, entity, day),
    CHECK ((state = 'taken') <= (taken_by IS NOT NULL))
) STRICT;
CREATE INDEX alert_last ON alert(last_time, id);
CREATE INDEX alert_state ON alert(state, last_time);
CREATE INDEX alert_agency ON alert(agency, last_time);
CREATE INDEX alert_rule ON alert(rule, last_time);

-- Every match as it stands in the archive's outbox, once.
CREATE TABLE alert_match (
    day         INTEGER NOT NULL,                -- the day file: 20261124
    class       TEXT NOT NULL,                   -- and its retention class
    sequence    INTEGER NOT NULL,                -- of the alert in that file
    alert       INTEGER NOT NULL REFERENCES alert(id),
    time        INTEGER NOT NULL,
    PRIMARY KEY (day, class, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_match_alert ON alert_match(alert, time);

-- The first 20 events of an alert: it outlives the archive.
CREATE TABLE alert_event (
    alert       INTEGER NOT NULL REFERENCES alert(id),
    ordinal     INTEGER NOT NULL CHECK (ordinal BETWEEN 0 AND 19),
    event       TEXT NOT NULL,                   -- '20261124.standard.184'
    time        INTEGER NOT NULL,
    received    INTEGER NOT NULL,
    source      TEXT NOT NULL,
    decoder     TEXT NOT NULL DEFAULT '',
    product     TEXT NOT NULL DEFAULT '',
    category    TEXT NOT NULL DEFAULT '',
    service     TEXT NOT NULL DEFAULT '',
    fields      TEXT NOT NULL DEFAULT '{}',      -- JSON
    raw         BLOB NOT NULL,
    PRIMARY KEY (alert, ordinal),
    UNIQUE (alert, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_move (
    id          INTEGER PRIMARY KEY,
    alert       INTEGER NOT NULL REFERENCES alert(id),
    time        INTEGER NOT NULL,
    user        TEXT NOT NULL,
    move        TEXT NOT NULL CHECK (move IN ('take', 'release', 'false_positive', 'escalate', 'close')),
    reason      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX alert_move_alert ON alert_move(alert);

-- How far the hub has read each day file.
CREATE TABLE outbox_cursor (
    stream      TEXT NOT NULL,                   -- alerts, counters
    day         INTEGER NOT NULL,
    class       TEXT NOT NULL,
    sequence    INTEGER NOT NULL,                -- the last one folded
    changed_at  INTEGER NOT NULL,
    PRIMARY KEY (stream, day, class)
) STRICT, WITHOUT ROWID;

-- Rules that are not to run, and until when.
CREATE TABLE rule_disabled (
    rule        TEXT PRIMARY KEY,
    reason      TEXT NOT NULL,
    by_whom     TEXT NOT NULL,
    since       INTEGER NOT NULL,
    until       INTEGER                          -- NULL: for good
) STRICT, WITHOUT ROWID;

-- ---- incidents ---------------------------------------------------------------------------

CREATE TABLE incident (
    id            INTEGER PRIMARY KEY,
    year          INTEGER NOT NULL,
    number        INTEGER NOT NULL,              -- per year, from 1, without gaps
    title         TEXT NOT NULL,
    description   TEXT NOT NULL DEFAULT '',
    category      TEXT NOT NULL DEFAULT '',
    state         TEXT NOT NULL CHECK (state IN ('new', 'confirmed', 'contained', 'eradicated',
                                                 'recovered', 'closed', 'rejected')),
    severity      INTEGER NOT NULL CHECK (severity BETWEEN 0 AND 4),
    agency        TEXT NOT NULL REFERENCES agency(key),
    system        TEXT REFERENCES system(key),
    regime        TEXT NOT NULL DEFAULT '',      -- whose clock runs
    opened_at     INTEGER NOT NULL,
    opened_by     TEXT NOT NULL,
    occurred_at   INTEGER,
    detected_at   INTEGER NOT NULL,              -- the clock starts here
    tell_due      INTEGER,                       -- NULL: the regime sets no clock
    told_at       INTEGER,                       -- NULL: not yet
    told_channel  TEXT NOT NULL DEFAULT '',
    confirmed_at  INTEGER,
    contained_at  INTEGER,
    eradicated_at INTEGER,
    recovered_at  INTEGER,
    closed_at     INTEGER,                       -- closed or rejected
    version       INTEGER NOT NULL DEFAULT 1,    -- grows with every change
    fold          TEXT NOT NULL,
    UNIQUE (year, number)
) STRICT;
CREATE INDEX incident_state ON incident(state);
CREATE INDEX incident_agency ON incident(agency, opened_at);

CREATE TABLE incident_alert (
    alert       INTEGER PRIMARY KEY REFERENCES alert(id),   -- an alert is in one incident at most
    incident    INTEGER NOT NULL REFERENCES incident(id),
    linked_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX incident_alert_incident ON incident_alert(incident);

CREATE TABLE incident_entry (                    -- the time line: only appended to
    id          INTEGER PRIMARY KEY,
    incident    INTEGER NOT NULL REFERENCES incident(id),
    time        INTEGER NOT NULL,                -- when it happened
    learnt_at   INTEGER NOT NULL,                -- when it was written
    kind        TEXT NOT NULL CHECK (kind IN ('opened', 'alert', 'move', 'tell', 'severity', 'note',
                                              'event')),
    user        TEXT NOT NULL,                   -- '' the system
    text        TEXT NOT NULL DEFAULT '',
    from_state  TEXT NOT NULL DEFAULT '',        -- also severities
    to_state    TEXT NOT NULL DEFAULT '',
    alert       INTEGER REFERENCES alert(id)
) STRICT;
CREATE INDEX incident_entry_incident ON incident_entry(incident, id);
CREATE TRIGGER incident_entry_keep_update BEFORE UPDATE ON incident_entry
BEGIN SELECT RAISE(ABORT, 'the time line is only appended to'); END;
CREATE TRIGGER incident_entry_keep_delete BEFORE DELETE ON incident_entry
BEGIN SELECT RAISE(ABORT, 'the time line is only appended to'); END;

-- ---- evidence, notices, the plan's standing ----------------------------------------------

CREATE TABLE evidence (
    id          INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL,                   -- what measures ask for: 'report.sent', …
    subject     TEXT NOT NULL,                   -- what it speaks of: key of a system, page, …
    agency      TEXT NOT NULL REFERENCES agency(key),
    holds_from  INTEGER NOT NULL,                -- [from, to)
    holds_to    INTEGER,                         -- NULL: open
    learnt_at   INTEGER NOT NULL,
    basis       TEXT NOT NULL CHECK (basis IN ('measured', 'verified', 'declared')),
    ok          INTEGER CHECK (ok IN (0, 1)),    -- NULL: unknown, or not a yes or no
    amount      INTEGER,                         -- đồng, hours, persons, …
    base        INTEGER,                         -- of how many
    title       TEXT NOT NULL DEFAULT '',
    data        TEXT NOT NULL DEFAULT '{}',        -- JSON object
    document    TEXT NOT NULL DEFAULT '',        -- number and date of the paper behind it
    sha256      TEXT NOT NULL DEFAULT '',        -- of the file behind it
    by_whom     TEXT NOT NULL,
    revoked_at  INTEGER,
    revoked_by  TEXT NOT NULL DEFAULT '',
    revoked_why TEXT NOT NULL DEFAULT '',
    CHECK (holds_to IS NULL OR holds_to > holds_from)
) STRICT;
CREATE INDEX evidence_kind ON evidence(kind, agency, holds_from);
CREATE INDEX evidence_subject ON evidence(subject);

-- What was sent to whom: sending a reminder is evidence itself.
CREATE TABLE notice (
    id          INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL,                   -- reminder, incident, letter, call
    subject     TEXT NOT NULL,                   -- 'incident:12', 'standing:II.1/2026-Q3'
    agency      TEXT NOT NULL DEFAULT '',        -- whom it concerns
    obligation  TEXT NOT NULL DEFAULT '',        -- of a reminder
    period      TEXT NOT NULL DEFAULT '',
    step        TEXT NOT NULL DEFAULT '',        -- of the ladder: -P14D, P7D, …
    incident    INTEGER REFERENCES incident(id),
    receiver    TEXT NOT NULL,
    channel     TEXT NOT NULL,                   -- mail, phone, letter, console, …
    sent_at     INTEGER NOT NULL,
    learnt_at   INTEGER NOT NULL,
    by_whom     TEXT NOT NULL,
    document    TEXT NOT NULL DEFAULT '',
    text        TEXT NOT NULL DEFAULT '',
    due_at      INTEGER,
    delivered_at INTEGER,                        -- the only two that are filled in later
    acknowledged_at INTEGER
) STRICT;
CREATE INDEX notice_subject ON notice(subject);
CREATE INDEX notice_agency ON notice(agency, sent_at);
CREATE TRIGGER notice_keep_update
BEFORE UPDATE OF id, kind, subject, agency, obligation, period, step, incident, receiver, channel,
                 sent_at, learnt_at, by_whom, document, text, due_at ON notice
BEGIN SELECT RAISE(ABORT, 'the ledger of notices is only appended to'); END;
CREATE TRIGGER notice_keep_delete BEFORE DELETE ON notice
BEGIN SELECT RAISE(ABORT, 'the ledger of notices is only appended to'); END;

CREATE TABLE exemption (
    id          INTEGER PRIMARY KEY,
    plan        TEXT NOT NULL,
    obligation  TEXT NOT NULL,
    agency      TEXT NOT NULL REFERENCES agency(key),
    subject     TEXT NOT NULL DEFAULT '',        -- '' all of the agency's
    reason      TEXT NOT NULL,
    document    TEXT NOT NULL DEFAULT '',
    asked_by    TEXT NOT NULL,
    granted_by  TEXT NOT NULL,
    holds_from  TEXT NOT NULL,                   -- days, both included
    holds_to    TEXT NOT NULL,
    learnt_at   INTEGER NOT NULL,
    revoked_at  INTEGER,
    CHECK (granted_by <> asked_by),
    CHECK (holds_to >= holds_from)
) STRICT;
CREATE INDEX exemption_obligation ON exemption(plan, obligation, agency);

-- What the plan check said last: a cache, computed anew by the plan room.
CREATE TABLE standing (
    plan        TEXT NOT NULL,
    obligation  TEXT NOT NULL,
    agency      TEXT NOT NULL,
    period      TEXT NOT NULL,                   -- '2026-Q3'
    state       TEXT NOT NULL CHECK (state IN ('met', 'due', 'late', 'not_met', 'exempt', 'unknown')),
    basis       TEXT NOT NULL DEFAULT '' CHECK (basis IN ('', 'measured', 'verified', 'declared')),
    numerator   INTEGER,
    denominator INTEGER,                         -- NULL: a plain number, or nothing counts yet
    unknown     INTEGER NOT NULL DEFAULT 0,      -- rows in neither sum
    unit        TEXT NOT NULL DEFAULT '',
    sentence    TEXT NOT NULL DEFAULT '',        -- why it stands so
    sentence_vi TEXT NOT NULL DEFAULT '',
    due         INTEGER,
    late_days   INTEGER,
    figure      TEXT NOT NULL DEFAULT '{}',      -- JSON: targets with their figures and rows
    asof        INTEGER NOT NULL,                -- as known then
    computed_at INTEGER NOT NULL,
    PRIMARY KEY (plan, obligation, agency, period)
) STRICT, WITHOUT ROWID;
CREATE INDEX standing_agency ON standing(agency, period);
CREATE INDEX standing_period ON standing(plan, period);

-- ---- the rest ----------------------------------------------------------------------------

CREATE TABLE setting (
    key         TEXT PRIMARY KEY,                -- 'first_start'
    value       TEXT NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
