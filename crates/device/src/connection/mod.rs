//! One MQTT 3.1.1 connection over mutual TLS: publish, subscribe, take messages.

mod config;
mod driver;
mod error;
mod message;
mod wire;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use config::{ConnectionConfig, Credentials};
use driver::{Driver, Handles, Request};
pub use error::ConnectionError;
pub use message::{Message, QoS};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use wire::Wire;

/// The largest payload, in bytes (AWS, same page).
const MAX_PAYLOAD: usize = 128 * 1024;
/// The longest topic or filter, in bytes of UTF-8 (AWS, same page).
const MAX_TOPIC: usize = 256;
/// The most filters in one SUBSCRIBE (AWS, same page).
const MAX_FILTERS: usize = 8;

/// An open connection. All methods take `&self`: share it in an `Arc` to publish in one task while
/// another takes messages. It does not reconnect; when it is lost, open another. Dropping it says
/// goodbye (DISCONNECT) in the background; [`close`](Self::close) also waits for that.
#[derive(Debug)]
pub struct Connection {
    requests: mpsc::Sender<Request>,
    messages: Mutex<mpsc::Receiver<Message>>,
    ended: Arc<OnceLock<ConnectionError>>,
    driver: JoinHandle<()>,
    timeout: Duration,
}

impl Connection {
    /// Connects, and returns when the server has accepted (CONNACK 0). Must be called inside a
    /// tokio runtime, on which the connection then lives.
    ///
    /// # Errors
    /// Credentials that are unusable, a server that is unreachable, not trusted or refuses.
    pub async fn open(config: &ConnectionConfig) -> Result<Self, ConnectionError> {
        let late = |_| ConnectionError::TimedOut {
            waiting_for: format!("connecting to {}", config.endpoint),
            after: config.timeout,
        };
        let wire = timeout(config.timeout, Wire::open(config)).await.map_err(late)??;
        let (driver, handles) = Driver::new(wire, config.keep_alive, config.timeout);
        let Handles { requests, messages, ended } = handles;
        Ok(Self {
            requests,
            messages: Mutex::new(messages),
            ended,
            driver: tokio::spawn(driver.run()),
            timeout: config.timeout,
        })
    }

    /// Publishes. With QoS 1 it returns when the server has acknowledged, with QoS 0 when the
    /// message has been handed to the network.
    ///
    /// # Errors
    /// An invalid topic; no acknowledgement in time; [`ConnectionError::Closed`] when the
    /// server closes instead, as it does on a publish that policy does not allow.
    pub async fn publish(
        &self,
        topic: &str,
        payload: impl Into<Vec<u8>>,
        qos: QoS,
        retain: bool,
    ) -> Result<(), ConnectionError> {
        let payload = payload.into();
        if topic.is_empty() || topic.len() > MAX_TOPIC || topic.contains(['+', '#', '\0']) {
            return Err(ConnectionError::InvalidTopic(topic.to_owned()));
        }
        if payload.len() > MAX_PAYLOAD {
            return Err(ConnectionError::TooLarge { bytes: payload.len() });
        }
        let (done, outcome) = oneshot::channel();
        let topic_owned = topic.to_owned();
        let request = Request::Publish { topic: topic_owned, payload, qos, retain, done };
        self.settled(request, outcome, || format!("the publish to {topic:?}")).await
    }

    /// Subscribes, and returns when the server has granted it.
    ///
    /// # Errors
    /// [`ConnectionError::SubscriptionRefused`], or [`ConnectionError::Closed`] when the server
    /// closes instead; an invalid filter.
    pub async fn subscribe(&self, filter: &str, qos: QoS) -> Result<(), ConnectionError> {
        self.subscribe_all(&[filter], qos).await
    }

    /// Subscribes to one to eight filters in one packet.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe), if one of them is refused.
    pub async fn subscribe_all(&self, filters: &[&str], qos: QoS) -> Result<(), ConnectionError> {
        if let Some(filter) = filters.iter().copied().find(|filter| !valid_filter(filter)) {
            return Err(ConnectionError::InvalidTopic(filter.to_owned()));
        }
        if filters.is_empty() || filters.len() > MAX_FILTERS {
            return Err(ConnectionError::InvalidTopic(format!(
                "{} filters at once",
                filters.len()
            )));
        }
        let (done, outcome) = oneshot::channel();
        let owned = filters.iter().map(|filter| (*filter).to_owned()).collect();
        let named = || format!("the subscription to {}", filters.join(", "));
        let request = Request::Subscribe { filters: owned, qos, done };
        let refused = self.settled(request, outcome, named).await?;
        match refused.first().and_then(|index| filters.get(*index)) {
            None => Ok(()),
            Some(filter) => {
                Err(ConnectionError::SubscriptionRefused { filter: (*filter).to_owned() })
            }
        }
    }

    /// Waits for the next message. Up to 1024 messages wait to be taken; one more ends the
    /// connection. Cancel-safe.
    ///
    /// # Errors
    /// When the connection has ended and all messages that came before are taken.
    pub async fn next_message(&self) -> Result<Message, ConnectionError> {
        match self.messages.lock().await.recv().await {
            Some(message) => Ok(message),
            None => Err(self.reason()),
        }
    }

    /// Says goodbye (DISCONNECT) and waits at most the time-out for it to be sent.
    pub async fn close(self) {
        let Self { requests, driver, timeout: longest, .. } = self;
        drop(requests);
        let _ = timeout(longest, driver).await;
    }

    async fn settled<T>(
        &self,
        request: Request,
        outcome: oneshot::Receiver<T>,
        what: impl Fn() -> String,
    ) -> Result<T, ConnectionError> {
        let waiting = async {
            self.requests.send(request).await.ok()?;
            outcome.await.ok()
        };
        match timeout(self.timeout, waiting).await {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.reason().during(&what())),
            Err(_elapsed) => {
                Err(ConnectionError::TimedOut { waiting_for: what(), after: self.timeout })
            }
        }
    }

    /// Why the connection ended.
    fn reason(&self) -> ConnectionError {
        let unknown = || ConnectionError::Lost { cause: "its task was ended".to_owned() };
        self.ended.get().cloned().unwrap_or_else(unknown)
    }
}

/// MQTT 3.1.1, section 4.7: `+` and `#` stand alone in their level, `#` in the last one.
fn valid_filter(filter: &str) -> bool {
    let fits = |level: &str| level.len() == 1 || !level.contains(['+', '#']);
    let multi_level_last = filter.split('/').rev().skip(1).all(|level| level != "#");
    !filter.is_empty()
        && filter.len() <= MAX_TOPIC
        && !filter.contains('\0')
        && filter.split('/').all(fits)
        && multi_level_last
}
