//! The certificate that a peer presented in a handshake that failed: the error itself does not have it.

use std::cell::RefCell;
use std::fmt;

use fleetwright_ca::certificate_id;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::time::Timestamp;
use rustls::pki_types::CertificateDer;

tokio::task_local! {
    /// Of the handshake that is under way; the verifier runs within it.
    static PRESENTED: RefCell<Option<CertificateDer<'static>>>;
}

/// The verifier saw a certificate.
pub(super) fn note(leaf: &CertificateDer<'_>) {
    // Outside of a handshake that asks, nobody wants it.
    let _ = PRESENTED.try_with(|seen| *seen.borrow_mut() = Some(leaf.clone().into_owned()));
}

/// Runs a handshake; gives its outcome and, where it failed, what is known of the certificate.
pub(super) async fn handshake<T, E>(
    under_way: impl Future<Output = Result<T, E>>,
) -> Result<T, (E, Option<Presented>)> {
    let watched = async {
        let outcome = under_way.await;
        outcome.map_err(|error| (error, PRESENTED.with(RefCell::take)))
    };
    let outcome = PRESENTED.scope(RefCell::default(), watched).await;
    outcome.map_err(|(error, seen)| (error, seen.map(|der| Presented::of(&der))))
}

/// What the log says of a certificate that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    id: CertificateId,
    /// Its validity, if it can be read.
    pub(super) validity: Option<(Timestamp, Timestamp)>,
    /// Its critical extensions, by their OIDs.
    critical: Vec<String>,
}

impl Presented {
    fn of(der: &[u8]) -> Self {
        let id = certificate_id(der);
        let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) else {
            return Self { id, validity: None, critical: Vec::new() };
        };
        let validity = certificate.validity();
        let seconds = |time: i64| Timestamp::of_seconds(time);
        let critical = certificate.extensions().iter().filter(|extension| extension.critical);
        Self {
            id,
            validity: Some((
                seconds(validity.not_before.timestamp()),
                seconds(validity.not_after.timestamp()),
            )),
            critical: critical.map(|extension| extension.oid.to_id_string()).collect(),
        }
    }
}

/// `Display` goes on after what is wrong.
impl fmt::Display for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "; it is certificate {}", self.id)?;
        match self.critical.as_slice() {
            [] => Ok(()),
            critical => write!(f, ", whose critical extensions are {}", critical.join(", ")),
        }
    }
}
