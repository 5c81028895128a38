//! What brings a device into the fleet: the provisioning API over MQTT, its first connection (just
//! in time), an operator (directly or in bulk).
//!
//! `request` takes a request of the provisioning API to its operation, which has a file of its own,
//! and makes the answer's topic and payload from the result.

pub mod authorizers;
pub mod bulk;
mod certificate_provider;
mod claims;
mod create_certificate;
pub mod credentials;
pub mod issuance;
mod just_in_time;
pub mod keys;
mod record;
mod register_directly;
mod register_thing;
pub mod registration;
mod rehearsal;
mod request;
mod role;
pub mod settings;
mod templates;

use std::sync::Arc;

use fleetwright_access::identities::Identities;
use fleetwright_core::arn::AccountScope;
use fleetwright_core::names::TemplateName;
use fleetwright_functions::hooks::Hooks;
use fleetwright_installation::audit::Audit;
use fleetwright_store::Store;
pub use just_in_time::{FirstConnection, FirstConnectionError, Presented, names};
pub use register_directly::{Line, RegisteredDirectly};
pub use rehearsal::{Rehearsal, Rehearsed, Step};
pub use request::{Answer, ProvisioningRequest};
pub use role::ProvisioningRole;

use crate::authorizers::Authorizers;
use crate::issuance::Issuance;

/// The provisioning API with what it works on.
pub struct Provisioning {
    scope: AccountScope,
    store: Store,
    audit: Arc<Audit>,
    issuance: Arc<Issuance>,
    hooks: Arc<Hooks>,
    authorizers: Arc<Authorizers>,
    claims: claims::ClaimLimits,
    templates: templates::Templates,
    certificate_provider: certificate_provider::ProviderInForce,
    turns: just_in_time::Turns,
    /// `None` when roles are not checked.
    roles: Option<Arc<Identities>>,
}

impl Provisioning {
    /// Wires the parts.
    pub fn new(
        scope: AccountScope,
        store: Store,
        audit: Arc<Audit>,
        issuance: Arc<Issuance>,
        hooks: Arc<Hooks>,
        claims: settings::Claims,
        roles: Option<Arc<Identities>>,
    ) -> Arc<Self> {
        let claims = claims::ClaimLimits::new(claims);
        let templates = templates::Templates::default();
        let turns = just_in_time::Turns::default();
        let certificate_provider = certificate_provider::ProviderInForce::default();
        Arc::new(Self {
            audit,
            issuance,
            authorizers: Authorizers::new(scope.clone(), store.clone(), Arc::clone(&hooks)),
            hooks,
            claims,
            templates,
            certificate_provider,
            turns,
            roles,
            scope,
            store,
        })
    }

    /// Those who let clients in.
    pub fn authorizers(&self) -> &Arc<Authorizers> {
        &self.authorizers
    }

    /// The limits of claim certificates from now on.
    pub fn reload(&self, claims: settings::Claims) {
        self.claims.reload(claims);
    }

    /// A template or its versions changed.
    pub fn template_changed(&self, name: &TemplateName) {
        self.templates.forget(name);
    }
}
