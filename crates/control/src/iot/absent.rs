//! Lists of what is not here: rules, streams, Device Defender, software packages. Tools list them
//! to see what there is; the answer is "none".

use fleetwright_core::authorization::Authorized;
use serde_json::json;

use crate::Control;
use crate::operation::operation;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("ListTopicRules", none, "rules"),
    operation!("ListTopicRuleDestinations", none, "destinationSummaries"),
    operation!("ListStreams", none, "streams"),
    operation!("ListOTAUpdates", none, "otaUpdates"),
    operation!("ListFleetMetrics", none, "fleetMetrics"),
    operation!("ListSecurityProfiles", none, "securityProfileIdentifiers"),
    operation!("ListCustomMetrics", none, "metricNames"),
    operation!("ListDimensions", none, "dimensionNames"),
    operation!("ListMitigationActions", none, "actionIdentifiers"),
    operation!("ListScheduledAudits", none, "scheduledAudits"),
    operation!("ListPackages", none, "packageSummaries"),
    operation!("ListCommands", none, "commands"),
];

/// A list of nothing.
async fn none(_control: &Control, _call: &Authorized<Call>, list: &str) -> Outcome {
    Ok(Answer::json(json!({ list: [] })))
}
