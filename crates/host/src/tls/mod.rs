//! TLS of the gateway and of the control plane.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    ServerConfig, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;

mod accept;
mod certificates;
mod client_key;
mod error;
mod offer;
mod own_pair;
mod own_pairs;
mod presented;
mod takes;

pub use accept::{AcceptError, OpenTo, Terms, accept, is_http};
pub use certificates::{ServerCertificates, ServerIdentities};
pub use error::{ConnectionError, HandshakeError};
pub use own_pair::PairFiles;
pub use own_pairs::{OwnCertificate, OwnPairs, PAIRS};
pub use presented::Presented;

/// MQTT over TLS with ALPN. AWS: guide, "Protocols, port mappings, and authentication".
pub const ALPN_PORT: u16 = 443;
/// HTTPS with a client certificate and without ALPN. AWS: the same.
pub const HTTPS_PORT: u16 = 8443;
/// ALPN of MQTT with a client certificate on port 443 (AWS: guide, "Protocols").
pub const ALPN_MQTT: &[u8] = b"x-amzn-mqtt-ca";
/// ALPN of MQTT without a client certificate, for an authorizer (the same).
pub const ALPN_CUSTOM: &[u8] = b"mqtt";
/// ALPN of HTTPS with a client certificate on port 443 (the same).
pub const ALPN_HTTPS: &[u8] = b"x-amzn-http-ca";
/// ALPN of every other HTTP client. (RFC 7301)
pub const ALPN_HTTP: &[u8] = b"http/1.1";

/// Accepts any client certificate that is in its time and whose key the peer holds: the
/// registry knows its principal by the certificate's SHA-256. No chain is built.
#[derive(Debug)]
struct PossessionAndValidity {
    provider: Arc<CryptoProvider>,
    /// Whether there must be one.
    mandatory: bool,
}

impl ClientCertVerifier for PossessionAndValidity {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        presented::note(leaf);
        let (_, certificate) = x509_parser::parse_x509_certificate(leaf)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let validity = certificate.validity();
        if now < validity.not_before.timestamp() {
            return Err(Error::InvalidCertificate(CertificateError::NotValidYet));
        }
        if now > validity.not_after.timestamp() {
            return Err(Error::InvalidCertificate(CertificateError::Expired));
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        match client_key::of_version_1(certificate) {
            Some(spki) => client_key::verify_tls12(message, &spki, signed, algorithms),
            None => verify_tls12_signature(message, certificate, signed, algorithms),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        match client_key::of_version_1(certificate) {
            Some(spki) => verify_tls13_signature_with_raw_key(
                message,
                &SubjectPublicKeyInfoDer::from(spki),
                signed,
                algorithms,
            ),
            None => verify_tls13_signature(message, certificate, signed, algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The one provider of cryptography. `TLS_AES_128_GCM_SHA256` comes first, as on AWS: processors
/// have instructions for SHA-256, while SHA-384 costs a handshake a tenth more.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider
        .cipher_suites
        .sort_by_key(|suite| suite.suite() != rustls::CipherSuite::TLS13_AES_128_GCM_SHA256);
    Arc::new(provider)
}

/// TLS of the device gateway.
#[derive(Debug, Clone)]
pub struct GatewayTls {
    /// A client certificate always.
    pub mutual: Arc<ServerConfig>,
    /// A client certificate is asked for, and not needed: HTTP of port 443, where requests may be
    /// signed instead.
    pub optional: Arc<ServerConfig>,
    /// No client certificate: an authorizer lets in who offers ALPN `mqtt`.
    pub custom: Arc<ServerConfig>,
}

/// TLS of the device gateway: 1.2 and 1.3.
///
/// No session tickets and no resumption, as on AWS (guide, "Transport security"): a certificate's
/// status is checked on every connection.
pub fn gateway(certificate: &Arc<ServerCertificates>) -> Result<GatewayTls, Error> {
    Ok(GatewayTls {
        mutual: of_gateway(certificate, true)?,
        optional: of_gateway(certificate, false)?,
        custom: custom(certificate)?,
    })
}

fn custom(certificate: &Arc<ServerCertificates>) -> Result<Arc<ServerConfig>, Error> {
    let certificate = Arc::clone(certificate);
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    Ok(without_resumption(config, &[ALPN_CUSTOM]))
}

fn without_resumption(mut config: ServerConfig, alpn: &[&[u8]]) -> Arc<ServerConfig> {
    config.ignore_client_order = true;
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Arc::new(config)
}

fn of_gateway(
    certificate: &Arc<ServerCertificates>,
    mandatory: bool,
) -> Result<Arc<ServerConfig>, Error> {
    let provider = provider();
    let certificate = Arc::clone(certificate);
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_client_cert_verifier(Arc::new(PossessionAndValidity { provider, mandatory }))
        .with_cert_resolver(certificate);
    // In this order: a client that offers several speaks MQTT.
    Ok(without_resumption(config, &[ALPN_MQTT, ALPN_HTTPS, ALPN_HTTP]))
}

/// TLS of the control plane: requests are signed, so no client certificate.
pub fn control(certificate: Arc<ServerCertificates>) -> Result<Arc<ServerConfig>, Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// TLS of this server's own HTTPS requests: it trusts the system's roots and those of the PEM file
/// that a section of the configuration names.
///
/// # Errors
/// When the configured file cannot be read; a missing system store only leaves fewer roots.
pub fn client(section: &str, ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let trusted = certificates_of(path)
            .map_err(|error| format!("[{section}] ca-file {}: {error}", path.display()))?;
        roots.roots.extend(trusted.roots);
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The certificates of a PEM file, to be trusted.
///
/// # Errors
/// It cannot be read, holds none, or one that cannot be trusted.
pub(crate) fn certificates_of(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let read = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    for certificate in read {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("it holds no certificate in PEM".to_owned());
    }
    Ok(roots)
}
