//! The server's certificates: those of the administrator, chosen by name, and those of the
//! installation's own CAs, one of an ECDSA key and one of an RSA key. Each client is sent one that it
//! can verify.

use std::sync::Arc;

use arc_swap::ArcSwap;
use fleetwright_ca::ServerIdentity;
use fleetwright_core::time::Timestamp;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, SignatureScheme};

use super::own_pairs::{OwnCertificate, OwnPairs};
use super::provider;
use super::takes::takes;

/// The server's certificates, which may be replaced while it listens.
#[derive(Debug)]
pub struct ServerCertificates {
    own: OwnPairs,
    /// P-256 by default: a fifth of the work of the other, so it comes first.
    ecdsa: ArcSwap<CertifiedKey>,
    /// RSA-2048.
    rsa: ArcSwap<CertifiedKey>,
}

/// A server certificate of each kind.
pub struct ServerIdentities {
    /// Of the ECDSA authority, for clients that can.
    pub ecdsa: ServerIdentity,
    /// Of the RSA authority, for those that know nothing else.
    pub rsa: ServerIdentity,
}

impl ServerCertificates {
    /// The certificates to begin with: those of the installation, and the administrator's pairs.
    pub fn new(identities: ServerIdentities, own: OwnPairs) -> Result<Arc<Self>, Error> {
        let ServerIdentities { ecdsa, rsa } = identities;
        let (ecdsa, rsa) = (ArcSwap::from(certified(ecdsa)?), ArcSwap::from(certified(rsa)?));
        Ok(Arc::new(Self { own, ecdsa, rsa }))
    }

    /// The installation's certificates from now on; connections that are open keep theirs.
    pub fn replace(&self, identities: ServerIdentities) -> Result<(), Error> {
        let (ecdsa, rsa) = (certified(identities.ecdsa)?, certified(identities.rsa)?);
        self.ecdsa.store(ecdsa);
        self.rsa.store(rsa);
        Ok(())
    }

    /// Reads the administrator's pairs again, as they are now. One that cannot be used leaves its
    /// predecessor in force and is logged with the reason. Gives how many changed.
    pub fn reload(&self, now: Timestamp) -> usize {
        self.own.look(true, now)
    }

    /// Looks whether files of the administrator's pairs changed, and takes a change that two looks in
    /// a row have found: until then it may be half written.
    pub fn look_for_changes(&self, now: Timestamp) {
        self.own.look(false, now);
    }

    /// The administrator's certificates in force.
    #[must_use]
    pub fn own(&self) -> Vec<OwnCertificate> {
        self.own.certificates()
    }

    /// Whether a client that asks for this DNS name is given a certificate of the administrator's.
    #[must_use]
    pub fn has_own_for(&self, name: &str) -> bool {
        self.own.certificates().iter().any(|own| own.chain.is_for(name))
    }
}

impl ResolvesServerCert for ServerCertificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if let Some(own) = self.own.choose(&hello) {
            return Some(own);
        }
        // A client that can verify neither is refused by the handshake itself, with the reason.
        let ecdsa = self.ecdsa.load_full();
        let rsa = !takes(&hello, &ecdsa) && takes_rsa(hello.signature_schemes());
        Some(if rsa { self.rsa.load_full() } else { ecdsa })
    }
}

fn certified(identity: ServerIdentity) -> Result<Arc<CertifiedKey>, Error> {
    CertifiedKey::from_der(identity.chain_der, identity.key_der, &provider()).map(Arc::new)
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
