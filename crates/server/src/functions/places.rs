//! How many workers this server has at once; each has a user of its own.

use std::sync::{Arc, Mutex, PoisonError};

/// The free places.
pub(super) struct Places(Mutex<Vec<u32>>);

impl Places {
    /// `count` places, with the users from `first` on.
    pub(super) fn new(count: usize, first: u32) -> Arc<Self> {
        let users = (first..).take(count).collect();
        Arc::new(Self(Mutex::new(users)))
    }

    /// A place, if one is free.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let user = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
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
        self.places.0.lock().unwrap_or_else(PoisonError::into_inner).push(self.user);
    }
}
