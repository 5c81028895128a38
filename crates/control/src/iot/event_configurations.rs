//! Which changes of the registry are published.

use std::collections::BTreeMap;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::event::EventType;
use fleetwright_core::text::shown;
use fleetwright_core::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::Control;
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("DescribeEventConfigurations", describe_event_configurations),
    operation!("UpdateEventConfigurations", update_event_configurations),
];

/// `DescribeEventConfigurations`: every kind of event, published or not.
async fn describe_event_configurations(control: &Control, _call: &Authorized<Call>) -> Outcome {
    let found = control.store.event_configurations().await?;
    let kinds: Map<String, Value> = EventType::ALL
        .iter()
        .map(|kind| {
            let enabled = found.enabled.get(kind).copied().unwrap_or(false);
            (kind.as_str().to_owned(), json!({"Enabled": enabled}))
        })
        .collect();
    let seconds = |at: Option<Timestamp>| at.map(|at| at.0 as f64 / 1000.0);
    Ok(Answer::json(json!({
        "eventConfigurations": kinds,
        "creationDate": seconds(found.created),
        "lastModifiedDate": seconds(found.modified),
    })))
}

/// `UpdateEventConfigurations`: the kinds that are named; the others stay.
async fn update_event_configurations(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let enabled = body.members().object("eventConfigurations", |kinds| {
        let mut enabled = BTreeMap::new();
        for name in kinds.keys() {
            let kind = EventType::parse(name).ok_or_else(|| unknown(name))?;
            let on = kinds.object(name, |setting| setting.flag("Enabled"))?.flatten();
            enabled.insert(kind, on.unwrap_or(false));
        }
        Ok(enabled)
    })?;
    let now = control.now();
    control.store.update_event_configurations(enabled.unwrap_or_default(), now).await?;
    Ok(Answer::empty())
}

fn unknown(name: &str) -> Refusal {
    let shown = shown(name);
    let known: Vec<&str> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
    invalid(format!("'{shown}' is no type of event; use one of {}.", known.join(", ")))
}
