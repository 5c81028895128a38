//! An accepted connection.

mod acks;
mod deliver;
mod outbound;
mod read;

use std::sync::Arc;

use bytes::BytesMut;
use bytestring::ByteString;

use crate::connect::{Accept, ConnectRequest, Will};
use crate::event::{Event, PubId, SubscribeReceipt, UnsubscribeReceipt};
use crate::limits::Limits;
use crate::reason::{DisconnectCode, PubAckCode, SubAckCode, UnsubAckCode, Version};
use crate::wire::encode::{self, Announced, Room};
use crate::wire::fault::Fault;
use acks::Acks;
use outbound::Outbound;

/// Bytes that a session holds for its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
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
    last_heard: u64,
    will: Option<Box<Will>>,
    acks: Acks,
    outbound: Option<Box<Outbound>>,
    /// Topics by alias, from alias 1 on.
    aliases: Vec<Option<ByteString>>,
    client_packet_bytes: u32,
    client_receive_max: u16,
    /// Seconds.
    keep_alive: u16,
    version: Version,
    problem_information: bool,
    /// CONNECT asked for a Session Expiry Interval of 0 (MQTT 5).
    connected_without_expiry: bool,
    /// The session outlives the connection, so messages under way are kept.
    persistent: bool,
    closed: bool,
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
            last_heard: now,
            will: request.will.map(Box::new),
            acks: Acks::default(),
            outbound: None,
            aliases: Vec::new(),
            client_packet_bytes: request.client_packet_bytes,
            client_receive_max: request.client_receive_max,
            keep_alive,
            version: request.version,
            problem_information: request.problem_information,
            connected_without_expiry: request.version == Version::V5 && request.session_expiry == 0,
            persistent: match request.version {
                Version::V311 => !request.clean_start,
                Version::V5 => accept.session_expiry > 0,
            },
            closed: false,
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

    /// Whether the session has ended: only the output remains to be written.
    pub fn is_closed(&self) -> bool {
        self.closed
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
        if self.closed {
            return;
        }
        if self.version == Version::V311 && code.code() >= 128 {
            self.close();
            return;
        }
        self.acks.answer(id, code, reason);
        self.send_acks();
    }

    fn send_acks(&mut self) {
        let room = self.room();
        while let Some((packet_id, code, reason)) = self.acks.next_ready() {
            let out = &mut self.output;
            encode::puback(out, self.version, packet_id, code, reason.as_deref(), room);
        }
    }

    /// Answers a SUBSCRIBE: one code per filter of the event; a missing code refuses its filter.
    pub fn subscribed(
        &mut self,
        receipt: SubscribeReceipt,
        codes: &[SubAckCode],
        reason: Option<&str>,
    ) {
        if self.closed {
            return;
        }
        let mut codes = codes.iter().copied();
        let all = receipt
            .preset
            .iter()
            .map(|preset| preset.or_else(|| codes.next()).unwrap_or(SubAckCode::UnspecifiedError));
        let (id, room) = (receipt.packet_id, self.room());
        encode::suback(&mut self.output, self.version, id, all, reason, room);
    }

    /// Answers an UNSUBSCRIBE: one code per filter; a missing code means success.
    pub fn unsubscribed(
        &mut self,
        receipt: UnsubscribeReceipt,
        codes: &[UnsubAckCode],
        reason: Option<&str>,
    ) {
        if self.closed {
            return;
        }
        let codes = codes.iter().copied().chain(std::iter::repeat(UnsubAckCode::Success));
        let (id, room) = (receipt.packet_id, self.room());
        let all = codes.take(receipt.filters);
        encode::unsuback(&mut self.output, self.version, id, all, reason, room);
    }

    /// Bytes that the session holds for its client, its will not counted.
    pub fn held(&self) -> Held {
        let outbound = self.outbound.as_deref();
        let aliases = self.aliases.iter().map(|alias| {
            size_of::<Option<ByteString>>() + alias.as_ref().map_or(0, |topic| topic.len())
        });
        Held {
            messages: outbound.map_or(0, Outbound::message_bytes),
            buffers: self.output.len()
                + self.acks.bytes()
                + outbound.map_or(0, Outbound::window_bytes)
                + aliases.sum::<usize>(),
        }
    }

    /// Whether so much output waits to be taken that no further packet is read.
    pub fn output_is_full(&self) -> bool {
        self.output.len() > self.limits.output_bytes
    }

    fn room(&self) -> Room {
        Room { max: self.client_packet_bytes, reasons: self.problem_information }
    }

    /// Ends the session: MQTT 5 is told why, 3.1.1 is closed without a word. Write the output,
    /// then close. The will stays for [`Session::take_will`].
    pub fn disconnect(&mut self, code: DisconnectCode, reason: &str) {
        if self.closed {
            return;
        }
        let room = self.room();
        encode::disconnect(&mut self.output, self.version, code, reason, room);
        self.close();
    }

    fn close(&mut self) {
        self.closed = true;
        self.acks.clear();
        self.aliases = Vec::new();
    }

    fn violate(&mut self, fault: Fault) -> Event {
        let violation = fault.into_violation();
        self.disconnect(violation.code, &violation.reason);
        Event::Violation(violation)
    }

    /// When [`Session::tick`] is to be called at the latest, milliseconds; `u64::MAX` once the
    /// session is closed. It moves with every packet: looking again when it has passed is enough.
    pub fn deadline(&self) -> u64 {
        if self.closed {
            return u64::MAX;
        }
        let keep_alive = self.keep_alive_end();
        self.resend_at().map_or(keep_alive, |resend| resend.min(keep_alive))
    }

    fn keep_alive_end(&self) -> u64 {
        self.last_heard.saturating_add(u64::from(self.keep_alive) * 1500)
    }

    /// The client was not read for a while, by the caller's choice: its silence counts from now on.
    pub fn excuse_silence(&mut self, now: u64) {
        self.last_heard = self.last_heard.max(now);
    }

    /// Lets time pass, sends again what was not acknowledged (MQTT 3.1.1), and sends what was
    /// queued once output was taken: call it at the deadline and after output was written. `now`
    /// in milliseconds.
    pub fn tick(&mut self, now: u64) -> Option<Event> {
        if self.closed {
            return None;
        }
        if now >= self.keep_alive_end() {
            let seconds = self.keep_alive;
            let reason = format!("nothing heard for one and a half times {seconds} seconds");
            self.disconnect(DisconnectCode::KeepAliveTimeout, &reason);
            return Some(Event::KeepAliveExpired);
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
        self.acks.shrink();
        if let Some(outbound) = &mut self.outbound {
            outbound.shrink();
        }
    }
}
