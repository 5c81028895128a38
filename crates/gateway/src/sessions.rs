//! MQTT sessions that are kept when their connections end. The registry has them; here is what routing
//! needs: their subscriptions, and the connection that each has now.
//!
//! A QoS 1 message for a session is in its queue, in the registry, before the publisher's PUBACK. The
//! session's connection reads the queue from there (`online/kept.rs`): it is told only that there is
//! something. So there is one order, one bound, and nothing is lost with the process.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_host::clock;
use fleetwright_host::turns::Turns;
use fleetwright_mqtt::{ConnectRequest, Delivery, Qos, Version};
use fleetwright_store::{
    CertificateRow, MessageToQueue, OpenedSession, QueueBounds, QueuedMessage, SessionFilter,
    SessionOpened, SessionOpening, Store, StoreError,
};
use parking_lot::Mutex;

use super::directory::ConnectionNumber;
use super::kept_session::{KeptSession, Subscriber};
use super::ledger::{Bound, Ledger};
use super::mailbox::Mailbox;
use super::retained;
use super::router::{Plan, Router, Terms};
use super::topics::{self, Message, Ordinary, Parts};

/// Sessions that are ended in one look at those whose time is over. (ours)
const ENDED_AT_ONCE: usize = 500;

/// The sessions that are kept on this node.
#[derive(Debug)]
pub(super) struct Sessions {
    store: Store,
    ledger: Arc<Ledger>,
    bounds: QueueBounds,
    /// Seconds.
    longest: u32,
    /// Of those who open or end the session of one client id.
    turns: Turns,
    by_client: Mutex<HashMap<Arc<str>, Arc<KeptSession>>>,
    made: AtomicU64,
}

/// What a connection has of its session.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) session: Arc<KeptSession>,
    pub(super) stored: OpenedSession,
    /// Seconds after the end of the connection.
    pub(super) expiry: u32,
}

/// Why a connection gets no session.
#[derive(Debug)]
pub(super) enum NoSession {
    /// A later connection has the client id.
    TakenOver,
    /// The registry cannot be asked.
    Failed(StoreError),
}

impl Sessions {
    pub(super) fn new(
        store: Store,
        ledger: Arc<Ledger>,
        bounds: QueueBounds,
        longest: u32,
    ) -> Self {
        Self {
            store,
            ledger,
            bounds,
            longest,
            turns: Turns::default(),
            by_client: Mutex::default(),
            made: AtomicU64::new(0),
        }
    }

    /// Seconds that a session may outlive its connection, for what was asked.
    pub(super) fn granted(&self, asked: u32) -> u32 {
        asked.min(self.longest)
    }

    /// Brings back the sessions that an earlier process kept.
    pub(super) async fn restore(&self, router: &Router) -> Result<usize, StoreError> {
        let now = clock::trusted_now();
        if let Err(error) = self.store.sessions_wait(now).await {
            tracing::error!(%error, "sessions that were connected before this start still seem to be");
        }
        let kept = self.store.sessions_at_start(now).await?;
        for stored in &kept {
            let session = self.make(&stored.client_id);
            for filter in &stored.filters {
                if topics::of_filter(matched(&filter.filter)) == Ok(topics::Filter::Ordinary) {
                    router.restore(session.subscriber(), Arc::clone(&session), terms(filter));
                    session.is_routed(&filter.filter);
                }
            }
        }
        Ok(kept.len())
    }

