//! Floors: the bare cryptography of one device, and a TLS server that only holds connections.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, IsCa, Issuer, KeyPair,
};
use rustix::time::{ClockId, clock_gettime};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use rustls_pki_types::{PrivateKeyDer, ServerName};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::Outcome;

/// Devices whose cryptography is measured.
const ROUNDS: u32 = 2000;

/// A CA with a server and a client certificate, all P-256.
struct Pki {
    issuer: Issuer<'static, KeyPair>,
    ca_pem: String,
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    client_pem: (String, String),
}

fn pki() -> Result<Pki, Box<dyn std::error::Error + Send + Sync>> {
    let ca_key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.clone().self_signed(&ca_key)?;
    let issuer = Issuer::new(params, ca_key);
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone())?;
    let roots = Arc::new(roots);
    let leaf = |name: &str| -> Result<_, rcgen::Error> {
        let key = KeyPair::generate()?;
        let leaf = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &issuer)?;
        Ok((leaf, key))
    };
    let (server_leaf, server_key) = leaf("localhost")?;
    let (client_leaf, client_key) = leaf("device")?;
    // The suite that the server prefers.
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider
        .cipher_suites
        .retain(|suite| suite.suite() == rustls::CipherSuite::TLS13_AES_128_GCM_SHA256);
    let provider = Arc::new(provider);
    let private =
        |key: &KeyPair| PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other);
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider))
            .build()?;
    let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![server_leaf.der().clone()], private(&server_key)?)?;
    server.send_tls13_tickets = 0;
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![client_leaf.der().clone()], private(&client_key)?)?;
    client.resumption = rustls::client::Resumption::disabled();
    Ok(Pki {
        issuer,
        ca_pem: ca.pem(),
        server: Arc::new(server),
        client: Arc::new(client),
        client_pem: (client_leaf.pem(), client_key.serialize_pem()),
    })
}

/// CPU microseconds of this thread.
fn cpu_micros() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e6 + now.tv_nsec as f64 / 1e3
}

/// Server side of two mutual TLS 1.3 handshakes, and a CSR parsed, verified and signed.
pub(crate) fn crypto() -> Outcome {
    let pki = pki()?;
    let device_key = KeyPair::generate()?;
    let csr = CertificateParams::default().serialize_request(&device_key)?.pem()?;
    let (mut handshake, mut issue) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        for _ in 0..2 {
            handshake += one_handshake(&pki)?;
        }
        let begun = cpu_micros();
        // Parsing verifies the CSR's signature.
        CertificateSigningRequestParams::from_pem(&csr)?.signed_by(&pki.issuer)?;
        issue += cpu_micros() - begun;
    }
    let rounds = f64::from(ROUNDS);
    Ok(json!({
        "handshakes_micros": handshake / rounds,
        "issue_micros": issue / rounds,
        "device_micros": (handshake + issue) / rounds,
    }))
}

/// CPU microseconds of the server's side.
fn one_handshake(pki: &Pki) -> Result<f64, Box<dyn std::error::Error + Send + Sync>> {
    let mut client =
        ClientConnection::new(Arc::clone(&pki.client), ServerName::try_from("localhost")?)?;
    let begun = cpu_micros();
    let mut server = ServerConnection::new(Arc::clone(&pki.server))?;
    let mut spent = cpu_micros() - begun;
    while client.is_handshaking() || server.is_handshaking() {
        let mut flight = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut flight)?;
        }
        let begun = cpu_micros();
        let mut unread = flight.as_slice();
        while !unread.is_empty() {
            server.read_tls(&mut unread)?;
            server.process_new_packets()?;
        }
        let mut answer = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut answer)?;
        }
        spent += cpu_micros() - begun;
        let mut unread = answer.as_slice();
        while !unread.is_empty() {
            client.read_tls(&mut unread)?;
            client.process_new_packets()?;
        }
    }
    Ok(spent)
}

#[derive(clap::Args)]
pub(crate) struct TlsArgs {
    /// Receives ca.pem, client.pem and client.key
    #[arg(long)]
    dir: PathBuf,
}

/// Holds every connection with one read pending, until standard input closes.
pub(crate) async fn tls(args: TlsArgs) -> Outcome {
    let pki = pki()?;
    std::fs::write(args.dir.join("ca.pem"), &pki.ca_pem)?;
    std::fs::write(args.dir.join("client.pem"), &pki.client_pem.0)?;
    std::fs::write(args.dir.join("client.key"), &pki.client_pem.1)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", json!({ "address": listener.local_addr()?.to_string() }));
    let acceptor = TlsAcceptor::from(pki.server);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(tcp).await else { return };
                let mut stream = Box::new(stream);
                if stream.write_u8(1).await.is_ok() && stream.flush().await.is_ok() {
                    let _ = stream.read_u8().await;
                }
            });
        }
    });
    let mut nothing = Vec::new();
    tokio::io::stdin().read_to_end(&mut nothing).await?;
    Ok(json!({ "held": 0 }))
}
