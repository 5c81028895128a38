//! A simulated device: the least MQTT 3.1.1 client that provisions, made for load, not for firmware.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Largest packet that a simulated device takes, bytes.
const PACKET: usize = 16 * 1024;

/// TLS with a client certificate; PEM texts.
///
/// # Errors
/// When a text is not what it should be.
pub fn tls(ca: &str, certificate: &str, key: &str) -> Result<Arc<ClientConfig>, io::Error> {
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        roots.add(root.map_err(io::Error::other)?).map_err(io::Error::other)?;
    }
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(io::Error::other)?;
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config))
}

/// A connected device.
pub struct Device {
    stream: TlsStream<TcpStream>,
}

impl Device {
    /// TCP, TLS, CONNECT, CONNACK.
    ///
    /// # Errors
    /// Whatever fails; a refused CONNECT too.
    pub async fn connect(
        server: SocketAddr,
        tls: Arc<ClientConfig>,
        client_id: &str,
    ) -> io::Result<Self> {
        let tcp = TcpStream::connect(server).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let stream = TlsConnector::from(tls).connect(name, tcp).await?;
        let mut device = Self { stream };
        let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0];
        text(&mut body, client_id);
        device.send(0x10, &body).await?;
        match device.receive().await? {
            (0x20, body) if body == [0, 0] => Ok(device),
            (first, body) => Err(io::Error::other(format!("CONNACK: {first:#x} {body:?}"))),
        }
    }

    /// Publishes at QoS 0.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn publish(&mut self, topic: &str, payload: &[u8]) -> io::Result<()> {
        let mut body = Vec::with_capacity(topic.len() + payload.len() + 2);
        text(&mut body, topic);
        body.extend(payload);
        self.send(0x30, &body).await
    }

    /// The next message: topic and payload.
    ///
    /// # Errors
    /// When the connection fails, or another packet comes.
    pub async fn message(&mut self) -> io::Result<(String, Vec<u8>)> {
        let (first, body) = self.receive().await?;
        let malformed = || io::Error::other("not a PUBLISH of QoS 0");
        let (length, rest) = body.split_first_chunk::<2>().ok_or_else(malformed)?;
        let topic = usize::from(u16::from_be_bytes(*length));
        let (topic, payload) = rest.split_at_checked(topic).ok_or_else(malformed)?;
        if first != 0x30 {
            return Err(malformed());
        }
        Ok((String::from_utf8_lossy(topic).into_owned(), payload.to_vec()))
    }

    /// DISCONNECT, and waits for the server to close.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn disconnect(mut self) -> io::Result<()> {
        self.send(0xe0, &[]).await?;
        self.stream.shutdown().await
    }

    async fn send(&mut self, first: u8, body: &[u8]) -> io::Result<()> {
        let mut packet = vec![first];
        let mut rest = body.len();
        loop {
            let digit = (rest % 128) as u8;
            rest /= 128;
            packet.push(if rest > 0 { digit | 0x80 } else { digit });
            if rest == 0 {
                break;
            }
        }
        packet.extend(body);
        self.stream.write_all(&packet).await?;
        self.stream.flush().await
    }

    async fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let first = self.stream.read_u8().await?;
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let digit = self.stream.read_u8().await?;
            length |= usize::from(digit & 0x7f) << shift;
            shift += 7;
            if digit & 0x80 == 0 {
                break;
            }
            if shift > 21 {
                return Err(io::Error::other("a packet's length is malformed"));
            }
        }
        if length > PACKET {
            return Err(io::Error::other("a packet is too large"));
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok((first, body))
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u16).to_be_bytes());
    out.extend(text.as_bytes());
}
