-- Role aliases, authorizers, certificate providers, domain configurations; retained messages.

CREATE TABLE role_aliases (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    role_arn TEXT NOT NULL,
    duration INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT;

CREATE TABLE authorizers (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    function_arn TEXT NOT NULL,
    token_key_name TEXT,
    signing_keys TEXT NOT NULL,
    active INTEGER NOT NULL,
    signing_disabled INTEGER NOT NULL,
    caching INTEGER NOT NULL,
    is_default INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT;

CREATE TABLE certificate_providers (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    function_arn TEXT NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT;

CREATE TABLE domain_configurations (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    suffix TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    domain_name TEXT,
    default_authorizer TEXT,
    settings TEXT NOT NULL,
    status_changed INTEGER NOT NULL
) STRICT;

-- One per topic; `until` is when its Message Expiry Interval ends.
CREATE TABLE retained_messages (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL UNIQUE,
    payload BLOB NOT NULL,
    qos INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    until INTEGER,
    properties TEXT
) STRICT;
CREATE INDEX retained_messages_until ON retained_messages (until) WHERE until IS NOT NULL;

-- How many there are: counting would read them all.
CREATE TABLE retained_total (total INTEGER NOT NULL) STRICT;
INSERT INTO retained_total (total) VALUES (0);
