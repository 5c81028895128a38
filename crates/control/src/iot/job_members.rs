//! What a request says of a job: its configurations and targets.

use fleetwright_core::error::Refusal;
use fleetwright_core::job::{
    AbortCriterion, AbortFailure, EndBehavior, Exponential, JobSettings, MaintenanceWindow,
    Presigned, RetryCriterion, RetryFailure, Rollout, Schedule, TIMEOUT_MINUTES, parse_minute,
};
use fleetwright_core::text::shown_arn;
use fleetwright_core::time::Timestamp;
use fleetwright_store::{JobTarget, JobUpdate};
use serde_json::Value;

use crate::Control;
use crate::iot::named::is_role_arn;
use crate::rest::members::{Members, invalid, object_item, text_item, violation};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// Seconds of a presigned URL. AWS: shape `ExpiresInSec`.
const EXPIRES: std::ops::RangeInclusive<u64> = 60..=3600;
/// Versions of packages. AWS: shape `DestinationPackageVersions`.
const PACKAGES: usize = 25;

/// The configurations of a new job or template.
pub(super) fn settings(members: &Members<'_>, now: Timestamp) -> Result<JobSettings, Refusal> {
    let packages = members
        .list("destinationPackageVersions", |at, item| text_item(at, item).map(str::to_owned))?;
    let packages = packages.unwrap_or_default();
    if packages.len() > PACKAGES {
        let message = format!("The member 'destinationPackageVersions' has more than {PACKAGES}.");
        return Err(invalid(message));
    }
    let update = update(members)?;
    Ok(JobSettings {
        presigned: update.presigned,
        rollout: update.rollout,
        abort: update.abort.unwrap_or_default(),
        timeout_minutes: update.timeout_minutes,
        retry: update.retry.unwrap_or_default(),
        schedule: members.object("schedulingConfig", |it| schedule(&it, now))?,
        packages,
    })
}

/// What an update says.
pub(super) fn update(members: &Members<'_>) -> Result<JobUpdate, Refusal> {
    Ok(JobUpdate {
        description: description(members)?,
        presigned: members.object("presignedUrlConfig", |it| presigned(&it))?,
        rollout: members.object("jobExecutionsRolloutConfig", |it| rollout(&it))?,
        abort: members
            .object("abortConfig", |it| it.list("criteriaList", abort))?
            .map(Option::unwrap_or_default),
        timeout_minutes: members.object("timeoutConfig", |it| timeout(&it))?.flatten(),
        retry: members.object("jobExecutionsRetryConfig", |it| retries(&it))?,
    })
}

/// `description`
pub(super) fn description(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    let text = crate::rest::description(members, "description", fleetwright_core::job::TEXT_CHARS)?;
    Ok(text.map(str::to_owned))
}

/// `targets`: things and groups of this installation.
pub(super) fn targets(control: &Control, members: &Members<'_>) -> Result<Vec<JobTarget>, Refusal> {
    let read = |at: &str, item: &Value| {
        let arn = text_item(at, item)?;
        JobTarget::of_arn(&control.scope, arn).ok_or_else(|| {
            invalid(format!(
                "The target '{}' is not valid: it must be the ARN of a thing or a thing group of \
                 this account and region, such as {}.",
                shown_arn(arn),
                control.scope.arn("thing", "NAME")
            ))
        })
    };
    let targets = members.list("targets", read)?.unwrap_or_default();
    match targets.is_empty() {
        true => Err(invalid("The member 'targets' is required, with at least one target.")),
        false => Ok(targets),
    }
}

/// `namespaceId`. AWS: shape `NamespaceId`.
pub(super) fn namespace(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !text.is_empty() && text.len() <= 256 && text.chars().all(allowed) {
        true => Ok(text.to_owned()),
        false => Err("namespaceId must be characters of [a-zA-Z0-9_-]".to_owned()),
    }
}

fn presigned(members: &Members<'_>) -> Result<Presigned, Refusal> {
    let role_arn = members.text("roleArn")?;
    if role_arn.is_some_and(|arn| !is_role_arn(arn)) {
        return Err(invalid("The member 'presignedUrlConfig.roleArn' is not the ARN of a role."));
    }
    let expires = bounded(members, "expiresInSec", &EXPIRES)?.unwrap_or(3600);
    Ok(Presigned { role_arn: role_arn.map(str::to_owned), expires })
}

/// A whole number within bounds.
fn bounded(
    members: &Members<'_>,
    name: &str,
    bounds: &std::ops::RangeInclusive<u64>,
) -> Result<Option<u32>, Refusal> {
    let Some(number) = members.integer(name)? else { return Ok(None) };
    let fits = bounds.contains(&number).then(|| u32::try_from(number).ok()).flatten();
    fits.map(Some).ok_or_else(|| {
        let (least, most) = (bounds.start(), bounds.end());
        invalid(format!("The member '{name}' is {number}; it must be from {least} to {most}."))
    })
}

fn required<T>(value: Option<T>, name: &str) -> Result<T, Refusal> {
    value.ok_or_else(|| invalid(format!("The member '{name}' is required.")))
}

/// A decimal number in parts of `1/scale`, within bounds that are in parts as well.
fn decimal(
    members: &Members<'_>,
    name: &str,
    scale: f64,
    bounds: std::ops::RangeInclusive<f64>,
) -> Result<u32, Refusal> {
    let number = required(members.value(name), name)?.as_f64();
    let parts = number.map(|number| (number * scale).round()).filter(|it| bounds.contains(it));
    parts.map(|parts| parts as u32).ok_or_else(|| {
        invalid(format!(
            "The member '{name}' must be a number from {} to {}.",
            bounds.start() / scale,
            bounds.end() / scale
        ))
    })
}

