//! One HTTP exchange of a hook: a `POST` on a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fleetwright_core::limits;
use fleetwright_core::url::Url;
use fleetwright_host::outgoing;
use http_body_util::{BodyExt, Full, Limited};
use tokio::net::TcpStream;

use super::HookError;

/// Pauses between attempts to connect. Only these are tried again: nothing was sent, so no hook
/// is called twice. (ours)
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];

/// A request with its whole body.
pub(super) type Request = http::Request<Full<Bytes>>;

/// Sends a request; gives the answer, its body at most [`limits::HOOK_ANSWER_BYTES`].
pub(super) async fn exchange(
    url: &Url<'_>,
    request: Request,
    tls: &Arc<rustls::ClientConfig>,
) -> Result<http::Response<Bytes>, HookError> {
    let tcp = connect(url).await?;
    let answer = outgoing::send_over(tcp, url, tls, request).await.map_err(HookError::new)?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, limits::HOOK_ANSWER_BYTES).collect().await;
    let body = body.map_err(HookError::new)?.to_bytes();
    Ok(http::Response::from_parts(head, body))
}

async fn connect(url: &Url<'_>) -> Result<TcpStream, HookError> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let error = match TcpStream::connect((url.host, url.port)).await {
            Ok(stream) => return Ok(stream),
            Err(error) => error,
        };
        match pauses.next() {
            Some(pause) => tokio::time::sleep(pause).await,
            None => {
                return Err(HookError::new(format_args!(
                    "cannot reach {}:{}: {error}",
                    url.host, url.port
                )));
            }
        }
    }
}
