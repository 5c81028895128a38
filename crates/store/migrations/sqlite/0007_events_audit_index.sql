-- Which kinds of events are published; a kind without a row is not.
CREATE TABLE event_configurations (
    kind TEXT PRIMARY KEY,
    enabled INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the triggers below saw; emptied in the transaction that filled it.
CREATE TABLE registry_events (
    row_id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    operation TEXT NOT NULL,
    subject TEXT NOT NULL
) STRICT;

CREATE TRIGGER thing_created AFTER INSERT ON things
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('THING', 'CREATED', json_object(
        'thing', NEW.name, 'id', hex(NEW.thing_id), 'version', NEW.version,
        'type', (SELECT name FROM thing_types WHERE row_id = NEW.type_row),
        'attributes', json(NEW.attributes)));
END;
CREATE TRIGGER thing_updated AFTER UPDATE ON things
WHEN NEW.version <> OLD.version
    AND EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('THING', 'UPDATED', json_object(
        'thing', NEW.name, 'id', hex(NEW.thing_id), 'version', NEW.version,
        'type', (SELECT name FROM thing_types WHERE row_id = NEW.type_row),
        'attributes', json(NEW.attributes)));
END;
CREATE TRIGGER thing_deleted AFTER DELETE ON things
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('THING', 'DELETED', json_object(
        'thing', OLD.name, 'id', hex(OLD.thing_id), 'version', OLD.version,
        'type', (SELECT name FROM thing_types WHERE row_id = OLD.type_row),
        'attributes', json(OLD.attributes)));
END;

CREATE TRIGGER type_added AFTER INSERT ON things
WHEN NEW.type_row IS NOT NULL
    AND EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_TYPE_ASSOCIATION' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject)
    SELECT 'THING_TYPE_ASSOCIATION', 'ADDED', json_object(
        'thing', NEW.name, 'id', hex(NEW.thing_id), 'type', name)
    FROM thing_types WHERE row_id = NEW.type_row;
END;
CREATE TRIGGER type_changed AFTER UPDATE ON things
WHEN NEW.type_row IS NOT OLD.type_row
    AND EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_TYPE_ASSOCIATION' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject)
    SELECT 'THING_TYPE_ASSOCIATION', 'REMOVED', json_object(
        'thing', NEW.name, 'id', hex(NEW.thing_id), 'type', name)
    FROM thing_types WHERE row_id = OLD.type_row;
    INSERT INTO registry_events (kind, operation, subject)
    SELECT 'THING_TYPE_ASSOCIATION', 'ADDED', json_object(
        'thing', NEW.name, 'id', hex(NEW.thing_id), 'type', name)
    FROM thing_types WHERE row_id = NEW.type_row;
END;
CREATE TRIGGER type_removed AFTER DELETE ON things
WHEN OLD.type_row IS NOT NULL
    AND EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_TYPE_ASSOCIATION' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject)
    SELECT 'THING_TYPE_ASSOCIATION', 'REMOVED', json_object(
        'thing', OLD.name, 'id', hex(OLD.thing_id), 'type', name)
    FROM thing_types WHERE row_id = OLD.type_row;
END;

CREATE TRIGGER thing_type_created AFTER INSERT ON thing_types
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_TYPE' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('THING_TYPE', 'CREATED', json_object(
        'type', NEW.name, 'id', hex(NEW.type_id), 'deprecated', NEW.deprecated,
        'searchable', json(NEW.searchable), 'description', NEW.description));
END;
CREATE TRIGGER thing_type_updated AFTER UPDATE ON thing_types
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_TYPE' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('THING_TYPE', 'UPDATED', json_object(
        'type', NEW.name, 'id', hex(NEW.type_id), 'deprecated', NEW.deprecated,
        'searchable', json(NEW.searchable), 'description', NEW.description));
END;
CREATE TRIGGER thing_type_deleted AFTER DELETE ON thing_types
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_TYPE' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('THING_TYPE', 'DELETED', json_object(
        'type', OLD.name, 'id', hex(OLD.type_id), 'deprecated', OLD.deprecated,
        'searchable', json(OLD.searchable), 'description', OLD.description));
END;

CREATE TRIGGER thing_group_created AFTER INSERT ON thing_groups
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_GROUP' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('THING_GROUP', 'CREATED', json_object(
        'group', NEW.name, 'id', hex(NEW.group_id), 'version', NEW.version,
        'description', NEW.description, 'attributes', json(NEW.attributes),
        'parent_row', NEW.parent_row));
