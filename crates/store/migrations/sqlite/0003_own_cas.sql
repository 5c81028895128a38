-- CA certificates of one's own, the certificates that they signed, and transfers.

CREATE TABLE ca_certificates (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
    subject BLOB NOT NULL CHECK (length(subject) = 32),
    der BLOB NOT NULL,
    status TEXT NOT NULL,
    mode TEXT NOT NULL,
    auto_registration INTEGER NOT NULL,
    template_name TEXT,
    template_body TEXT,
    role_arn TEXT,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX ca_certificates_subject ON ca_certificates (subject, row_id);
CREATE INDEX ca_certificates_template ON ca_certificates (template_name, row_id)
    WHERE template_name IS NOT NULL;

-- At most one.
CREATE TABLE registration_codes (
    row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
    code TEXT NOT NULL
) STRICT;

CREATE TABLE certificate_transfers (
    certificate_row INTEGER PRIMARY KEY,
    target_account TEXT NOT NULL,
    message TEXT,
    created INTEGER NOT NULL,
    accepted INTEGER,
    rejected INTEGER,
    reject_reason TEXT
) STRICT;

ALTER TABLE certificates ADD COLUMN mode TEXT NOT NULL DEFAULT 'DEFAULT';
CREATE INDEX certificates_ca ON certificates (ca_id, row_id) WHERE ca_id IS NOT NULL;
