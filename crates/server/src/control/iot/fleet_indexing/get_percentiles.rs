//! `GetPercentiles` of a field of numbers.

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::fleet_index::{CustomField, FieldType, Percentiles, Value};
use fleetwright_core::limits::PERCENTS;
use serde_json::json;

use super::asked::aggregate;
use crate::control::Control;
use crate::control::iot::members::{Members, invalid};
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "GetPercentiles";

/// AWS: guide, "GetPercentiles".
const DEFAULT: [f64; 7] = [1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0];

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let percents = percents(&members)?;
    let mut percentiles = Percentiles::default();
    let add = |value: Value<'_>| {
        if let Value::Number(number) = value {
            percentiles.add(number);
        }
        Ok(())
    };
    aggregate(control, &members, check, add, true).await?;
    let found = percentiles.at(&percents).into_iter();
    let shown: Vec<_> =
        found.map(|(percent, value)| json!({ "percent": percent, "value": value })).collect();
    Ok(Answer::json(json!({ "percentiles": shown })))
}

fn check(field: &CustomField) -> Result<(), Refusal> {
    if field.kind == FieldType::Number {
        return Ok(());
    }
    Err(Refusal::new(
        ErrorCode::InvalidAggregation,
        format!("Percentiles are of numbers; '{}' is a {}.", field.name, field.kind.as_str()),
    ))
}

fn percents(members: &Members<'_>) -> Result<Vec<f64>, Refusal> {
    let given = members.list("percents", |at, item| {
        let percent = item.as_f64().filter(|percent| (0.0..=100.0).contains(percent));
        percent.ok_or_else(|| invalid(format!("The member '{at}' must be a number from 0 to 100.")))
    })?;
    let percents = given.filter(|given| !given.is_empty()).unwrap_or_else(|| DEFAULT.to_vec());
    if percents.len() > PERCENTS {
        return Err(invalid(format!("At most {PERCENTS} percentiles may be asked for.")));
    }
    Ok(percents)
}
