//! The part of a connection whose session is kept: it reads the session's queue, and takes out of it
//! what the client acknowledged.

use std::collections::VecDeque;
use std::sync::Arc;

use fleetwright_host::clock;
use fleetwright_mqtt::{Delivered, Delivery, Dropped, Qos, RetainHandling, SubscribeFilter};
use fleetwright_store::{QueuedMessage, SessionFilter, Store};
use tokio::task::JoinHandle;

use super::{End, Online};
use crate::kept_session::KeptSession;
use crate::ledger::{self, Bound};
use crate::sessions::{self, Opened};
use crate::{authorize, stream};

/// Messages that are read from a queue at once: what a connection holds beyond the window. (ours)
const READ_AT_ONCE: usize = 32;

/// A connection's hold on its session.
pub(super) struct Kept {
    pub(super) session: Arc<KeptSession>,
    /// Subscriptions that the client has from an earlier connection, until they are looked at.
    resumed: Vec<SessionFilter>,
    /// The last message that was read.
    read_to: i64,
    /// Messages that were read and are not sent yet, at most [`READ_AT_ONCE`].
    read: VecDeque<QueuedMessage>,
    /// An earlier connection may have had messages up to this one.
    sent_to: i64,
    /// Whether the queue may have more.
    more: bool,
    /// The next message has no room until the client acknowledges one.
    blocked: bool,
    done: Vec<i64>,
    taking_out: Option<JoinHandle<()>>,
}

impl Kept {
    pub(super) fn new(opened: Opened) -> Self {
        let Opened { session, stored, .. } = opened;
        Self {
            session,
            resumed: stored.filters,
            read_to: 0,
            read: VecDeque::new(),
            sent_to: stored.sent_to,
            more: stored.resumed,
            blocked: false,
            done: Vec::new(),
            taking_out: None,
        }
    }

    /// The client has no need of a message any more.
    fn done(&mut self, number: u64) {
        if let Ok(number) = i64::try_from(number)
            && number > 0
        {
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

    /// The client acknowledged a message.
    pub(super) fn on_delivered(&mut self, token: u64) {
        if let Some(kept) = &mut self.kept {
            kept.blocked = false;
            kept.done(token);
        }
    }

    /// Whether a message of the queue could be sent now.
    pub(super) fn may_read_queue(&mut self) -> bool {
        let Some(kept) = &mut self.kept else { return false };
        kept.more |= self.mailbox.told_queued();
        kept.more
            && !kept.blocked
            && self.session.output().len() < stream::WRITE_SOON
            && self.session.is_ready_for(Qos::AtLeastOnce)
    }

    /// Sends what is in the queue, as far as there is room.
    pub(super) async fn read_queue(&mut self) -> Option<End> {
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        while self.may_read_queue() {
            let page = match self.next_page().await {
                Ok(page) => page,
                Err(error) => {
                    let client_id = self.rights.client_id();
                    tracing::error!(%error, client_id, "a session's queue cannot be read");
                    return Some(End::Server);
                }
            };
            let kept = self.kept.as_mut()?;
            kept.read.extend(page);
            kept.more = !kept.read.is_empty();
            while self.may_read_queue()
                && let Some(message) = self.kept.as_mut()?.read.pop_front()
            {
                self.send_queued(message);
            }
        }
        None
    }

    /// The next messages of the session's queue, or of its groups'.
    async fn next_page(&mut self) -> Result<Vec<QueuedMessage>, fleetwright_store::StoreError> {
        let Some(kept) = self.kept.as_ref().filter(|kept| kept.read.is_empty()) else {
            return Ok(Vec::new());
        };
        let (store, client_id) = (&self.gateway.store, kept.session.client_id());
        let page = store.queued_messages(client_id, kept.read_to, READ_AT_ONCE).await?;
        if !page.is_empty() {
            return Ok(page);
        }
        for group in self.subscriptions.keys().filter(|filter| filter.starts_with("$share/")) {
            let taken = store.take_from_group(group, client_id, READ_AT_ONCE).await?;
            if !taken.is_empty() {
                return Ok(taken);
            }
        }
        Ok(Vec::new())
    }

    /// Sends one message of the queue, if it may be received and there is room; else it stays first.
    fn send_queued(&mut self, queued: QueuedMessage) {
        let in_flight = self.session.in_flight();
        let Some(kept) = &mut self.kept else { return };
        let (number, again) = (queued.number, queued.number <= kept.sent_to);
        if in_flight > 0 && !self.mailbox.has_room(queued.payload.len() + Delivery::OVERHEAD) {
            kept.blocked = true;
            return kept.read.push_front(queued);
        }
        kept.read_to = kept.read_to.max(number);
        let Some(message) = sessions::delivery(queued) else { return kept.done.push(number) };
        let now = clock::monotonic_millis();
        match authorize::receive(&self.rights, message) {
            Ok(message) => {
                let message: Delivery = message.into_inner();
                let delivered = match again {
                    true => self.session.redeliver(&message, now),
                    false => self.session.deliver(&message, now),
                };
                self.gateway.sent(self.rights.client_id(), &message, delivered);
                if delivered == Delivered::Dropped(Dropped::TooLarge) {
                    self.mailbox.hit(Bound::ClientPacketSize, 1);
                    kept.done.push(number);
                }
            }
            Err(refused) => {
                refused.1.tell(&self.gateway.traces, &self.rights);
                kept.done.push(number);
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
        let Kept { session, read_to, sent_to, .. } = *kept;
        let said = (expiry, read_to.max(sent_to));
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
