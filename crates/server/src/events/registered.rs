//! Just-in-time registration: a device presented a certificate that its CA vouches for.

use fleetwright_core::arn::Home;
use fleetwright_core::certificate::{CertificateId, Instant};
use serde_json::json;

use super::Event;

/// A certificate was registered `PENDING_ACTIVATION` at `created`, and is presented at `now`.
/// Always published (AWS: guide, "Just-in-time registration").
pub fn registered(
    home: &Home,
    certificate: &CertificateId,
    ca: &CertificateId,
    created: Instant,
    now: Instant,
) -> Event {
    Event::new(
        format!("$aws/events/certificates/registered/{ca}"),
        &json!({
            "certificateId": certificate.to_string(),
            "caCertificateId": ca.to_string(),
            "timestamp": now.0,
            "certificateStatus": "PENDING_ACTIVATION",
            "awsAccountId": home.account.as_str(),
            "certificateRegistrationTimestamp": created.0.to_string(),
        }),
    )
}
