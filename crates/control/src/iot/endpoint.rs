//! `DescribeEndpoint`.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::text::shown;
use serde_json::json;

use crate::Control;
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[operation!("DescribeEndpoint", describe_endpoint)];

/// `DescribeEndpoint`: where devices connect.
async fn describe_endpoint(control: &Control, call: &Authorized<Call>) -> Outcome {
    let endpoints = &control.endpoints;
    let address = match call.query_text("endpointType")? {
        None | Some("iot:Data" | "iot:Data-ATS") => &endpoints.data,
        Some("iot:CredentialProvider") => &endpoints.credentials,
        Some("iot:Jobs") => &endpoints.jobs,
        Some(kind) => {
            let kind = shown(kind);
            return Err(invalid(format!(
                "Endpoint type '{kind}' is not valid: use iot:Data-ATS, iot:Data, \
                 iot:CredentialProvider or iot:Jobs."
            ))
            .into());
        }
    };
    Ok(Answer::json(json!({ "endpointAddress": address })))
}
