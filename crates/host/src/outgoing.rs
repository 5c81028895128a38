//! HTTP requests of this server: HTTP/1.1, one request per connection, over TLS unless the URL's
//! scheme is `http`. Redirects are not followed. The caller bounds time and size of a response.

use std::path::Path;
use std::sync::Arc;

use aws_credential_types::Credentials;
use fleetwright_core::credentials_file;
use fleetwright_core::url::Url;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A failure of connecting, TLS or HTTP; for the log.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The header `Host` of a URL: the port only where it is not the scheme's.
pub fn host(url: &Url<'_>) -> String {
    match (url.tls, url.port, url.host.contains(':')) {
        (true, 443, false) | (false, 80, false) => url.host.to_owned(),
        (_, port, false) => format!("{}:{port}", url.host),
        (_, port, true) => format!("[{}]:{port}", url.host),
    }
}

/// Sends a request to the host of a URL.
pub async fn send<B>(
    url: &Url<'_>,
    tls: &Arc<rustls::ClientConfig>,
    request: http::Request<B>,
) -> Result<http::Response<Incoming>, BoxError>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    send_over(TcpStream::connect((url.host, url.port)).await?, url, tls, request).await
}

/// Sends a request over a connection to the host of its URL.
pub async fn send_over<B>(
    tcp: TcpStream,
    url: &Url<'_>,
    tls: &Arc<rustls::ClientConfig>,
    request: http::Request<B>,
) -> Result<http::Response<Incoming>, BoxError>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if !url.tls {
        return exchange(tcp, request).await;
    }
    let name = ServerName::try_from(url.host.to_owned())?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await;
    exchange(stream.map_err(|error| format!("TLS with {}: {error}", url.host))?, request).await
}

/// The first key of a shared credentials file of AWS's clients (AWS: SDKs and Tools reference,
/// "Shared config and credentials files").
///
/// # Errors
/// When the file cannot be read or has no key.
pub fn access_key(file: &Path) -> Result<Credentials, BoxError> {
    let text = std::fs::read_to_string(file)?;
    let key = credentials_file::read(&text)
        .ok_or("it has no aws_access_key_id or no aws_secret_access_key")?;
    let token = key.session_token.map(str::to_owned);
    Ok(Credentials::new(key.id, key.secret, token, None, "fleetwright"))
}

/// The status of `GET`, and the body of a 200 answer: at most `bytes`.
pub async fn get(
    url: &Url<'_>,
    tls: &Arc<rustls::ClientConfig>,
    bytes: usize,
) -> Result<(http::StatusCode, Vec<u8>), BoxError> {
    let request = http::Request::get(url.path)
        .header(http::header::HOST, host(url))
        .header(http::header::ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())?;
    let answer = send(url, tls, request).await?;
    let status = answer.status();
    if status != http::StatusCode::OK {
        return Ok((status, Vec::new()));
    }
    let body = http_body_util::Limited::new(answer.into_body(), bytes).collect().await?;
    Ok((status, body.to_bytes().to_vec()))
}

async fn exchange<S, B>(
    stream: S,
    request: http::Request<B>,
) -> Result<http::Response<Incoming>, BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the answer's body.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}
