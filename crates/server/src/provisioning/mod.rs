//! The provisioning API: three operations, asked over MQTT and answered on the asking connection.
//!
//! Each operation is a story in a file of its own; [`answer`](Provisioning::answer) reads the ask,
//! tells the story and turns its end into the answer's topic and payload.

mod answer;
mod certificate_provider;
mod claims;
mod create_certificate;
mod direct_plan;
mod just_in_time;
pub(crate) mod record;
mod register_directly;
mod register_thing;
mod rehearsal;
mod role;
mod steps;
mod templates;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use fleetwright_core::arn::Home;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::names::TemplateName;
use fleetwright_core::reserved_topic::ProvisioningTopic;
use fleetwright_store::{CertificateRow, Store};

pub use just_in_time::{FirstConnection, NoFirstConnection, Presented};
pub use register_directly::{Line, RegisteredDirectly};
pub use rehearsal::{Rehearsal, Rehearsed, Step};
pub use role::ProvisioningRole;

use crate::audit::Audit;
use crate::config;
use crate::hooks::Hooks;
use crate::identities::Identities;
use crate::issuance::Issuance;

/// One request of a device. Its publish was authorized.
#[derive(Debug)]
pub struct Ask {
    /// The request topic: operation and format.
    pub topic: ProvisioningTopic,
    /// The payload as published.
    pub payload: Bytes,
    /// The certificate of the connection.
    pub claim: CertificateId,
    /// Its row.
    pub claim_row: CertificateRow,
    /// The connection's client id.
    pub client_id: Box<str>,
    /// The only template that the claim may register with; `None` leaves that to its policies.
    pub held_to: Option<TemplateName>,
    /// Set as soon as the request may be answered although its certificate was switched off
    /// meanwhile: see [`Answer::outlives`].
    pub outlives: Arc<AtomicBool>,
}

/// The answer to one request; goes to the asking connection and nowhere else.
pub struct Answer {
    /// `…/accepted` or `…/rejected`.
    pub topic: String,
    /// In the request's format. May hold a private key: it has no `Debug`.
    pub payload: Vec<u8>,
    /// It is sent even to a connection whose certificate was switched off meanwhile: the device was
    /// registered before that, or renewed itself with a rotation hook that switched the old
    /// certificate off (specification, section 13, item 8). Never a new certificate or key.
    pub outlives: bool,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("topic", &self.topic).finish_non_exhaustive()
    }
}

/// The provisioning API with what it works on.
pub struct Provisioning {
    home: Home,
    store: Store,
    audit: Arc<Audit>,
    issuance: Arc<Issuance>,
    hooks: Arc<Hooks>,
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
        home: Home,
        store: Store,
        audit: Arc<Audit>,
        issuance: Arc<Issuance>,
        hooks: Arc<Hooks>,
        claims: config::Claims,
        roles: Option<Arc<Identities>>,
    ) -> Arc<Self> {
        let claims = claims::ClaimLimits::new(claims);
        let templates = templates::Templates::default();
        let turns = just_in_time::Turns::default();
        let certificate_provider = certificate_provider::ProviderInForce::default();
        Arc::new(Self {
            home,
            store,
            audit,
            issuance,
            hooks,
            claims,
            templates,
            certificate_provider,
            turns,
            roles,
        })
    }
}

impl Provisioning {
    /// A template or its versions changed.
    pub fn template_changed(&self, name: &TemplateName) {
        self.templates.forget(name);
    }
}
