//! What the operations of a transaction note for the layer above the driver: changes, events,
//! things whose dynamic groups may change, audit records. What is undone takes its notes along.

use fleetwright_core::audit::Record as AuditRecord;
use fleetwright_core::event::EventType;

use crate::change::Change;
use crate::event::RegistryEvent;
use crate::rows::ThingRow;

/// Changes that a new one is compared with. (ours)
const NEIGHBOURS: usize = 8;

/// The notes of one transaction.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    pub(crate) changes: Vec<Change>,
    pub(crate) events: Vec<RegistryEvent>,
    pub(crate) records: Vec<AuditRecord>,
    /// Things to compare with the queries of dynamic groups.
    pub(crate) stale: Vec<ThingRow>,
    /// The kinds of events that are published; `None` until they are read.
    pub(crate) published: Option<Vec<EventType>>,
    job: Job,
}

/// How much was noted before the job that runs now.
#[derive(Debug, Default)]
pub(crate) struct Job {
    changes: usize,
    events: usize,
    records: usize,
    stale: usize,
    /// The events of earlier jobs, while this one has them on disk.
    on_disk: Option<Vec<RegistryEvent>>,
}

impl Noted {
    /// A job begins; answers the one that it is a part of.
    pub(crate) fn begin(&mut self) -> Job {
        let job = Job {
            changes: self.changes.len(),
            events: self.events.len(),
            records: self.records.len(),
            stale: self.stale.len(),
            on_disk: None,
        };
        std::mem::replace(&mut self.job, job)
    }

    /// A job ends, and the one that it is a part of goes on; notes go with writes that were undone.
    pub(crate) fn end(&mut self, outer: Job, is_kept: bool) {
        let job = std::mem::replace(&mut self.job, outer);
        if is_kept {
            if let (Some(mut events), None) = (job.on_disk, &self.job.on_disk) {
                events.truncate(self.job.events);
                self.job.on_disk = Some(events);
            }
            return;
        }
        self.changes.truncate(job.changes);
        self.records.truncate(job.records);
        self.stale.truncate(job.stale);
        match job.on_disk {
            Some(events) => self.events = events,
            None => self.events.truncate(job.events),
        }
        self.published = None;
    }

    pub(crate) fn change(&mut self, change: Change) {
        // Neighbours only: a purge notes thousands.
        let of_job = self.changes.iter().skip(self.job.changes);
        if !of_job.rev().take(NEIGHBOURS).any(|known| *known == change) {
            self.changes.push(change);
        }
    }

    /// Takes the events, which the job that runs now puts on disk.
    pub(crate) fn take_events(&mut self) -> Vec<RegistryEvent> {
        if self.job.on_disk.is_none() {
            self.job.on_disk = Some(self.events.iter().take(self.job.events).cloned().collect());
        }
        std::mem::take(&mut self.events)
    }
}
