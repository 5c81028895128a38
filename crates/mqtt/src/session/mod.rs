//! An accepted connection.

mod acks;
mod deliver;
mod open;
mod outbound;
mod read;

use std::sync::Arc;

use bytes::BytesMut;
use open::Open;
use outbound::Outbound;

use crate::connect::{Accept, ClientLimits, ConnectRequest, Will};
use crate::event::{End, Event, PubId, SubscribeReceipt, UnsubscribeReceipt};
use crate::limits::Limits;
use crate::reason::{DisconnectCode, PubAckCode, SubAckCode, UnsubAckCode, Version};
use crate::wire::encode::{self, Announced};
use crate::wire::error::ProtocolError;

/// Bytes that a session holds for its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryUse {
    /// Messages that are queued, or kept until their PUBACK, by
    /// [`Delivery::cost`](crate::Delivery::cost): their bytes may be shared with other sessions.
    pub messages: usize,
    /// Output not yet taken, flows, topic aliases.
    pub buffers: usize,
}

/// An accepted connection: reads the client's packets, answers, delivers, until it is closed.
///
/// An idle session holds no memory but itself, its output buffer until [`Session::shrink`], and
/// its will.
#[derive(Debug)]
pub struct Session {
    limits: Arc<Limits>,
    output: BytesMut,
    will: Option<Box<Will>>,
    outbound: Option<Box<Outbound>>,
    state: State,
    client_packet_bytes: u32,
    client_receive_max: u16,
    /// Seconds.
    keep_alive: u16,
    version: Version,
    problem_information: bool,
    /// CONNECT asked for a Session Expiry Interval of 0 (MQTT 5).
    connected_without_expiry: bool,
}

/// Whether packets are still read and sent.
#[derive(Debug)]
enum State {
    Open(Open),
    /// Only the output remains to be written.
    Closed(End),
}

impl Session {
    pub(crate) fn open(request: ConnectRequest, accept: &Accept, now: u64) -> Self {
        let keep_alive = request.keep_alive_in_force();
        let mut output = BytesMut::new();
        let announced = Announced {
            version: request.version,
            session_present: accept.session_present && !request.clean_start,
            session_expiry: (accept.session_expiry != request.session_expiry)
                .then_some(accept.session_expiry),
            assigned_client_id: accept.assigned_client_id.as_deref(),
            keep_alive,
        };
        encode::connack(&mut output, &announced, &request.limits);
        Self {
            output,
            will: request.will.map(Box::new),
            outbound: None,
            state: State::Open(Open::new(now)),
            client_packet_bytes: request.client_packet_bytes,
            client_receive_max: request.client_receive_max,
            keep_alive,
            version: request.version,
            problem_information: request.problem_information,
            connected_without_expiry: request.version == Version::V5 && request.session_expiry == 0,
            limits: request.limits,
        }
    }

