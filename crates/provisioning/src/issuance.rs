//! Issuing device certificates: the row first, then the signature, then the id into the row.

use std::sync::Arc;

use fleetwright_ca::{Authority, BroughtCertificate, Prepared, RequestedCertificate};
use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::TemplateName;
use fleetwright_core::ownership::{self, TokenText};
use fleetwright_core::time::Timestamp;
use fleetwright_host::{clock, random};
use fleetwright_store::{ClaimTerms, IssuanceId, Issued, NewIssuance, Origin, Store, TokenGrant};
use zeroize::Zeroizing;

use crate::keys::{DeviceKeys, PoolLevel};

/// For whom a certificate is made.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// For an operator, over the control plane.
    Operator {
        /// `setAsActive`: `ACTIVE` at once instead of `INACTIVE`.
        active: bool,
    },
    /// For a device that asked over MQTT: `PENDING_ACTIVATION`, with an ownership token.
    Device {
        /// The certificate of the asking connection.
        claim: CertificateId,
    },
}

/// How a certificate is registered.
struct Row {
    status: CertificateStatus,
    origin: Origin,
    claim: Option<CertificateId>,
    terms: Option<ClaimTerms>,
}

impl From<Purpose> for Row {
    fn from(purpose: Purpose) -> Self {
        let (status, origin, claim) = match purpose {
            Purpose::Operator { active: true } => (CertificateStatus::Active, Origin::Rest, None),
            Purpose::Operator { active: false } => {
                (CertificateStatus::Inactive, Origin::Rest, None)
            }
            Purpose::Device { claim } => {
                (CertificateStatus::PendingActivation, Origin::Mqtt, Some(claim))
            }
        };
        Self { status, origin, claim, terms: None }
    }
}

/// A certificate that was just made.
#[derive(Debug)]
pub struct IssuedCertificate {
    /// Its id.
    pub id: CertificateId,
    /// The certificate, PEM.
    pub pem: String,
    /// The ownership token, for [`Purpose::Device`] only.
    pub token: Option<TokenText>,
}

/// A certificate that was just made, with its keys.
pub struct IssuedKeys {
    /// The certificate.
    pub certificate: IssuedCertificate,
    /// The private key, PKCS#1 PEM; returned once, never stored.
    pub private_key_pem: Zeroizing<String>,
    /// The public key, SPKI PEM.
    pub public_key_pem: String,
}

/// Makes device certificates, in the registry that it is given for each: that of the operation
/// which asks, so that the certificate is committed with the operation's record.
pub struct Issuance {
    authority: Arc<Authority>,
    keys: Arc<DeviceKeys>,
}

impl Issuance {
    /// How full the pool of keys is.
    pub fn key_pool(&self) -> PoolLevel {
        self.keys.level()
    }

    /// The certificate of the root, PEM.
    pub fn root_pem(&self) -> &str {
        self.authority.root_pem()
    }

    /// Wires the parts.
    pub fn new(authority: Arc<Authority>, keys: Arc<DeviceKeys>) -> Self {
        Self { authority, keys }
    }

    /// A certificate for the key of a CSR.
    ///
    /// # Errors
    /// `InvalidCsr`; or the registry's.
    pub async fn from_csr(
        &self,
        store: &Store,
        csr: &str,
        purpose: Purpose,
    ) -> Result<IssuedCertificate, Refusal> {
        let prepared = self.authority.prepare_from_csr(csr, random::bytes()?, clock::now())?;
        self.issue(store, prepared, purpose.into()).await
    }

    /// A certificate with a new RSA-2048 key from the pool.
    ///
    /// # Errors
    /// `ServiceUnavailable` when no key comes in time; or the registry's.
    pub async fn with_keys(&self, store: &Store, purpose: Purpose) -> Result<IssuedKeys, Refusal> {
        let key = self.keys.take().await?;
        let prepared = self
            .authority
            .prepare_for_key(&key.spki_der, random::bytes()?, clock::now())
            .map_err(Refusal::internal)?;
        let certificate = self.issue(store, prepared, purpose.into()).await?;
        Ok(IssuedKeys {
            certificate,
            private_key_pem: key.private_key_pem,
            public_key_pem: key.public_key_pem,
        })
    }

    /// A trusted user's claim for one template, good for `seconds` (at most 300), and its end.
    ///
    /// # Errors
    /// As [`Self::with_keys`].
    pub async fn claim(
        &self,
        store: &Store,
        template: TemplateName,
        seconds: u16,
    ) -> Result<(IssuedKeys, Timestamp), Refusal> {
        let key = self.keys.take().await?;
        // AWS: the subject is 64 hex digits; what they stand for is not documented.
        let name = CertificateId(random::bytes()?).to_string();
        let prepared = self
            .authority
            .prepare_claim(&key.spki_der, &name, seconds, random::bytes()?, clock::now())
            .map_err(Refusal::internal)?;
        let until = prepared.not_after();
        let row = Row {
            status: CertificateStatus::Active,
            origin: Origin::Claim,
            claim: None,
            terms: Some(ClaimTerms {
                template: Some(template),
                max_devices: None,
                until: Some(until),
            }),
        };
        let certificate = self.issue(store, prepared, row).await?;
        let keys = IssuedKeys {
            certificate,
            private_key_pem: key.private_key_pem,
            public_key_pem: key.public_key_pem,
        };
        Ok((keys, until))
    }

