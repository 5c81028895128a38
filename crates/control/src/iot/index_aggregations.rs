//! Fleet indexing: counting what a query finds.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::fleet_index::{
    Buckets, Cardinality, CustomField, FieldType, Percentiles, Statistics, Value,
};
use fleetwright_core::limits::{BUCKETS, BUCKETS_DEFAULT, PERCENTS};
use serde_json::json;

use crate::Control;
use crate::iot::index_query::aggregate;
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::{Answer, Call, Operation, Outcome, put};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("GetStatistics", get_statistics),
    operation!("GetPercentiles", get_percentiles),
    operation!("GetCardinality", get_cardinality),
    operation!("GetBucketsAggregation", get_buckets_aggregation),
];

/// `GetStatistics`: count, and for numbers and truth values what else they come to.
async fn get_statistics(control: &Control, call: &Authorized<Call>) -> Outcome {
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

/// AWS: guide, "GetPercentiles".
const DEFAULT: [f64; 7] = [1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0];

/// `GetPercentiles` of a field of numbers.
async fn get_percentiles(control: &Control, call: &Authorized<Call>) -> Outcome {
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

/// `GetCardinality`: how many different values, about.
async fn get_cardinality(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let mut cardinality = Cardinality::default();
    let add = |value: Value<'_>| {
        cardinality.add(value);
        Ok(())
    };
    aggregate(control, &body.members(), |_| Ok(()), add, false).await?;
    Ok(Answer::json(json!({ "cardinality": cardinality.estimate() })))
}

/// `GetBucketsAggregation`: the most frequent values of a field.
async fn get_buckets_aggregation(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let most = most(&members)?;
    members.required_text("aggregationField")?;
    let mut buckets = Buckets::default();
    let count =
        aggregate(control, &members, |_| Ok(()), |value: Value<'_>| buckets.add(value), false);
    let count = count.await?;
    let ranked = buckets.ranked(most).into_iter();
    let shown: Vec<_> =
        ranked.map(|(key, count)| json!({ "keyValue": key, "count": count })).collect();
    Ok(Answer::json(json!({ "totalCount": count, "buckets": shown })))
}

fn most(members: &Members<'_>) -> Result<usize, Refusal> {
    let most = members.object("bucketsAggregationType", |kind| {
        kind.object("termsAggregation", |terms| terms.integer("maxBuckets"))
    })?;
    let most = most.ok_or_else(|| invalid("The member 'bucketsAggregationType' is required."))?;
    let most = most.flatten().unwrap_or(BUCKETS_DEFAULT);
    match usize::try_from(most) {
        Ok(fitting) if (1..=BUCKETS).contains(&most) => Ok(fitting),
        _ => Err(invalid(format!("The member 'maxBuckets' must be from 1 to {BUCKETS}."))),
    }
}
