//! Things enter and leave continuous jobs with the groups that these are rolled out to, and leave all
//! jobs when they are deleted.

use std::collections::BTreeSet;

use fleetwright_core::job::ExecutionStatus;
use fleetwright_core::names::ThingName;
use fleetwright_core::time::Timestamp;

use super::executions::{COLUMNS, ExecutionChange, FROM, read_execution};
use super::{JobRow, change};
use crate::sql::{Sql, args};
use crate::{GroupRow, StoreError, ThingRow, thing_groups};

/// Things that one transaction looks at. (ours)
const MOVED: usize = 100;

/// Whether a change of membership matters to a job.
fn is_any_continuous(sql: &Sql<'_>) -> Result<bool, StoreError> {
    sql.exists(
        "SELECT 1 FROM jobs WHERE status = 'IN_PROGRESS' AND is_continuous = 1 LIMIT 1",
        args![],
    )
}

/// A thing came into a group or left it.
pub(crate) fn moved(sql: &Sql<'_>, thing: ThingRow) -> Result<(), StoreError> {
    if is_any_continuous(sql)? {
        sql.execute(
            "INSERT INTO job_moves (thing_row) VALUES ($1) ON CONFLICT DO NOTHING",
            args![thing],
        )?;
    }
    Ok(())
}

/// All things leave a group.
pub(crate) fn all_moved(sql: &Sql<'_>, group: GroupRow) -> Result<(), StoreError> {
    if is_any_continuous(sql)? {
        sql.execute(
            "INSERT INTO job_moves (thing_row) SELECT m.thing_row FROM thing_group_members m \
             WHERE m.group_row = $1 ON CONFLICT DO NOTHING",
            args![group],
        )?;
    }
    Ok(())
}

/// A thing is deleted: what it has pending is REMOVED.
pub(crate) fn deleted(sql: &Sql<'_>, thing: &ThingName, now: Timestamp) -> Result<(), StoreError> {
    let text = format!(
        "SELECT {COLUMNS} {FROM} WHERE e.thing = $1 AND e.status IN ('QUEUED', 'IN_PROGRESS') \
         ORDER BY e.row_id"
    );
    for execution in sql.all(&text, args![thing], read_execution)? {
        let to = ExecutionChange::to(ExecutionStatus::Removed);
        change::change(sql, &execution, &to, now)?;
        change::settle(sql, execution.job_row, now)?;
    }
    Ok(())
}

/// Looks at the next things that moved.
pub(super) fn follow(sql: &Sql<'_>, now: Timestamp) -> Result<(), StoreError> {
    let moved: Vec<ThingRow> = sql.all(
        "SELECT thing_row FROM job_moves ORDER BY thing_row LIMIT $1",
        args![MOVED],
        |row| row.value(),
    )?;
    for thing in moved {
        sql.execute("DELETE FROM job_moves WHERE thing_row = $1", args![thing])?;
        let name: Option<ThingName> =
            sql.one("SELECT name FROM things WHERE row_id = $1", args![thing], |row| row.value())?;
        if let Some(name) = name {
            place(sql, thing, &name, now)?;
        }
    }
    Ok(())
}

/// Gives a thing the continuous jobs of its groups, and takes the others away.
fn place(
    sql: &Sql<'_>,
    thing: ThingRow,
    name: &ThingName,
    now: Timestamp,
) -> Result<(), StoreError> {
    let targeted = targeted(sql, thing, name)?;
    let has: Vec<(i64, JobRow, ExecutionStatus, bool)> = sql.all(
        "SELECT e.row_id, e.job_row, e.status, e.has_left FROM job_executions e \
         JOIN jobs j ON j.row_id = e.job_row WHERE e.thing = $1 AND e.is_latest = 1 \
         AND j.is_continuous = 1 AND j.status = 'IN_PROGRESS'",
        args![name],
        |row| {
            Ok((row.get("row_id")?, row.get("job_row")?, row.get("status")?, row.get("has_left")?))
        },
    )?;
    for (row, job, status, has_left) in &has {
        if targeted.contains(job) {
            if *has_left || *status == ExecutionStatus::Removed {
                change::queue(sql, *job, name, 0, now)?;
            }
            continue;
        }
        sql.execute("UPDATE job_executions SET has_left = 1 WHERE row_id = $1", args![*row])?;
        if !status.is_terminal() {
            let text = format!("SELECT {COLUMNS} {FROM} WHERE e.row_id = $1");
            if let Some(execution) = sql.one(&text, args![*row], read_execution)? {
                let to = ExecutionChange::to(ExecutionStatus::Removed);
                change::change(sql, &execution, &to, now)?;
                change::settle(sql, *job, now)?;
            }
        }
    }
    for job in targeted.iter().filter(|job| !has.iter().any(|(_, has, ..)| has == *job)) {
        let waits = sql.exists(
            "SELECT 1 FROM job_waiting WHERE job_row = $1 AND thing_row = $2",
            args![*job, thing],
        )?;
        if !waits {
            change::queue(sql, *job, name, 0, now)?;
        }
    }
    Ok(())
}

/// The continuous jobs in progress that a thing is a target of.
fn targeted(
    sql: &Sql<'_>,
    thing: ThingRow,
    name: &ThingName,
) -> Result<BTreeSet<JobRow>, StoreError> {
    let groups: Vec<GroupRow> = sql.all(
        "SELECT group_row FROM thing_group_members WHERE thing_row = $1",
        args![thing],
        |row| row.value(),
    )?;
    let mut targets: BTreeSet<(&str, String)> = [("thing", name.to_string())].into();
    for group in groups {
        let line = thing_groups::line(sql, group)?;
        targets.extend(line.into_iter().map(|ancestor| ("thinggroup", ancestor.name)));
    }
    let mut jobs = BTreeSet::new();
    for (kind, name) in targets {
        jobs.extend(sql.all(
            "SELECT t.job_row FROM job_targets t JOIN jobs j ON j.row_id = t.job_row \
             WHERE t.kind = $1 AND t.name = $2 AND j.is_continuous = 1 \
             AND j.status = 'IN_PROGRESS' AND j.has_ended = 0",
            args![kind, &name],
            |row| row.value::<JobRow>(),
        )?);
    }
    Ok(jobs)
}
