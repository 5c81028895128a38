//! Things whose devices are to be told of their jobs: noted with the change, told after its commit,
//! and forgotten once they were told, so that a crash in between loses none.

use fleetwright_core::names::ThingName;

use crate::sql::{Sql, args};
use crate::{Store, StoreError};

/// Notices that are read at once. (ours)
const AT_ONCE: usize = 256;

/// What is to be told to a thing's devices.
#[derive(Debug, Clone)]
pub struct JobNotice {
    row: i64,
    /// To whose.
    pub thing: ThingName,
    /// The list of its pending executions: `notify`.
    pub list_changed: bool,
    /// Its next execution: `notify-next`.
    pub next_changed: bool,
}

/// Notes that a thing's devices are to be told.
pub(super) fn note(
    sql: &Sql<'_>,
    thing: &ThingName,
    list_changed: bool,
    next_changed: bool,
) -> Result<(), StoreError> {
    if list_changed || next_changed {
        sql.execute(
            "INSERT INTO job_notices (thing, list_changed, next_changed) VALUES ($1, $2, $3)",
            args![thing, list_changed, next_changed],
        )?;
    }
    Ok(())
}

impl Store {
    /// The next notices, in their order; some hundreds at most.
    pub async fn job_notices(&self) -> Result<Vec<JobNotice>, StoreError> {
        self.read(|sql| {
            sql.all(
                "SELECT row_id, thing, list_changed, next_changed FROM job_notices \
                 ORDER BY row_id LIMIT $1",
                args![AT_ONCE],
                |row| {
                    Ok(JobNotice {
                        row: row.get("row_id")?,
                        thing: row.get("thing")?,
                        list_changed: row.get("list_changed")?,
                        next_changed: row.get("next_changed")?,
                    })
                },
            )
        })
        .await
    }

    /// These notices were told.
    pub async fn job_notices_told(&self, told: &[JobNotice]) -> Result<(), StoreError> {
        let rows: Vec<i64> = told.iter().map(|notice| notice.row).collect();
        self.write_unrecorded(move |sql| {
            for row in rows {
                sql.execute("DELETE FROM job_notices WHERE row_id = $1", args![row])?;
            }
            Ok(())
        })
        .await
    }
}
