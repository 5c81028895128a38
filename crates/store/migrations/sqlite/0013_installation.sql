-- The installation that this registry belongs to: one row, written when its first start is done.
-- `key_check` is the id sealed with the installation's sealing key. `last_seen` is the latest time,
-- in milliseconds since 1970, that the wall clock was believed to show.

CREATE TABLE installation (
    row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
    id TEXT NOT NULL,
    key_check BLOB NOT NULL,
    founded INTEGER NOT NULL,
    last_seen INTEGER NOT NULL
) STRICT;
