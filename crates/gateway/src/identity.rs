//! Who is it: the peer's certificate, found in the registry by the SHA-256 of its DER.

use std::fmt;
use std::sync::{Arc, OnceLock};

use fleetwright_core::certificate::{
    CertificateFacts, CertificateId, CertificateMode, CertificateStatus,
};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::TemplateName;
use fleetwright_core::time::Timestamp;
use fleetwright_host::clock;
use fleetwright_store::{CertificateRow, Origin, Store};
use rustls_pki_types::CertificateDer;

/// A certificate that may connect: it is registered and `ACTIVE`.
#[derive(Debug)]
pub struct CertificatePrincipal {
    /// The registry's row.
    pub row: CertificateRow,
    /// SHA-256 of the DER.
    pub id: CertificateId,
    /// What it is held to as a trusted user's claim; `None` for every other certificate.
    pub held: Option<HeldTo>,
    der: CertificateDer<'static>,
    facts: OnceLock<CertificateFacts>,
}

/// What a trusted user's claim is held to.
#[derive(Debug, Clone)]
pub struct HeldTo {
    /// The only template that it registers with.
    pub template: TemplateName,
    /// Its end, also of its connections.
    pub until: Timestamp,
}

impl CertificatePrincipal {
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
pub(super) enum Unauthenticated {
    NotRegistered(CertificateId),
    NotActive(CertificateId, CertificateStatus),
    ClaimEnded(CertificateId),
    NoServerName(CertificateId),
    Registry(Refusal),
}

impl Unauthenticated {
    /// AWS's reason, for the log.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::NotRegistered(_) => "DEVICE_CERTIFICATE_NOT_REGISTERED",
            Self::NotActive(_, CertificateStatus::Revoked) => "DEVICE_CERTIFICATE_REVOKED",
            Self::NotActive(..) => "DEVICE_CERTIFICATE_INACTIVE",
            Self::ClaimEnded(_) => "DEVICE_CERTIFICATE_EXPIRED",
            Self::NoServerName(_) => "SNI_MISUSED",
            Self::Registry(_) => "SERVER_ERROR",
        }
    }
}

impl fmt::Display for Unauthenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRegistered(id) => write!(
                f,
                "certificate {id} is not registered here: it was made by another installation or \
                 account, it was deleted, or the CA that issued it is not registered (aws iot \
                 register-ca-certificate)"
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
            Self::ClaimEnded(id) => write!(
                f,
                "the time of provisioning claim {id} is over (aws iot create-provisioning-claim \
                 makes another)"
            ),
            Self::NoServerName(id) => write!(
                f,
                "certificate {id} is registered as SNI_ONLY: its device must name the server (SNI), \
                 so connect to a host name, not to an address"
            ),
            Self::Registry(refusal) => write!(f, "{refusal}"),
        }
    }
}

/// Finds the principal of a peer's certificate, by its id. `named`: the connection names its server.
pub(super) async fn identify(
    store: &Store,
    id: CertificateId,
    der: CertificateDer<'static>,
    named: bool,
) -> Result<Arc<CertificatePrincipal>, Unauthenticated> {
    let found = store
        .certificate_state(id)
        .await
        .map_err(|error| Unauthenticated::Registry(error.into()))?;
    let certificate = found.ok_or(Unauthenticated::NotRegistered(id))?;
    if certificate.status != CertificateStatus::Active {
        return Err(Unauthenticated::NotActive(id, certificate.status));
    }
    if certificate.mode == CertificateMode::SniOnly && !named {
        return Err(Unauthenticated::NoServerName(id));
    }
    let held = match certificate.origin {
        Origin::Claim => Some(held(store, id, certificate.row).await?),
        _ => None,
    };
    Ok(Arc::new(CertificatePrincipal {
        row: certificate.row,
        id,
        held,
        der,
        facts: OnceLock::new(),
    }))
}

/// A trusted user's claim without terms, or past its end, is nobody.
async fn held(
    store: &Store,
    id: CertificateId,
    row: CertificateRow,
) -> Result<HeldTo, Unauthenticated> {
    let found = store.claim(row).await.map_err(|error| Unauthenticated::Registry(error.into()))?;
    let terms = found.map(|claim| claim.terms).unwrap_or_default();
    match (terms.template, terms.until) {
        (Some(template), Some(until)) if clock::now() < until => Ok(HeldTo { template, until }),
        _ => Err(Unauthenticated::ClaimEnded(id)),
    }
}
