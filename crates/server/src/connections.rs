//! The gateway's connections, as the control plane asks for them.

use std::sync::Arc;
use std::time::Duration;

use fleetwright_control::{Asked, Connections, DirectMessage};
use fleetwright_core::connection::{Connection, Disconnected, NotDelivered, TracePage};
use fleetwright_gateway::Gateway;
use fleetwright_store::{Store, StoreError};

/// Those of this node.
pub(crate) struct OfGateway(pub(crate) Arc<Gateway>);

impl Connections for OfGateway {
    fn get<'a>(&'a self, client_id: &'a str) -> Asked<'a, Option<Connection>> {
        Box::pin(self.0.connection(client_id))
    }

    fn disconnected<'a>(
        &'a self,
        client_id: &'a str,
    ) -> Asked<'a, Result<Option<Disconnected>, StoreError>> {
        Box::pin(self.0.disconnected(client_id))
    }

    fn list<'a>(
        &'a self,
        after: &'a str,
        limit: usize,
    ) -> Asked<'a, (Vec<Connection>, Option<String>)> {
        Box::pin(self.0.connections(after, limit))
    }

    fn end<'a>(
        &'a self,
        store: &'a Store,
        client_id: &'a str,
        session: bool,
        without_will: bool,
    ) -> Asked<'a, Result<bool, StoreError>> {
        Box::pin(self.0.disconnect(store, client_id, session, without_will))
    }

    fn send<'a>(
        &'a self,
        client_id: &'a str,
        message: DirectMessage,
        confirmed_within: Option<Duration>,
    ) -> Asked<'a, Result<(), NotDelivered>> {
        Box::pin(self.0.send_to_one(client_id, message, confirmed_within))
    }

    fn trace<'a>(
        &'a self,
        client_id: &'a str,
        position: Option<u64>,
        payloads: bool,
    ) -> Asked<'a, Option<TracePage>> {
        Box::pin(self.0.trace(client_id, position, payloads))
    }
}
