//! `DescribeEventConfigurations`: every kind of event, published or not.

use fleetwright_core::certificate::Instant;
use fleetwright_core::event::EventType;
use serde_json::{Map, Value, json};

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DescribeEventConfigurations";

pub(super) async fn run(control: &Control, _call: &Call) -> Outcome {
    let found = control.store.event_configurations().await?;
    let kinds: Map<String, Value> = EventType::ALL
        .iter()
        .map(|kind| {
            let enabled = found.enabled.get(kind).copied().unwrap_or(false);
            (kind.as_str().to_owned(), json!({"Enabled": enabled}))
        })
        .collect();
    let seconds = |at: Option<Instant>| at.map(|at| at.0 as f64 / 1000.0);
    Ok(Answer::json(json!({
        "eventConfigurations": kinds,
        "creationDate": seconds(found.created),
        "lastModifiedDate": seconds(found.modified),
    })))
}
