//! Carrying out tasks: the one that is not at its end, line by line, some lines at once.

use std::sync::Arc;
use std::time::Duration;

use fleetwright_core::template::{Template, TemplateUse};
use fleetwright_host::clock;
use fleetwright_store::{RegistrationTask, TaskStatus};
use tokio::task::JoinSet;

use super::input::{Input, InputLine};
use super::line::Task;
use super::{Bulk, TaskFailure, order};

/// Sequences of lines that are registered at once. (ours)
const SEQUENCES_AT_ONCE: usize = 16;
/// Longest sleep between looks for a task or for old ones.
const IDLE: Duration = Duration::from_secs(60);
/// Pause after the registry could not be asked. (ours)
const RETRY: Duration = Duration::from_secs(2);
/// A task is given up after this time, and forgotten so long after its end. AWS: 30 days.
const DAYS_30_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

impl Bulk {
    /// Carries out tasks for as long as the server runs.
    pub async fn work(self: Arc<Self>) {
        self.remove_left_overs().await;
        loop {
            match self.store.unfinished_registration_task().await {
                Ok(Some(task)) => self.carry_out(&task).await,
                Ok(None) => {
                    self.forget_old().await;
                    let _ = tokio::time::timeout(IDLE, self.wake.notified()).await;
                }
                Err(error) => {
                    tracing::error!(%error, "cannot look for registration tasks");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    async fn forget_old(&self) {
        let before = clock::trusted_now().plus_millis(-DAYS_30_MILLIS);
        while matches!(self.store.purge_registration_task(before).await, Ok(true)) {}
    }

    async fn carry_out(self: &Arc<Self>, task: &RegistrationTask) {
        let (status, message) = match self.lines_of(task).await {
            Ok(status) => (status, None),
            Err(failure) if failure.may_pass => {
                tracing::warn!(task = %task.asked.id, %failure, "a registration task goes on later");
                tokio::time::sleep(RETRY).await;
                return;
            }
            Err(failure) => {
                tracing::warn!(task = %task.asked.id, %failure, "a registration task failed");
                (TaskStatus::Failed, Some(failure.to_string()))
            }
        };
        for from in [TaskStatus::InProgress, TaskStatus::Cancelling] {
            // Stopped at its last line is still stopped.
            let to = match (from, status) {
                (TaskStatus::Cancelling, TaskStatus::Completed) => TaskStatus::Cancelled,
                (_, status) => status,
            };
            let now = clock::now();
            let moved =
                self.store.move_registration_task(task.row, from, to, message.clone(), now).await;
            match moved {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "cannot note the end of a registration task");
                    tokio::time::sleep(RETRY).await;
                    return;
                }
            }
        }
        let _ = std::fs::remove_file(self.copy_of(task));
        tracing::info!(task = %task.asked.id, status = status.as_str(), "registration task ended");
    }

    /// Every line that has no outcome yet.
    async fn lines_of(
        self: &Arc<Self>,
        task: &RegistrationTask,
    ) -> Result<TaskStatus, TaskFailure> {
        // 1. The template, and the input, which from now on is ours.
        let template = Template::parse(&task.asked.template_body, TemplateUse::Bulk);
        let common = Arc::new(Task {
            row: task.row,
            template: template.map_err(TaskFailure::new)?,
            role: task.asked.role_arn.clone(),
            id: task.asked.id.to_string(),
            source: self.scope.arn("thingregistrationtask", task.asked.id),
        });
        if task.status == TaskStatus::InProgress {
            self.fetch(task).await?;
        } else {
            return Ok(TaskStatus::Cancelled);
        }

        // 2. How many lines there are.
        let (total, mut input) = self.open(task).await?;
        self.store.set_registration_total(task.row, total).await?;

        // 3. Batch by batch, until the end or until it is stopped.
        loop {
            let (batch, rest) = read(input).await?;
            input = rest;
            let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
                return Ok(TaskStatus::Completed);
            };
            let bounds = (first.number, last.number);
            if self.is_over(task).await? {
                return Ok(TaskStatus::Cancelled);
            }
            let noted = self.store.noted_lines(task.row, bounds.0, bounds.1).await;
            let noted = noted?;
            let left = batch.into_iter().filter(|line| !noted.contains(&line.number));
            self.register_all(&common, left).await?;
        }
    }

    async fn register_all(
        self: &Arc<Self>,
        task: &Arc<Task>,
        lines: impl Iterator<Item = InputLine>,
    ) -> Result<(), TaskFailure> {
        let mut under_way = JoinSet::new();
        for sequence in order::sequences(&task.template, lines) {
            if under_way.len() >= SEQUENCES_AT_ONCE
                && let Some(done) = under_way.join_next().await
            {
                done.map_err(TaskFailure::new)??;
            }
            under_way.spawn(Arc::clone(self).take_lines(Arc::clone(task), sequence));
        }
        while let Some(done) = under_way.join_next().await {
            done.map_err(TaskFailure::new)??;
        }
        Ok(())
    }

    async fn is_over(&self, task: &RegistrationTask) -> Result<bool, TaskFailure> {
        if clock::trusted_now().0.saturating_sub(task.created.0) > DAYS_30_MILLIS {
            return Err(TaskFailure::new("The task ran for 30 days, the limit."));
        }
        let now = self.store.registration_task(task.asked.id).await?;
        Ok(now.is_none_or(|task| task.status != TaskStatus::InProgress))
    }

    /// The number of lines, and the input from its beginning.
    async fn open(&self, task: &RegistrationTask) -> Result<(u64, Input), TaskFailure> {
        let copy = self.copy_of(task);
        let opened = tokio::task::spawn_blocking(move || {
            let (mut counting, mut total) = (Input::open(&copy)?, 0_u64);
            loop {
                match counting.batch()?.len() {
                    0 => return Ok((total, Input::open(&copy)?)),
                    lines => total += u64::try_from(lines).unwrap_or(0),
                }
            }
        });
        let opened: std::io::Result<_> = opened.await.map_err(TaskFailure::new)?;
        opened.map_err(TaskFailure::new)
    }
}

async fn read(mut input: Input) -> Result<(Vec<InputLine>, Input), TaskFailure> {
    let read = tokio::task::spawn_blocking(move || input.batch().map(|batch| (batch, input)));
    read.await.map_err(TaskFailure::new)?.map_err(TaskFailure::new)
}
