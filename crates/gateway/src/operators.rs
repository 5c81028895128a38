//! What operators see of connections, and what they do to one: the operations of the control plane on
//! connections.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::connection::{
    Connection, Disconnected, NotDelivered, OfflineSession, TracePage,
};
use fleetwright_core::time::Timestamp;
use fleetwright_host::clock;
use fleetwright_mqtt::{Delivery, Publish, Qos};
use fleetwright_store::{Store, StoreError};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::Gateway;
use crate::mailbox::Mailbox;
use crate::order::Order;

/// Longest wait for a connection to do what it is asked. (ours)
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it is known why a client's last connection ended. AWS: GetConnection, 30 minutes.
const REMEMBERED: i64 = 30 * 60 * 1000;
/// Clients of which that is known; beyond it the oldest are forgotten. (ours)
const CLIENTS: usize = 10_000;

/// How the last connections of clients ended.
#[derive(Debug, Default)]
pub(crate) struct LastEnds(Mutex<Ends>);

#[derive(Debug, Default)]
struct Ends {
    by_client: HashMap<Arc<str>, (Timestamp, &'static str)>,
    in_order: VecDeque<(Timestamp, Arc<str>)>,
}

impl LastEnds {
    /// A connection ended.
    pub(crate) fn note(&self, client_id: &Arc<str>, at: Timestamp, reason: &'static str) {
        let mut ends = self.0.lock();
        ends.by_client.insert(Arc::clone(client_id), (at, reason));
        ends.in_order.push_back((at, Arc::clone(client_id)));
        while ends.in_order.len() > CLIENTS
            || ends.in_order.front().is_some_and(|(then, _)| at.0 - then.0 > REMEMBERED)
        {
            let Some((then, client)) = ends.in_order.pop_front() else { break };
            if ends.by_client.get(&client).is_some_and(|(latest, _)| *latest <= then) {
                ends.by_client.remove(&client);
            }
        }
    }

    /// When the last one ended, and why; `None` if that was long ago, or never.
    pub(crate) fn find(
        &self,
        client_id: &str,
        now: Timestamp,
    ) -> Option<(Timestamp, &'static str)> {
        let found = self.0.lock().by_client.get(client_id).copied();
        found.filter(|(at, _)| now.0 - at.0 <= REMEMBERED)
    }
}

impl Gateway {
    /// The connection of a client id, if there is one.
    pub async fn connection(&self, client_id: &str) -> Option<Connection> {
        let (mailbox, since) = self.directory.contact(client_id)?;
        describe(mailbox, since).await
    }

    /// What is known of a client that is not connected; `None` if nothing is.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    pub async fn disconnected(&self, client_id: &str) -> Result<Option<Disconnected>, StoreError> {
        let last = self.last_ends.find(client_id, clock::now());
        let session = self.store.offline_session(client_id, clock::trusted_now()).await?;
        let session = session.map(|(expiry, filters)| OfflineSession {
            expiry,
            subscriptions: filters
                .into_iter()
                .map(|filter| (filter.filter, u8::from(filter.qos > 0)))
                .collect(),
        });
        let known = last.is_some() || session.is_some();
        Ok(known.then_some(Disconnected { last, session }))
    }

    /// Connections in the order of their client ids, at most `limit` after a client id; and the id to
    /// go on after, if there are more. Whoever does not answer in time is left out.
    pub async fn connections(
        &self,
        after: &str,
        limit: usize,
    ) -> (Vec<Connection>, Option<String>) {
        let mut first: BTreeSet<Arc<str>> = BTreeSet::new();
        let (mut shard, mut more) = (0, false);
        while let Some(clients) = self.directory.clients(shard) {
            for (client, ..) in clients.into_iter().filter(|(client, ..)| **client > *after) {
                first.insert(client);
                if first.len() > limit {
                    first.pop_last();
                    more = true;
                }
            }
            shard += 1;
        }
        let next = first.last().filter(|_| more).map(ToString::to_string);
        let mut asked = JoinSet::new();
        for client in first {
            if let Some((mailbox, since)) = self.directory.contact(&client) {
                asked.spawn(describe(mailbox, since));
            }
        }
        let mut found: Vec<Connection> = asked.join_all().await.into_iter().flatten().collect();
        found.sort_by(|a, b| a.client_id.cmp(&b.client_id));
        (found, next)
    }

