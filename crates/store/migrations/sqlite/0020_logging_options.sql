-- What is logged of devices: the default, and levels of single targets.
CREATE TABLE logging_options (
    row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
    role_arn TEXT,
    level TEXT NOT NULL,
    is_disabled INTEGER NOT NULL,
    events TEXT NOT NULL
) STRICT;

CREATE TABLE logging_levels (
    target_type TEXT NOT NULL,
    target_name TEXT NOT NULL,
    level TEXT NOT NULL,
    PRIMARY KEY (target_type, target_name)
) STRICT, WITHOUT ROWID;
