//! What is logged of devices: the default level is in force in this server's log; levels of single
//! targets and of kinds of events are kept.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::logging::{LogLevel, TARGET_TYPES};
use fleetwright_core::text::shown;
use fleetwright_store::{EventLevel, LoggingChange, LoggingOptions, TargetLevel};
use serde_json::{Value, json};

use crate::Control;
use crate::error::{ApiError, ErrorKind};
use crate::operation::operation;
use crate::rest::members::{Members, invalid, object_item};
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, put};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("SetV2LoggingOptions", set_v2_logging_options),
    operation!("GetV2LoggingOptions", get_v2_logging_options),
    operation!("SetV2LoggingLevel", set_v2_logging_level),
    operation!("ListV2LoggingLevels", list_v2_logging_levels),
    operation!("DeleteV2LoggingLevel", delete_v2_logging_level),
    operation!("SetLoggingOptions", set_logging_options),
    operation!("GetLoggingOptions", get_logging_options),
];

/// Characters of a role's ARN. (B)
const ROLE_CHARS: usize = 2048;
/// Characters of a target's name, and of an event's type and destination. (ours)
const NAME_CHARS: usize = 512;
/// Kinds of events with a level of their own, at most. (ours)
const EVENTS: usize = 100;

/// `SetV2LoggingOptions`: what is not sent of level, role and events stays.
async fn set_v2_logging_options(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let events = members.list("eventConfigurations", event)?;
    if events.as_ref().is_some_and(|events| events.len() > EVENTS) {
        return Err(invalid(format!("There may be at most {EVENTS} eventConfigurations.")).into());
    }
    let change = LoggingChange {
        role_arn: members.bounded_text("roleArn", ROLE_CHARS)?.map(str::to_owned),
        level: members.text("defaultLogLevel")?.map(parse_level).transpose()?,
        is_disabled: Some(members.flag("disableAllLogs")?.unwrap_or(false)),
        events,
    };
    control.store.change_logging_options(change).await?;
    Ok(Answer::empty())
}

/// `GetV2LoggingOptions`.
async fn get_v2_logging_options(control: &Control, _call: &Authorized<Call>) -> Outcome {
    let options = configured(control).await?;
    let mut answer = json!({
        "defaultLogLevel": options.level.as_str(),
        "disableAllLogs": options.is_disabled,
    });
    put(&mut answer, "roleArn", options.role_arn);
    if !options.events.is_empty() {
        let events = options.events.into_iter().map(|(kind, level, destination)| {
            let mut event = json!({ "eventType": kind });
            put(&mut event, "logLevel", level);
            put(&mut event, "logDestination", destination);
            event
        });
        put(&mut answer, "eventConfigurations", Some(events.collect::<Vec<Value>>()));
    }
    Ok(Answer::json(answer))
}

/// `SetV2LoggingLevel`: kept for a single target; of `DEFAULT` the default.
async fn set_v2_logging_level(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let level = parse_level(members.required_text("logLevel")?)?;
    let target = members.object("logTarget", |target| {
        let name = target.bounded_text("targetName", NAME_CHARS)?;
        Ok((target.required_text("targetType")?, name))
    })?;
    let (kind, name) = target.ok_or_else(|| invalid("The member 'logTarget' is required."))?;
    configured(control).await?;
    if kind == "DEFAULT" {
        let change = LoggingChange { level: Some(level), ..LoggingChange::default() };
        control.store.change_logging_options(change).await?;
        return Ok(Answer::empty());
    }
    let name = name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid("The member 'logTarget.targetName' is required."))?;
    let target = TargetLevel { kind: parse_kind(kind)?, name: name.to_owned(), level };
    control.store.set_logging_level(target).await?;
    Ok(Answer::empty())
}

