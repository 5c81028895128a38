-- Who switched a certificate to INACTIVE last: a rotation hook may do that to its caller, and the
-- registration goes on; an operator ends it.
ALTER TABLE certificates ADD COLUMN deactivated_by TEXT;