END;
CREATE TRIGGER thing_group_updated AFTER UPDATE ON thing_groups
WHEN NEW.version <> OLD.version
    AND EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_GROUP' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('THING_GROUP', 'UPDATED', json_object(
        'group', NEW.name, 'id', hex(NEW.group_id), 'version', NEW.version,
        'description', NEW.description, 'attributes', json(NEW.attributes),
        'parent_row', NEW.parent_row));
END;
CREATE TRIGGER thing_group_deleted AFTER DELETE ON thing_groups
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_GROUP' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('THING_GROUP', 'DELETED', json_object(
        'group', OLD.name, 'id', hex(OLD.group_id), 'version', OLD.version,
        'description', OLD.description, 'attributes', json(OLD.attributes),
        'parent_row', OLD.parent_row));
END;

CREATE TRIGGER child_group_added AFTER INSERT ON thing_groups
WHEN NEW.parent_row IS NOT NULL
    AND EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_GROUP_HIERARCHY' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject)
    SELECT 'THING_GROUP_HIERARCHY', 'ADDED', json_object(
        'group', name, 'id', hex(group_id), 'child', NEW.name, 'child_id', hex(NEW.group_id))
    FROM thing_groups WHERE row_id = NEW.parent_row;
END;
CREATE TRIGGER child_group_removed AFTER DELETE ON thing_groups
WHEN OLD.parent_row IS NOT NULL
    AND EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_GROUP_HIERARCHY' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject)
    SELECT 'THING_GROUP_HIERARCHY', 'REMOVED', json_object(
        'group', name, 'id', hex(group_id), 'child', OLD.name, 'child_id', hex(OLD.group_id))
    FROM thing_groups WHERE row_id = OLD.parent_row;
END;

CREATE TRIGGER member_added AFTER INSERT ON thing_group_members
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_GROUP_MEMBERSHIP' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject)
    SELECT 'THING_GROUP_MEMBERSHIP', 'ADDED', json_object(
        'group', g.name, 'group_id', hex(g.group_id), 'thing', t.name, 'thing_id', hex(t.thing_id))
    FROM thing_groups g JOIN things t ON t.row_id = NEW.thing_row WHERE g.row_id = NEW.group_row;
END;
CREATE TRIGGER member_removed AFTER DELETE ON thing_group_members
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'THING_GROUP_MEMBERSHIP' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject)
    SELECT 'THING_GROUP_MEMBERSHIP', 'REMOVED', json_object(
        'group', g.name, 'group_id', hex(g.group_id), 'thing', t.name, 'thing_id', hex(t.thing_id))
    FROM thing_groups g JOIN things t ON t.row_id = OLD.thing_row WHERE g.row_id = OLD.group_row;
END;

CREATE TRIGGER certificate_created AFTER INSERT ON certificates
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'CERTIFICATE' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('CERTIFICATE', 'CREATED', json_object(
        'certificate', lower(hex(NEW.id)), 'status', NEW.status, 'ca', lower(hex(NEW.ca_id))));
END;
CREATE TRIGGER certificate_updated AFTER UPDATE ON certificates
WHEN NEW.status <> OLD.status
    AND EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'CERTIFICATE' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('CERTIFICATE', 'UPDATED', json_object(
        'certificate', lower(hex(NEW.id)), 'status', NEW.status, 'ca', lower(hex(NEW.ca_id))));
END;
CREATE TRIGGER certificate_deleted AFTER DELETE ON certificates
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'CERTIFICATE' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('CERTIFICATE', 'DELETED', json_object(
        'certificate', lower(hex(OLD.id)), 'status', OLD.status, 'ca', lower(hex(OLD.ca_id))));
END;

CREATE TRIGGER policy_created AFTER INSERT ON policies
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'POLICY' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('POLICY', 'CREATED', json_object(
        'policy', NEW.name, 'version', NEW.default_version));
END;
CREATE TRIGGER policy_updated AFTER UPDATE ON policies
WHEN NEW.default_version <> OLD.default_version
    AND EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'POLICY' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('POLICY', 'UPDATED', json_object(
        'policy', NEW.name, 'version', NEW.default_version));
END;
CREATE TRIGGER policy_deleted AFTER DELETE ON policies
WHEN EXISTS (SELECT 1 FROM event_configurations WHERE kind = 'POLICY' AND enabled)
BEGIN
    INSERT INTO registry_events (kind, operation, subject) VALUES ('POLICY', 'DELETED', json_object(
        'policy', OLD.name, 'version', OLD.default_version));
END;

-- Who asked what, and what it came to. Rows go from the old end, by age and by number.
CREATE TABLE audit (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    principal TEXT NOT NULL,
    client_id TEXT,
    operation TEXT NOT NULL,
    resource TEXT,
    parameters TEXT NOT NULL,
    source TEXT,
    outcome TEXT NOT NULL,
    code TEXT,
    reason TEXT,
    request_id TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);
