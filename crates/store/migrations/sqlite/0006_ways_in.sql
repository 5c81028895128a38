-- Claims of trusted users end by the clock.
CREATE INDEX claims_until ON claims (until) WHERE until IS NOT NULL;

-- Bulk registration: one line of the input is registered at most once, because its outcome is
-- written in the transaction that registers it.
CREATE TABLE registration_tasks (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    template_body TEXT NOT NULL,
    bucket TEXT NOT NULL,
    object_key TEXT NOT NULL,
    role_arn TEXT NOT NULL,
    status TEXT NOT NULL,
    message TEXT,
    total_lines INTEGER,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT;
CREATE INDEX registration_tasks_status ON registration_tasks (status, row_id);

CREATE TABLE registration_lines (
    task_row INTEGER NOT NULL,
    line INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (task_row, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX registration_lines_outcome ON registration_lines (task_row, succeeded, line);