/// `ListV2LoggingLevels`: the default first.
async fn list_v2_logging_levels(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let options = configured(control).await?;
    let wanted = call.query_text("targetType")?;
    let default = json!({
        "logTarget": { "targetType": "DEFAULT" },
        "logLevel": options.level.as_str(),
    });
    if wanted == Some("DEFAULT") {
        return Ok(Answer::list(
            "logTargetConfigurations",
            [default].into_iter(),
            &NEXT_TOKEN,
            None,
        ));
    }
    let kind = wanted.map(parse_kind).transpose()?;
    let after = page.after.as_deref().map(|key| {
        let (kind, name) = key.split_once('/').unwrap_or((key, ""));
        (kind.to_owned(), name.to_owned())
    });
    let shows_default = after.is_none() && kind.is_none();
    let size = page.size.saturating_sub(usize::from(shows_default && page.size > 1));
    let found = control.store.logging_levels(kind.as_deref(), after, size).await?;
    let targets = found.items.iter().map(|item| {
        json!({
            "logTarget": { "targetType": item.kind, "targetName": item.name },
            "logLevel": item.level.as_str(),
        })
    });
    let all = shows_default.then_some(default).into_iter().chain(targets);
    let next = found.next.map(|(kind, name)| format!("{kind}/{name}"));
    Ok(Answer::list("logTargetConfigurations", all, &NEXT_TOKEN, next.as_deref()))
}

/// `DeleteV2LoggingLevel`.
async fn delete_v2_logging_level(control: &Control, call: &Authorized<Call>) -> Outcome {
    let kind = call.query_text("targetType")?;
    let kind = kind.ok_or_else(|| invalid("The query parameter 'targetType' is required."))?;
    let name = call.query_text("targetName")?;
    let name = name.ok_or_else(|| invalid("The query parameter 'targetName' is required."))?;
    control.store.delete_logging_level(parse_kind(kind)?, name.to_owned()).await?;
    Ok(Answer::empty())
}

/// `SetLoggingOptions`: the older way to set role and level. Its body is the payload itself.
async fn set_logging_options(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let payload = body.members();
    let role = payload.bounded_text("roleArn", ROLE_CHARS)?;
    let role = role.ok_or_else(|| invalid("The member 'roleArn' is required."))?;
    let change = LoggingChange {
        role_arn: Some(role.to_owned()),
        level: payload.text("logLevel")?.map(parse_level).transpose()?,
        ..LoggingChange::default()
    };
    control.store.change_logging_options(change).await?;
    Ok(Answer::empty())
}

/// `GetLoggingOptions`: nothing before anything was set.
async fn get_logging_options(control: &Control, _call: &Authorized<Call>) -> Outcome {
    let Some(options) = control.store.logging_options().await? else { return Ok(Answer::empty()) };
    let mut answer = json!({ "logLevel": options.in_force().as_str() });
    put(&mut answer, "roleArn", options.role_arn);
    Ok(Answer::json(answer))
}

async fn configured(control: &Control) -> Result<LoggingOptions, ApiError> {
    control.store.logging_options().await?.ok_or_else(|| {
        ApiError::new(
            ErrorKind::NotConfigured,
            "Logging is not configured; set it with SetV2LoggingOptions.",
        )
    })
}

fn parse_level(text: &str) -> Result<LogLevel, Refusal> {
    LogLevel::parse(text).ok_or_else(|| {
        let known: Vec<&str> = LogLevel::ALL.iter().map(|level| level.as_str()).collect();
        invalid(format!("'{}' is no log level; use one of {}.", shown(text), known.join(", ")))
    })
}

fn parse_kind(text: &str) -> Result<String, Refusal> {
    match TARGET_TYPES.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(invalid(format!(
            "'{}' is no target type with a name; use one of {}.",
            shown(text),
            TARGET_TYPES.join(", ")
        ))),
    }
}

fn event(at: &str, item: &Value) -> Result<EventLevel, Refusal> {
    let members: Members<'_> = object_item(at, item)?;
    let level = members.text("logLevel")?.map(parse_level).transpose()?;
    let kind = members.bounded_text("eventType", NAME_CHARS)?;
    let kind = kind.ok_or_else(|| invalid(format!("The member '{at}.eventType' is required.")))?;
    let destination = members.bounded_text("logDestination", NAME_CHARS)?;
    Ok((
        kind.to_owned(),
        level.map(|level| level.as_str().to_owned()),
        destination.map(str::to_owned),
    ))
}
