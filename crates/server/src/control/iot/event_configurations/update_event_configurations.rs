//! `UpdateEventConfigurations`: the kinds that are named; the others stay.

use std::collections::BTreeMap;

use fleetwright_core::event::EventType;

use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "UpdateEventConfigurations";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
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
    let now = (control.clock)();
    control.store.update_event_configurations(enabled.unwrap_or_default(), now).await?;
    Ok(Answer::empty())
}

fn unknown(name: &str) -> fleetwright_core::error::Refusal {
    let shown: String = name.chars().take(64).collect();
    let known: Vec<&str> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
    invalid(format!("'{shown}' is no type of event; use one of {}.", known.join(", ")))
}
