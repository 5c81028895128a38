//! The certificate provider: a function that signs what devices ask for, in place of our own CA
//! (AWS: guide, "Self-managed certificate signing using AWS IoT Core certificate provider").

use std::sync::Arc;

use fleetwright_ca::{BroughtCertificate, RequestedCertificate};
use fleetwright_core::certificate_provider::{SigningRequest, certificate_pem};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_host::cache::Cache;
use fleetwright_host::clock;
use fleetwright_store::Store;

use super::{Provisioning, ProvisioningRequest};
use crate::issuance::IssuedCertificate;

/// A provider's name and function.
pub(super) struct Provider {
    name: String,
    function: String,
}

/// The provider in force, looked up once and forgotten when it changes.
pub(super) struct ProviderInForce(Cache<(), Option<Arc<Provider>>>);

impl Default for ProviderInForce {
    fn default() -> Self {
        Self(Cache::new(1))
    }
}

impl ProviderInForce {
    /// The account's provider; `None` while our own CA signs.
    async fn get(&self, store: &Store) -> Result<Option<Arc<Provider>>, Refusal> {
        let loaded = self.0.get_or_load((), async {
            let found = store.certificate_providers().await?.into_iter().next().map(|found| {
                Arc::new(Provider { name: found.name.to_string(), function: found.function_arn })
            });
            Ok::<_, Refusal>(Some(found))
        });
        Ok(loaded.await?.flatten())
    }
}

impl Provisioning {
    /// The certificate provider was made, changed or removed.
    pub fn certificate_provider_changed(&self) {
        self.certificate_provider.0.forget_all();
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
        request: &ProvisioningRequest,
        csr: &str,
    ) -> Result<IssuedCertificate, Refusal> {
        let requested = RequestedCertificate::read(csr)?;
        let signing = self.ask_provider(provider, request, csr, &requested);
        self.issuance.signed_elsewhere(store, &requested, request.claim, signing).await
    }

    async fn ask_provider(
        &self,
        Provider { name, function }: &Provider,
        request: &ProvisioningRequest,
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
            principal_id: &request.claim.to_string(),
            client_id: &request.client_id,
        };
        let source = self.scope.arn("certificateprovider", name);
        let answer = self.hooks.call(function, &source, &request).await;
        let answer = answer.map_err(|failure| refuse(&failure))?;
        let pem = certificate_pem(&answer).map_err(|error| refuse(&error))?;
        requested.answered_by(&pem, clock::now()).map_err(|why| refuse(&why))
    }
}
