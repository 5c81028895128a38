//! One HTTP exchange of a hook: a `POST` on a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fleetwright_core::limits;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::HookFailure;
use super::target::Url;

/// Pauses between attempts to connect. Only these are tried again: nothing was sent, so no hook
/// is asked twice. (ours)
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];

/// A request with its whole body.
pub(super) type Request = http::Request<Full<Bytes>>;

/// The `Host` header of a URL.
pub(super) fn host(url: &Url<'_>) -> String {
    match url.host.contains(':') {
        true => format!("[{}]:{}", url.host, url.port),
        false => format!("{}:{}", url.host, url.port),
    }
}

/// Sends a request; gives the answer, its body at most [`limits::HOOK_ANSWER_BYTES`].
pub(super) async fn exchange(
    url: &Url<'_>,
    request: Request,
    tls: &Arc<rustls::ClientConfig>,
) -> Result<http::Response<Bytes>, HookFailure> {
    let tcp = connect(url).await?;
    if !url.tls {
        return over(tcp, request).await;
    }
    let name = ServerName::try_from(url.host.to_owned()).map_err(HookFailure::new)?;
    let stream = TlsConnector::from(Arc::clone(tls))
        .connect(name, tcp)
        .await
        .map_err(|error| HookFailure::new(format_args!("TLS with {}: {error}", url.host)))?;
    over(stream, request).await
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

async fn over<S>(stream: S, request: Request) -> Result<http::Response<Bytes>, HookFailure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(HookFailure::new)?;
    // Ends when `sender` is dropped, at the latest with this hook's deadline.
    tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(HookFailure::new)?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, limits::HOOK_ANSWER_BYTES).collect().await;
    let body = body.map_err(HookFailure::new)?.to_bytes();
    Ok(http::Response::from_parts(head, body))
}
