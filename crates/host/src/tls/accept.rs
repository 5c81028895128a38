//! The server's side of a TLS handshake: other protocols are recognised, and what the client offered
//! is known when it fails.

use std::io;
use std::sync::Arc;

use rustls::server::Acceptor;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::GatewayTls;
use super::error::{HandshakeError, tls_error};
use super::offer::Offer;
use super::presented::{self, Presented};
use crate::graceful_close::{GracefulStream, OpenGuard};
use crate::proxy_protocol;

/// Bytes that identify the peer's protocol.
const FIRST_BYTES: usize = 8;
/// A TLS record that holds a handshake message.
const TLS_HANDSHAKE: u8 = 22;
/// The first byte of an MQTT CONNECT.
const MQTT_CONNECT: u8 = 0x10;
/// The ALPN protocols that are accepted, for the log.
const ACCEPTED: &str = "x-amzn-mqtt-ca, x-amzn-http-ca or http/1.1";

/// TLS terms of one of the gateway's listeners.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Versions, cipher suites, certificates and ALPN protocols.
    pub config: GatewayTls,
    /// Who may come without certificate.
    pub open_to: OpenTo,
    /// Whether clients that offer ALPN `mqtt` come without certificate, for an authorizer.
    pub custom: bool,
    /// Where the control plane listens, for an HTTP client that connects here.
    pub api: Arc<str>,
    /// Held until a refused connection is closed.
    pub open: OpenGuard,
}

/// Who may come without a certificate: requests of HTTP may be signed instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenTo {
    /// Nobody.
    Nobody,
    /// Clients that offer HTTP by ALPN.
    HttpByAlpn,
    /// Clients that offer none of AWS's protocols: on port 443 that means HTTP. AWS: guide,
    /// "Protocols, port mappings, and authentication".
    Http,
}

/// Why there is no TLS connection.
#[derive(Debug)]
pub enum AcceptError {
    /// The peer connected and left without a byte, as port checks do.
    PeerGone,
    /// The handshake was refused because the client has no certificate, as probes have none; the
    /// reason is for the log.
    NoCertificate(String),
    /// The handshake was refused; the reason is for the log.
    Refused(String),
}

/// Accepts a TLS connection. `received` is called whenever the peer sent something.
pub async fn accept(
    terms: &Terms,
    tcp: TcpStream,
    received: impl Fn(),
) -> Result<TlsStream<TcpStream>, AcceptError> {
    let refused = |error: &io::Error, offer: Option<&Offer>, presented: Option<&Presented>| {
        let gone = error.kind() == io::ErrorKind::UnexpectedEof && offer.is_none();
        match gone {
            true => AcceptError::PeerGone,
            false => {
                let (accepted, api) = (ACCEPTED, Some(&*terms.api));
                let failure = HandshakeError { error, offer, presented, accepted, api };
                match tls_error(error) {
                    Some(rustls::Error::NoCertificatesPresented) => {
                        AcceptError::NoCertificate(failure.to_string())
                    }
                    _ => AcceptError::Refused(failure.to_string()),
                }
            }
        }
    };
    let mut first = [0; FIRST_BYTES];
    let length = tcp.peek(&mut first).await.map_err(|error| refused(&error, None, None))?;
    received();
    match first.get(..length).unwrap_or_default() {
        [] => return Err(AcceptError::PeerGone),
        [TLS_HANDSHAKE, ..] => {}
        bytes if is_http(bytes) => {
            let mut tcp = GracefulStream::new(tcp, terms.open.clone());
            let _ = tcp.write_all(http_answer(&terms.api).as_bytes()).await;
            return Err(AcceptError::Refused(http_refused(&terms.api)));
        }
        bytes if proxy_protocol::begins(bytes) => {
            return Err(AcceptError::Refused(
                "it begins with a header of the PROXY protocol, and proxy-protocol-from of [mqtt] does \
                 not have its address"
                    .into(),
            ));
        }
        [MQTT_CONNECT, ..] => {
            drop(GracefulStream::new(tcp, terms.open.clone()));
            return Err(AcceptError::Refused(
                "MQTT without TLS on a port of MQTT over TLS: the client must use TLS, with \
                 root-ca.pem of the data directory and its own certificate"
                    .into(),
            ));
        }
        _ => {}
    }
    let start = LazyConfigAcceptor::new(Acceptor::default(), tcp)
        .await
        .map_err(|error| refused(&error, None, None))?;
    received();
    let offer = Offer::of(&start.client_hello());
    let open = match terms.open_to {
        OpenTo::Nobody => false,
        OpenTo::HttpByAlpn => offer.names_http() && !offer.names_a_certificate_protocol(),
        OpenTo::Http => !offer.names_a_certificate_protocol(),
    };
    let config = if terms.custom && offer.is_for_an_authorizer() {
        &terms.config.custom
    } else if open {
        &terms.config.optional
    } else {
        &terms.config.mutual
    };
    let accepted = presented::handshake(start.into_stream(Arc::clone(config))).await;
    accepted.map_err(|(error, presented)| refused(&error, Some(&offer), presented.as_ref()))
}

/// Whether bytes begin an HTTP request: a method in capitals, and as far as it is seen a space.
pub fn is_http(bytes: &[u8]) -> bool {
    const METHODS: [&[u8]; 9] = [
        b"GET ",
        b"HEAD ",
        b"POST ",
        b"PUT ",
        b"DELETE ",
        b"OPTIONS ",
        b"PATCH ",
        b"CONNECT ",
        b"PRI * ",
    ];
    METHODS.iter().any(|method| {
        let length = method.len().min(bytes.len());
        length >= 3 && bytes.get(..length) == method.get(..length)
    })
}

/// The response to an HTTP request on the wrong port.
fn http_answer(api: &str) -> String {
    let message = format!("This port speaks MQTT and HTTPS over TLS. The API listens on {api}.\n");
    format!(
        "HTTP/1.1 421 Misdirected Request\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{message}",
        message.len()
    )
}

/// The same for the log.
fn http_refused(api: &str) -> String {
    format!("an HTTP request on a port of MQTT over TLS: the API listens on {api}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_told_from_mqtt_and_tls() {
        for request in ["GET / HTTP/1.1", "POST /t", "DELETE ", "PRI * HTTP/2.0", "HEAD", "GET"] {
            assert!(is_http(request.as_bytes()), "{request}");
        }
        for other in
            [b"\x16\x03\x01".as_slice(), b"\x10\x0d\0\x04MQTT", b"get /", b"GE", b"", b"GETS"]
        {
            assert!(!is_http(other), "{other:?}");
        }
    }
}
