//! Jobs: what devices ask by MQTT and over HTTP, what they are told, and what jobs do by themselves.

mod background;
mod documents;
mod shape;

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetwright_core::configuration::{Key, Takes};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::job::{
    self, Asked, DeviceUpdate, ExecutionStatus, JobRequest, Placeholder, seconds,
};
use fleetwright_core::names::{JobId, ThingName};
use fleetwright_core::service_request::ServiceAnswer;
use fleetwright_host::clock;
use fleetwright_store::{ExecutionKey, JobExecution, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

pub use self::documents::{Presign, ToSign};
use self::shape::document_text;
pub use self::shape::{execution_shape, pending_shape, state_shape};
use crate::Services;

/// `[jobs]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// Executions that one job makes in a minute at most, whatever its own rollout allows; 0 is
    /// without bound. AWS: 1000.
    pub executions_per_minute: u32,
}

impl Settings {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[Key::new("executions-per-minute", Takes::Number(0, 1_000_000))];
}

/// What jobs share.
#[derive(Debug)]
pub(crate) struct Jobs {
    settings: Settings,
    presign: Option<Arc<Presign>>,
    /// There is something to do or to tell.
    woken: Notify,
}

impl Jobs {
    pub(crate) fn new(settings: Settings, presign: Option<Arc<Presign>>) -> Self {
        Self { settings, presign, woken: Notify::new() }
    }
}

impl Services {
    /// The ceiling of every job's rollout.
    pub fn job_ceiling(&self) -> Option<u32> {
        Some(self.jobs.settings.executions_per_minute).filter(|rate| *rate > 0)
    }

    /// Whether placeholders of presigned URLs can be filled.
    pub fn can_presign(&self) -> bool {
        self.jobs.presign.is_some()
    }

    /// Whether a placeholder of a presigned URL names an object.
    pub fn names_object(&self, placeholder: &Placeholder<'_>) -> bool {
        documents::names_object(placeholder.value)
    }

    /// A job changed: what follows from it is done soon.
    pub fn jobs_changed(&self) {
        self.jobs.woken.notify_one();
    }

    /// Carries a device's request out; the answer is for the connection that asks.
    pub(crate) async fn answer_job(
        &self,
        store: &Store,
        request: &JobRequest,
        payload: &[u8],
    ) -> ServiceAnswer {
        let (token, asked) = job::read_request(&request.operation, payload);
        let thing = &request.thing;
        let answered = match asked {
            Ok(asked) => self.carry_out(store, thing, asked).await,
            Err(refusal) => Err(refusal),
        };
        let (outcome, mut members) = match answered {
            Ok(members) => ("accepted", members),
            Err(refusal) => ("rejected", self.rejection(request, &refusal).await),
        };
        members.insert("timestamp".into(), seconds(clock::now()).into());
        members.extend(token.map(|token| ("clientToken".to_owned(), token.into())));
        let topic = format!("{}/{outcome}", request.topic());
        ServiceAnswer { topic, payload: Value::Object(members).to_string().into_bytes() }
    }

    async fn rejection(&self, request: &JobRequest, refusal: &Refusal) -> Map<String, Value> {
        let topic = request.topic();
        match refusal.code {
            ErrorCode::InternalFailure | ErrorCode::ServiceUnavailable => {
                tracing::error!(topic, %refusal, "a request about jobs failed");
            }
            _ => tracing::info!(topic, %refusal, "a request about jobs is refused"),
        }
        let code = match refusal.code {
            ErrorCode::InternalFailure => "InternalError",
            ErrorCode::ServiceUnavailable => "RequestThrottled",
            code => code.mqtt_name(),
        };
        let mut members = Map::new();
        members.insert("code".into(), code.into());
        members.insert("message".into(), refusal.message.as_str().into());
        let told = [ErrorCode::InvalidStateTransition, ErrorCode::VersionMismatch];
        if let job::JobOperation::Update(job) = &request.operation
            && told.contains(&refusal.code)
        {
            let key = ExecutionKey { job: job.clone(), thing: request.thing.clone(), number: None };
            if let Ok(Some(found)) = self.store.job_execution(&key).await {
                members.insert("executionState".into(), state_shape(&found));
            }
        }
        members
    }

    async fn carry_out(
        &self,
        store: &Store,
        thing: &ThingName,
        asked: Asked,
    ) -> Result<Map<String, Value>, Refusal> {
        let mut members = Map::new();
        match asked {
            Asked::Pending => {
                if let Value::Object(lists) = pending_shape(&self.pending_jobs(thing).await?) {
                    members.extend(lists);
                }
            }
            Asked::StartNext { details, step_minutes } => {
                let next = self.start_next_job(store, thing, details, step_minutes).await?;
                if let Some(next) = next {
                    members.insert("execution".into(), self.with_document(&next)?);
                }
            }
            Asked::Describe { job, number, with_document } => {
                let found = self.describe_job_execution(thing, job.as_ref(), number).await?;
                if let Some(found) = found {
                    let shape = match with_document {
                        true => self.with_document(&found)?,
                        false => execution_shape(&found),
                    };
                    members.insert("execution".into(), shape);
                }
            }
            Asked::Update { job, update, with_state, with_document } => {
                let found = self.update_job_execution(store, thing, job, update).await?;
                if with_state {
                    members.insert("executionState".into(), state_shape(&found));
                }
                if with_document {
                    members.insert("jobDocument".into(), self.document(&found)?);
                }
            }
        }
        Ok(members)
    }

