//! What jobs do by themselves, and what devices are told of it: in one task, so that a thing's
//! devices are told in the order in which things happened. What is left over is on disk.

use std::sync::Arc;
use std::time::Duration;

use fleetwright_core::error::Refusal;
use fleetwright_host::clock;

use crate::Services;

/// How often the clock is looked at for timers, schedules and rollouts. (ours)
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often jobs are looked for that ended long ago. (ours)
const PURGE_EVERY: u32 = 7200;

impl Services {
    /// Drives jobs, for ever.
    pub async fn drive_jobs(self: Arc<Self>) {
        let mut round = 0_u32;
        loop {
            if let Err(refusal) = self.drive_once().await {
                tracing::error!(%refusal, "jobs do not go on; they are tried again");
                tokio::time::sleep(LOOK_EVERY).await;
            }
            round = round.wrapping_add(1);
            if round.is_multiple_of(PURGE_EVERY)
                && let Err(error) = self.store.purge_jobs(clock::trusted_now()).await
            {
                tracing::error!(%error, "cannot delete jobs that ended long ago");
            }
            // Either is a reason to look again.
            let _ = tokio::time::timeout(LOOK_EVERY, self.jobs.woken.notified()).await;
        }
    }

    /// Does what is due and tells what there is to tell, until neither is left.
    async fn drive_once(&self) -> Result<(), Refusal> {
        loop {
            self.tell_all().await?;
            let ceiling = self.job_ceiling();
            if !self.store.advance_jobs(ceiling, clock::trusted_now()).await? {
                return self.tell_all().await;
            }
        }
    }

    async fn tell_all(&self) -> Result<(), Refusal> {
        loop {
            let notices = self.store.job_notices().await?;
            if notices.is_empty() {
                return Ok(());
            }
            for notice in &notices {
                self.tell_jobs(&notice.thing, notice.list_changed, notice.next_changed).await?;
            }
            self.store.job_notices_told(&notices).await?;
        }
    }
}
