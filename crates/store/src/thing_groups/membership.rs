//! The rows that say which thing is in which group. Each that comes or goes is an event.

use fleetwright_core::event::EventType;

use crate::event::{EventOperation, EventSubject};
use crate::jobs::membership as jobs;
use crate::sql::{Param, Sql, args};
use crate::{GroupRow, StoreError, ThingRow, registry_events};

/// Members that one statement removes while each of them is an event. (ours)
const REMOVED: usize = 1000;

/// Who came or went, in the statement that did it.
const WHO: &str = "RETURNING thing_row, group_row, \
     (SELECT t.name FROM things t WHERE t.row_id = thing_row) AS thing, \
     (SELECT t.thing_id FROM things t WHERE t.row_id = thing_row) AS thing_id, \
     (SELECT g.name FROM thing_groups g WHERE g.row_id = group_row) AS group_name, \
     (SELECT g.group_id FROM thing_groups g WHERE g.row_id = group_row) AS group_id";

/// Puts a thing into a group; whether it was not there.
pub(crate) fn add(sql: &Sql<'_>, thing: ThingRow, group: GroupRow) -> Result<bool, StoreError> {
    let text = "INSERT INTO thing_group_members (thing_row, group_row) VALUES ($1, $2) \
                ON CONFLICT DO NOTHING";
    let is_new = run(sql, text, args![thing, group], EventOperation::Added)? > 0;
    if is_new {
        jobs::moved(sql, thing)?;
    }
    Ok(is_new)
}

/// Takes a thing out of a group; whether it was there.
pub(crate) fn remove(sql: &Sql<'_>, thing: ThingRow, group: GroupRow) -> Result<bool, StoreError> {
    let text = "DELETE FROM thing_group_members WHERE thing_row = $1 AND group_row = $2";
    let was_there = run(sql, text, args![thing, group], EventOperation::Removed)? > 0;
    if was_there {
        jobs::moved(sql, thing)?;
    }
    Ok(was_there)
}

/// Takes a thing out of all its groups.
pub(crate) fn remove_thing(sql: &Sql<'_>, thing: ThingRow) -> Result<(), StoreError> {
    let text = "DELETE FROM thing_group_members WHERE thing_row = $1";
    run(sql, text, args![thing], EventOperation::Removed).map(|_| ())
}

/// Takes all things out of a group, which may be a fleet.
pub(crate) fn remove_group(sql: &Sql<'_>, group: GroupRow) -> Result<(), StoreError> {
    jobs::all_moved(sql, group)?;
    if !registry_events::is_published(sql, EventType::ThingGroupMembership)? {
        sql.execute("DELETE FROM thing_group_members WHERE group_row = $1", args![group])?;
        return Ok(());
    }
    let text = "DELETE FROM thing_group_members WHERE group_row = $1 AND thing_row IN \
                (SELECT m.thing_row FROM thing_group_members m WHERE m.group_row = $1 \
                ORDER BY m.thing_row LIMIT $2)";
    while run(sql, text, args![group, REMOVED], EventOperation::Removed)? == REMOVED {}
    Ok(())
}

/// Runs a statement that adds or removes members; answers how many.
fn run(
    sql: &Sql<'_>,
    text: &str,
    params: &[Param<'_>],
    operation: EventOperation,
) -> Result<usize, StoreError> {
    if !registry_events::is_published(sql, EventType::ThingGroupMembership)? {
        return sql.execute(text, params);
    }
    let mut members = sql.all(&format!("{text} {WHO}"), params, |row| {
        let key: (ThingRow, GroupRow) = (row.get("thing_row")?, row.get("group_row")?);
        let member = EventSubject::Membership {
            group: row.get("group_name")?,
            group_id: row.get("group_id")?,
            thing: row.get("thing")?,
            thing_id: row.get("thing_id")?,
        };
        Ok((key, member))
    })?;
    // Which one a statement answers first is the database's choice.
    members.sort_unstable_by_key(|(key, _)| *key);
    let count = members.len();
    for (_, member) in members {
        registry_events::note(sql, EventType::ThingGroupMembership, operation, || Ok(member))?;
    }
    Ok(count)
}
