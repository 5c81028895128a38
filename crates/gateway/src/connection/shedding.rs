//! Who still comes in while memory is short: devices that were here before.

use fleetwright_host::clock;

use crate::Gateway;

impl Gateway {
    /// Whether a client is to come back later: memory is short, and it is none of those who were here.
    /// Those would lose what they have, and a fleet that comes back after a failure would keep itself
    /// out.
    pub(super) fn sheds(&self, client_id: &str) -> bool {
        self.ledger.is_short() && !self.knows(client_id)
    }

    /// Whether a client is here, left something, or was here since the start.
    fn knows(&self, client_id: &str) -> bool {
        self.sessions.has(client_id)
            || self.directory.contact(client_id).is_some()
            || self.last_ends.find(client_id, clock::now()).is_some()
    }
}
