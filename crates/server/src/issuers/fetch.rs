//! The two documents of an issuer: discovery, then its keys.

use std::sync::Arc;

use fleetwright_core::web_identity::{KeySet, discovery_url, keys_url};
use http::StatusCode;

use super::Unproven;
use crate::hooks::HookTarget;
use crate::outgoing;

/// Bytes of a discovery document. (ours)
const DISCOVERY_BYTES: usize = 64 * 1024;
/// Bytes of a set of keys. (ours)
const KEYS_BYTES: usize = 256 * 1024;

/// Fetches the keys of an issuer.
pub(super) async fn keys(
    issuer: &str,
    tls: &Arc<rustls::ClientConfig>,
) -> Result<KeySet, Unproven> {
    let document = get(&discovery_url(issuer), tls, DISCOVERY_BYTES).await?;
    let url = keys_url(&document, issuer).map_err(Unproven::Unusable)?;
    KeySet::parse(&get(&url, tls, KEYS_BYTES).await?).map_err(Unproven::Unusable)
}

async fn get(
    text: &str,
    tls: &Arc<rustls::ClientConfig>,
    bytes: usize,
) -> Result<Vec<u8>, Unproven> {
    let Ok(HookTarget::Url(url)) = HookTarget::parse(text) else {
        return Err(Unproven::Unusable(format!("'{text}' is no https:// URL")));
    };
    let (status, body) = outgoing::get(&url, tls, bytes).await.map_err(|error| {
        match error.is::<http_body_util::LengthLimitError>() {
            true => Unproven::Unusable(format!("{text} has more than {bytes} bytes")),
            false => Unproven::Unreachable(format!("{text}: {error}")),
        }
    })?;
    match status {
        StatusCode::OK => Ok(body),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(Unproven::Refused(format!("{text} answered {status}")))
        }
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Err(Unproven::Unreachable(format!("{text} answered {status}")))
        }
        status => Err(Unproven::Unusable(format!("{text} answered {status}, not 200"))),
    }
}
