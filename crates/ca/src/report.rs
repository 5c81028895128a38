//! What an authority's directory holds, for whoever looks after it; nothing is made or changed.

use std::path::Path;

use fleetwright_core::time::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::authority_chain::AuthorityChain;
use crate::directory::{
    ISSUING_KEY, ISSUING_PEM, ROOT_PEM, read_certificate, read_chain, read_key,
};
use crate::error::AuthorityError;
use crate::issuer::Issuer;
use crate::{files, pem};

/// The server's own certificate and key.
const SERVER_PEM: &str = "server.pem";

/// A certificate's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Its begin.
    pub not_before: Timestamp,
    /// Its end.
    pub not_after: Timestamp,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityReport {
    /// Of the root.
    pub root: Validity,
    /// Of the issuing CA.
    pub issuing: Validity,
    /// Whether the chain from the issuing CA to the root holds.
    pub is_chain: bool,
    /// Of the server's own certificate, if there is one.
    pub server: Option<Validity>,
}

/// Reads a directory; every key must be its certificate's.
///
/// # Errors
/// When a file is missing or damaged, or a key is another certificate's.
pub fn report(dir: &Path) -> Result<AuthorityReport, AuthorityError> {
    let damaged = |name: &str, reason: String| AuthorityError::Damaged {
        path: dir.join(name),
        reason: format!("{reason}; restore it from a backup"),
    };
    let missing = |name: &str| damaged(name, "it is missing".to_owned());
    let root = read_certificate(dir, ROOT_PEM)?.ok_or_else(|| missing(ROOT_PEM))?;
    let below_root = read_chain(dir, ISSUING_PEM)?.ok_or_else(|| missing(ISSUING_PEM))?;
    let issuing = below_root.first().ok_or_else(|| missing(ISSUING_PEM))?.clone();
    let key = read_key(dir, ISSUING_KEY)?.ok_or_else(|| missing(ISSUING_KEY))?;
    Issuer::of_certificate(key, &issuing).map_err(|reason| damaged(ISSUING_PEM, reason))?;
    let read = |name: &str, der: &[u8]| {
        validity(der).ok_or_else(|| damaged(name, "it cannot be read".to_owned()))
    };
    let server = match files::read(&dir.join(SERVER_PEM))? {
        None => None,
        Some(content) => std::str::from_utf8(&content)
            .ok()
            .and_then(pem::certificate_der)
            .and_then(|der| validity(&der)),
    };
    Ok(AuthorityReport {
        root: read(ROOT_PEM, &root)?,
        issuing: read(ISSUING_PEM, &issuing)?,
        is_chain: AuthorityChain::check(below_root, root).is_ok(),
        server,
    })
}

fn validity(der: &[u8]) -> Option<Validity> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    Some(Validity {
        not_before: Timestamp::of_seconds(validity.not_before.timestamp()),
        not_after: Timestamp::of_seconds(validity.not_after.timestamp()),
    })
}
