//! Membership of dynamic thing groups follows the registry. Operations note the things that
//! they touch, and before the commit these are looked at again, so that a thing is in its groups as
//! soon as its writer is answered. A group that is new or has another query looks at
//! all things, some in each transaction.
//!
//! AWS: guide, "Dynamic thing groups", for what happens to a thing in as many groups as it may
//! be in.

use std::collections::HashMap;
use std::sync::Arc;

use fleetwright_core::fleet_index::{Query, ThingDocument};
use fleetwright_core::limits;

use super::configuration;
use super::documents::{add_groups, add_shadows, things};
use crate::sql::{Param, Sql, args};
use crate::thing_groups::membership;
use crate::{GroupRow, Store, StoreError, ThingRow};

/// Marked things that one transaction looks at; the others wait for the next (ours).
const FOLLOWED: usize = 512;
/// The same of a transaction of several writes that wait for it, unless there are more writes than
/// that: one marks a thing, mostly (ours).
const FOLLOWED_WITH_OTHERS: usize = 64;
/// Things that a group which is built looks at in one transaction (ours).
const FILLED: usize = 1000;

/// A dynamic group and its query.
struct Dynamic {
    group: GroupRow,
    query: Arc<Query>,
}

/// The queries of dynamic groups, parsed once. Holds those of the groups that there are.
#[derive(Default)]
pub(crate) struct Queries(HashMap<GroupRow, (String, Arc<Query>)>);

impl Queries {
    /// Every dynamic group, oldest first.
    fn groups(&mut self, sql: &Sql<'_>) -> Result<Vec<Dynamic>, StoreError> {
        let rows: Vec<(GroupRow, String)> = sql.all(
            "SELECT row_id, query FROM thing_groups WHERE query IS NOT NULL ORDER BY row_id",
            &[],
            |row| Ok((row.get("row_id")?, row.get("query")?)),
        )?;
        let (mut kept, mut groups) = (HashMap::with_capacity(rows.len()), Vec::new());
        for (group, text) in rows {
            let query = match self.0.remove(&group) {
                Some((same, query)) if same == text => query,
                _ => dynamic(group, &text)?.query,
            };
            kept.insert(group, (text, Arc::clone(&query)));
            groups.push(Dynamic { group, query });
        }
        self.0 = kept;
        Ok(groups)
    }
}

impl Store {
    /// Goes on with what earlier commits left: things that were marked in large numbers, groups that
    /// are built, events of the registry. Answers whether there is more to do; a call takes
    /// milliseconds.
    pub async fn follow_membership(&self) -> Result<bool, StoreError> {
        if !self.read(is_behind).await? {
            return Ok(false);
        }
        self.write(|sql| {
            let filling = sql.one(
                "SELECT row_id FROM thing_groups WHERE filling IS NOT NULL ORDER BY row_id LIMIT 1",
                &[],
                |row| row.value(),
            )?;
            if let Some(group) = filling {
                fill(sql, group)?;
            }
            Ok(())
        })
        .await?;
        self.read(is_behind).await
    }
}

fn is_behind(sql: &Sql<'_>) -> Result<bool, StoreError> {
    sql.exists(
        "SELECT 1 FROM stale_things UNION ALL SELECT 1 FROM registry_events UNION ALL \
         SELECT 1 FROM thing_groups WHERE filling IS NOT NULL LIMIT 1",
        &[],
    )
}

/// Has a group look at all things again.
pub(crate) fn begin_filling(sql: &Sql<'_>, group: GroupRow) -> Result<(), StoreError> {
    sql.execute("UPDATE thing_groups SET filling = 0 WHERE row_id = $1", args![group])?;
    Ok(())
}

/// Has every dynamic group look at all things again.
pub(super) fn begin_filling_all(sql: &Sql<'_>) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE thing_groups SET filling = 0, rebuilding = 1 WHERE query IS NOT NULL",
        &[],
    )?;
    Ok(())
}

/// Has a group look at the next things.
pub(crate) fn fill(sql: &Sql<'_>, group: GroupRow) -> Result<(), StoreError> {
    let found: Option<(Option<String>, Option<i64>)> = sql.one(
        "SELECT query, filling FROM thing_groups WHERE row_id = $1",
        args![group],
        |row| Ok((row.get("query")?, row.get("filling")?)),
    )?;
    let Some((Some(text), Some(after))) = found else { return Ok(()) };
    let only = [dynamic(group, &text)?];
    let rest = "WHERE t.row_id > $1 ORDER BY t.row_id LIMIT $2";
    let found = things(sql, rest, args![after, FILLED])?;
    let last = found.last().map(|(row, _)| *row).filter(|_| found.len() == FILLED);
    for (row, document) in found {
        place(sql, row, document, &only)?;
    }
    sql.execute("UPDATE thing_groups SET filling = $1 WHERE row_id = $2", args![last, group])?;
    Ok(())
}

/// Marks the things that a statement finds, which may be a fleet: they may enter or leave dynamic
/// groups. Few things of one operation are noted with [`Sql::stale`].
pub(crate) fn mark(sql: &Sql<'_>, found: &str, params: &[Param<'_>]) -> Result<(), StoreError> {
    if !is_any_dynamic(sql)? {
        return Ok(());
    }
    sql.execute(
        &format!("INSERT INTO stale_things (thing_row) {found} ON CONFLICT DO NOTHING"),
        params,
    )?;
    Ok(())
}

fn is_any_dynamic(sql: &Sql<'_>) -> Result<bool, StoreError> {
    sql.exists("SELECT 1 FROM thing_groups WHERE query IS NOT NULL LIMIT 1", &[])
}

