//! What requests of the control plane work with.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use fleetwright_access::credentials::{Credentials, KeyQuery};
use fleetwright_access::identities::Identities;
use fleetwright_access::issuers::Issuers;
use fleetwright_core::arn::AccountScope;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::Refusal;
use fleetwright_core::time::Timestamp;
use fleetwright_functions::Functions;
use fleetwright_functions::hooks::Hooks;
use fleetwright_host::sealing::Sealing;
use fleetwright_installation::audit::Audit;
use fleetwright_installation::doctor::Finding;
use fleetwright_mqtt::Publish;
use fleetwright_provisioning::Provisioning;
use fleetwright_provisioning::bulk::Bulk;
use fleetwright_provisioning::issuance::Issuance;
use fleetwright_services::Services;
use fleetwright_store::{CertificateRow, HeldTo, Recording, Store};

use crate::admission::Admission;
use crate::connections::Connections;
use crate::console::Links;

/// Finds an access key by its id and, for a temporary one, its session token; `None` when there
/// is none. Its secret is opened to derive a signing key, and not kept.
pub type FindCredentials = Box<
    dyn Fn(KeyQuery) -> Pin<Box<dyn Future<Output = Result<Option<Credentials>, Refusal>> + Send>>
        + Send
        + Sync,
>;

/// Publishes a message that its caller was found to be allowed; answers once a retained one is
/// durable, in the caller's registry. Nothing is published for a device whose certificate is no longer
/// `ACTIVE`.
pub type PublishMessage = Box<
    dyn Fn(
            Store,
            Authorized<Publish>,
            Option<DeviceCertificate>,
        ) -> Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send>>
        + Send
        + Sync,
>;

/// The certificate of a device that asks over HTTPS: its id and its row.
pub(crate) type DeviceCertificate = (CertificateId, CertificateRow);

/// Looks at what a server needs beside its registry to do its work; quick, and without waiting.
pub type Examine = Box<dyn Fn() -> Vec<Finding> + Send + Sync>;

/// Renders what is measured, in Prometheus' text format.
pub type Measure = Box<dyn Fn() -> String + Send + Sync>;

/// The control plane as one request has it: what it changes in `store` is committed with the
/// request's record in the audit trail.
pub struct Control {
    /// The registry.
    pub store: Store,
    plane: Arc<ControlPlane>,
}

impl Deref for Control {
    type Target = ControlPlane;

    fn deref(&self) -> &ControlPlane {
        &self.plane
    }
}

/// Where devices find each service: a host, with `:port` where clients would not look for it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// `iot:Data-ATS`, and `iot:Data`.
    pub data: String,
    /// `iot:CredentialProvider`.
    pub credentials: String,
    /// `iot:Jobs`.
    pub jobs: String,
}

/// What all requests of the control plane share; built once. Operations get it as
/// [`Control`], so that none changes anything without leaving its record.
pub struct ControlPlane {
    /// The registry, to be written through [`Control`] only.
    pub registry: Store,
    /// Region and account of every ARN; also the region that requests must be signed for.
    pub scope: AccountScope,
    /// What `DescribeEndpoint` answers.
    pub endpoints: Endpoints,
    /// Whether clients that ask for a DNS name are given a certificate that the administrator
    /// configured for it.
    pub has_certificate_for: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Issues certificates.
    pub issuance: Arc<Issuance>,
    /// Registers things directly.
    pub provisioning: Arc<Provisioning>,
    /// Shadows and jobs.
    pub services: Arc<Services>,
    /// Publishes messages of the data plane.
    pub publish: PublishMessage,
    /// Links to the console that are open.
    pub console_links: Links,
    /// The connections of devices.
    pub connections: Box<dyn Connections>,
    /// Calls authorizers.
    pub hooks: Arc<Hooks>,
    /// Runs functions.
    pub functions: Arc<Functions>,
    /// Registers things in bulk.
    pub bulk: Arc<Bulk>,
    /// `http` or `https`: how links to this server begin.
    pub own_scheme: &'static str,
    /// Life of a trusted user's provisioning claim.
    pub claim_seconds: u16,
    /// Seals secrets of keys and sessions.
    pub sealing: Arc<Sealing>,
    /// Bounds of rate and of requests at once.
    pub admission: Admission,
    /// What `/ready` looks at beside the registry.
    pub examine: Examine,
    /// What `/metrics` answers; `None` where it is switched off.
    pub measure: Option<Measure>,
    /// Writes the audit trail.
    pub audit: Arc<Audit>,
    /// Finds access keys.
    pub credentials: FindCredentials,
    /// What users and roles may do.
    pub identities: Arc<Identities>,
    /// Knows the keys of OpenID Connect issuers.
    pub issuers: Arc<Issuers>,
    /// The wall clock.
    pub clock: fn() -> Timestamp,
}

impl ControlPlane {
    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// For the request of this record.
    pub(crate) fn recording(self: &Arc<Self>, recording: &Arc<Recording>) -> Control {
        Control { store: self.registry.recording(recording), plane: Arc::clone(self) }
    }

    /// The same for a device: nothing is changed for a certificate that is no longer `ACTIVE`.
    pub(crate) fn for_device(
        self: &Arc<Self>,
        recording: &Arc<Recording>,
        certificate: CertificateRow,
    ) -> Control {
        let Control { store, plane } = self.recording(recording);
        let now = plane.now();
        Control { store: store.held_to(HeldTo { certificate, now }), plane }
    }
}
