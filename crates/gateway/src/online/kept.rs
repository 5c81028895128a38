//! The part of a connection whose session is kept: its subscriptions, and what is to be taken out of
//! its queue.

use std::sync::Arc;

use fleetwright_mqtt::{Qos, RetainHandling, SubscribeFilter};
use fleetwright_store::{SessionFilter, Store};
use tokio::task::JoinHandle;

use super::queue::Reading;
use super::{End, Online};
use crate::kept_session::KeptSession;
use crate::sessions::{self, Opened};
use crate::{authorize, ledger};

/// A connection's hold on its session.
pub(super) struct Kept {
    pub(super) session: Arc<KeptSession>,
    /// Subscriptions that the client has from an earlier connection, until they are looked at.
    resumed: Vec<SessionFilter>,
    pub(super) reading: Reading,
    done: Vec<i64>,
    taking_out: Option<JoinHandle<()>>,
}

impl Kept {
    pub(super) fn new(opened: Opened) -> Self {
        let Opened { session, stored, .. } = opened;
        Self {
            session,
            resumed: stored.filters,
            reading: Reading::new(stored.sent_to, stored.resumed),
            done: Vec::new(),
            taking_out: None,
        }
    }

    /// The client has no need of a message any more.
    pub(super) fn done(&mut self, number: i64) {
        if number > 0 {
            self.done.push(number);
        }
    }

    /// Takes what is done out of the queue, beside the connection's work; at most one such write is
    /// under way.
    fn take_out(&mut self, store: &Store) {
        if self.done.is_empty() || self.taking_out.as_ref().is_some_and(|task| !task.is_finished())
        {
            return;
        }
        let (store, numbers) = (store.clone(), std::mem::take(&mut self.done));
        let session = Arc::clone(&self.session);
        self.taking_out = Some(tokio::spawn(async move {
            if let Err(error) = store.dequeue_messages(session.client_id(), numbers).await {
                // They are sent again to the next connection.
                tracing::error!(%error, client_id = session.client_id(), "a queue is not emptied");
            }
        }));
    }
}

impl Online {
    /// Takes up the subscriptions of the session, as far as the device may have them today.
    pub(super) async fn resume(&mut self) {
        let Some(kept) = &mut self.kept else { return };
        let session = Arc::clone(&kept.session);
        let mut gone = Vec::new();
        for stored in std::mem::take(&mut kept.resumed) {
            let filter = as_subscribed(&stored);
            if let Err(denied) = authorize::subscribe(&self.rights, &filter) {
                denied.1.tell(&self.gateway.traces, &self.rights);
                gone.push(stored.filter);
            } else if self.mailbox.reserve(ledger::subscription_bytes(&filter.filter)) {
                self.subscriptions.insert(filter.filter, filter.qos);
            } else {
                gone.push(stored.filter);
            }
        }
        for filter in &gone {
            self.gateway.router.unsubscribe(session.subscriber(), filter);
            session.is_not_routed(filter);
        }
        if !gone.is_empty() {
            let (store, epoch) = (&self.gateway.store, self.epoch());
            let done = store.unsubscribe_session(session.client_id(), epoch, gone).await;
            if let Err(error) = done {
                tracing::error!(%error, client_id = session.client_id(), "subscriptions stay stored");
            }
        }
    }

    /// Notes subscriptions in the session; the error ends the connection.
    pub(super) async fn store_subscriptions(
        &mut self,
        granted: &[&SubscribeFilter],
    ) -> Result<(), End> {
        let Some(kept) = &self.kept else { return Ok(()) };
        if granted.is_empty() {
            return Ok(());
        }
        let filters = granted.iter().map(|filter| SessionFilter {
            filter: filter.filter.to_string(),
            qos: u32::from(filter.qos == Qos::AtLeastOnce),
            no_local: filter.no_local,
            retain_as_published: filter.retain_as_published,
        });
        let (client_id, epoch) = (kept.session.client_id(), self.epoch());
        let stored = self.gateway.store.subscribe_session(client_id, epoch, filters.collect());
        self.stored(stored.await)
    }

    /// Removes subscriptions from the session; the error ends the connection.
    pub(super) async fn store_unsubscriptions(&mut self, filters: &[Box<str>]) -> Result<(), End> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let filters = filters.iter().map(ToString::to_string).collect();
        let (client_id, epoch) = (kept.session.client_id(), self.epoch());
        let stored = self.gateway.store.unsubscribe_session(client_id, epoch, filters);
        self.stored(stored.await)
    }

    fn stored(&self, stored: Result<bool, fleetwright_store::StoreError>) -> Result<(), End> {
        match stored {
            Ok(true) => Ok(()),
            Ok(false) => Err(End::TakenOver),
            Err(error) => {
                let client_id = self.rights.client_id();
                tracing::error!(%error, client_id, "a session's subscriptions were not stored");
                Err(End::Server)
            }
        }
    }

    /// Takes what was acknowledged out of the queue.
    pub(super) fn take_out_of_queue(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.take_out(&self.gateway.store);
        }
    }

    /// The connection ended: the session waits, or ends too. Gives the session that is kept.
    pub(super) async fn leave_session(&mut self, expiry: Option<u32>) -> Option<Arc<KeptSession>> {
        let Some(mut kept) = self.kept.take() else {
            for filter in self.subscriptions.keys() {
                self.gateway.router.unsubscribe(self.subscriber, filter);
            }
            return None;
        };
        if let Some(task) = kept.taking_out.take() {
            let _ = task.await;
        }
        kept.take_out(&self.gateway.store);
        if let Some(task) = kept.taking_out.take() {
            let _ = task.await;
        }
        let Kept { session, reading, .. } = *kept;
        let said = (expiry, reading.sent_to());
        let Self { gateway, number, mailbox, .. } = self;
        let closed = gateway.sessions.close(&gateway.router, &session, *number, mailbox, said);
        closed.await.then_some(session)
    }

    fn epoch(&self) -> i64 {
        i64::try_from(self.number.0).unwrap_or(i64::MAX)
    }
}

/// A stored subscription as its SUBSCRIBE was.
fn as_subscribed(stored: &SessionFilter) -> SubscribeFilter {
    let terms = sessions::terms(stored);
    let share = fleetwright_mqtt::filter::split_share(terms.filter);
    SubscribeFilter {
        filter: terms.filter.into(),
        share: share.map(|(share, _)| share.into()),
        qos: terms.qos,
        no_local: terms.no_local,
        retain_as_published: terms.retain_as_published,
        retain_handling: RetainHandling::Never,
    }
}
