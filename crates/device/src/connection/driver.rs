//! The task behind a [`Connection`](super::Connection): owns the stream, and tells each waiting
//! request how it ended.

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use rmqtt_codec::types::{Publish, QoS as WireQos};
use rmqtt_codec::v3::{Packet, SubscribeReturnCode};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::error::{self, ConnectionError};
use super::message::{Message, QoS};
use super::wire::Wire;

/// Messages that wait for the application.
const MESSAGE_QUEUE: usize = 1024;
/// Requests that wait for the driver.
const REQUEST_QUEUE: usize = 32;
/// Requests that wait for an acknowledgement (AWS: quotas, "maximum inbound unacknowledged QoS 1
/// publish requests": 100).
const MAX_IN_FLIGHT: usize = 100;
/// How long we still read from a stream that cannot be written any more.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A request, and who waits for it.
pub(super) enum Request {
    /// Done by the write (QoS 0) or the PUBACK (QoS 1).
    Publish { topic: String, payload: Vec<u8>, qos: QoS, retain: bool, done: oneshot::Sender<()> },
    /// Done by the SUBACK, with the indexes of the refused filters.
    Subscribe { filters: Vec<String>, qos: QoS, done: oneshot::Sender<Vec<usize>> },
}

/// The other ends of a driver's channels.
pub(super) struct Handles {
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) messages: mpsc::Receiver<Message>,
    /// Set before anybody is woken by the end.
    pub(super) ended: Arc<OnceLock<ConnectionError>>,
}

/// Drives one connection until it ends.
pub(super) struct Driver {
    wire: Wire,
    requests: mpsc::Receiver<Request>,
    messages: mpsc::Sender<Message>,
    ended: Arc<OnceLock<ConnectionError>>,
    keep_alive: Duration,
    timeout: Duration,
    last_id: u16,
    unacknowledged: HashMap<NonZeroU16, oneshot::Sender<()>>,
    ungranted: HashMap<NonZeroU16, oneshot::Sender<Vec<usize>>>,
    /// QoS 0 publishes in the write buffer.
    written: Vec<oneshot::Sender<()>>,
    pinged: bool,
}

impl Driver {
    pub(super) fn new(wire: Wire, keep_alive: Duration, timeout: Duration) -> (Self, Handles) {
        let (requests_in, requests) = mpsc::channel(REQUEST_QUEUE);
        let (messages, messages_out) = mpsc::channel(MESSAGE_QUEUE);
        let ended = Arc::new(OnceLock::new());
        let handles =
            Handles { requests: requests_in, messages: messages_out, ended: Arc::clone(&ended) };
        let driver = Self {
            wire,
            requests,
            messages,
            ended,
            keep_alive: keep_alive.max(Duration::from_secs(1)),
            timeout,
            last_id: 0,
            unacknowledged: HashMap::new(),
            ungranted: HashMap::new(),
            written: Vec::new(),
            pinged: false,
        };
        (driver, handles)
    }

    /// Until the stream ends, or nobody holds the connection any more.
    pub(super) async fn run(mut self) {
        let reason = match self.serve().await {
            Err(reason) => reason,
            Ok(()) => ConnectionError::Lost { cause: "this side closed it".to_owned() },
        };
        let _ = self.ended.set(reason);
    }

