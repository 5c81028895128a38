//! `CreateKeysAndCertificate` and `CreateCertificateFromCsr`, over MQTT.

use fleetwright_core::error::Refusal;
use fleetwright_core::payload::{self, CsrCertificateCreated, KeysCreated};
use fleetwright_store::Store;

use super::{Provisioning, ProvisioningRequest};
use crate::issuance::Purpose;

impl Provisioning {
    /// A key and its certificate. The private key is in this answer and nowhere else.
    pub(super) async fn create_keys(
        &self,
        store: &Store,
        request: &ProvisioningRequest,
    ) -> Result<Vec<u8>, Refusal> {
        payload::decode_create_keys(&request.payload, request.topic.format)?;
        let issued =
            self.issuance.with_keys(store, Purpose::Device { claim: request.claim }).await?;
        let created = KeysCreated {
            certificate_id: issued.certificate.id,
            certificate_pem: &issued.certificate.pem,
            private_key_pem: &issued.private_key_pem,
            token: issued.certificate.token.as_ref().ok_or_else(no_token)?,
        };
        log_created(request, &created.certificate_id.to_string());
        Ok(created.encode(request.topic.format))
    }

    /// A certificate for a key that the device keeps to itself: signed by the account's certificate
    /// provider, or by our own CA when there is none.
    pub(super) async fn create_from_csr(
        &self,
        store: &Store,
        request: &ProvisioningRequest,
    ) -> Result<Vec<u8>, Refusal> {
        let body = payload::decode_create_from_csr(&request.payload, request.topic.format)?;
        let purpose = Purpose::Device { claim: request.claim };
        let issued = match self.provider().await? {
            Some(provider) => self.signed_by(store, &provider, request, &body.csr).await?,
            None => self.issuance.from_csr(store, &body.csr, purpose).await?,
        };
        let created = CsrCertificateCreated {
            certificate_id: issued.id,
            certificate_pem: &issued.pem,
            token: issued.token.as_ref().ok_or_else(no_token)?,
        };
        log_created(request, &created.certificate_id.to_string());
        Ok(created.encode(request.topic.format))
    }
}

fn no_token() -> Refusal {
    Refusal::internal("a device's certificate was issued without an ownership token")
}

fn log_created(request: &ProvisioningRequest, certificate: &str) {
    tracing::info!(
        event = "GetDeviceCredentials", status = "Success", certificate,
        claim = %request.claim, client_id = %request.client_id, "certificate created"
    );
}
