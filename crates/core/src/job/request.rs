//! The payload of a device's request.
//!
//! AWS: "Jobs device MQTT API operations"; model `iot-jobs-data`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::state::ExecutionStatus;
use super::topic::JobOperation;
use super::{DETAILS, TIMEOUT_MINUTES};
use crate::error::{ErrorCode, Refusal};
use crate::names::JobId;
use crate::service_request::CLIENT_TOKEN_BYTES;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// `GetPendingJobExecutions`
    Pending,
    /// `StartNextPendingJobExecution`
    #[expect(missing_docs, reason = "AWS's words")]
    StartNext { details: Option<BTreeMap<String, String>>, step_minutes: Option<i64> },
    /// `DescribeJobExecution`; without a job the next one.
    #[expect(missing_docs, reason = "AWS's words")]
    Describe { job: Option<JobId>, number: Option<i64>, with_document: bool },
    /// `UpdateJobExecution`
    #[expect(missing_docs, reason = "AWS's words")]
    Update { job: JobId, update: DeviceUpdate, with_state: bool, with_document: bool },
}

/// What a device reports of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "AWS's words")]
pub struct DeviceUpdate {
    pub status: ExecutionStatus,
    pub details: Option<BTreeMap<String, String>>,
    pub expected_version: Option<i64>,
    pub number: Option<i64>,
    /// −1 ends the step's timer.
    pub step_minutes: Option<i64>,
}

/// Reads a request: its `clientToken`, and what is asked.
pub fn read_request(
    operation: &JobOperation,
    payload: &[u8],
) -> (Option<String>, Result<Asked, Refusal>) {
    let read = if payload.is_empty() { Ok(Value::Object(Map::new())) } else { parse(payload) };
    let members = match read {
        Ok(Value::Object(members)) => members,
        Ok(_) => return (None, Err(invalid_json("The payload must be a JSON object"))),
        Err(refusal) => return (None, Err(refusal)),
    };
    let token = members.get("clientToken").and_then(Value::as_str);
    let token = token.filter(|token| token.len() <= CLIENT_TOKEN_BYTES).map(str::to_owned);
    (token, asked(operation, &members))
}

/// A payload that is no JSON object.
fn invalid_json(message: &str) -> Refusal {
    Refusal::new(ErrorCode::InvalidJson, message)
}

fn parse(payload: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(payload)
        .map_err(|error| invalid_json("The payload is not valid JSON").because(error))
}

fn asked(operation: &JobOperation, members: &Map<String, Value>) -> Result<Asked, Refusal> {
    Ok(match operation {
        JobOperation::GetPending => Asked::Pending,
        JobOperation::StartNext => {
            Asked::StartNext { details: details(members)?, step_minutes: step(members)? }
        }
        JobOperation::Describe(job) => Asked::Describe {
            job: job.clone(),
            number: number(members, "executionNumber")?,
            with_document: flag(members, "includeJobDocument")?.unwrap_or(true),
        },
        JobOperation::Update(job) => Asked::Update {
            job: job.clone(),
            update: DeviceUpdate {
                status: status(members)?,
                details: details(members)?,
                expected_version: number(members, "expectedVersion")?,
                number: number(members, "executionNumber")?,
                step_minutes: step(members)?,
            },
            with_state: flag(members, "includeJobExecutionState")?.unwrap_or(false),
            with_document: flag(members, "includeJobDocument")?.unwrap_or(false),
        },
    })
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::InvalidRequest, message)
}

fn present<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).filter(|value| !value.is_null())
}

/// `status`. AWS's words: seen of the live service.
fn status(members: &Map<String, Value>) -> Result<ExecutionStatus, Refusal> {
    let Some(value) = present(members, "status") else {
        return Err(invalid(
            "Value null at 'status' failed to satisfy constraint: Member must not be null",
        ));
    };
    let status = value.as_str().and_then(ExecutionStatus::parse);
    status.filter(|status| status.is_reported()).ok_or_else(|| {
        invalid(
            "The value at 'status' failed to satisfy constraint: Member must satisfy enum value \
             set: [IN_PROGRESS, SUCCEEDED, FAILED, REJECTED]",
        )
    })
}

/// A number, or the text of one.
fn number(members: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(value) = present(members, name) else { return Ok(None) };
    let text = value.as_str().and_then(|text| text.parse().ok());
    match value.as_i64().or(text) {
        Some(number) => Ok(Some(number)),
        None => Err(invalid(format!("The value at '{name}' must be a number"))),
    }
}

fn flag(members: &Map<String, Value>, name: &str) -> Result<Option<bool>, Refusal> {
    match present(members, name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(invalid(format!("The value at '{name}' must be true or false"))),
    }
}

fn step(members: &Map<String, Value>) -> Result<Option<i64>, Refusal> {
    let minutes = number(members, "stepTimeoutInMinutes")?;
    minutes.map(check_step).transpose()
}

/// The rule of `stepTimeoutInMinutes`.
pub fn check_step(minutes: i64) -> Result<i64, Refusal> {
    if minutes == -1 || TIMEOUT_MINUTES.contains(&minutes) {
        return Ok(minutes);
    }
    Err(invalid(format!(
        "The value at 'stepTimeoutInMinutes' is {minutes}; it must be -1, or 1 to 10080"
    )))
}

fn details(members: &Map<String, Value>) -> Result<Option<BTreeMap<String, String>>, Refusal> {
    let map = match present(members, "statusDetails") {
        None => return Ok(None),
        Some(Value::Object(map)) => map,
        Some(_) => {
            return Err(invalid("The value at 'statusDetails' must be an object of strings"));
        }
    };
    let mut details = BTreeMap::new();
    for (key, value) in map {
        let Some(value) = value.as_str() else {
            return Err(invalid("The value at 'statusDetails' must be an object of strings"));
        };
        details.insert(key.clone(), value.to_owned());
    }
    check_details(&details)?;
    Ok(Some(details))
}

/// The rule of `statusDetails`. AWS: shapes `DetailsMap`, `DetailsKey`, `DetailsValue`.
pub fn check_details(details: &BTreeMap<String, String>) -> Result<(), Refusal> {
    if details.len() > DETAILS {
        return Err(invalid(format!(
            "The value at 'statusDetails' has {} pairs; the limit is {DETAILS}",
            details.len()
        )));
    }
    let is_key = |key: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
        (1..=128).contains(&key.len()) && key.chars().all(allowed)
    };
    let is_value = |value: &str| {
        (1..=1024).contains(&value.chars().count()) && !value.chars().any(char::is_control)
    };
    match details.iter().all(|(key, value)| is_key(key) && is_value(value)) {
        true => Ok(()),
        false => Err(invalid(
            "The value at 'statusDetails' must have keys of 1 to 128 characters of \
             [a-zA-Z0-9:_-] and values of 1 to 1024 characters without control characters",
        )),
    }
}
