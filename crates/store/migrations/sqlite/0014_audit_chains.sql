-- Chains of hashes through the audit trail (docs/audit.md). Records of before stand in none.

-- One chain for each process that writes; `unchained` is the last record before the first chain.
CREATE TABLE audit_chains (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    started INTEGER NOT NULL,
    unchained INTEGER NOT NULL,
    -- The end of the chain before this one.
    follows_chain INTEGER,
    follows_position INTEGER,
    follows_hash BLOB,
    -- The last record that retention removed.
    removed INTEGER,
    removed_hash BLOB
) STRICT;

ALTER TABLE audit ADD COLUMN chain_row INTEGER;
ALTER TABLE audit ADD COLUMN position INTEGER;
ALTER TABLE audit ADD COLUMN hash BLOB;

-- Signed heads of all chains, the newest last.
CREATE TABLE audit_checkpoints (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    made INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
