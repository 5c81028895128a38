-- Fleet indexing: its one configuration, dynamic thing groups, who is connected. The registry is
-- the index; dynamic membership follows it by the marks that the triggers below leave.

CREATE TABLE indexing_configuration (
    row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
    thing_mode TEXT NOT NULL,
    connectivity INTEGER NOT NULL,
    shadow_names TEXT,
    thing_fields TEXT NOT NULL,
    socket_information INTEGER NOT NULL,
    groups_on INTEGER NOT NULL,
    group_fields TEXT NOT NULL
) STRICT;
INSERT INTO indexing_configuration VALUES (1, 'OFF', 0, NULL, '[]', 0, 0, '[]');

-- Names without case; names are ASCII.
CREATE INDEX things_folded ON things (lower(name), row_id);

-- A dynamic group has a query. While it is (re)built, `filling` is the last thing looked at.
ALTER TABLE thing_groups ADD COLUMN query TEXT;
ALTER TABLE thing_groups ADD COLUMN filling INTEGER;
ALTER TABLE thing_groups ADD COLUMN rebuilding INTEGER NOT NULL DEFAULT 0;
CREATE INDEX thing_groups_dynamic ON thing_groups (row_id) WHERE query IS NOT NULL;
CREATE INDEX thing_groups_filling ON thing_groups (row_id) WHERE filling IS NOT NULL;

-- Written only while connectivity is indexed, and only for clients named like a thing. `turn`
-- rises with each connection, over restarts too: what is told late of an earlier one is too late.
CREATE TABLE thing_connectivity (
    thing_row INTEGER PRIMARY KEY,
    turn INTEGER NOT NULL,
    connected INTEGER NOT NULL,
    since INTEGER NOT NULL,
    reason TEXT,
    connection TEXT
) STRICT;
CREATE INDEX thing_connectivity_connected ON thing_connectivity (thing_row) WHERE connected = 1;

-- Things whose membership in dynamic groups is to be looked at again.
CREATE TABLE stale_things (thing_row INTEGER PRIMARY KEY) STRICT;

CREATE TRIGGER stale_thing_created AFTER INSERT ON things
WHEN EXISTS (SELECT 1 FROM thing_groups WHERE query IS NOT NULL)
BEGIN
    INSERT OR IGNORE INTO stale_things (thing_row) VALUES (NEW.row_id);
END;
CREATE TRIGGER stale_thing_updated AFTER UPDATE ON things
WHEN EXISTS (SELECT 1 FROM thing_groups WHERE query IS NOT NULL)
BEGIN
    INSERT OR IGNORE INTO stale_things (thing_row) VALUES (NEW.row_id);
END;
CREATE TRIGGER stale_member_added AFTER INSERT ON thing_group_members
WHEN EXISTS (SELECT 1 FROM thing_groups WHERE query IS NOT NULL)
    AND EXISTS (SELECT 1 FROM thing_groups WHERE row_id = NEW.group_row AND query IS NULL)
BEGIN
    INSERT OR IGNORE INTO stale_things (thing_row) VALUES (NEW.thing_row);
END;
CREATE TRIGGER stale_member_removed AFTER DELETE ON thing_group_members
WHEN EXISTS (SELECT 1 FROM thing_groups WHERE query IS NOT NULL)
    AND EXISTS (SELECT 1 FROM thing_groups WHERE row_id = OLD.group_row AND query IS NULL)
BEGIN
    INSERT OR IGNORE INTO stale_things (thing_row) VALUES (OLD.thing_row);
END;
CREATE TRIGGER stale_first_seen AFTER INSERT ON thing_connectivity
WHEN EXISTS (SELECT 1 FROM thing_groups WHERE query IS NOT NULL)
BEGIN
    INSERT OR IGNORE INTO stale_things (thing_row) VALUES (NEW.thing_row);
END;
CREATE TRIGGER stale_seen AFTER UPDATE ON thing_connectivity
WHEN (NEW.connected <> OLD.connected OR NEW.since <> OLD.since)
    AND EXISTS (SELECT 1 FROM thing_groups WHERE query IS NOT NULL)
BEGIN
    INSERT OR IGNORE INTO stale_things (thing_row) VALUES (NEW.thing_row);
END;
CREATE TRIGGER connectivity_forgotten AFTER DELETE ON things
BEGIN
    DELETE FROM thing_connectivity WHERE thing_row = OLD.row_id;
END;
