//! The number of workers that this server runs at once; each has a user id of its own.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// The free slots of the server.
pub(super) struct WorkerSlots {
    users: Mutex<Vec<u32>>,
    /// A slot became free, or a worker idle, whose slot another function may take.
    pub(super) freed: Notify,
}

impl WorkerSlots {
    /// `count` slots, with the users from `first` on.
    pub(super) fn new(count: usize, first: u32) -> Arc<Self> {
        let users = Mutex::new((first..).take(count).collect());
        Arc::new(Self { users, freed: Notify::new() })
    }

    /// A slot, if one is free.
    pub(super) fn take(self: &Arc<Self>) -> Option<Slot> {
        let user = self.users.lock().pop()?;
        Some(Slot { user, slots: Arc::clone(self) })
    }
}

/// The slot of one worker; free again when dropped.
pub(super) struct Slot {
    /// User id of the worker's processes, when the server runs as root.
    pub(super) user: u32,
    slots: Arc<WorkerSlots>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.users.lock().push(self.user);
        self.slots.freed.notify_one();
    }
}
