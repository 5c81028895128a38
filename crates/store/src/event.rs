//! Registry events: what changed, as its subscribers see it (AWS: guide, "Registry events").

use std::collections::BTreeMap;

use fleetwright_core::event::EventType;
use fleetwright_core::uuid::Uuid;
use serde::{Deserialize, Serialize};

/// A change that is published as an event, as configured.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RegistryEvent {
    /// What was done.
    pub operation: EventOperation,
    /// To what.
    pub subject: EventSubject,
}

/// What was done to the subject of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "AWS's words")]
pub enum EventOperation {
    Created,
    Updated,
    Deleted,
    Added,
    Removed,
    Completed,
    Canceled,
    CancellationInProgress,
    DeletionInProgress,
    Succeeded,
    Failed,
    Rejected,
    TimedOut,
}

/// What changed, as it is after the change, or was before it was deleted. An event that waits on
/// disk is kept as AWS's name of its kind and the fields as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "subject", rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are those of the tables")]
pub enum EventSubject {
    /// A thing.
    Thing {
        thing: String,
        id: Uuid,
        version: i64,
        #[serde(rename = "type")]
        type_name: Option<String>,
        attributes: BTreeMap<String, String>,
    },
    /// A thing has a type, or has it no more.
    #[serde(rename = "THING_TYPE_ASSOCIATION")]
    Association {
        thing: String,
        id: Uuid,
        #[serde(rename = "type")]
        type_name: String,
    },
    /// A thing type; `deprecated` in milliseconds since 1970.
    ThingType {
        #[serde(rename = "type")]
        type_name: String,
        id: Uuid,
        deprecated: Option<i64>,
        searchable: Vec<String>,
        description: Option<String>,
    },
    /// A thing group, with those above it, the top one first, by name and id.
    #[serde(rename = "THING_GROUP")]
    Group {
        group: String,
        id: Uuid,
        version: i64,
        description: Option<String>,
        attributes: BTreeMap<String, String>,
        #[serde(default)]
        above: Vec<(String, Uuid)>,
    },
    /// A thing is in a group, or no more.
    #[serde(rename = "THING_GROUP_MEMBERSHIP")]
    Membership { group: String, group_id: Uuid, thing: String, thing_id: Uuid },
    /// A group is in another, or no more.
    #[serde(rename = "THING_GROUP_HIERARCHY")]
    Hierarchy { group: String, id: Uuid, child: String, child_id: Uuid },
    /// A certificate; ids in lower-case hexadecimal.
    Certificate { certificate: String, status: String, ca: Option<String> },
    /// A CA certificate, its id in lower-case hexadecimal.
    CaCertificate { certificate: String, status: String, auto_registration: bool, version: i64 },
    /// A policy and its default version.
    Policy { policy: String, version: i64 },
    /// A job; times in milliseconds since 1970.
    Job {
        job: String,
        is_continuous: bool,
        targets: Vec<String>,
        description: Option<String>,
        comment: Option<String>,
        created: i64,
        modified: i64,
        completed: Option<i64>,
        counts: Option<JobCounts>,
    },
    /// An execution of a job.
    JobExecution { job: String, thing: String, details: BTreeMap<String, String> },
}

/// Where the things of a job are that is complete.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "AWS's words")]
pub struct JobCounts {
    pub canceled: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub rejected: i64,
    pub removed: i64,
}

impl EventOperation {
    const ALL: [Self; 13] = [
        Self::Created,
        Self::Updated,
        Self::Deleted,
        Self::Added,
        Self::Removed,
        Self::Completed,
        Self::Canceled,
        Self::CancellationInProgress,
        Self::DeletionInProgress,
        Self::Succeeded,
        Self::Failed,
        Self::Rejected,
        Self::TimedOut,
    ];

    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Updated => "UPDATED",
            Self::Deleted => "DELETED",
            Self::Added => "ADDED",
            Self::Removed => "REMOVED",
            Self::Completed => "COMPLETED",
            Self::Canceled => "CANCELED",
            Self::CancellationInProgress => "CANCELLATION_IN_PROGRESS",
            Self::DeletionInProgress => "DELETION_IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Rejected => "REJECTED",
            Self::TimedOut => "TIMED_OUT",
        }
    }

    /// An operation by AWS's word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == text)
    }
}

impl EventSubject {
    /// The kind that decides whether it is published.
    pub fn kind(&self) -> EventType {
        match self {
            Self::Thing { .. } => EventType::Thing,
            Self::Association { .. } => EventType::ThingTypeAssociation,
            Self::ThingType { .. } => EventType::ThingType,
            Self::Group { .. } => EventType::ThingGroup,
            Self::Membership { .. } => EventType::ThingGroupMembership,
            Self::Hierarchy { .. } => EventType::ThingGroupHierarchy,
            Self::Certificate { .. } => EventType::Certificate,
            Self::CaCertificate { .. } => EventType::CaCertificate,
            Self::Policy { .. } => EventType::Policy,
            Self::Job { .. } => EventType::Job,
            Self::JobExecution { .. } => EventType::JobExecution,
        }
    }
}
