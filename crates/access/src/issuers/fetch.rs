//! The two documents of an issuer: discovery, then its keys.

use std::sync::Arc;

use fleetwright_core::url::Url;
use fleetwright_core::web_identity::{KeySet, discovery_url, keys_url};
use fleetwright_host::outgoing;
use http::StatusCode;

use super::WebIdentityError;

/// Bytes of a discovery document. (ours)
const DISCOVERY_BYTES: usize = 64 * 1024;
/// Bytes of a set of keys. (ours)
const KEYS_BYTES: usize = 256 * 1024;

/// Fetches the keys of an issuer.
pub(super) async fn keys(
    issuer: &str,
    tls: &Arc<rustls::ClientConfig>,
) -> Result<KeySet, WebIdentityError> {
    let document = get(&discovery_url(issuer), tls, DISCOVERY_BYTES).await?;
    let url = keys_url(&document, issuer).map_err(WebIdentityError::Unusable)?;
    KeySet::parse(&get(&url, tls, KEYS_BYTES).await?).map_err(WebIdentityError::Unusable)
}

async fn get(
    text: &str,
    tls: &Arc<rustls::ClientConfig>,
    bytes: usize,
) -> Result<Vec<u8>, WebIdentityError> {
    let Ok(url) = Url::parse(text) else {
        return Err(WebIdentityError::Unusable(format!("'{text}' is no https:// URL")));
    };
    let (status, body) = outgoing::get(&url, tls, bytes).await.map_err(|error| {
        match error.is::<http_body_util::LengthLimitError>() {
            true => WebIdentityError::Unusable(format!("{text} has more than {bytes} bytes")),
            false => WebIdentityError::Unreachable(format!("{text}: {error}")),
        }
    })?;
    match status {
        StatusCode::OK => Ok(body),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(WebIdentityError::Refused(format!("{text} answered {status}")))
        }
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Err(WebIdentityError::Unreachable(format!("{text} answered {status}")))
        }
        status => Err(WebIdentityError::Unusable(format!("{text} answered {status}, not 200"))),
    }
}