    /// A certificate that somebody else signs for a device's CSR. The row is there before `signing`
    /// begins, as before every signature: it names the claim and the key; the serial number is the
    /// signer's, so the row has none. A signature of which no answer comes stays unknown to the
    /// registry, and nobody connects with it.
    ///
    /// # Errors
    /// Those of `signing`, or the registry's; then the row is taken back.
    pub(crate) async fn signed_elsewhere(
        &self,
        store: &Store,
        requested: &RequestedCertificate,
        claim: CertificateId,
        signing: impl Future<Output = Result<BroughtCertificate, Refusal>>,
    ) -> Result<IssuedCertificate, Refusal> {
        // 1. The row exists before anybody signs.
        let row = NewIssuance {
            serial: Vec::new(),
            key_digest: requested.spki_sha256(),
            claim: Some(claim),
        };
        let issuance = store.begin_issuance(row, clock::now()).await?;
        // 2. Somebody signs; 3. and both are on disk before the response is sent.
        let registered = async {
            let brought = signing.await?;
            let token = TokenText::from_random(random::bytes()?);
            let (id, pem) = (brought.id, fleetwright_ca::pem(&brought.der));
            let issued = Issued {
                id,
                tbs: brought.tbs,
                der: brought.der,
                not_before: brought.ca.not_before,
                not_after: brought.ca.not_after,
                status: CertificateStatus::PendingActivation,
                origin: Origin::Mqtt,
                token: Some(grant(&token)),
                terms: None,
            };
            finish(store, issuance, issued).await?;
            Ok(IssuedCertificate { id, pem, token: Some(token) })
        };
        let registered: Result<_, Refusal> = registered.await;
        if registered.is_err() {
            store.abandon_issuance(issuance).await?;
        }
        registered
    }

    /// A certificate for the key of a CSR, signed but not registered: the caller finishes its
    /// issuance in the transaction of its registration, or abandons it.
    ///
    /// # Errors
    /// As [`Self::from_csr`].
    pub async fn sign(&self, store: &Store, csr: &str) -> Result<(IssuanceId, Issued), Refusal> {
        let prepared = self.authority.prepare_from_csr(csr, random::bytes()?, clock::now())?;
        let row = Row {
            status: CertificateStatus::PendingActivation,
            origin: Origin::Rest,
            claim: None,
            terms: None,
        };
        let (issuance, issued, _) = self.prepare(store, prepared, row).await?;
        Ok((issuance, issued))
    }

    async fn issue(
        &self,
        store: &Store,
        prepared: Prepared,
        row: Row,
    ) -> Result<IssuedCertificate, Refusal> {
        let (issuance, issued, token) = self.prepare(store, prepared, row).await?;
        let (id, pem) = (issued.id, fleetwright_ca::pem(&issued.der));
        // 3. The certificate and its token are on disk before the response is sent.
        if let Err(refusal) = finish(store, issuance, issued).await {
            store.abandon_issuance(issuance).await?;
            return Err(refusal);
        }
        Ok(IssuedCertificate { id, pem, token })
    }

    async fn prepare(
        &self,
        store: &Store,
        prepared: Prepared,
        row: Row,
    ) -> Result<(IssuanceId, Issued, Option<TokenText>), Refusal> {
        // 1. The row exists before the signature.
        let new = NewIssuance {
            serial: prepared.serial().to_vec(),
            key_digest: prepared.spki_sha256(),
            claim: row.claim,
        };
        let issuance = store.begin_issuance(new, clock::now()).await?;
        // 2. Sign, and check what was signed.
        let issued = self.authority.issue(prepared).map_err(Refusal::internal)?;
        let token = match row.origin {
            Origin::Mqtt => Some(TokenText::from_random(random::bytes()?)),
            _ => None,
        };
        let issued = Issued {
            id: issued.certificate_id,
            tbs: issued.tbs,
            der: issued.der,
            not_before: issued.not_before,
            not_after: issued.not_after,
            status: row.status,
            origin: row.origin,
            token: token.as_ref().map(grant),
            terms: row.terms,
        };
        Ok((issuance, issued, token))
    }
}

/// The certificate comes into the registry, and its name into the operation's record.
async fn finish(store: &Store, issuance: IssuanceId, issued: Issued) -> Result<(), Refusal> {
    store.about(&format!("cert/{}", issued.id));
    store.finish_issuance(issuance, issued, clock::now()).await?;
    Ok(())
}

fn grant(token: &TokenText) -> TokenGrant {
    TokenGrant { digest: token.digest().0, until: ownership::valid_until(clock::now()) }
}