fn rollout(members: &Members<'_>) -> Result<Rollout, Refusal> {
    let many = 1..=1000;
    Ok(Rollout {
        maximum: bounded(members, "maximumPerMinute", &(1..=1_000_000))?,
        exponential: members.object("exponentialRate", |it| {
            let criteria = it.object("rateIncreaseCriteria", |it| {
                let things = 1..=u64::from(u32::MAX);
                let notified = bounded(&it, "numberOfNotifiedThings", &things)?;
                let succeeded = bounded(&it, "numberOfSucceededThings", &things)?;
                match notified.or(succeeded) {
                    Some(_) => Ok((notified, succeeded)),
                    None => Err(invalid(
                        "The member 'rateIncreaseCriteria' must have numberOfNotifiedThings or \
                         numberOfSucceededThings.",
                    )),
                }
            })?;
            let (notified, succeeded) = required(criteria, "rateIncreaseCriteria")?;
            let base = bounded(&it, "baseRatePerMinute", &many)?;
            Ok(Exponential {
                base: required(base, "baseRatePerMinute")?,
                factor: decimal(&it, "incrementFactor", 10.0, 11.0..=50.0)?,
                notified,
                succeeded,
            })
        })?,
    })
}

fn abort(at: &str, item: &Value) -> Result<AbortCriterion, Refusal> {
    let members = object_item(at, item)?;
    let failure = word(&members, "failureType", |text| AbortFailure::parse(text).is_some())?;
    word(&members, "action", |text| text == "CANCEL")?;
    let minimum = bounded(&members, "minNumberOfExecutedThings", &(1..=u64::from(u32::MAX)))?;
    Ok(AbortCriterion {
        failure,
        threshold: decimal(&members, "thresholdPercentage", 100.0, 0.0..=10_000.0)?,
        minimum: required(minimum, "minNumberOfExecutedThings")?,
    })
}

fn word(
    members: &Members<'_>,
    name: &str,
    is_known: impl Fn(&str) -> bool,
) -> Result<String, Refusal> {
    let text = members.required_text(name)?;
    match is_known(text) {
        true => Ok(text.to_owned()),
        false => Err(invalid(format!("The member '{name}' is none of AWS's words."))),
    }
}

fn timeout(members: &Members<'_>) -> Result<Option<i64>, Refusal> {
    let bounds = TIMEOUT_MINUTES.start().unsigned_abs()..=TIMEOUT_MINUTES.end().unsigned_abs();
    Ok(bounded(members, "inProgressTimeoutInMinutes", &bounds)?.map(i64::from))
}

fn retries(members: &Members<'_>) -> Result<Vec<RetryCriterion>, Refusal> {
    let read = |at: &str, item: &Value| {
        let members = object_item(at, item)?;
        let failure = word(&members, "failureType", |text| RetryFailure::parse(text).is_some())?;
        let retries = bounded(&members, "numberOfRetries", &(0..=10))?;
        Ok(RetryCriterion { failure, retries: required(retries, "numberOfRetries")? })
    };
    let criteria = required(members.list("criteriaList", read)?, "criteriaList")?;
    match criteria.len() {
        1 | 2 => Ok(criteria),
        _ => Err(invalid("The member 'jobExecutionsRetryConfig.criteriaList' has 1 or 2 items.")),
    }
}

fn schedule(members: &Members<'_>, now: Timestamp) -> Result<Schedule, Refusal> {
    let time = |name: &str| {
        let read = |text: &str| {
            parse_minute(text).ok_or_else(|| format!("'{name}' must be YYYY-MM-DDThh:mm, in UTC"))
        };
        members.optional(name, read)
    };
    let (start, end) = (time("startTime")?, time("endTime")?);
    let windows = windows(members)?;
    let from = start.unwrap_or(now);
    if let Some(start) = start
        && !(now.0 + 30 * MINUTE..=now.0 + 366 * DAY).contains(&(start.0 + MINUTE))
    {
        return Err(invalid(
            "The member 'schedulingConfig.startTime' must be from 30 minutes to one year ahead.",
        ));
    }
    if let Some(end) = end
        && !(from.0 + 30 * MINUTE..=now.0 + 2 * 366 * DAY).contains(&(end.0 + MINUTE))
    {
        return Err(invalid(
            "The member 'schedulingConfig.endTime' must be at least 30 minutes after the start, \
             and within two years.",
        ));
    }
    let behavior = members.text("endBehavior")?;
    if behavior.is_some_and(|text| EndBehavior::parse(text).is_none()) {
        return Err(invalid(
            "The member 'schedulingConfig.endBehavior' must be STOP_ROLLOUT, CANCEL or \
             FORCE_CANCEL.",
        ));
    }
    if behavior.is_some() && end.is_none() {
        return Err(invalid("The member 'endBehavior' needs an 'endTime'."));
    }
    Ok(Schedule {
        start: start.map(|at| at.0),
        end: end.map(|at| at.0),
        behavior: behavior.map(str::to_owned),
        windows,
    })
}

/// `maintenanceWindows`
pub(super) fn windows(members: &Members<'_>) -> Result<Vec<MaintenanceWindow>, Refusal> {
    let read = |at: &str, item: &Value| {
        let members = object_item(at, item)?;
        let minutes = required(members.integer("durationInMinutes")?, "durationInMinutes")?;
        let minutes = i64::try_from(minutes).unwrap_or(i64::MAX);
        MaintenanceWindow::parse(members.required_text("startTime")?, minutes).map_err(violation)
    };
    Ok(members.list("maintenanceWindows", read)?.unwrap_or_default())
}
