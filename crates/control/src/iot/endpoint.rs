//! `DescribeEndpoint`.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::text::shown;
use serde_json::json;

use crate::Control;
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[operation!("DescribeEndpoint", describe_endpoint)];

/// What is served: one gateway for both.
const SERVED: &[&str] = &["iot:Data", "iot:Data-ATS"];
/// What AWS has beside them, and why nothing serves it.
const NOT_SERVED: &[(&str, &str)] = &[
    ("iot:CredentialProvider", "there is no credential provider here"),
    ("iot:Jobs", "there are no jobs here"),
];

/// `DescribeEndpoint`: where devices connect.
async fn describe_endpoint(control: &Control, call: &Authorized<Call>) -> Outcome {
    if let Some(kind) = call.query_text("endpointType")?
        && !SERVED.contains(&kind)
    {
        let why = match NOT_SERVED.iter().find(|(name, _)| *name == kind) {
            Some((_, why)) => format!("is not served: {why}; use"),
            None => "is not valid: use".to_owned(),
        };
        let kind = shown(kind);
        let served = SERVED.join(" or ");
        return Err(invalid(format!("Endpoint type '{kind}' {why} {served}.")).into());
    }
    Ok(Answer::json(json!({ "endpointAddress": control.endpoint })))
}
