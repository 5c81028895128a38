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

/// Tokens of messages that are confirmed have this bit; those of queues never do.
const CONFIRMED: u64 = 1 << 63;

/// Who waits for a client's PUBACK, by the message's token. Those who gave up are forgotten with the
/// next message.
#[derive(Debug, Default)]
pub(super) struct Confirmations {
    made: u64,
    waiting: Vec<(u64, Answer)>,
}

/// Where it is told what became of a message.
type Answer = oneshot::Sender<Result<(), NotDelivered>>;

impl Confirmations {
    /// The token of the next message.
    pub(super) fn token(&mut self) -> u64 {
        self.made += 1;
        CONFIRMED | self.made
    }

    /// A message was sent; somebody waits for its PUBACK.
    pub(super) fn wait(&mut self, token: u64, done: Answer) {
        self.waiting.retain(|(_, answer)| !answer.is_closed());
        self.waiting.push((token, done));
    }

    /// The client acknowledged a message; whether it was one for it alone.
    pub(super) fn confirm(&mut self, token: u64) -> bool {
        if token & CONFIRMED == 0 {
            return false;
        }
        if let Some(at) = self.waiting.iter().position(|(each, _)| *each == token) {
            // Who waited may have given up.
            let _ = self.waiting.swap_remove(at).1.send(Ok(()));
        }
        true
    }
}
