//! Just-in-time registration: a device presented a certificate that its CA vouches for.

use serde_json::json;

use super::Event;
use crate::arn::AccountScope;
use crate::certificate::CertificateId;
use crate::time::Timestamp;

/// A certificate was registered `PENDING_ACTIVATION` at `created`, and is presented at `now`.
/// Always published (AWS: guide, "Just-in-time registration").
pub fn registered(
    scope: &AccountScope,
    certificate: &CertificateId,
    ca: &CertificateId,
    created: Timestamp,
    now: Timestamp,
) -> Event {
    Event::new(
        format!("$aws/events/certificates/registered/{ca}"),
        &json!({
            "certificateId": certificate.to_string(),
            "caCertificateId": ca.to_string(),
            "timestamp": now.0,
            "certificateStatus": "PENDING_ACTIVATION",
            "awsAccountId": scope.account.as_str(),
            "certificateRegistrationTimestamp": created.0.to_string(),
        }),
    )
}