    /// Opens the session of an authorized CONNECT; `None` is one that ends with its connection.
    pub(super) async fn open(
        &self,
        router: &Router,
        request: &ConnectRequest,
        client_id: &str,
        number: ConnectionNumber,
        mailbox: &Arc<Mailbox>,
    ) -> Result<Option<Opened>, NoSession> {
        let expiry = self.granted(request.session_expiry);
        if expiry == 0 && self.find(client_id).is_none() {
            return Ok(None);
        }
        let opening = SessionOpening {
            client_id: client_id.to_owned(),
            clean: request.clean_start,
            protocol_level: match request.version {
                Version::V311 => 4,
                Version::V5 => 5,
            },
            expiry,
            epoch: i64::try_from(number.0).unwrap_or(i64::MAX),
        };
        let _turn = self.turns.take(client_id).await;
        let opened = self.store.open_session(opening, clock::trusted_now()).await;
        let stored = match opened.map_err(NoSession::Failed)? {
            SessionOpened::TakenOver => return Err(NoSession::TakenOver),
            SessionOpened::Unkept => {
                self.forget(router, client_id);
                return Ok(None);
            }
            SessionOpened::Kept(stored) => stored,
        };
        if !stored.resumed {
            self.forget(router, client_id);
        }
        let session = self.find(client_id).unwrap_or_else(|| self.make(client_id));
        session.attach(mailbox);
        Ok(Some(Opened { session, stored, expiry }))
    }

    /// The connection of a session ended; answers whether the session is kept. `expiry` is what the
    /// DISCONNECT named, `sent_to` the last message that was sent from the queue.
    pub(super) async fn close(
        &self,
        router: &Router,
        session: &Arc<KeptSession>,
        number: ConnectionNumber,
        mailbox: &Arc<Mailbox>,
        (expiry, sent_to): (Option<u32>, i64),
    ) -> bool {
        let client_id = session.client_id();
        let _turn = self.turns.take(client_id).await;
        let epoch = i64::try_from(number.0).unwrap_or(i64::MAX);
        let expiry = expiry.map(|asked| self.granted(asked));
        let now = clock::trusted_now();
        let closed = self.store.close_session(client_id, epoch, expiry, sent_to, now).await;
        session.detach(mailbox);
        match closed {
            Ok(Some(kept)) => {
                if !kept {
                    self.forget(router, client_id);
                }
                kept
            }
            Ok(None) => true,
            Err(error) => {
                // It stays as it is until the next start, and may be resumed.
                tracing::error!(%error, client_id, "the end of a session's connection was not noted");
                true
            }
        }
    }

    /// Ends a session that nobody is connected to, or whose connection is about to end, in the
    /// caller's registry; answers whether there was one.
    pub(super) async fn end(
        &self,
        store: &Store,
        router: &Router,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        let _turn = self.turns.take(client_id).await;
        let ended = store.end_session(client_id).await?;
        self.forget(router, client_id);
        Ok(ended)
    }

    /// Ends sessions whose time is over; answers whether more may be.
    pub(super) async fn end_in_time(&self, router: &Router) -> Result<bool, StoreError> {
        let now = clock::trusted_now();
        let over = self.store.sessions_over(now, ENDED_AT_ONCE).await?;
        for client_id in &over {
            let _turn = self.turns.take(client_id).await;
            if self.store.end_session_in_time(client_id, now).await? {
                self.forget(router, client_id);
            }
        }
        Ok(over.len() == ENDED_AT_ONCE)
    }

    /// Puts a message into the queues of its plan, durable when this returns. `by` is the certificate
    /// of the connection that published it, if one did.
    pub(super) async fn queue<M: Message>(
        &self,
        plan: &Plan,
        message: &Authorized<Ordinary<M>>,
        by: Option<CertificateRow>,
    ) -> Result<(), Refusal> {
        self.queue_parts(plan, message.get().get().parts(), by).await
    }

    /// As [`Self::queue`], of a message of the server's own.
    pub(super) async fn queue_own(
        &self,
        plan: &Plan,
        topic: &str,
        payload: &[u8],
    ) -> Result<(), Refusal> {
        if plan.queues.is_empty() {
            return Ok(());
        }
        let (topic, payload) = (topic.into(), bytes::Bytes::copy_from_slice(payload));
        self.queue_parts(plan, super::router::own(&topic, &payload), None).await
    }

