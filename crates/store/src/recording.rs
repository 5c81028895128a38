//! An operation's record of the audit trail, on its way into the commit of what the operation
//! changes: what was acknowledged is on disk, and so is who asked for it.

use std::sync::Arc;

use fleetwright_core::time::Timestamp;
use parking_lot::{Mutex, MutexGuard};

use crate::sql::Sql;
use crate::{AuditRecord, CertificateRow, Store, StoreError, claims};

/// The record of one operation. The first write that is kept of a [`Store::recording`] keeps it
/// too, in the same commit; later writes of the operation do without.
#[derive(Debug)]
pub struct Recording(Mutex<State>);

/// The certificate of a device, and when it asked: its time as a claim counts then.
#[derive(Debug, Clone, Copy)]
pub struct HeldTo {
    /// The certificate.
    pub certificate: CertificateRow,
    /// When the device asked.
    pub now: Timestamp,
}

#[derive(Debug)]
struct State {
    record: AuditRecord,
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nothing was written yet.
    Pending,
    /// It is in a transaction that is not committed yet.
    InTransaction,
    /// It is durable.
    Committed,
}

impl Recording {
    /// What is kept with the first write: the operation as accepted.
    pub fn new(record: AuditRecord) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { record, progress: Progress::Pending })))
    }

    /// Changes the record; one that is kept already stays as it was written.
    pub fn amend(&self, change: impl FnOnce(&mut AuditRecord)) {
        change(&mut self.state().record);
    }

    /// Whether the record is durable.
    pub fn is_committed(&self) -> bool {
        self.state().progress == Progress::Committed
    }

    /// The record as it is now.
    pub fn record(&self) -> AuditRecord {
        self.state().record.clone()
    }

    /// The record, for one write; `None` while another has it, and once it is kept.
    fn begin(&self) -> Option<AuditRecord> {
        let mut state = self.state();
        if state.progress != Progress::Pending {
            return None;
        }
        state.progress = Progress::InTransaction;
        Some(state.record.clone())
    }

    fn end(&self, is_committed: bool) {
        self.state().progress = if is_committed { Progress::Committed } else { Progress::Pending };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }
}

impl Store {
    /// The same registry for one operation: its first write that is kept also keeps the
    /// operation's record.
    pub fn recording(&self, recording: &Arc<Recording>) -> Self {
        Self { recording: Some(Arc::clone(recording)), ..self.clone() }
    }

    /// The same registry for a device: each write is undone, with `AccessDenied`, unless its
    /// certificate is `ACTIVE` in that transaction. So a revocation is final when it is acknowledged,
    /// also for what was under way.
    pub fn held_to(&self, device: HeldTo) -> Self {
        Self { held_to: Some(device), ..self.clone() }
    }

    /// Adds to the record what the operation is about, as far as it becomes known on the way,
    /// such as `cert/…`. Nothing without a record.
    pub fn about(&self, resource: &str) {
        let Some(recording) = &self.recording else { return };
        recording.amend(|record| match &mut record.resource {
            Some(known) if known.split(' ').any(|part| part == resource) => {}
            Some(known) => {
                known.push(' ');
                known.push_str(resource);
            }
            None => record.resource = Some(resource.to_owned()),
        });
    }

    /// Who asks for the operation, if that is recorded.
    pub(crate) fn principal(&self) -> Option<String> {
        self.recording.as_ref().map(|recording| recording.state().record.principal.clone())
    }

    /// Runs `job` in a transaction that is durable when this returns, with the operation's record
    /// if there is one.
    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.write_with(job, |_| true).await
    }

    /// The same for a job that says whether it changed anything: without a change no record.
    pub(crate) async fn write_if<F>(&self, job: F) -> Result<bool, StoreError>
    where
        F: FnOnce(&Sql<'_>) -> Result<bool, StoreError> + Send + 'static,
    {
        self.write_with(job, |changed| *changed).await
    }

    async fn write_with<T, F>(&self, job: F, has_changed: fn(&T) -> bool) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let held_to = self.held_to;
        let job = move |sql: &Sql<'_>| {
            if let Some(HeldTo { certificate, now }) = held_to {
                claims::check(sql, certificate, now)?;
            }
            job(sql)
        };
        let begun = self.recording.as_ref().and_then(|it| Some((it, it.begin()?)));
        let Some((recording, record)) = begun else { return self.write_unrecorded(job).await };
        let written = self.write_unrecorded(move |sql| {
            let done = job(sql)?;
            if has_changed(&done) {
                sql.record(record);
            }
            Ok(done)
        });
        let written = written.await;
        recording.end(written.as_ref().is_ok_and(has_changed));
        written
    }
}
