//! A session that is kept, as routing knows it, and who subscribes.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::directory::ConnectionNumber;
use super::mailbox::Mailbox;

/// Who subscribes: a connection whose session ends with it, or a session that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Subscriber(pub(super) u64);

impl Subscriber {
    /// That nobody is: the server's own messages come from here.
    pub(super) const NOBODY: Self = Self(u64::MAX);
    /// Numbers of sessions have this bit; those of connections never reach it.
    const SESSION: u64 = 1 << 63;

    /// The session that was made so manieth since the start.
    pub(super) fn session(number: u64) -> Self {
        Self(Self::SESSION | number)
    }
}

impl From<ConnectionNumber> for Subscriber {
    fn from(number: ConnectionNumber) -> Self {
        Self(number.0)
    }
}

/// A session that is kept, as routing knows it.
#[derive(Debug)]
pub(super) struct KeptSession {
    client_id: Arc<str>,
    subscriber: Subscriber,
    connection: Mutex<Option<Arc<Mailbox>>>,
    /// Filters that are in the subscription tree.
    routed: Mutex<BTreeSet<Box<str>>>,
    /// A will that waits: a word says that the client came back, dropping it that the session ended.
    will: Mutex<Option<oneshot::Sender<()>>>,
}

impl KeptSession {
    /// Without subscriptions and connection.
    pub(super) fn new(client_id: Arc<str>, subscriber: Subscriber) -> Self {
        Self {
            client_id,
            subscriber,
            connection: Mutex::default(),
            routed: Mutex::default(),
            will: Mutex::default(),
        }
    }

    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(super) fn subscriber(&self) -> Subscriber {
        self.subscriber
    }

    /// The letter box of its connection, if it has one now.
    pub(super) fn mailbox(&self) -> Option<Arc<Mailbox>> {
        self.connection.lock().clone()
    }

    /// Something came to its queue: whoever is connected looks.
    pub(super) fn tell_queued(&self) {
        if let Some(mailbox) = &*self.connection.lock() {
            mailbox.tell_queued();
        }
    }

    /// A will waits from now on; `None` when the client is back already.
    pub(super) fn wait_with_will(&self) -> Option<oneshot::Receiver<()>> {
        let connection = self.connection.lock();
        if connection.is_some() {
            return None;
        }
        let (word, waits) = oneshot::channel();
        *self.will.lock() = Some(word);
        drop(connection);
        Some(waits)
    }

    /// A connection has the session: a will that waits is not published.
    pub(super) fn attach(&self, mailbox: &Arc<Mailbox>) {
        *self.connection.lock() = Some(Arc::clone(mailbox));
        if let Some(word) = self.will.lock().take() {
            // Nobody hears it where it was just published.
            let _ = word.send(());
        }
    }

    /// A filter of its is in the subscription tree.
    pub(super) fn is_routed(&self, filter: &str) {
        self.routed.lock().insert(filter.into());
    }

    /// A filter of its is no longer there.
    pub(super) fn is_not_routed(&self, filter: &str) {
        self.routed.lock().remove(filter);
    }

    /// A connection no longer has the session, unless another one has it by now.
    pub(super) fn detach(&self, mailbox: &Arc<Mailbox>) {
        let mut connection = self.connection.lock();
        if connection.as_ref().is_some_and(|current| Arc::ptr_eq(current, mailbox)) {
            *connection = None;
        }
    }

    /// The session ended: a will that waits is due. Gives the filters that are in the tree.
    pub(super) fn forget(&self) -> BTreeSet<Box<str>> {
        self.will.lock().take();
        std::mem::take(&mut *self.routed.lock())
    }
}
