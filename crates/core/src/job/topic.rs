//! What a device asks, by its topic.
//!
//! AWS: "Jobs device MQTT API operations", IoT Developer Guide, 2025 edition.

use crate::names::{JobId, ThingName};

/// A request by MQTT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRequest {
    /// The thing that it is about.
    pub thing: ThingName,
    /// What is asked.
    pub operation: JobOperation,
}

/// What a device asks of its jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobOperation {
    /// `…/jobs/get`
    GetPending,
    /// `…/jobs/start-next`
    StartNext,
    /// `…/jobs/{job}/get`, or `…/jobs/$next/get` without a job
    Describe(Option<JobId>),
    /// `…/jobs/{job}/update`
    Update(JobId),
}

impl JobRequest {
    /// Reads the levels of a topic after `$aws/things/{thing}/`; `None` when they are no request
    /// about jobs, or when the job's name is malformed.
    pub fn parse(thing: &ThingName, levels: &[&str]) -> Option<Self> {
        let operation = match levels {
            ["jobs", "get"] => JobOperation::GetPending,
            ["jobs", "start-next"] => JobOperation::StartNext,
            ["jobs", "$next", "get"] => JobOperation::Describe(None),
            ["jobs", job, "get"] => JobOperation::Describe(Some(JobId::parse(job).ok()?)),
            ["jobs", job, "update"] => JobOperation::Update(JobId::parse(job).ok()?),
            _ => return None,
        };
        Some(Self { thing: thing.clone(), operation })
    }

    /// The request's own topic.
    pub fn topic(&self) -> String {
        let base = format!("$aws/things/{}/jobs", self.thing);
        match &self.operation {
            JobOperation::GetPending => format!("{base}/get"),
            JobOperation::StartNext => format!("{base}/start-next"),
            JobOperation::Describe(None) => format!("{base}/$next/get"),
            JobOperation::Describe(Some(job)) => format!("{base}/{job}/get"),
            JobOperation::Update(job) => format!("{base}/{job}/update"),
        }
    }
}
