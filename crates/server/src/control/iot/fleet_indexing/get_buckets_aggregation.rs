//! `GetBucketsAggregation`: the most frequent values of a field.

use fleetwright_core::error::Refusal;
use fleetwright_core::fleet_index::{Buckets, Value};
use fleetwright_core::limits::{BUCKETS, BUCKETS_DEFAULT};
use serde_json::json;

use super::asked::aggregate;
use crate::control::Control;
use crate::control::iot::members::{Members, invalid};
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "GetBucketsAggregation";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
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
