//! Jobs reach their things: members of the targets are looked up and wait, and those who wait get
//! their execution as fast as the job allows, so many in a transaction.

use fleetwright_core::job::allowance;
use fleetwright_core::names::{ThingGroupName, ThingName};
use fleetwright_core::time::Timestamp;

use super::{JobRow, change, of_row};
use crate::sql::{Sql, args};
use crate::{StoreError, ThingRow, thing_groups};

/// Things that one transaction looks up. (ours)
const LISTED: usize = 1000;
/// Executions that one transaction makes. (ours)
const ROLLED: usize = 500;

struct Target {
    row: i64,
    kind: String,
    name: String,
    after: thing_groups::MemberKey,
}

/// Looks up the next things of a job's targets; they wait for their execution.
pub(super) fn list(sql: &Sql<'_>, job: JobRow) -> Result<(), StoreError> {
    let mut room = LISTED;
    while room > 0 {
        let next = sql.one(
            "SELECT row_id, kind, name, after_group, after_thing FROM job_targets \
             WHERE job_row = $1 AND is_listed = 0 ORDER BY row_id LIMIT 1",
            args![job],
            |row| {
                Ok(Target {
                    row: row.get("row_id")?,
                    kind: row.get("kind")?,
                    name: row.get("name")?,
                    after: thing_groups::MemberKey {
                        group: row.get("after_group")?,
                        thing: row.get("after_thing")?,
                    },
                })
            },
        )?;
        let Some(target) = next else { return Ok(()) };
        room = room.saturating_sub(list_target(sql, job, &target, room)?.max(1));
    }
    Ok(())
}

fn list_target(
    sql: &Sql<'_>,
    job: JobRow,
    target: &Target,
    room: usize,
) -> Result<usize, StoreError> {
    let mut after = target.after;
    let found: Vec<(thing_groups::MemberKey, ThingRow)> = if target.kind == "thing" {
        let row: Option<ThingRow> =
            sql.one("SELECT row_id FROM things WHERE name = $1", args![&target.name], |row| {
                row.value()
            })?;
        row.map(|row| (after, row)).into_iter().collect()
    } else {
        match ThingGroupName::parse(&target.name) {
            Ok(name) => thing_groups::members_below(sql, &name, after, room)?,
            Err(_) => Vec::new(),
        }
    };
    for (key, thing) in &found {
        after = *key;
        sql.execute(
            "INSERT INTO job_waiting (job_row, thing_row) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            args![job, *thing],
        )?;
    }
    let is_listed = target.kind == "thing" || found.len() < room;
    sql.execute(
        "UPDATE job_targets SET is_listed = $1, after_group = $2, after_thing = $3 \
         WHERE row_id = $4",
        args![is_listed, after.group, after.thing, target.row],
    )?;
    Ok(found.len())
}

/// Goes on with a job's rollout, and says when to go on further.
pub(super) fn advance(
    sql: &Sql<'_>,
    row: JobRow,
    ceiling: Option<u32>,
    now: Timestamp,
) -> Result<(), StoreError> {
    list(sql, row)?;
    let Some(job) = of_row(sql, row)? else { return Ok(()) };
    let rollout = job.settings.rollout.as_ref();
    let allowed = allowance(rollout, &job.counts, ceiling, job.window, now);
    let most = allowed.most.and_then(|most| usize::try_from(most).ok()).unwrap_or(ROLLED);
    let waiting: Vec<(ThingRow, Option<ThingName>)> = sql.all(
        "SELECT w.thing_row, t.name FROM job_waiting w \
         LEFT JOIN things t ON t.row_id = w.thing_row \
         WHERE w.job_row = $1 ORDER BY w.thing_row LIMIT $2",
        args![row, most.min(ROLLED)],
        |row| Ok((row.get("thing_row")?, row.get("name")?)),
    )?;
    let mut made = 0_i64;
    for (thing, name) in &waiting {
        sql.execute(
            "DELETE FROM job_waiting WHERE job_row = $1 AND thing_row = $2",
            args![row, *thing],
        )?;
        let Some(name) = name else { continue };
        let has_one = sql.exists(
            "SELECT 1 FROM job_executions WHERE thing = $1 AND job_row = $2 AND is_latest = 1 \
             AND has_left = 0 AND status <> 'REMOVED'",
            args![name, row],
        )?;
        if !has_one {
            change::queue(sql, row, name, 0, now)?;
            made += 1;
        }
    }
    let is_rolling = sql.exists(
        "SELECT 1 FROM job_waiting WHERE job_row = $1 UNION ALL \
         SELECT 1 FROM job_targets WHERE job_row = $1 AND is_listed = 0 LIMIT 1",
        args![row],
    )?;
    let used = allowed.window.used + made;
    let is_used_up = allowed.most.is_some_and(|most| made >= most);
    let due = is_rolling.then_some(if is_used_up { allowed.next } else { now });
    sql.execute(
        "UPDATE jobs SET is_rolling = $1, due = $2, window_start = $3, window_used = $4 \
         WHERE row_id = $5",
        args![is_rolling, due, allowed.window.start, used, row],
    )?;
    Ok(())
}
