//! A connection that is online: reads and authorizes what the device sends, delivers what others
//! leave for it, answers its provisioning requests one after the other.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fleetwright_core::limits;
use fleetwright_core::reserved_topic::ProvisioningTopic;
use fleetwright_mqtt::{
    Delivered, Delivery, DisconnectCode, Event, PubAckCode, Publish, Qos, Session, SubAckCode,
    Subscribe, Unsubscribe, Version,
};
use tokio::sync::watch;

use super::directory::ConnectionNumber;
use super::mailbox::Mailbox;
use super::stream::{self, Stream};
use super::{Gateway, authorize, topics};
use crate::clock;
use crate::policies::Rights;
use crate::provisioning::{Answer, Ask};

/// Provisioning requests that wait behind the one under way; a device that sends more is not read
/// until there is room. [ours]
const ASKS_WAITING: usize = 32;
/// Longest wait for answers under way when the server stops or the certificate is switched off.
/// A hook has [`limits::HOOK_MILLIS`]; the rest is ours.
const LAST_ANSWERS: Duration = Duration::from_millis(limits::HOOK_MILLIS + 3_000);

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum End {
    Client,
    Lost(std::io::Error),
    KeepAlive,
    TakenOver,
    Violation { clause: &'static str, reason: String },
    Denied,
    CertificateOff,
    Server,
}

impl End {
    /// AWS's `disconnectReason` (guide, "Lifecycle events").
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Client => "CLIENT_INITIATED_DISCONNECT",
            Self::Lost(_) => "CONNECTION_LOST",
            Self::KeepAlive => "MQTT_KEEP_ALIVE_TIMEOUT",
            Self::TakenOver => "DUPLICATE_CLIENTID",
            Self::Violation { .. } => "CLIENT_ERROR",
            Self::Denied | Self::CertificateOff => "AUTH_ERROR",
            Self::Server => "SERVER_INITIATED_DISCONNECT",
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client => f.write_str("the client said DISCONNECT"),
            Self::Lost(error) => write!(f, "the connection was lost: {error}"),
            Self::KeepAlive => f.write_str("nothing heard for one and a half keep-alives"),
            Self::TakenOver => f.write_str("another connection has the client id"),
            Self::Violation { clause, reason } => write!(f, "{reason} [{clause}]"),
            Self::Denied => f.write_str("an action was denied; see AUTHORIZATION_FAILURE above"),
            Self::CertificateOff => f.write_str("its certificate is no longer ACTIVE"),
            Self::Server => f.write_str("the server stops"),
        }
    }
}

type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Provisioning requests of this connection: the one under way and those behind it.
#[derive(Default)]
struct Asks {
    under_way: Option<Answering>,
    waiting: VecDeque<(ProvisioningTopic, Bytes)>,
}

/// An authorized connection.
pub(super) struct Online {
    gateway: Arc<Gateway>,
    stream: Stream,
    session: Session,
    rights: Rights,
    mailbox: Arc<Mailbox>,
    number: ConnectionNumber,
    /// Filters by their whole text, with the QoS granted.
    subscriptions: HashMap<Box<str>, Qos>,
    /// Made with the first provisioning request: most connections never have one.
    asks: Option<Box<Asks>>,
}

/// What a connection waits for.
enum Woken {
    Read(std::io::Result<usize>),
    Mail,
    Answered(Answer),
    Deadline,
    Stop,
}

