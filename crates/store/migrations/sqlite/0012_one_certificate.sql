-- One certificate is one TBSCertificate, whatever is written around it: an ECDSA signature (r, s)
-- has a twin (r, n - s), and with it another DER and another id. `tbs` is the SHA-256 of the
-- TBSCertificate; rows of before have none until the next start has read them.

ALTER TABLE certificates ADD COLUMN tbs BLOB CHECK (tbs IS NULL OR length(tbs) = 32);
CREATE INDEX certificates_tbs ON certificates (tbs) WHERE tbs IS NOT NULL;
CREATE INDEX certificates_without_tbs ON certificates (row_id) WHERE tbs IS NULL;

-- No UNIQUE index: an older registry may hold twins already.
CREATE TRIGGER certificate_is_one BEFORE INSERT ON certificates
WHEN NEW.tbs IS NULL OR EXISTS (SELECT 1 FROM certificates WHERE tbs = NEW.tbs)
BEGIN
    SELECT RAISE(ABORT, 'a certificate is registered once, by its TBSCertificate');
END;

-- Deleted when they were REVOKED: no first connection brings one back. Kept while it is valid.
CREATE TABLE revoked_certificates (
    tbs BLOB PRIMARY KEY CHECK (length(tbs) = 32),
    id BLOB NOT NULL CHECK (length(id) = 32),
    not_after INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_certificates_not_after ON revoked_certificates (not_after);