    /// What a device has to do: executions in progress and those that are queued, in their order.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub async fn pending_jobs(&self, thing: &ThingName) -> Result<Vec<JobExecution>, Refusal> {
        Ok(self.store.pending_executions(thing).await?)
    }

    /// `StartNextPendingJobExecution`
    ///
    /// # Errors
    /// When the registry cannot be written.
    pub async fn start_next_job(
        &self,
        store: &Store,
        thing: &ThingName,
        details: Option<BTreeMap<String, String>>,
        step_minutes: Option<i64>,
    ) -> Result<Option<JobExecution>, Refusal> {
        let now = clock::now();
        let next = store.start_next_execution(thing.clone(), details, step_minutes, now).await?;
        self.jobs_changed();
        Ok(next)
    }

    /// `DescribeJobExecution`; without a job the next one, if there is one.
    ///
    /// # Errors
    /// `ResourceNotFound`; `TerminalState`.
    pub async fn describe_job_execution(
        &self,
        thing: &ThingName,
        job: Option<&JobId>,
        number: Option<i64>,
    ) -> Result<Option<JobExecution>, Refusal> {
        let Some(job) = job else { return Ok(self.store.next_execution(thing).await?) };
        let key = ExecutionKey { job: job.clone(), thing: thing.clone(), number };
        let Some(found) = self.store.job_execution(&key).await? else {
            let message = format!("Thing {thing} has no such execution of job {job}.");
            return Err(Refusal::new(ErrorCode::ResourceNotFound, message));
        };
        if found.status.is_terminal() {
            let status = found.status.as_str();
            let message = format!("The execution of job {job} is {status}.");
            return Err(Refusal::new(ErrorCode::TerminalState, message));
        }
        Ok(Some(found))
    }

    /// `UpdateJobExecution`; gives the execution as it is then.
    ///
    /// # Errors
    /// `ResourceNotFound`; `VersionMismatch`; `InvalidStateTransition`.
    pub async fn update_job_execution(
        &self,
        store: &Store,
        thing: &ThingName,
        job: JobId,
        update: DeviceUpdate,
    ) -> Result<JobExecution, Refusal> {
        let key = ExecutionKey { job, thing: thing.clone(), number: update.number };
        let found = store.update_job_execution(key, update, clock::now()).await?;
        self.jobs_changed();
        Ok(found)
    }

    /// The document of an execution as its device is given it: an object by MQTT.
    fn document(&self, execution: &JobExecution) -> Result<Value, Refusal> {
        let text = document_text(self.jobs.presign.as_deref(), execution, clock::now())?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// The document of an execution as its device is given it over HTTP.
    ///
    /// # Errors
    /// When a presigned URL cannot be made.
    pub fn job_document_text(&self, execution: &JobExecution) -> Result<String, Refusal> {
        document_text(self.jobs.presign.as_deref(), execution, clock::now())
    }

    fn with_document(&self, execution: &JobExecution) -> Result<Value, Refusal> {
        let mut shape = execution_shape(execution);
        if let Some(members) = shape.as_object_mut() {
            members.insert("jobDocument".into(), self.document(execution)?);
        }
        Ok(shape)
    }

    /// Tells a thing's devices of their jobs.
    async fn tell_jobs(
        &self,
        thing: &ThingName,
        list_changed: bool,
        next_changed: bool,
    ) -> Result<(), Refusal> {
        let base = format!("$aws/things/{thing}/jobs");
        let now = seconds(clock::now());
        if list_changed {
            let jobs = shape::notified(&self.pending_jobs(thing).await?);
            let payload = json!({"timestamp": now, "jobs": jobs}).to_string().into_bytes();
            self.broker.publish(ServiceAnswer { topic: format!("{base}/notify"), payload }).await;
        }
        if next_changed {
            let mut payload = json!({"timestamp": now});
            if let Some(next) = self.store.next_execution(thing).await?
                && let Some(members) = payload.as_object_mut()
            {
                members.insert("execution".into(), self.with_document(&next)?);
            }
            let topic = format!("{base}/notify-next");
            let payload = payload.to_string().into_bytes();
            self.broker.publish(ServiceAnswer { topic, payload }).await;
        }
        Ok(())
    }
}

/// Whether an execution waits to be started.
fn is_queued(execution: &JobExecution) -> bool {
    execution.status == ExecutionStatus::Queued
}