    /// As [`Self::queue`], of a retained message that a session's own subscription asked for. `by` is
    /// the certificate of the session's connection, if it has one.
    pub(super) async fn queue_retained(
        &self,
        session: &KeptSession,
        message: &Delivery,
        by: Option<CertificateRow>,
    ) -> Result<(), Refusal> {
        let Delivery { topic, payload, qos, retain, message_expiry, properties, .. } = message;
        let (qos, retain, message_expiry) = (*qos, *retain, *message_expiry);
        let properties = properties.as_ref();
        let parts = Parts { topic, payload, qos, retain, message_expiry, properties };
        self.queue_parts(&Plan::of_one(session.client_id(), retain), parts, by).await?;
        session.tell_queued();
        Ok(())
    }

    async fn queue_parts(
        &self,
        plan: &Plan,
        message: Parts<'_>,
        by: Option<CertificateRow>,
    ) -> Result<(), Refusal> {
        if plan.queues.is_empty() {
            return Ok(());
        }
        let Parts { topic, payload, message_expiry, properties, .. } = message;
        let now = clock::now();
        let message = MessageToQueue {
            topic: topic.to_string(),
            payload: payload.to_vec(),
            properties: properties.map(|properties| retained::kept(properties)),
            until: message_expiry.map(|seconds| now.plus_millis(i64::from(seconds) * 1000)),
            bytes: Delivery::OVERHEAD
                + topic.len()
                + payload.len()
                + properties.map_or(0, |properties| properties.bytes()),
        };
        let queues = plan.queues.clone();
        let queued = self.store.queue_message(message, queues, self.bounds, by, now).await?;
        let dropped = queued.refused.len() + queued.dropped;
        if dropped > 0 {
            self.ledger.count(Bound::SessionQueue, u64::try_from(dropped).unwrap_or(u64::MAX));
            tracing::debug!(topic = %topic, dropped, refused = ?queued.refused, "queues are full");
        }
        Ok(())
    }

    /// Whether a client's session is kept.
    pub(super) fn has(&self, client_id: &str) -> bool {
        self.by_client.lock().contains_key(client_id)
    }

    fn find(&self, client_id: &str) -> Option<Arc<KeptSession>> {
        self.by_client.lock().get(client_id).cloned()
    }

    fn make(&self, client_id: &str) -> Arc<KeptSession> {
        let subscriber = Subscriber::session(self.made.fetch_add(1, Ordering::Relaxed));
        let client_id: Arc<str> = client_id.into();
        let session = Arc::new(KeptSession::new(Arc::clone(&client_id), subscriber));
        self.by_client.lock().insert(client_id, Arc::clone(&session));
        session
    }

    fn forget(&self, router: &Router, client_id: &str) {
        let Some(session) = self.by_client.lock().remove(client_id) else { return };
        for filter in session.forget() {
            router.unsubscribe(session.subscriber(), &filter);
        }
    }
}

/// A subscription as the registry has it.
pub(super) fn terms(filter: &SessionFilter) -> Terms<'_> {
    Terms {
        filter: &filter.filter,
        qos: if filter.qos == 0 { Qos::AtMostOnce } else { Qos::AtLeastOnce },
        no_local: filter.no_local,
        retain_as_published: filter.retain_as_published,
    }
}

/// A whole filter without `$share/{name}/`.
fn matched(filter: &str) -> &str {
    fleetwright_mqtt::filter::split_share(filter).map_or(filter, |(_, matched)| matched)
}

/// A message of a queue on its way to the client; `None` once it has run out.
pub(super) fn delivery(message: QueuedMessage) -> Option<Delivery> {
    let left = match message.until {
        None => None,
        Some(until) => {
            let left = until.0.saturating_sub(clock::now().0);
            if left <= 0 {
                return None;
            }
            Some(u32::try_from(left / 1000).unwrap_or(u32::MAX))
        }
    };
    Some(Delivery {
        token: u64::try_from(message.number).unwrap_or_default(),
        topic: message.topic.into(),
        payload: message.payload.into(),
        qos: Qos::AtLeastOnce,
        retain: message.retain,
        message_expiry: left,
        properties: message.properties.map(|properties| Arc::new(retained::sent(properties))),
    })
}
