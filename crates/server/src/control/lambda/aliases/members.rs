//! Members that the operations on aliases share.

use fleetwright_core::error::Refusal;
use fleetwright_core::function::{AliasName, Version, Weight};
use fleetwright_core::limits::FUNCTION_DESCRIPTION_CHARS;
use serde_json::Value;

use crate::control::iot::Call;
use crate::control::iot::members::{Members, invalid, sentence};

/// `Name` of the path.
pub(super) fn name(call: &Call) -> Result<AliasName, Refusal> {
    call.label("Name", AliasName::parse)
}

/// `Description`.
pub(super) fn description(given: &Members<'_>) -> Result<Option<String>, Refusal> {
    Ok(given.bounded_text("Description", FUNCTION_DESCRIPTION_CHARS)?.map(str::to_owned))
}

/// `RoutingConfig`: at most one version beside the alias's own. `None` when nothing is said,
/// `Some(None)` when there is to be none.
pub(super) fn routing(given: &Members<'_>) -> Result<Option<Option<(Version, Weight)>>, Refusal> {
    given.object("RoutingConfig", |routing| {
        let mut weights = Vec::new();
        routing.object("AdditionalVersionWeights", |map| {
            for name in map.keys() {
                let version = Version::parse(name).map_err(|rule| invalid(sentence(&rule)))?;
                let share = map.value(name).and_then(Value::as_f64);
                let share = share.ok_or_else(|| {
                    invalid(format!("The weight of version {version} must be a number."))
                })?;
                let weight = Weight::from_fraction(share);
                weights.push((version, weight.map_err(|rule| invalid(sentence(&rule)))?));
            }
            Ok(())
        })?;
        if weights.len() > 1 {
            return Err(invalid(
                "Number of items in AdditionalVersionWeights cannot be greater than 1",
            ));
        }
        Ok(weights.pop())
    })
}
