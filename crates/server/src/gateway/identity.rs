//! Who is it: the peer's certificate, found in the registry by the SHA-256 of its DER.

use std::fmt;
use std::sync::{Arc, OnceLock};

use fleetwright_core::certificate::{CertificateFacts, CertificateId, CertificateStatus};
use fleetwright_core::error::Refusal;
use fleetwright_store::{CertificateRow, Store};
use rustls_pki_types::CertificateDer;

/// A principal that may connect: its certificate is registered and `ACTIVE`.
#[derive(Debug)]
pub struct Principal {
    /// The registry's row.
    pub row: CertificateRow,
    /// SHA-256 of the DER.
    pub id: CertificateId,
    der: CertificateDer<'static>,
    facts: OnceLock<CertificateFacts>,
}

impl Principal {
    /// What policies may ask of the certificate; read when first asked for.
    pub fn facts(&self) -> &CertificateFacts {
        self.facts.get_or_init(|| match fleetwright_ca::certificate_facts(&self.der) {
            Ok(read) => read.facts,
            // Without facts no certificate variable resolves, so nothing is allowed by one.
            Err(error) => {
                tracing::warn!(certificate = %self.id, %error, "cannot read a certificate's names");
                CertificateFacts::default()
            }
        })
    }
}

/// Why a peer is not a principal (AWS: guide, "CloudWatch Logs entries", reasons).
#[derive(Debug)]
pub(super) enum Stranger {
    NotRegistered(CertificateId),
    NotActive(CertificateId, CertificateStatus),
    Registry(Refusal),
}

impl Stranger {
    /// AWS's reason, for the log.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::NotRegistered(_) => "DEVICE_CERTIFICATE_NOT_REGISTERED",
            Self::NotActive(_, CertificateStatus::Revoked) => "DEVICE_CERTIFICATE_REVOKED",
            Self::NotActive(..) => "DEVICE_CERTIFICATE_INACTIVE",
            Self::Registry(_) => "SERVER_ERROR",
        }
    }
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRegistered(id) => write!(
                f,
                "certificate {id} is not registered here: it was made by another installation or \
                 account, or it was deleted"
            ),
            Self::NotActive(id, CertificateStatus::PendingActivation) => write!(
                f,
                "certificate {id} is PENDING_ACTIVATION: its device has not called RegisterThing"
            ),
            Self::NotActive(id, status) => write!(
                f,
                "certificate {id} is {}: only ACTIVE certificates connect (aws iot \
                 update-certificate --new-status ACTIVE)",
                status.as_str()
            ),
            Self::Registry(refusal) => write!(f, "{refusal}"),
        }
    }
}

/// Finds the principal of a peer's certificate.
pub(super) async fn identify(
    store: &Store,
    der: CertificateDer<'static>,
) -> Result<Arc<Principal>, Stranger> {
    let id = fleetwright_ca::certificate_id(&der);
    let found =
        store.certificate_state(id).await.map_err(|error| Stranger::Registry(error.into()))?;
    let certificate = found.ok_or(Stranger::NotRegistered(id))?;
    if certificate.status != CertificateStatus::Active {
        return Err(Stranger::NotActive(id, certificate.status));
    }
    Ok(Arc::new(Principal { row: certificate.row, id, der, facts: OnceLock::new() }))
}
