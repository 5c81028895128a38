//! `GetStatistics`: count, and for numbers and truth values what else they come to.

use fleetwright_core::fleet_index::Statistics;
use serde_json::json;

use super::asked::aggregate;
use crate::control::Control;
use crate::control::iot::call::put;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "GetStatistics";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let mut statistics = Statistics::default();
    let add = |value: fleetwright_core::fleet_index::Value<'_>| {
        statistics.add(value);
        Ok(())
    };
    aggregate(control, &body.members(), |_| Ok(()), add, true).await?;
    let mut shown = json!({ "count": statistics.count });
    if let Some(numbers) = statistics.numbers {
        put(&mut shown, "sum", Some(numbers.sum));
        put(&mut shown, "sumOfSquares", Some(numbers.sum_of_squares));
        put(&mut shown, "minimum", Some(numbers.minimum));
        put(&mut shown, "maximum", Some(numbers.maximum));
    }
    if let Some((average, variance)) = statistics.average_and_variance() {
        put(&mut shown, "average", Some(average));
        put(&mut shown, "variance", Some(variance));
        put(&mut shown, "stdDeviation", Some(variance.sqrt()));
    }
    Ok(Answer::json(json!({ "statistics": shown })))
}
