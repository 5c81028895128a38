//! One HTTP exchange of a hook: a `POST` on a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fleetwright_core::limits;
use http_body_util::{BodyExt, Full, Limited};
use tokio::net::TcpStream;

use super::HookFailure;
use super::target::Url;
use crate::outgoing;

/// Pauses between attempts to connect. Only these are tried again: nothing was sent, so no hook
/// is asked twice. (ours)
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];

/// A request with its whole body.
pub(super) type Request = http::Request<Full<Bytes>>;

/// Sends a request; gives the answer, its body at most [`limits::HOOK_ANSWER_BYTES`].
pub(super) async fn exchange(
    url: &Url<'_>,
    request: Request,
    tls: &Arc<rustls::ClientConfig>,
) -> Result<http::Response<Bytes>, HookFailure> {
    let tcp = connect(url).await?;
    let answer = outgoing::send_over(tcp, url, tls, request).await.map_err(HookFailure::new)?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, limits::HOOK_ANSWER_BYTES).collect().await;
    let body = body.map_err(HookFailure::new)?.to_bytes();
    Ok(http::Response::from_parts(head, body))
}

async fn connect(url: &Url<'_>) -> Result<TcpStream, HookFailure> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let error = match TcpStream::connect((url.host, url.port)).await {
            Ok(stream) => return Ok(stream),
            Err(error) => error,
        };
        match pauses.next() {
            Some(pause) => tokio::time::sleep(pause).await,
            None => {
                return Err(HookFailure::new(format_args!(
                    "cannot reach {}:{}: {error}",
                    url.host, url.port
                )));
            }
        }
    }
}
