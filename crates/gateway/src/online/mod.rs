//! A connection that is online: reads and authorizes what the device sends, delivers what others
//! leave for it, answers its provisioning requests one after the other.

mod delivering;
mod end;
mod kept;
mod last_will;
mod orders;
mod publishing;
mod requests;
mod subscribing;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use fleetwright_core::names::ThingName;
use fleetwright_host::clock;
use fleetwright_mqtt::{Delivery, DisconnectCode, End as SessionEnd, Event, Qos, Session};
use fleetwright_provisioning::Answer;
use tokio::sync::watch;

pub(super) use self::end::End;
use self::kept::Kept;
use self::requests::RequestQueue;
use super::Gateway;
use super::directory::ConnectionNumber;
use super::kept_session::Subscriber;
use super::ledger::Bound;
use super::mailbox::{Holding, Mailbox};
use super::order::Confirmations;
use super::pace::Pace;
use super::sessions::Opened;
use super::standing::{Ended, Standing, WriteError};
use super::stream::{self, Moved, Outgoing, Stream};
use crate::rights::Rights;

/// An authorized connection.
pub(super) struct Online {
    gateway: Arc<Gateway>,
    stream: Stream,
    session: Session,
    rights: Rights,
    mailbox: Arc<Mailbox>,
    standing: Arc<Standing>,
    number: ConnectionNumber,
    /// Who its subscriptions belong to: itself, or its session.
    subscriber: Subscriber,
    /// Its hold on a session that is kept when it ends.
    kept: Option<Box<Kept>>,
    /// Filters by their whole text, with the QoS granted.
    subscriptions: HashMap<Box<str>, Qos>,
    /// What its CONNECT asked for.
    asked: Asked,
    confirmations: Confirmations,
    pace: Option<Box<Pace>>,
    /// Services that it uses and that are not offered, as far as that was logged: as many as there are.
    absent: Vec<&'static str>,
    requests: RequestQueue,
    outgoing: Outgoing,
    /// Since when the peer has taken nothing of the output, milliseconds.
    stalled_since: Option<u64>,
    /// What the ledger knows of this connection's own memory.
    holding: Holding,
}

/// A connection as others know it.
pub(super) struct Connected {
    /// What others leave for it.
    pub(super) mailbox: Arc<Mailbox>,
    /// Whether its certificate is still good.
    pub(super) standing: Arc<Standing>,
    /// Its number.
    pub(super) number: ConnectionNumber,
    /// The session that outlives it, if one does.
    pub(super) session: Option<Opened>,
    /// What its CONNECT asked for.
    pub(super) asked: Asked,
}

/// What a CONNECT asked for and nothing else keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Seconds.
    pub(super) keep_alive: u16,
    pub(super) clean: bool,
    /// Seconds, as granted.
    pub(super) session_expiry: u32,
}

/// What a connection waits for.
enum Wakeup {
    Moved(Result<Moved, WriteError>),
    Mail,
    Answered(Answer),
    /// Answering a provisioning request failed by a fault of ours.
    Defect,
    Deadline,
    Ended(Ended),
    /// The peer takes nothing of what was written.
    Stalled,
    Stop,
}