    async fn serve(&mut self) -> Result<(), ConnectionError> {
        let mut pings = interval_at(Instant::now() + self.keep_alive, self.keep_alive);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.flush().await?;
            let room = self.unacknowledged.len() + self.ungranted.len() < MAX_IN_FLIGHT;
            tokio::select! {
                packet = self.wire.next() => {
                    self.settle(packet.map_err(|cause| error::of_ending(&cause))?)?;
                }
                request = self.requests.recv(), if room => match request {
                    Some(request) => self.send(request)?,
                    None => return self.say_goodbye().await,
                },
                _ = pings.tick() => self.ping()?,
            }
        }
    }

    async fn flush(&mut self) -> Result<(), ConnectionError> {
        let reason = match timeout(self.timeout, self.wire.flush()).await {
            Ok(Ok(())) => {
                for done in self.written.drain(..) {
                    let _ = done.send(());
                }
                return Ok(());
            }
            Ok(Err(cause)) => error::of_ending(&cause),
            Err(_elapsed) => {
                return Err(ConnectionError::Lost {
                    cause: "the network takes no bytes".to_owned(),
                });
            }
        };
        // The server may have answered before it closed: the answer still counts.
        while let Ok(Ok(packet)) = timeout(LAST_WORDS, self.wire.next()).await {
            self.settle(packet)?;
        }
        Err(reason)
    }

    fn send(&mut self, request: Request) -> Result<(), ConnectionError> {
        match request {
            Request::Publish { topic, payload, qos, retain, done } => {
                let packet_id = match qos {
                    QoS::AtMostOnce => {
                        self.written.push(done);
                        None
                    }
                    QoS::AtLeastOnce => {
                        let id = self.next_id();
                        self.unacknowledged.insert(id, done);
                        Some(id)
                    }
                };
                self.wire.put(Packet::Publish(Box::new(Publish {
                    dup: false,
                    retain,
                    qos: on_the_wire(qos),
                    topic: ByteString::from(topic),
                    packet_id,
                    payload: Bytes::from(payload),
                    properties: None,
                })))
            }
            Request::Subscribe { filters, qos, done } => {
                let packet_id = self.next_id();
                self.ungranted.insert(packet_id, done);
                let topic_filters = filters
                    .into_iter()
                    .map(|filter| (ByteString::from(filter), on_the_wire(qos)))
                    .collect();
                self.wire.put(Packet::Subscribe { packet_id, topic_filters })
            }
        }
    }

    /// An id that no request in flight has; there are 65,535 and at most a hundred are taken.
    fn next_id(&mut self) -> NonZeroU16 {
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            if let Some(id) = NonZeroU16::new(self.last_id)
                && !self.unacknowledged.contains_key(&id)
                && !self.ungranted.contains_key(&id)
            {
                return id;
            }
        }
    }

    fn settle(&mut self, packet: Packet) -> Result<(), ConnectionError> {
        match packet {
            Packet::PublishAck { packet_id } => {
                if let Some(done) = self.unacknowledged.remove(&packet_id) {
                    let _ = done.send(());
                }
            }
            Packet::SubscribeAck { packet_id, status } => {
                if let Some(done) = self.ungranted.remove(&packet_id) {
                    let codes = status.iter().enumerate();
                    let refused = codes.filter(|(_, code)| **code == SubscribeReturnCode::Failure);
                    let _ = done.send(refused.map(|(index, _)| index).collect());
                }
            }
            Packet::Publish(publish) => return self.deliver(*publish),
            Packet::PingResponse => self.pinged = false,
            _ => {}
        }
        Ok(())
    }

    fn deliver(&mut self, publish: Publish) -> Result<(), ConnectionError> {
        let message = Message {
            qos: publish.qos as u8,
            retain: publish.retain,
            payload: publish.payload.into(),
            topic: publish.topic.to_string(),
        };
        self.messages.try_send(message).map_err(|_| ConnectionError::Lost {
            cause: format!(
                "more than {MESSAGE_QUEUE} messages waited to be taken; take them faster, or subscribe to less"
            ),
        })?;
        match publish.packet_id {
            Some(packet_id) => self.wire.put(Packet::PublishAck { packet_id }),
            None => Ok(()),
        }
    }

    fn ping(&mut self) -> Result<(), ConnectionError> {
        if self.pinged {
            return Err(ConnectionError::Lost { cause: "a ping got no answer".to_owned() });
        }
        self.pinged = true;
        self.wire.put(Packet::PingRequest)
    }

    async fn say_goodbye(&mut self) -> Result<(), ConnectionError> {
        self.wire.put(Packet::Disconnect)?;
        self.flush().await?;
        let _ = timeout(LAST_WORDS, self.wire.shutdown()).await;
        Ok(())
    }
}

fn on_the_wire(qos: QoS) -> WireQos {
    match qos {
        QoS::AtMostOnce => WireQos::AtMostOnce,
        QoS::AtLeastOnce => WireQos::AtLeastOnce,
    }
}
