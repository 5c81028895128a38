//! How many workers this server has at once; each has a user of its own.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The free places.
pub(super) struct Places {
    users: Mutex<Vec<u32>>,
    /// A place became free, or a worker idle, which may give its place to another function.
    pub(super) freed: Notify,
}

impl Places {
    /// `count` places, with the users from `first` on.
    pub(super) fn new(count: usize, first: u32) -> Arc<Self> {
        let users = Mutex::new((first..).take(count).collect());
        Arc::new(Self { users, freed: Notify::new() })
    }

    /// A place, if one is free.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let user = self.users.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        Some(Place { user, places: Arc::clone(self) })
    }
}

/// A place of one worker; free again when dropped.
pub(super) struct Place {
    /// The user of the worker, of a server that runs as root.
    pub(super) user: u32,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.users.lock().unwrap_or_else(PoisonError::into_inner).push(self.user);
        self.places.freed.notify_one();
    }
}
