//! Registration without a device's token: over REST, and line by line from a bulk file.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::time::Timestamp;

use crate::sql::{Sql, args};
use crate::{
    ApplyRegistration, IssuanceId, Issued, NewCertificate, Registered, Store, StoreError, TaskRow,
    apply, certificates, issuance,
};

/// A plan to apply, with what comes into the registry in the same transaction.
#[derive(Debug, Clone)]
pub struct DirectRegistration {
    /// The plan; its certificate is named by id, `bring`'s if there is one.
    pub apply: ApplyRegistration,
    /// The certificate that comes into the registry for it.
    pub bring: Option<Bring>,
    /// The line of a bulk file that it stands in.
    pub line: Option<LineOutcome>,
}

/// A certificate that comes into the registry.
#[derive(Debug, Clone)]
pub enum Bring {
    /// Signed here.
    Issued(IssuanceId, Issued),
    /// Signed by a registered CA, which must be `ACTIVE`.
    Signed(NewCertificate),
}

/// What became of a line of a bulk file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOutcome {
    /// The task.
    pub task: TaskRow,
    /// The line, counted from 1.
    pub line: u64,
    /// Whether its thing was registered.
    pub succeeded: bool,
    /// The line of the report, JSON text.
    pub outcome: String,
}

impl Store {
    /// Applies a plan with its new certificate, and notes the line's outcome: all or nothing.
    ///
    /// # Errors
    /// As [`Store::apply_registration`]; `ConflictingResourceUpdate` when the line has an outcome
    /// already.
    pub async fn register_directly(
        &self,
        direct: DirectRegistration,
    ) -> Result<Registered, StoreError> {
        self.write(move |sql| {
            let now = direct.apply.now;
            match direct.bring {
                Some(Bring::Issued(id, issued)) => {
                    issuance::finish(sql, id, issued, now)?;
                }
                Some(Bring::Signed(new)) => {
                    certificates::register(sql, &new, now)?;
                }
                None => {}
            }
            let registered = apply::register(sql, &direct.apply)?;
            if let Some(line) = &direct.line {
                note(sql, line, direct.apply.now)?;
            }
            Ok(registered)
        })
        .await
    }

    /// Notes the outcome of a line that registered nothing.
    pub async fn note_line(&self, line: LineOutcome, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |sql| note(sql, &line, now)).await
    }
}

fn note(sql: &Sql<'_>, line: &LineOutcome, now: Timestamp) -> Result<(), StoreError> {
    let number = i64::try_from(line.line).unwrap_or(i64::MAX);
    let found = "SELECT 1 FROM registration_lines WHERE task_row = $1 AND line = $2";
    if sql.exists(found, args![line.task.0, number])? {
        return Err(StoreError::refused(
            ErrorCode::ConflictingResourceUpdate,
            format!("Line {number} of this registration task has its outcome already."),
        ));
    }
    sql.execute(
        "INSERT INTO registration_lines (task_row, line, succeeded, outcome) \
         VALUES ($1, $2, $3, $4)",
        args![line.task.0, number, line.succeeded, &line.outcome],
    )?;
    let counted = if line.succeeded {
        "UPDATE registration_tasks SET succeeded = succeeded + 1, modified = $1 WHERE row_id = $2"
    } else {
        "UPDATE registration_tasks SET failed = failed + 1, modified = $1 WHERE row_id = $2"
    };
    sql.execute(counted, args![now, line.task.0])?;
    Ok(())
}
