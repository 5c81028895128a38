//! What a job is configured to do, as it is kept.

use serde::{Deserialize, Serialize};

use super::abort::AbortCriterion;
use super::retry::RetryCriterion;
use super::rollout::Rollout;
use super::schedule::Schedule;

/// The configurations of a job or a template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSettings {
    /// `presignedUrlConfig`
    #[serde(default)]
    pub presigned: Option<Presigned>,
    /// `jobExecutionsRolloutConfig`
    #[serde(default)]
    pub rollout: Option<Rollout>,
    /// `abortConfig.criteriaList`
    #[serde(default)]
    pub abort: Vec<AbortCriterion>,
    /// `timeoutConfig.inProgressTimeoutInMinutes`
    #[serde(default)]
    pub timeout_minutes: Option<i64>,
    /// `jobExecutionsRetryConfig.criteriaList`
    #[serde(default)]
    pub retry: Vec<RetryCriterion>,
    /// `schedulingConfig`
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// `destinationPackageVersions`
    #[serde(default)]
    pub packages: Vec<String>,
}

/// `presignedUrlConfig`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presigned {
    /// `roleArn`
    pub role_arn: Option<String>,
    /// `expiresInSec`: 60 to 3600.
    pub expires: u32,
}
