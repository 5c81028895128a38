//! The services that devices reach behind reserved topics, and operators over HTTP: device shadows and
//! jobs. Decisions are in core; here they are fetched for, stored and told.

mod broker;
mod jobs;
mod pace;
mod shadows;

use std::sync::Arc;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::service_request::{Audience, ServiceAnswer, ServiceRequest};
use fleetwright_host::clock;
use fleetwright_store::{CertificateRow, HeldTo, Store};

pub use self::broker::Broker;
pub use self::jobs::{
    Presign, Settings as JobSettings, ToSign, execution_shape, pending_shape, state_shape,
};
pub use self::shadows::{Settings as ShadowSettings, ShadowRefusal};

/// A request that a device published: to which service, and its payload.
pub type DeviceRequest = Authorized<(ServiceRequest, bytes::Bytes)>;

/// The services of this node.
#[derive(Debug)]
pub struct Services {
    pub(crate) store: Store,
    pub(crate) broker: Broker,
    shadows: shadows::Shadows,
    jobs: jobs::Jobs,
}

impl Services {
    /// Services on a registry; what they publish goes nowhere until [`Broker::connect`].
    pub fn new(
        store: Store,
        shadows: ShadowSettings,
        jobs: JobSettings,
        presign: Option<Arc<Presign>>,
    ) -> Arc<Self> {
        let shadows = shadows::Shadows::new(shadows);
        let jobs = jobs::Jobs::new(jobs, presign);
        Arc::new(Self { store, broker: Broker::default(), shadows, jobs })
    }

    /// Who takes to subscribers what the services tell.
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// Carries a device's request out. What it changes is durable when this returns, and what is for
    /// subscribers has been told; an answer for the asking connection alone is given back.
    /// `by` is the certificate of the connection that asks, if one does: nothing is changed for one
    /// that is not `ACTIVE` any more.
    pub async fn answer(
        &self,
        request: &DeviceRequest,
        by: Option<CertificateRow>,
    ) -> Option<ServiceAnswer> {
        let (to, payload) = request.get();
        let store = match by {
            Some(certificate) => self.store.held_to(HeldTo { certificate, now: clock::now() }),
            None => self.store.clone(),
        };
        match to {
            ServiceRequest::Shadow(request) => {
                self.answer_shadow(&store, request, payload).await;
                None
            }
            ServiceRequest::Job(request) => Some(self.answer_job(&store, request, payload).await),
            ServiceRequest::Absent(request) => {
                let answer = request.answer(payload, clock::now());
                match request.audience() {
                    Audience::Requester => Some(answer),
                    Audience::Subscribers => {
                        self.broker.publish(answer).await;
                        None
                    }
                }
            }
        }
    }
}
