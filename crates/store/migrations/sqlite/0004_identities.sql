-- Users, roles and groups, who may what. `folded` is the name in lower case: two names that differ
-- in case only are one. AUTOINCREMENT: a number is never used twice.

CREATE TABLE identities (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    folded TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    unique_id TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    UNIQUE (kind, folded)
) STRICT;

-- What roles have beside.
CREATE TABLE roles (
    identity_row INTEGER PRIMARY KEY,
    trust TEXT NOT NULL,
    description TEXT NOT NULL,
    max_session INTEGER NOT NULL
) STRICT;

CREATE TABLE group_members (
    group_row INTEGER NOT NULL,
    user_row INTEGER NOT NULL,
    PRIMARY KEY (group_row, user_row)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_user ON group_members (user_row, group_row);

CREATE TABLE inline_policies (
    identity_row INTEGER NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (identity_row, name)
) STRICT;

CREATE TABLE managed_policies (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    folded TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    unique_id TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    default_version INTEGER NOT NULL,
    next_version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT;

CREATE TABLE managed_policy_versions (
    policy_row INTEGER NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (policy_row, version)
) STRICT;

-- A policy is named by its path and name; AWS's own begin with `aws:`.
CREATE TABLE managed_attachments (
    identity_row INTEGER NOT NULL,
    policy TEXT NOT NULL,
    PRIMARY KEY (identity_row, policy)
) STRICT, WITHOUT ROWID;
CREATE INDEX managed_attachments_policy ON managed_attachments (policy, identity_row);

-- Issuers of OpenID Connect whose tokens roles may trust; the URL without its scheme.
CREATE TABLE oidc_providers (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL UNIQUE,
    scheme TEXT NOT NULL,
    client_ids TEXT NOT NULL,
    thumbprints TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;
