//! What devices trust.

use fleetwright_core::authorization::Authorized;
use serde_json::json;

use crate::Control;
use crate::operation::operation;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] =
    &[operation!("GetRootCertificate", get_root_certificate)];

/// `GetRootCertificate`: the root CA by which devices know this server, PEM. AWS has it for download
/// from Amazon Trust Services.
async fn get_root_certificate(control: &Control, _call: &Authorized<Call>) -> Outcome {
    Ok(Answer::json(json!({ "certificatePem": control.issuance.root_pem() })))
}
