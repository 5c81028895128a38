//! The certificate provider: a function that signs what devices ask for, in place of our own CA
//! (AWS: guide, "Self-managed certificate signing using AWS IoT Core certificate provider").

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fleetwright_ca::{BroughtCertificate, RequestedCertificate};
use fleetwright_core::certificate_provider::{SigningRequest, certificate_pem};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_store::Store;

use super::{Ask, Provisioning};
use crate::clock;
use crate::issuance::IssuedCertificate;

/// A provider's name and function.
pub(super) struct Provider {
    name: String,
    function: String,
}

/// The provider in force, looked up once and forgotten when it changes.
#[derive(Default)]
pub(super) struct ProviderInForce {
    kept: Mutex<Option<Option<Arc<Provider>>>>,
    changes: AtomicU64,
}

impl ProviderInForce {
    /// The account's provider; `None` while our own CA signs.
    async fn get(&self, store: &Store) -> Result<Option<Arc<Provider>>, Refusal> {
        let known = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let changes = self.changes.load(Ordering::Acquire);
        let found = store.certificate_providers().await?.into_iter().next().map(|found| {
            Arc::new(Provider { name: found.name.to_string(), function: found.function_arn })
        });
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // What was read before a change must not be kept after it.
        if changes == self.changes.load(Ordering::Acquire) {
            *kept = Some(found.clone());
        }
        Ok(found)
    }

    fn forget(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::AcqRel);
        *kept = None;
    }
}

impl Provisioning {
    /// The certificate provider was made, changed or removed.
    pub fn certificate_provider_changed(&self) {
        self.certificate_provider.forget();
    }

    /// The provider that signs what devices ask for, if there is one.
    pub(super) async fn provider(&self) -> Result<Option<Arc<Provider>>, Refusal> {
        self.certificate_provider.get(&self.store).await
    }

    /// A certificate that the provider's function signs for a device's CSR. Our own CA never
    /// stands in for it.
    ///
    /// # Errors
    /// `InvalidCsr`, before anybody is asked; `InternalFailure` when the function fails, is late,
    /// or answers anything but the certificate of this CSR.
    pub(super) async fn signed_by(
        &self,
        store: &Store,
        provider: &Provider,
        ask: &Ask,
        csr: &str,
    ) -> Result<IssuedCertificate, Refusal> {
        let requested = RequestedCertificate::read(csr)?;
        let signing = self.ask_provider(provider, ask, csr, &requested);
        self.issuance.signed_elsewhere(store, &requested, ask.claim, signing).await
    }

    async fn ask_provider(
        &self,
        Provider { name, function }: &Provider,
        ask: &Ask,
        csr: &str,
        requested: &RequestedCertificate,
    ) -> Result<BroughtCertificate, Refusal> {
        let refuse = |cause: &dyn std::fmt::Display| {
            Refusal::new(
                ErrorCode::InternalFailure,
                "The certificate provider did not sign the certificate; see the server's log.",
            )
            .because(format_args!("certificate provider {name}, {function}: {cause}"))
        };
        let request = SigningRequest {
            certificate_signing_request: csr,
            principal_id: &ask.claim.to_string(),
            client_id: &ask.client_id,
        };
        let source = self.home.arn("certificateprovider", name);
        let answer = self.hooks.call(function, &source, &request).await;
        let answer = answer.map_err(|failure| refuse(&failure))?;
        let pem = certificate_pem(&answer).map_err(|error| refuse(&error))?;
        requested.answered_by(&pem, clock::now()).map_err(|why| refuse(&why))
    }
}