/// Looks at the things that this transaction of so many writes noted, and at those that were
/// marked; what is too much waits for the next. A fault undoes this alone: the things stay marked.
pub(crate) fn follow(
    sql: &Sql<'_>,
    queries: &mut Queries,
    writes: usize,
) -> Result<(), StoreError> {
    let most = match writes {
        0 | 1 => FOLLOWED,
        _ => writes.clamp(FOLLOWED_WITH_OTHERS, FOLLOWED),
    };
    let marked: Vec<ThingRow> = sql.all(
        "SELECT thing_row FROM stale_things ORDER BY thing_row LIMIT $1",
        args![most],
        |row| row.get("thing_row"),
    )?;
    let mut noted = std::mem::take(&mut sql.noted().stale);
    if !noted.is_empty() && !is_any_dynamic(sql)? {
        noted.clear();
    }
    if marked.is_empty() && noted.is_empty() {
        return Ok(());
    }
    noted.sort_unstable();
    noted.dedup();
    if let Err(error) = sql.job(|sql| look_at(sql, queries, &marked, &noted, most))? {
        tracing::error!(%error, "membership of dynamic thing groups cannot follow");
        wait(sql, &noted)?;
    }
    Ok(())
}

fn look_at(
    sql: &Sql<'_>,
    queries: &mut Queries,
    marked: &[ThingRow],
    noted: &[ThingRow],
    most: usize,
) -> Result<(), StoreError> {
    if let Some(last) = marked.last() {
        sql.execute("DELETE FROM stale_things WHERE thing_row <= $1", args![*last])?;
    }
    let (now, later) = noted.split_at(noted.len().min(most - marked.len()));
    wait(sql, later)?;
    let groups = queries.groups(sql)?;
    for thing in marked.iter().chain(now.iter().filter(|thing| !marked.contains(thing))) {
        // A thing that is gone has left its groups already.
        for (row, document) in things(sql, "WHERE t.row_id = $1", args![*thing])? {
            place(sql, row, document, &groups)?;
        }
    }
    Ok(())
}

/// Marks things, for a later transaction to look at.
fn wait(sql: &Sql<'_>, noted: &[ThingRow]) -> Result<(), StoreError> {
    for thing in noted {
        sql.execute(
            "INSERT INTO stale_things (thing_row) VALUES ($1) ON CONFLICT DO NOTHING",
            args![*thing],
        )?;
    }
    Ok(())
}

fn dynamic(group: GroupRow, text: &str) -> Result<Dynamic, StoreError> {
    let query = Query::parse(text).map_err(|error| {
        StoreError::Corrupt(format!("the query of thing group row {}: {error}", group.0))
    })?;
    Ok(Dynamic { group, query: Arc::new(query) })
}

/// Puts a thing into the groups, oldest first, whose query it fits, and out of the others.
fn place(
    sql: &Sql<'_>,
    row: ThingRow,
    mut document: ThingDocument,
    groups: &[Dynamic],
) -> Result<(), StoreError> {
    add_groups(sql, row, &mut document, false)?;
    add_shadows(sql, &configuration(sql)?.things, &mut document)?;
    let members: Vec<GroupRow> = sql.all(
        "SELECT m.group_row FROM thing_group_members m \
         JOIN thing_groups g ON g.row_id = m.group_row \
         WHERE m.thing_row = $1 AND g.query IS NOT NULL",
        args![row],
        |row| row.value(),
    )?;
    let (fitting, others): (Vec<&Dynamic>, Vec<&Dynamic>) =
        groups.iter().partition(|dynamic| dynamic.query.fits(&document));
    for dynamic in others.iter().filter(|dynamic| members.contains(&dynamic.group)) {
        membership::remove(sql, row, dynamic.group)?;
    }
    for dynamic in fitting.iter().filter(|dynamic| !members.contains(&dynamic.group)) {
        add(sql, row, &document.name, dynamic.group)?;
    }
    Ok(())
}

fn add(sql: &Sql<'_>, thing: ThingRow, name: &str, group: GroupRow) -> Result<(), StoreError> {
    if !membership::add(sql, thing, group)? || count(sql, thing)? <= limits::GROUPS_PER_THING {
        return Ok(());
    }
    // One too many: the newest dynamic group gives way, which may be this one.
    if let Some(left) = leave_newest(sql, thing)? {
        tracing::warn!(
            event = "AddThingToDynamicThingGroupsFailed",
            thing_name = name,
            thing_group_row = left.0,
            "a thing is in as many groups as it may be in"
        );
    }
    Ok(())
}

/// How many groups a thing is in.
fn count(sql: &Sql<'_>, thing: ThingRow) -> Result<usize, StoreError> {
    sql.count("SELECT count(*) FROM thing_group_members WHERE thing_row = $1", args![thing])
}

/// Takes a thing out of the newest dynamic group that it is in.
pub(crate) fn leave_newest(sql: &Sql<'_>, thing: ThingRow) -> Result<Option<GroupRow>, StoreError> {
    let newest = sql.one(
        "SELECT m.group_row FROM thing_group_members m \
         JOIN thing_groups g ON g.row_id = m.group_row \
         WHERE m.thing_row = $1 AND g.query IS NOT NULL ORDER BY m.group_row DESC LIMIT 1",
        args![thing],
        |row| row.value(),
    )?;
    if let Some(group) = newest {
        membership::remove(sql, thing, group)?;
    }
    Ok(newest)
}
