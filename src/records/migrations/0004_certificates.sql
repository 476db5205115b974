-- Who may send by a certificate: relays, certificates given to sources and relays, one-time codes.

CREATE TABLE relay (
    key         TEXT PRIMARY KEY CHECK (key <> ''),
    agency      TEXT NOT NULL REFERENCES agency(key),  -- hands on what this agency's sources sent
    name        TEXT NOT NULL,
    enabled     INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_agency ON relay(agency);

CREATE TABLE certificate (
    sha256      TEXT PRIMARY KEY CHECK (length(sha256) = 64), -- hex, of the DER
    source      TEXT REFERENCES source(key),
    relay       TEXT REFERENCES relay(key),
    subject     TEXT NOT NULL,
    issuer      TEXT NOT NULL,
    pem         TEXT NOT NULL,
    valid_from  INTEGER NOT NULL,
    valid_to    INTEGER NOT NULL,
    origin      TEXT NOT NULL CHECK (origin IN ('package', 'code', 'renewal', 'outside')),
    made_at     INTEGER NOT NULL,
    made_by     TEXT NOT NULL,                       -- user; '' the machine itself, by its code
    revoked_at  INTEGER,
    revoked_by  TEXT NOT NULL DEFAULT '',
    reason      TEXT NOT NULL DEFAULT '',
    CHECK ((source IS NULL) <> (relay IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX certificate_source ON certificate(source);
CREATE INDEX certificate_relay ON certificate(relay);
CREATE INDEX certificate_end ON certificate(valid_to);

-- A code works once, until its end; what is kept is its hash.
CREATE TABLE enrolment_code (
    code        TEXT PRIMARY KEY CHECK (length(code) = 64),   -- hex of SHA-256
    source      TEXT REFERENCES source(key),
    relay       TEXT REFERENCES relay(key),
    days        INTEGER NOT NULL CHECK (days > 0),            -- of the certificate to come
    made_at     INTEGER NOT NULL,
    made_by     TEXT NOT NULL,
    expires_at  INTEGER NOT NULL,
    used_at     INTEGER,
    CHECK ((source IS NULL) <> (relay IS NULL))
) STRICT, WITHOUT ROWID;