    /// Ends the connection of a client id, with its session in `store` if `session` says so; answers
    /// whether there was either.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    pub async fn disconnect(
        &self,
        store: &Store,
        client_id: &str,
        session: bool,
        without_will: bool,
    ) -> Result<bool, StoreError> {
        let mut found = false;
        if let Some((mailbox, _)) = self.directory.contact(client_id) {
            let (done, ended) = oneshot::channel();
            found = mailbox.order(Order::End { without_will, done });
            // What holds the letter box would hold what waits in it.
            drop(mailbox);
            let _ = tokio::time::timeout(PATIENCE, ended).await;
        }
        let kept = match session {
            true => self.sessions.end(store, &self.router, client_id).await?,
            false => self.store.offline_session(client_id, clock::trusted_now()).await?.is_some(),
        };
        Ok(found || kept)
    }

    /// Sends a message to one client, which need not have subscribed. With `confirmed_within` it is QoS
    /// 1, and the answer comes with the client's PUBACK.
    ///
    /// # Errors
    /// Why it was not delivered.
    pub async fn send_to_one(
        &self,
        client_id: &str,
        message: Authorized<Publish>,
        confirmed_within: Option<Duration>,
    ) -> Result<(), NotDelivered> {
        let contact = self.directory.contact(client_id);
        let (mailbox, _) = contact.ok_or(NotDelivered::NotConnected)?;
        let message = message.into_inner();
        let payload = self.ledger.share(&message.payload[..], message.topic.len());
        let delivery = Delivery {
            token: 0,
            topic: message.topic,
            payload: payload.ok_or(NotDelivered::Slow)?,
            qos: if confirmed_within.is_some() { Qos::AtLeastOnce } else { Qos::AtMostOnce },
            retain: false,
            message_expiry: message.message_expiry,
            properties: message.properties,
        };
        let (done, answer) = oneshot::channel();
        let confirm = confirmed_within.is_some();
        if !mailbox.order(Order::Deliver { message: delivery, confirm, done }) {
            return Err(NotDelivered::Slow);
        }
        drop(mailbox);
        match tokio::time::timeout(confirmed_within.unwrap_or(PATIENCE), answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(NotDelivered::NotConnected),
            Err(_) if confirm => Err(NotDelivered::Unconfirmed),
            Err(_) => Err(NotDelivered::Slow),
        }
    }

    /// Lines of the trace of a client id from a position on; begins it if there is none. Waits a while
    /// for lines; `None` when there are too many traces.
    pub async fn trace(
        &self,
        client_id: &str,
        position: Option<u64>,
        payloads: bool,
    ) -> Option<TracePage> {
        self.traces.read(client_id, position, payloads).await
    }
}

async fn describe(mailbox: Arc<Mailbox>, since: Timestamp) -> Option<Connection> {
    let (asker, told) = oneshot::channel();
    if !mailbox.order(Order::Describe(asker)) {
        return None;
    }
    // What holds the letter box would hold what waits in it.
    drop(mailbox);
    let told = tokio::time::timeout(PATIENCE, told).await.ok()?.ok()?;
    Some(Connection { since, ..told })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_connection_ended_is_known_for_half_an_hour() {
        let ends = LastEnds::default();
        let (client, begin): (Arc<str>, _) = ("a".into(), Timestamp(0));
        ends.note(&client, begin, "CONNECTION_LOST");
        assert_eq!(ends.find("a", Timestamp(REMEMBERED)), Some((begin, "CONNECTION_LOST")));
        assert_eq!(ends.find("a", Timestamp(REMEMBERED + 1)), None);
        assert_eq!(ends.find("b", begin), None);
        ends.note(&client, Timestamp(5), "AUTH_ERROR");
        ends.note(&"b".into(), Timestamp(REMEMBERED + 1), "AUTH_ERROR");
        assert_eq!(ends.find("a", Timestamp(6)), Some((Timestamp(5), "AUTH_ERROR")));
    }

    #[test]
    fn of_so_many_clients_it_is_known() {
        let ends = LastEnds::default();
        for number in 0..=CLIENTS {
            ends.note(&number.to_string().into(), Timestamp(0), "CONNECTION_LOST");
        }
        assert_eq!(ends.find("0", Timestamp(0)), None);
        assert!(ends.find("1", Timestamp(0)).is_some());
    }
}
