-- The registry. Integer row numbers join, 32-byte ids are binary, certificates lie apart from the
-- rows that are looked up. AUTOINCREMENT where a row number is a cache key: never used twice.
-- Times are milliseconds since 1970; flags are 0 or 1; maps are JSON text.

CREATE TABLE certificates (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
    status TEXT NOT NULL,
    origin INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    version INTEGER NOT NULL,
    ca_id BLOB,
    claim_row INTEGER
) STRICT;

CREATE TABLE certificate_bodies (
    certificate_row INTEGER PRIMARY KEY,
    der BLOB NOT NULL
) STRICT;

-- An issuance that has begun: the row exists before the signature.
CREATE TABLE issuances (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    serial BLOB NOT NULL,
    key_digest BLOB NOT NULL,
    claim_row INTEGER,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE ownership_tokens (
    certificate_row INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    until INTEGER NOT NULL,
    request_digest BLOB,
    answer BLOB
) STRICT;
CREATE INDEX ownership_tokens_until ON ownership_tokens (until);

CREATE TABLE claims (
    certificate_row INTEGER PRIMARY KEY,
    template_name TEXT,
    max_devices INTEGER,
    until INTEGER,
    devices INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE policies (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    default_version INTEGER NOT NULL,
    next_version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT;

CREATE TABLE policy_versions (
    policy_row INTEGER NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (policy_row, version)
) STRICT;

CREATE TABLE certificate_policies (
    certificate_row INTEGER NOT NULL,
    policy_row INTEGER NOT NULL,
    PRIMARY KEY (certificate_row, policy_row)
) STRICT, WITHOUT ROWID;
CREATE INDEX certificate_policies_policy ON certificate_policies (policy_row, certificate_row);

CREATE TABLE group_policies (
    group_row INTEGER NOT NULL,
    policy_row INTEGER NOT NULL,
    PRIMARY KEY (group_row, policy_row)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_policies_policy ON group_policies (policy_row, group_row);

CREATE TABLE thing_types (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    type_id BLOB NOT NULL,
    description TEXT,
    searchable TEXT NOT NULL,
    deprecated INTEGER,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE billing_groups (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    group_id BLOB NOT NULL,
    description TEXT,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE thing_groups (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    group_id BLOB NOT NULL,
    parent_row INTEGER,
    description TEXT,
    attributes TEXT NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX thing_groups_parent ON thing_groups (parent_row, name);

CREATE TABLE things (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    thing_id BLOB NOT NULL,
    type_row INTEGER,
    billing_row INTEGER,
    attributes TEXT NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX things_type ON things (type_row, name) WHERE type_row IS NOT NULL;
CREATE INDEX things_billing ON things (billing_row, name) WHERE billing_row IS NOT NULL;

CREATE TABLE thing_group_members (
    thing_row INTEGER NOT NULL,
    group_row INTEGER NOT NULL,
    PRIMARY KEY (thing_row, group_row)
) STRICT, WITHOUT ROWID;
CREATE INDEX thing_group_members_group ON thing_group_members (group_row, thing_row);

CREATE TABLE thing_principals (
    certificate_row INTEGER NOT NULL,
    thing_row INTEGER NOT NULL,
    exclusive INTEGER NOT NULL,
    PRIMARY KEY (certificate_row, thing_row)
) STRICT, WITHOUT ROWID;
CREATE INDEX thing_principals_thing ON thing_principals (thing_row, certificate_row);

CREATE TABLE templates (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    description TEXT,
    enabled INTEGER NOT NULL,
    role_arn TEXT NOT NULL,
    hook_target TEXT,
    hook_payload_version TEXT,
    default_version INTEGER NOT NULL,
    next_version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT;

CREATE TABLE template_versions (
    template_row INTEGER NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (template_row, version)
) STRICT;

CREATE TABLE tags (
    kind TEXT NOT NULL,
    resource_row INTEGER NOT NULL,
    tag_key TEXT NOT NULL,
    tag_value TEXT NOT NULL,
    PRIMARY KEY (kind, resource_row, tag_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_keys (
    id TEXT PRIMARY KEY,
    secret_sealed BLOB NOT NULL,
    user_name TEXT NOT NULL,
    active INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX access_keys_user ON access_keys (user_name, id);
