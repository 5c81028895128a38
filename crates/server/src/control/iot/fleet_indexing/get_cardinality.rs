//! `GetCardinality`: how many different values, about.

use fleetwright_core::fleet_index::{Cardinality, Value};
use serde_json::json;

use super::asked::aggregate;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "GetCardinality";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let mut cardinality = Cardinality::default();
    let add = |value: Value<'_>| {
        cardinality.add(value);
        Ok(())
    };
    aggregate(control, &body.members(), |_| Ok(()), add, false).await?;
    Ok(Answer::json(json!({ "cardinality": cardinality.estimate() })))
}
