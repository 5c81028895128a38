//! What the control plane asks of the device gateway, which it does not know: its server hands in who
//! answers.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::connection::{Connection, Disconnected, NotDelivered, TracePage};
use fleetwright_mqtt::Publish;
use fleetwright_store::{Store, StoreError};

/// A message to one client, whose sender may send it.
pub type DirectMessage = Authorized<Publish>;

/// An answer on its way.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The connections of devices.
pub trait Connections: Send + Sync {
    /// The connection of a client id.
    fn get<'a>(&'a self, client_id: &'a str) -> Asked<'a, Option<Connection>>;

    /// What is known of a client that is not connected.
    fn disconnected<'a>(
        &'a self,
        client_id: &'a str,
    ) -> Asked<'a, Result<Option<Disconnected>, StoreError>>;

    /// Connections after a client id, at most so many; and the id to go on after.
    fn list<'a>(
        &'a self,
        after: &'a str,
        limit: usize,
    ) -> Asked<'a, (Vec<Connection>, Option<String>)>;

    /// Ends a connection, and with `session` the client's session; whether there was either.
    fn end<'a>(
        &'a self,
        store: &'a Store,
        client_id: &'a str,
        session: bool,
        without_will: bool,
    ) -> Asked<'a, Result<bool, StoreError>>;

    /// Sends a message to one client; with a time, until it is acknowledged.
    fn send<'a>(
        &'a self,
        client_id: &'a str,
        message: DirectMessage,
        confirmed_within: Option<Duration>,
    ) -> Asked<'a, Result<(), NotDelivered>>;

    /// Lines of a client's trace; `None` when there are too many traces.
    fn trace<'a>(
        &'a self,
        client_id: &'a str,
        position: Option<u64>,
        payloads: bool,
    ) -> Asked<'a, Option<TracePage>>;
}

/// Nobody is connected.
#[cfg(test)]
pub(crate) struct Nobody;

#[cfg(test)]
impl Connections for Nobody {
    fn get<'a>(&'a self, _: &'a str) -> Asked<'a, Option<Connection>> {
        Box::pin(async { None })
    }

    fn disconnected<'a>(
        &'a self,
        _: &'a str,
    ) -> Asked<'a, Result<Option<Disconnected>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn list<'a>(&'a self, _: &'a str, _: usize) -> Asked<'a, (Vec<Connection>, Option<String>)> {
        Box::pin(async { (Vec::new(), None) })
    }

    fn end<'a>(
        &'a self,
        _: &'a Store,
        _: &'a str,
        _: bool,
        _: bool,
    ) -> Asked<'a, Result<bool, StoreError>> {
        Box::pin(async { Ok(false) })
    }

    fn send<'a>(
        &'a self,
        _: &'a str,
        _: DirectMessage,
        _: Option<Duration>,
    ) -> Asked<'a, Result<(), NotDelivered>> {
        Box::pin(async { Err(NotDelivered::NotConnected) })
    }

    fn trace<'a>(&'a self, _: &'a str, _: Option<u64>, _: bool) -> Asked<'a, Option<TracePage>> {
        Box::pin(async { Some(TracePage::default()) })
    }
}
