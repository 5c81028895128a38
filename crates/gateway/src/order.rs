//! What operators ask of one connection: left in its letter box, done by its own task.

use fleetwright_core::connection::{Connection, NotDelivered};
use fleetwright_mqtt::Delivery;
use tokio::sync::oneshot;

/// Orders that wait for one connection; a further one is refused. (ours)
pub(super) const ORDERS: usize = 32;

/// Something that a connection is to do. Whoever waits for it hears nothing more when the connection
/// ends first.
#[derive(Debug)]
pub(super) enum Order {
    /// Tell what it is.
    Describe(oneshot::Sender<Connection>),
    /// End.
    End {
        /// The will is not published.
        without_will: bool,
        done: oneshot::Sender<()>,
    },
    /// Send a message, whatever its client subscribed to.
    Deliver {
        message: Delivery,
        /// Answer when the client acknowledged it, which needs QoS 1.
        confirm: bool,
        done: oneshot::Sender<Result<(), NotDelivered>>,
    },
}
