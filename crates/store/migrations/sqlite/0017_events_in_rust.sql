-- What follows from a change is noted by the operation that changes: events, things whose dynamic
-- groups may change, what is known of a thing's connection. No trigger is left but the guard
-- certificate_is_one.
DROP TRIGGER thing_created;
DROP TRIGGER thing_updated;
DROP TRIGGER thing_deleted;
DROP TRIGGER type_added;
DROP TRIGGER type_changed;
DROP TRIGGER type_removed;
DROP TRIGGER thing_type_created;
DROP TRIGGER thing_type_updated;
DROP TRIGGER thing_type_deleted;
DROP TRIGGER thing_group_created;
DROP TRIGGER thing_group_updated;
DROP TRIGGER thing_group_deleted;
DROP TRIGGER child_group_added;
DROP TRIGGER child_group_removed;
DROP TRIGGER member_added;
DROP TRIGGER member_removed;
DROP TRIGGER certificate_created;
DROP TRIGGER certificate_updated;
DROP TRIGGER certificate_deleted;
DROP TRIGGER policy_created;
DROP TRIGGER policy_updated;
DROP TRIGGER policy_deleted;
DROP TRIGGER ca_certificate_created;
DROP TRIGGER ca_certificate_updated;
DROP TRIGGER ca_certificate_deleted;
DROP TRIGGER stale_thing_created;
DROP TRIGGER stale_thing_updated;
DROP TRIGGER stale_member_added;
DROP TRIGGER stale_member_removed;
DROP TRIGGER stale_first_seen;
DROP TRIGGER stale_seen;
DROP TRIGGER connectivity_forgotten;

-- Events that wait: a certificate without a CA has none, and a group's ancestors are written out.
UPDATE registry_events SET subject = json_set(subject, '$.ca', NULL)
WHERE kind = 'CERTIFICATE' AND json_extract(subject, '$.ca') = '';
UPDATE registry_events SET subject = json_set(subject, '$.above', json((
    WITH RECURSIVE line (group_row, depth) AS (
        SELECT json_extract(registry_events.subject, '$.parent_row'), 1
        UNION ALL
        SELECT g.parent_row, line.depth + 1 FROM line
        JOIN thing_groups g ON g.row_id = line.group_row WHERE g.parent_row IS NOT NULL)
    SELECT json_group_array(json_array(name, hex(group_id))) FROM (
        SELECT g.name, g.group_id FROM line JOIN thing_groups g ON g.row_id = line.group_row
        ORDER BY line.depth DESC))))
WHERE kind = 'THING_GROUP' AND json_extract(subject, '$.parent_row') IS NOT NULL;
