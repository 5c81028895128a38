//! What a command needs to call a server over HTTP or HTTPS.

use std::path::Path;
use std::sync::Arc;

pub use fleetwright_core::url::Url;
pub use fleetwright_host::outgoing::send_over;
use fleetwright_host::tls;
pub use rustls::ClientConfig;

/// TLS that trusts the system's roots and those of a PEM file.
///
/// # Errors
/// When the file cannot be read or holds no certificate.
pub fn tls(ca_bundle: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    tls::client("ca_bundle", ca_bundle)
}
