//! A hook as a URL: `POST` of the request, the verdict in a 200 answer.

use std::sync::Arc;

use bytes::Bytes;
use fleetwright_core::url::Url;
use fleetwright_host::clock;
use fleetwright_host::outgoing::host;
use http::header::{CONTENT_TYPE, HOST};
use http_body_util::Full;

use super::HookError;
use super::http::exchange;
use super::signature::{HEADER, Secret};

/// Sends the request, signed if there is a secret, and gives the body of a 200 answer.
pub(super) async fn post(
    url: &Url<'_>,
    body: Vec<u8>,
    secret: Option<&Secret>,
    tls: &Arc<rustls::ClientConfig>,
) -> Result<Vec<u8>, HookError> {
    let mut request = http::Request::post(url.path)
        .header(HOST, host(url))
        .header(CONTENT_TYPE, "application/json");
    if let Some(secret) = secret {
        request = request.header(HEADER, secret.sign(clock::now(), &body));
    }
    let request = request.body(Full::new(Bytes::from(body))).map_err(HookError::new)?;
    let answer = exchange(url, request, tls).await?;
    let status = answer.status();
    if status != http::StatusCode::OK {
        return Err(HookError::new(format_args!("it answered {status}, not 200")));
    }
    Ok(answer.into_body().to_vec())
}
