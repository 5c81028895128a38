-- Events of CA certificates, as those of certificates.

CREATE TRIGGER ca_certificate_created AFTER INSERT ON ca_certificates
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'CA_CERTIFICATE' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('CA_CERTIFICATE', 'CREATED', json_object(
        'certificate', lower(hex(NEW.id)), 'status', NEW.status,
        'auto_registration', json(iif(NEW.auto_registration, 'true', 'false')), 'version', NEW.version));
END;
CREATE TRIGGER ca_certificate_updated AFTER UPDATE ON ca_certificates
WHEN NEW.version <> OLD.version
    AND EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'CA_CERTIFICATE' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('CA_CERTIFICATE', 'UPDATED', json_object(
        'certificate', lower(hex(NEW.id)), 'status', NEW.status,
        'auto_registration', json(iif(NEW.auto_registration, 'true', 'false')), 'version', NEW.version));
END;
CREATE TRIGGER ca_certificate_deleted AFTER DELETE ON ca_certificates
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'CA_CERTIFICATE' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('CA_CERTIFICATE', 'DELETED', json_object(
        'certificate', lower(hex(OLD.id)), 'status', OLD.status,
        'auto_registration', json(iif(OLD.auto_registration, 'true', 'false')), 'version', OLD.version));
END;