impl Online {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        stream: Stream,
        session: Session,
        rights: Rights,
        mailbox: Arc<Mailbox>,
        number: ConnectionNumber,
    ) -> Self {
        Self {
            gateway,
            stream,
            session,
            rights,
            mailbox,
            number,
            subscriptions: HashMap::new(),
            asks: None,
        }
    }

    /// Runs until the end, then publishes the will if it is due.
    pub(super) async fn run(mut self, input: BytesMut, shutdown: watch::Receiver<bool>) -> End {
        let end = self.run_to_end(input, shutdown).await;
        for filter in self.subscriptions.keys() {
            self.gateway.router.unsubscribe(self.number, filter);
        }
        // The session drops its will at a clean DISCONNECT; what is left is due.
        if let Some(will) = self.session.take_will() {
            match authorize::will(&self.rights, *will) {
                Ok(will) => drop(self.gateway.router.publish_will(self.number, &will)),
                Err(denied) => denied.log(&self.rights),
            }
        }
        end
    }

    async fn run_to_end(
        &mut self,
        mut input: BytesMut,
        mut shutdown: watch::Receiver<bool>,
    ) -> End {
        loop {
            if let Some(end) = self.take_in(&mut input).await {
                return self.say_goodbye(end).await;
            }
            if let Err(error) = self.flush().await {
                return End::Lost(error);
            }
            if input.is_empty() {
                input = BytesMut::new();
            }
            let end = match self.wait(&mut input, &mut shutdown).await {
                Woken::Read(Ok(0)) => Some(End::Lost(std::io::ErrorKind::UnexpectedEof.into())),
                Woken::Read(Err(error)) => Some(End::Lost(error)),
                Woken::Read(Ok(_)) => None,
                Woken::Mail => self.empty_mailbox().await,
                Woken::Answered(answer) => {
                    self.send_answer(answer);
                    None
                }
                Woken::Deadline => {
                    self.session.tick(clock::monotonic_millis()).map(|_| End::KeepAlive)
                }
                Woken::Stop => Some(End::Server),
            };
            if let Some(end) = end {
                return self.say_goodbye(end).await;
            }
        }
    }

    async fn wait(&mut self, input: &mut BytesMut, shutdown: &mut watch::Receiver<bool>) -> Woken {
        let now = clock::monotonic_millis();
        let until_deadline = Duration::from_millis(self.session.deadline().saturating_sub(now));
        let (under_way, full) = match &mut self.asks {
            Some(asks) => (asks.under_way.as_mut(), asks.waiting.len() >= ASKS_WAITING),
            None => (None, false),
        };
        let answering = under_way.is_some();
        let answer = async {
            match under_way {
                Some(under_way) => under_way.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            answer = answer, if answering => Woken::Answered(answer),
            read = stream::read(&mut self.stream, input), if !full => Woken::Read(read),
            () = self.mailbox.arrival() => Woken::Mail,
            _ = shutdown.wait_for(|stop| *stop) => Woken::Stop,
            () = tokio::time::sleep(until_deadline) => Woken::Deadline,
        }
    }

    /// Reads every whole packet of the input.
    async fn take_in(&mut self, input: &mut BytesMut) -> Option<End> {
        while let Some(event) = self.session.receive(input, clock::monotonic_millis()) {
            let end = match event {
                Event::Publish(publish) => self.on_publish(publish).await,
                Event::Subscribe(subscribe) => self.on_subscribe(subscribe).await,
                Event::Unsubscribe(unsubscribe) => {
                    self.on_unsubscribe(unsubscribe);
                    None
                }
                // The PUBACK says so already, and the session stays open.
                Event::PublishRefused(violation) => {
                    tracing::info!(
                        client_id = self.rights.client_id(),
                        clause = violation.clause,
                        reason = violation.reason,
                        "a publish was refused"
                    );
                    None
                }
                Event::Delivered { .. } => None,
                Event::Disconnect { .. } => Some(End::Client),
                Event::KeepAliveExpired => Some(End::KeepAlive),
                Event::Violation(violation) => {
                    Some(End::Violation { clause: violation.clause, reason: violation.reason })
                }
            };
            if end.is_some() {
                return end;
            }
            if self.asks.as_ref().is_some_and(|asks| asks.waiting.len() >= ASKS_WAITING) {
                return None;
            }
        }
        self.session.is_closed().then_some(End::Denied)
    }

    async fn on_publish(&mut self, publish: Publish) -> Option<End> {
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        let class = match topics::of_publish(&publish.topic, publish.retain) {
            Ok(class) => class,
            Err(reason) => {
                tracing::info!(client_id = self.rights.client_id(), topic = %publish.topic, reason);
                self.refuse_publish(
                    &publish,
                    PubAckCode::TopicNameInvalid,
                    DisconnectCode::TopicNameInvalid,
                    &reason,
                );
                return self
                    .session
                    .is_closed()
                    .then_some(End::Violation { clause: "limit", reason });
            }
        };
        let (qos, id) = (publish.qos, publish.id);
        match authorize::publish(&self.rights, publish) {
            Ok(publish) => {
                match class {
                    topics::Publish::Ordinary => {
                        self.gateway.router.publish(self.number, &publish);
                    }
                    topics::Publish::Provisioning(topic) => {
                        // A view into the input buffer would keep all of it for as long as the ask waits.
                        let payload = Bytes::copy_from_slice(&publish.get().payload);
                        self.ask(topic, payload);
                    }
                }
                if let (Qos::AtLeastOnce, Some(id)) = (qos, id) {
                    self.session.acknowledge(id, PubAckCode::Success, None);
                }
                None
            }
            Err(refused) => {
                let (publish, denied) = *refused;
                denied.log(&self.rights);
                let reason = denied.reason_string();
                self.refuse_publish(
                    &publish,
                    PubAckCode::NotAuthorized,
                    DisconnectCode::NotAuthorized,
                    &reason,
                );
                self.session.is_closed().then_some(End::Denied)
            }
        }
    }

    /// MQTT 5, QoS 1: told in the PUBACK, stays open. Anything else: the connection ends, as AWS
    /// ends it (specification, section 2).
    fn refuse_publish(
        &mut self,
        publish: &Publish,
        code: PubAckCode,
        otherwise: DisconnectCode,
        reason: &str,
    ) {
        match publish.id {
            Some(id)
                if self.session.version() == Version::V5 && !self.gateway.settings.strict_close =>
            {
                self.session.acknowledge(id, code, Some(reason));
            }
            _ => self.session.disconnect(otherwise, reason),
        }
    }

    async fn on_subscribe(&mut self, subscribe: Subscribe) -> Option<End> {
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        let mut codes = Vec::with_capacity(subscribe.filters.len());
        for filter in &subscribe.filters {
            codes.push(self.subscribe_one(filter));
        }
        let denied = codes.contains(&SubAckCode::NotAuthorized);
        self.session.subscribed(subscribe.receipt, &codes, None);
        if denied && self.gateway.settings.strict_close {
            self.session.disconnect(DisconnectCode::NotAuthorized, "a subscription was denied");
            return Some(End::Denied);
        }
        None
    }

    fn subscribe_one(&mut self, filter: &fleetwright_mqtt::SubscribeFilter) -> SubAckCode {
        let is_new = !self.subscriptions.contains_key(&filter.filter);
        if is_new && self.subscriptions.len() >= limits::SUBSCRIPTIONS_PER_CONNECTION {
            return SubAckCode::QuotaExceeded;
        }
        let class = match topics::of_filter(filter.matched_filter()) {
            Ok(class) => class,
            Err(reason) => {
                tracing::info!(client_id = self.rights.client_id(), filter = %filter.filter, reason);
                return SubAckCode::TopicFilterInvalid;
            }
        };
        match authorize::subscribe(&self.rights, filter) {
            Ok(authorized) => {
                // Provisioning answers never travel through the tree: devices share a claim
                // certificate, and nobody else may ever see a private key.
                if class == topics::Filter::Ordinary {
                    self.gateway.router.subscribe(self.number, &self.mailbox, authorized);
                }
                self.subscriptions.insert(filter.filter.clone(), filter.qos);
                match filter.qos {
                    Qos::AtMostOnce => SubAckCode::GrantedQos0,
                    Qos::AtLeastOnce => SubAckCode::GrantedQos1,
                }
            }
            Err(denied) => {
                denied.log(&self.rights);
                SubAckCode::NotAuthorized
            }
        }
    }

    fn on_unsubscribe(&mut self, unsubscribe: Unsubscribe) {
        for filter in &unsubscribe.filters {
            self.subscriptions.remove(filter);
            self.gateway.router.unsubscribe(self.number, filter);
        }
        self.session.unsubscribed(unsubscribe.receipt, &[], None);
    }

    /// Puts a provisioning request in line: they are answered in the order of their arrival.
    fn ask(&mut self, topic: ProvisioningTopic, payload: Bytes) {
        let asks = self.asks.get_or_insert_default();
        if asks.under_way.is_none() {
            asks.under_way = Some(begin(&self.gateway, &self.rights, topic, payload));
        } else {
            asks.waiting.push_back((topic, payload));
        }
    }

    /// Sends an answer to this device, subscribed or not, once, and begins with the next request.
    fn send_answer(&mut self, answer: Answer) {
        let subscribed = self.subscriptions.get(answer.topic.as_str()).copied();
        let delivery = Delivery {
            token: 0,
            topic: answer.topic.into(),
            payload: answer.payload.into(),
            qos: subscribed.unwrap_or(Qos::AtMostOnce),
            retain: false,
            message_expiry: None,
            properties: None,
        };
        let delivered = self.session.deliver(&delivery, clock::monotonic_millis());
        if let Delivered::Dropped(why) = delivered {
            tracing::warn!(
                client_id = self.rights.client_id(), topic = %delivery.topic, ?why,
                bytes = delivery.payload.len(), "a provisioning answer could not be sent"
            );
        }
        let Some(asks) = &mut self.asks else { return };
        asks.under_way = asks
            .waiting
            .pop_front()
            .map(|(topic, payload)| begin(&self.gateway, &self.rights, topic, payload));
        if asks.under_way.is_none() {
            self.asks = None;
        }
    }

    async fn empty_mailbox(&mut self) -> Option<End> {
        if self.mailbox.is_taken_over() {
            self.session.disconnect(
                DisconnectCode::SessionTakenOver,
                "another connection has this client id",
            );
            return Some(End::TakenOver);
        }
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        while let Some(message) = self.mailbox.next() {
            match authorize::receive(&self.rights, message) {
                Ok(message) => {
                    // A message that finds no room is dropped as QoS and bounds have it.
                    let message = message.into_inner();
                    self.session.deliver(&message, clock::monotonic_millis());
                }
                Err(denied) => denied.log(&self.rights),
            }
            if self.session.output().len() >= stream::WRITE_SOON
                && let Err(error) = self.flush().await
            {
                return Some(End::Lost(error));
            }
        }
        let dropped = self.mailbox.take_dropped();
        if dropped > 0 {
            tracing::warn!(
                client_id = self.rights.client_id(),
                dropped,
                "messages dropped: the client reads too slowly"
            );
        }
        None
    }

    /// Looks the rights up again if something that they rest on has changed.
    async fn freshen(&mut self) -> Result<(), End> {
        let asked = self.mailbox.recheck_asked();
        match self.gateway.policies.freshen(&mut self.rights, asked).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(End::CertificateOff),
            Err(refusal) => {
                tracing::error!(%refusal, "cannot look up a connection's rights");
                Err(End::Server)
            }
        }
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        loop {
            let output = self.session.output();
            if output.is_empty() {
                break;
            }
            let bytes = output.split().freeze();
            stream::write(&mut self.stream, &bytes).await?;
            // Sends what waited for output to be taken.
            self.session.tick(clock::monotonic_millis());
        }
        self.session.shrink();
        Ok(())
    }

    /// Gives answers under way their time, tells the client why, writes what is left.
    async fn say_goodbye(&mut self, end: End) -> End {
        let code = match &end {
            End::CertificateOff => Some(DisconnectCode::NotAuthorized),
            End::Server => Some(DisconnectCode::ServerShuttingDown),
            _ => None,
        };
        // AWS: a rotation hook switches the caller's certificate off during its request, and the
        // answer must still arrive (specification, section 13, item 8).
        if code.is_some() {
            let _ = tokio::time::timeout(LAST_ANSWERS, self.finish_asks()).await;
        }
        if let Some(code) = code {
            self.session.disconnect(code, &end.to_string());
        }
        let _ = self.flush().await;
        end
    }

    async fn finish_asks(&mut self) {
        while let Some(under_way) = self.asks.as_mut().and_then(|asks| asks.under_way.as_mut()) {
            let answer = under_way.await;
            self.send_answer(answer);
        }
    }
}

fn begin(
    gateway: &Arc<Gateway>,
    rights: &Rights,
    topic: ProvisioningTopic,
    payload: Bytes,
) -> Answering {
    let provisioning = Arc::clone(&gateway.provisioning);
    let ask = Ask {
        topic,
        payload,
        claim: rights.certificate_id(),
        claim_row: rights.certificate_row(),
        client_id: rights.client_id().into(),
    };
    Box::pin(async move { provisioning.answer(ask).await })
}
