-- Lambda functions: versions, aliases, permissions, code.

CREATE TABLE functions (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    last_version INTEGER NOT NULL,
    reserved INTEGER
) STRICT;

-- Version 0 is $LATEST; the others never change. `environment` is sealed by the server.
CREATE TABLE function_versions (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    function_row INTEGER NOT NULL REFERENCES functions (row_id),
    version INTEGER NOT NULL,
    revision BLOB NOT NULL,
    runtime TEXT NOT NULL,
    role_arn TEXT NOT NULL,
    handler TEXT,
    description TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    memory INTEGER NOT NULL,
    storage INTEGER NOT NULL,
    architecture TEXT NOT NULL,
    tracing TEXT NOT NULL,
    environment BLOB,
    code_sha256 BLOB NOT NULL REFERENCES function_code (sha256),
    code_size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    UNIQUE (function_row, version)
) STRICT;
CREATE INDEX function_versions_code ON function_versions (code_sha256);

-- Deployment packages, each once.
CREATE TABLE function_code (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 BLOB NOT NULL UNIQUE,
    content BLOB NOT NULL
) STRICT;

-- `extra_weight` in millionths: the share of `extra_version`.
CREATE TABLE function_aliases (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    function_row INTEGER NOT NULL REFERENCES functions (row_id),
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    extra_version INTEGER,
    extra_weight INTEGER,
    description TEXT NOT NULL,
    revision BLOB NOT NULL,
    UNIQUE (function_row, name)
) STRICT;

-- Resource-based policies: of the unqualified function ('' as qualifier), a version or an alias.
CREATE TABLE function_policies (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    function_row INTEGER NOT NULL REFERENCES functions (row_id),
    qualifier TEXT NOT NULL,
    revision BLOB NOT NULL,
    UNIQUE (function_row, qualifier)
) STRICT;
CREATE TABLE function_permissions (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    policy_row INTEGER NOT NULL REFERENCES function_policies (row_id),
    statement_id TEXT NOT NULL,
    statement TEXT NOT NULL,
    UNIQUE (policy_row, statement_id)
) STRICT;