impl Online {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        stream: Stream,
        session: Session,
        rights: Rights,
        connected: Connected,
    ) -> Self {
        let Connected { mailbox, standing, number, session: opened, asked } = connected;
        let kept = opened.map(|opened| Box::new(Kept::new(opened)));
        let subscriber =
            kept.as_ref().map_or_else(|| number.into(), |kept| kept.session.subscriber());
        Self {
            gateway,
            stream,
            session,
            rights,
            mailbox,
            standing,
            number,
            subscriber,
            kept,
            subscriptions: HashMap::new(),
            asked,
            confirmations: Confirmations::default(),
            pace: None,
            absent: Vec::new(),
            requests: RequestQueue::default(),
            outgoing: Outgoing::default(),
            stalled_since: None,
            holding: Holding::default(),
        }
    }

    /// Runs until the end, then publishes the will if it is due. Gives also the thing that the
    /// certificate was attached to exclusively.
    ///
    /// What is seldom under way is boxed, here and below: an idle connection would hold the room
    /// for it.
    pub(super) async fn run(
        mut self: Box<Self>,
        input: BytesMut,
        shutdown: watch::Receiver<bool>,
    ) -> (End, Option<ThingName>) {
        if self.kept.is_some() {
            Box::pin(self.resume()).await;
        }
        let end = self.run_to_end(input, shutdown).await;
        let expiry = match self.session.end() {
            Some(SessionEnd::Disconnect { session_expiry, .. }) => *session_expiry,
            _ => None,
        };
        let session = Box::pin(self.leave_session(expiry)).await;
        let thing = self.rights.exclusive_thing().cloned();
        // The session drops its will at a clean DISCONNECT; what is left is due.
        if let Some(will) = self.session.take_will() {
            Box::pin(self.leave_will(*will, session)).await;
        }
        (end, thing)
    }

    async fn run_to_end(
        &mut self,
        mut input: BytesMut,
        mut shutdown: watch::Receiver<bool>,
    ) -> End {
        loop {
            if let Some(end) = Box::pin(self.take_in(&mut input)).await {
                return Box::pin(self.say_goodbye(end)).await;
            }
            if (self.mailbox.has_notice() || self.may_deliver())
                && let Some(end) = Box::pin(self.empty_mailbox()).await
            {
                return Box::pin(self.say_goodbye(end)).await;
            }
            if self.may_read_queue()
                && let Some(end) = Box::pin(self.read_queue()).await
            {
                return Box::pin(self.say_goodbye(end)).await;
            }
            self.take_out_of_queue();
            if input.is_empty() {
                input = BytesMut::new();
            }
            self.account(&input);
            let end = match self.wait(&mut input, &mut shutdown).await {
                Wakeup::Moved(Ok(Moved::In(0))) => {
                    Some(End::Lost(std::io::ErrorKind::UnexpectedEof.into()))
                }
                Wakeup::Moved(Err(error)) => Some(error.into()),
                Wakeup::Moved(Ok(Moved::In(_))) | Wakeup::Mail => None,
                Wakeup::Moved(Ok(Moved::Out)) => self.went_out(),
                Wakeup::Answered(answer) => {
                    self.excuse_silence();
                    self.on_answer(answer)
                }
                Wakeup::Defect => Some(End::Defect),
                Wakeup::Deadline => self.tick(),
                Wakeup::Ended(ended) => Some(ended.into()),
                Wakeup::Stalled => Some(End::Lost(stream::stalled())),
                Wakeup::Stop => Some(End::Server),
            };
            if let Some(end) = end {
                return Box::pin(self.say_goodbye(end)).await;
            }
        }
    }

    async fn wait(&mut self, input: &mut BytesMut, shutdown: &mut watch::Receiver<bool>) -> Wakeup {
        self.excuse_silence();
        let now = clock::monotonic_millis();
        let (at, then) = self.next_deadline(now);
        let is_held = self.held_until().is_some();
        let reads = !is_held && !self.requests.is_full() && !self.session.output_is_full();
        let has_room = !self.session.output_is_full();
        let (stream, output) = (&mut self.stream, self.session.output());
        let input = reads.then_some(input);
        let moved = stream::exchange(stream, input, output, &mut self.outgoing, &self.standing);
        tokio::select! {
            ended = self.standing.ended() => Wakeup::Ended(ended),
            answer = self.requests.next(), if has_room => answer.map_or(Wakeup::Defect, Wakeup::Answered),
            moved = moved => Wakeup::Moved(moved),
            () = self.mailbox.arrival() => Wakeup::Mail,
            _ = shutdown.wait_for(|stop| *stop) => Wakeup::Stop,
            () = tokio::time::sleep(Duration::from_millis(at.saturating_sub(now))) => then,
        }
    }

    /// What is to be done next if nothing happens, and when, milliseconds.
    fn next_deadline(&mut self, now: u64) -> (u64, Wakeup) {
        let mut next = (self.session.deadline(), Wakeup::Deadline);
        if let Some(left) = claim_left(&self.rights) {
            let at = now.saturating_add(u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
            if at < next.0 {
                next = (at, Wakeup::Ended(Ended::Claim));
            }
        }
        if let Some(until) = self.held_until()
            && until < next.0
        {
            next = (until, Wakeup::Deadline);
        }
        if self.outgoing.is_done(self.session.output()) {
            self.stalled_since = None;
        } else {
            let at = *self.stalled_since.get_or_insert(now) + stream::WRITE_PATIENCE;
            if at < next.0 {
                next = (at, Wakeup::Stalled);
            }
        }
        next
    }

    /// Lets time pass in the session.
    fn tick(&mut self) -> Option<End> {
        self.session.tick(clock::monotonic_millis())?;
        self.session.end().cloned().map(End::from)
    }

    /// Some output was taken: there may be room for what waited for it.
    fn went_out(&mut self) -> Option<End> {
        self.stalled_since = None;
        let end = self.tick();
        if self.outgoing.is_done(self.session.output()) {
            self.session.shrink();
        }
        end
    }

    /// While the device is not read, by our choice, its silence says nothing.
    fn excuse_silence(&mut self) {
        if self.requests.is_full() || self.session.output_is_full() || self.held_until().is_some() {
            self.session.excuse_silence(clock::monotonic_millis());
        }
    }

    /// Tells the ledger what the connection holds.
    fn account(&mut self, input: &BytesMut) {
        let (memory, in_flight) = (self.session.memory(), self.session.in_flight());
        let now = Holding {
            buffers: memory.buffers + input.capacity() + in_flight * Delivery::OVERHEAD,
            messages: memory.messages + self.requests.bytes(),
            in_flight,
        };
        self.mailbox.hold(self.holding, now);
        self.holding = now;
        let given_up = self.session.take_given_up();
        if given_up > 0 {
            self.mailbox.hit(Bound::Resending, given_up);
        }
    }

    /// Reads every whole packet of the input.
    async fn take_in(&mut self, input: &mut BytesMut) -> Option<End> {
        while self.held_until().is_none()
            && let Some(event) = self.session.receive(input, clock::monotonic_millis())
        {
            if let Err(ended) = self.standing.check() {
                return Some(ended.into());
            }
            self.gateway.traces.packet(self.rights.client_id(), &event);
            let end = match event {
                Event::Publish(publish) => self.on_publish(publish).await,
                Event::Subscribe(subscribe) => self.on_subscribe(subscribe).await,
                Event::Unsubscribe(unsubscribe) => self.on_unsubscribe(unsubscribe).await,
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
                Event::Delivered { token, .. } => {
                    if !self.confirmations.confirm(token) {
                        self.on_delivered(token);
                    }
                    None
                }
                Event::Ended(end) => Some(end.into()),
            };
            if end.is_some() {
                return end;
            }
            if self.requests.is_full() {
                return None;
            }
        }
        self.session.end().cloned().map(End::from)
    }

    /// Until when nothing is read, for it published too often, milliseconds.
    fn held_until(&mut self) -> Option<u64> {
        self.pace.as_mut()?.held_until(clock::monotonic_millis())
    }

    /// Looks the rights up again if something that they rest on has changed.
    async fn freshen(&mut self) -> Result<(), End> {
        self.standing.check()?;
        let asked = self.mailbox.recheck_asked();
        match self.gateway.policies.freshen(&mut self.rights, asked).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                // The registry said so before the notice of the end came: the same end.
                self.standing.end();
                Err(End::CertificateOff)
            }
            Err(refusal) => {
                tracing::error!(%refusal, "cannot look up a connection's rights");
                Err(End::Server)
            }
        }
    }

    /// Gives answers under way their time, tells the client why, writes what is left.
    async fn say_goodbye(&mut self, end: End) -> End {
        let code = match &end {
            End::CertificateOff | End::ClaimEnded => return self.turn_out(end).await,
            End::Defect => Some(DisconnectCode::UnspecifiedError),
            End::Server => Some(DisconnectCode::ServerShuttingDown),
            End::Memory => Some(DisconnectCode::QuotaExceeded),
            End::Lost(_) => return end,
            _ => None,
        };
        if matches!(end, End::Server | End::Defect) {
            self.finish_requests().await;
        }
        if let Some(code) = code {
            self.session.disconnect(code, &end.to_string());
        }
        let output = self.session.output().split();
        match self.standing.write(&mut self.stream, &output).await {
            // Switched off in the middle of its goodbye.
            Err(WriteError::Ended(ended)) => ended.into(),
            Ok(()) | Err(WriteError::Lost(_)) => end,
        }
    }

    /// The end of a connection whose certificate is no longer good: what waits for the client is
    /// dropped, and its requests with it. It is told why, unless a packet was cut, and first of all
    /// the answer that outlives its certificate, if there is one (see [`Answer::outlives`]).
    async fn turn_out(&mut self, end: End) -> End {
        let unsent = self.stream.get_ref().1.wants_write();
        if self.outgoing.is_torn() || unsent {
            self.stream.abandon();
            return end;
        }
        self.session.output().clear();
        drop(self.session.take_unacknowledged());
        if let Some(answer) = self.last_answer().await {
            self.send_answer(answer);
        }
        let code = DisconnectCode::NotAuthorized;
        self.session.disconnect(code, &end.to_string());
        let bytes = self.session.output().split().freeze();
        let _ = stream::write(&mut self.stream, &bytes).await;
        end
    }
}

/// What is left of the time of a trusted user's claim; `None` for any other certificate.
fn claim_left(rights: &Rights) -> Option<Duration> {
    let left = rights.held()?.until.0.saturating_sub(clock::now().0);
    Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
}
