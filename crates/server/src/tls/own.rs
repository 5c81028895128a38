//! The server's own certificates: one chain of ECDSA keys and one of RSA keys; each client gets one
//! that it can verify.

use std::sync::Arc;

use arc_swap::ArcSwap;
use fleetwright_ca::ServerIdentity;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CipherSuite, Error, NamedGroup, SignatureScheme};

use super::provider;

/// The server's certificates, which may be replaced while it listens.
#[derive(Debug)]
pub(crate) struct OwnCertificates {
    /// P-256: a fifth of the work of the other, so it comes first.
    ecdsa: ArcSwap<CertifiedKey>,
    /// RSA-2048.
    rsa: ArcSwap<CertifiedKey>,
}

/// A server certificate of each kind.
pub(crate) struct Identities {
    pub(crate) ecdsa: ServerIdentity,
    pub(crate) rsa: ServerIdentity,
}

impl OwnCertificates {
    /// The certificates to begin with.
    pub(crate) fn new(identities: Identities) -> Result<Arc<Self>, Error> {
        let Identities { ecdsa, rsa } = identities;
        let (ecdsa, rsa) = (ArcSwap::from(certified(ecdsa)?), ArcSwap::from(certified(rsa)?));
        Ok(Arc::new(Self { ecdsa, rsa }))
    }

    /// The certificates from now on; connections that are open keep theirs.
    pub(crate) fn replace(&self, identities: Identities) -> Result<(), Error> {
        let (ecdsa, rsa) = (certified(identities.ecdsa)?, certified(identities.rsa)?);
        self.ecdsa.store(ecdsa);
        self.rsa.store(rsa);
        Ok(())
    }
}

impl ResolvesServerCert for OwnCertificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Whom neither suits is refused by the handshake itself, which names what is missing.
        let rsa =
            !takes_ecdsa(hello.cipher_suites(), hello.named_groups(), hello.signature_schemes())
                && takes_rsa(hello.signature_schemes());
        Some(if rsa { self.rsa.load_full() } else { self.ecdsa.load_full() })
    }
}

fn certified(identity: ServerIdentity) -> Result<Arc<CertifiedKey>, Error> {
    CertifiedKey::from_der(identity.chain_der, identity.key_der, &provider()).map(Arc::new)
}

/// Whether a client can verify a P-256 certificate. `schemes` are those that fit its cipher suites.
/// In TLS 1.2 the groups that it names hold for certificates as well (RFC 8422, section 5.1.1); in
/// TLS 1.3 the signature scheme alone does (RFC 8446, section 4.2.7).
fn takes_ecdsa(
    suites: &[CipherSuite],
    groups: Option<&[NamedGroup]>,
    schemes: &[SignatureScheme],
) -> bool {
    let tls13 = suites.iter().any(|suite| {
        matches!(
            suite,
            CipherSuite::TLS13_AES_128_GCM_SHA256
                | CipherSuite::TLS13_AES_256_GCM_SHA384
                | CipherSuite::TLS13_CHACHA20_POLY1305_SHA256
        )
    });
    let curve = tls13 || groups.is_none_or(|groups| groups.contains(&NamedGroup::secp256r1));
    curve && schemes.contains(&SignatureScheme::ECDSA_NISTP256_SHA256)
}

fn takes_rsa(schemes: &[SignatureScheme]) -> bool {
    use SignatureScheme as S;
    schemes.iter().any(|scheme| {
        matches!(
            scheme,
            S::RSA_PKCS1_SHA256
                | S::RSA_PKCS1_SHA384
                | S::RSA_PKCS1_SHA512
                | S::RSA_PSS_SHA256
                | S::RSA_PSS_SHA384
                | S::RSA_PSS_SHA512
        )
    })
}