    /// The protocol version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The limits of this session.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// Why the session has ended, if it has: then only the output remains to be written.
    pub fn end(&self) -> Option<&End> {
        match &self.state {
            State::Open(_) => None,
            State::Closed(end) => Some(end),
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// The bytes to be written; take from the front as they are written, then call
    /// [`Session::tick`].
    pub fn output(&mut self) -> &mut BytesMut {
        &mut self.output
    }

    /// Answers a QoS 1 PUBLISH. PUBACKs leave in the order in which the messages came
    /// [MQTT-4.6.0-2]. In 3.1.1, which has no codes, any of 128 or more closes the session. An id
    /// that was answered before is ignored.
    pub fn acknowledge(&mut self, id: PubId, code: PubAckCode, reason: Option<&str>) {
        let client = self.client();
        let State::Open(open) = &mut self.state else { return };
        if self.version == Version::V311 && code.code() >= 128 {
            self.state = State::Closed(End::Refused(code));
            return;
        }
        open.acks.answer(id, code, reason);
        while let Some((packet_id, code, reason)) = open.acks.next_ready() {
            let out = &mut self.output;
            encode::puback(out, self.version, packet_id, code, reason.as_deref(), client);
        }
    }

    /// Answers a SUBSCRIBE: one code per filter of the event; a missing code refuses its filter.
    pub fn subscribed(
        &mut self,
        receipt: SubscribeReceipt,
        codes: &[SubAckCode],
        reason: Option<&str>,
    ) {
        if !self.is_open() {
            return;
        }
        let mut codes = codes.iter().copied();
        let all = receipt
            .preset
            .iter()
            .map(|preset| preset.or_else(|| codes.next()).unwrap_or(SubAckCode::UnspecifiedError));
        let (id, client) = (receipt.packet_id, self.client());
        encode::suback(&mut self.output, self.version, id, all, reason, client);
    }

    /// Answers an UNSUBSCRIBE: one code per filter; a missing code means success.
    pub fn unsubscribed(
        &mut self,
        receipt: UnsubscribeReceipt,
        codes: &[UnsubAckCode],
        reason: Option<&str>,
    ) {
        if !self.is_open() {
            return;
        }
        let codes = codes.iter().copied().chain(std::iter::repeat(UnsubAckCode::Success));
        let (id, client) = (receipt.packet_id, self.client());
        let all = codes.take(receipt.filters);
        encode::unsuback(&mut self.output, self.version, id, all, reason, client);
    }

    /// Bytes that the session holds for its client, its will not counted.
    pub fn memory(&self) -> MemoryUse {
        let outbound = self.outbound.as_deref();
        let open = match &self.state {
            State::Open(open) => open.bytes(),
            State::Closed(_) => 0,
        };
        MemoryUse {
            messages: outbound.map_or(0, Outbound::message_bytes),
            buffers: self.output.len() + open + outbound.map_or(0, Outbound::window_bytes),
        }
    }

    /// Whether so much output waits to be taken that no further packet is read.
    pub fn output_is_full(&self) -> bool {
        self.output.len() > self.limits.output_bytes
    }

    fn client(&self) -> ClientLimits {
        ClientLimits { max: self.client_packet_bytes, reasons: self.problem_information }
    }

    /// Ends the session: MQTT 5 is sent the reason, 3.1.1 is closed without one. Write the output,
    /// then close. The will stays for [`Session::take_will`].
    pub fn disconnect(&mut self, code: DisconnectCode, reason: &str) {
        if self.is_open() {
            self.say_disconnect(code, reason);
            self.state = State::Closed(End::Server(code));
        }
    }

    fn say_disconnect(&mut self, code: DisconnectCode, reason: &str) {
        let client = self.client();
        encode::disconnect(&mut self.output, self.version, code, reason, client);
    }

    fn end_with(&mut self, end: End) -> Event {
        self.state = State::Closed(end.clone());
        Event::Ended(end)
    }

    fn violate(&mut self, error: ProtocolError) -> Event {
        let violation = error.into_violation();
        self.say_disconnect(violation.code, &violation.reason);
        self.end_with(End::Violation(violation))
    }

    /// When [`Session::tick`] is to be called at the latest, milliseconds; `u64::MAX` once the
    /// session is closed. It moves with every packet: looking again when it has passed is enough.
    pub fn deadline(&self) -> u64 {
        let Some(keep_alive) = self.keep_alive_end() else { return u64::MAX };
        self.resend_at().map_or(keep_alive, |resend| resend.min(keep_alive))
    }

    /// When the client has been silent for too long; `None` once the session is closed.
    fn keep_alive_end(&self) -> Option<u64> {
        match &self.state {
            State::Open(open) => {
                Some(open.last_heard.saturating_add(u64::from(self.keep_alive) * 1500))
            }
            State::Closed(_) => None,
        }
    }

    /// The client was not read for a while, by the caller's choice: its silence counts from now on.
    pub fn excuse_silence(&mut self, now: u64) {
        if let State::Open(open) = &mut self.state {
            open.last_heard = open.last_heard.max(now);
        }
    }

    /// Lets time pass, sends again what was not acknowledged (MQTT 3.1.1), and sends what was
    /// queued once output was taken: call it at the deadline and after output was written. `now`
    /// in milliseconds.
    pub fn tick(&mut self, now: u64) -> Option<Event> {
        if now >= self.keep_alive_end()? {
            let seconds = self.keep_alive;
            let reason = format!("nothing heard for one and a half times {seconds} seconds");
            self.say_disconnect(DisconnectCode::KeepAliveTimeout, &reason);
            return Some(self.end_with(End::KeepAlive));
        }
        self.resend(now);
        self.send_queued(now);
        None
    }

    /// The will, if it is still to be published should the connection end now.
    pub fn will(&self) -> Option<&Will> {
        self.will.as_deref()
    }

    /// Takes the will: for publishing it once the connection has ended.
    pub fn take_will(&mut self) -> Option<Box<Will>> {
        self.will.take()
    }

    /// Gives back the memory of buffers that are empty; worth a call when a connection idles.
    pub fn shrink(&mut self) {
        if self.output.is_empty() {
            self.output = BytesMut::new();
        }
        if let State::Open(open) = &mut self.state {
            open.acks.shrink();
        }
        if let Some(outbound) = &mut self.outbound {
            outbound.shrink();
        }
    }
}
