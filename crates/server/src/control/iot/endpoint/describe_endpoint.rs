//! `DescribeEndpoint`: where devices connect.

use serde_json::json;

use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DescribeEndpoint";

/// One gateway serves every kind of endpoint.
const TYPES: &[&str] = &["iot:Data", "iot:Data-ATS", "iot:CredentialProvider", "iot:Jobs"];

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    if let Some(kind) = call.query_text("endpointType")?
        && !TYPES.contains(&kind)
    {
        let kind: String = kind.chars().take(64).collect();
        return Err(invalid(format!(
            "Endpoint type '{kind}' is not valid: use one of {}.",
            TYPES.join(", ")
        ))
        .into());
    }
    Ok(Answer::json(json!({ "endpointAddress": control.endpoint })))
}
