//! From a packet to an event.

use bytes::BytesMut;
use bytestring::ByteString;

use super::Session;
use crate::event::{
    Event, PubId, Publish, Subscribe, SubscribeFilter, SubscribeReceipt, Unsubscribe,
    UnsubscribeReceipt,
};
use crate::filter::split_share;
use crate::reason::{PubAckCode, Qos, SubAckCode, Version};
use crate::wire::fault::{Code, Fault, by_version};
use crate::wire::frame::{self, Frame, kind};
use crate::wire::{check, decode, encode, raise_zero_expiry};

impl Session {
    /// Takes packets from the front of `input` up to one that the caller has to hear of; call
    /// until `None`, then read more. `None` also while the client has to wait: for output to be
    /// taken, or (3.1.1, whose clients know no Receive Maximum) for PUBACKs. `now` in
    /// milliseconds.
    pub fn receive(&mut self, input: &mut BytesMut, now: u64) -> Option<Event> {
        while !self.closed && !self.output_is_full() {
            let frame = match self.next_frame(input) {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(fault) => return Some(self.violate(fault)),
            };
            // Heard of even while it must wait: the delay is ours.
            self.last_heard = self.last_heard.max(now);
            if self.must_wait(frame) {
                break;
            }
            match self.read(input, frame) {
                Ok(None) => {}
                Ok(Some(event)) => return Some(event),
                Err(fault) => return Some(self.violate(fault)),
            }
        }
        self.send_queued(now);
        None
    }

    fn next_frame(&self, input: &[u8]) -> Result<Option<Frame>, Fault> {
        if let Some(first) = input.first() {
            frame::check_first(*first, self.version)?;
        }
        let frame = frame::next(input, self.limits.packet_bytes, self.version)?;
        if let Some(frame) = frame {
            frame::check_minimal(frame, self.version)?;
        }
        Ok(frame)
    }

    fn must_wait(&self, frame: Frame) -> bool {
        self.version == Version::V311 && is_qos1(frame) && self.window_is_spent()
    }

    fn window_is_spent(&self) -> bool {
        self.acks.len() >= usize::from(self.limits.receive_maximum())
    }

    fn read(&mut self, input: &mut BytesMut, frame: Frame) -> Result<Option<Event>, Fault> {
        let (version, body) = (self.version, frame.body(input));
        match frame.kind() {
            kind::PUBLISH => return self.read_publish(input, frame),
            kind::SUBSCRIBE => {
                let preset = check::subscribe(body, version, &self.limits)?;
                return self.read_subscribe(input, preset);
            }
            kind::UNSUBSCRIBE => {
                check::unsubscribe(body, version, &self.limits)?;
                return self.read_unsubscribe(input);
            }
            _ => {}
        }
        let event = match frame.kind() {
            kind::PUBACK => {
                let (id, code) = check::puback(body, version)?;
                let token = self.outbound.as_mut().and_then(|outbound| outbound.finish(id));
                token.map(|token| Event::Delivered { token, code })
            }
            kind::DISCONNECT => {
                Some(self.part(check::disconnect(body, version, self.connected_without_expiry)?))
            }
            // The first byte was checked: what is left is PINGREQ.
            _ => {
                check::pingreq(body, version)?;
                encode::pingresp(&mut self.output);
                None
            }
        };
        decode::packet(input, version)?;
        Ok(event)
    }

    fn part(&mut self, parting: check::Parting) -> Event {
        // [MQTT5-3.14.4-3]: only a DISCONNECT with code 0 takes the will back.
        let with_will = parting.code != 0;
        if !with_will {
            self.will = None;
        }
        self.close();
        let (code, session_expiry) = (parting.code, parting.session_expiry);
        Event::Disconnect { with_will, code, session_expiry }
    }

    fn read_publish(&mut self, input: &mut BytesMut, frame: Frame) -> Result<Option<Event>, Fault> {
        let version = self.version;
        let facts = check::publish(frame.first, frame.body(input), version, &self.limits)?;
        raise_zero_expiry(input, frame, facts.zero_expiry_at);
        let decode::Packet::Publish(read) = decode::packet(input, version)? else {
            return Ok(None);
        };
        let mut read = *read;
        read.properties.payload_is_utf8 = facts.payload_format.map(|value| value == 1);
        let topic = self.resolve(read.topic, read.alias, facts.refused.as_ref())?;
        let Some(id) = self.admit(read.packet_id, read.dup)? else { return Ok(None) };
        if let Some(fault) = facts.refused {
            return self.refuse_publish(id, fault).map(Some);
        }
        Ok(Some(Event::Publish(Publish {
            topic,
            payload: read.payload,
            qos: if id.is_some() { Qos::AtLeastOnce } else { Qos::AtMostOnce },
            retain: read.retain,
            dup: read.dup,
            message_expiry: read.message_expiry.map(|age| age.min(self.limits.message_expiry_max)),
            properties: decode::shared(read.properties),
            id,
        })))
    }

    /// The topic of an alias; learns an alias that comes with a topic. One that comes with a topic
    /// beyond a limit is forgotten: its next use must not reach the topic that it had before.
    fn resolve(
        &mut self,
        topic: ByteString,
        alias: Option<u16>,
        refused: Option<&Fault>,
    ) -> Result<ByteString, Fault> {
        let Some(alias) = alias else { return Ok(topic) };
        let index = usize::from(alias).saturating_sub(1);
        if topic.is_empty() {
            return self.aliases.get(index).cloned().flatten().ok_or_else(|| {
                Fault::protocol(
                    "MQTT5-3.3.2.3.4",
                    format!("Topic Alias {alias} was not set; send it with its topic first"),
                )
            });
        }
        if self.aliases.len() <= index {
            self.aliases.resize(index + 1, None);
        }
        if let Some(slot) = self.aliases.get_mut(index) {
            let acceptable = refused.is_none_or(|fault| fault.code != Code::TopicNameInvalid);
            // A copy: a view would hold the input buffer for the life of the connection.
            *slot = acceptable.then(|| ByteString::from(topic.to_string()));
        }
        Ok(topic)
    }

    /// Opens the flow of a QoS 1 message. The outer `None` swallows a message that is not to be
    /// heard of, the inner one is QoS 0.
    fn admit(&mut self, packet_id: Option<u16>, dup: bool) -> Result<Option<Option<PubId>>, Fault> {
        let Some(packet_id) = packet_id else { return Ok(Some(None)) };
        if self.acks.holds(packet_id) {
            if dup && self.version == Version::V311 {
                // Clients of 3.1.1 may send again on a timer; the first copy's PUBACK is coming.
                return Ok(None);
            }
            return Err(Fault::protocol(
                by_version(self.version, "MQTT-2.3.1-2", "MQTT5-2.2.1-3"),
                format!("packet id {packet_id} is in use until its PUBACK"),
            ));
        }
        if self.window_is_spent() {
            return Err(Fault::new(
                "MQTT5-3.3.4-7",
                Code::ReceiveMaximumExceeded,
                format!("more than {} QoS 1 messages without PUBACK", self.acks.len()),
            ));
        }
        Ok(Some(Some(self.acks.push(packet_id))))
    }

    /// Refuses a message beyond a limit: in a PUBACK where there is one to carry the code.
    fn refuse_publish(&mut self, id: Option<PubId>, fault: Fault) -> Result<Event, Fault> {
        let code = match fault.code {
            Code::TopicNameInvalid => PubAckCode::TopicNameInvalid,
            Code::PayloadFormatInvalid => PubAckCode::PayloadFormatInvalid,
            _ => PubAckCode::QuotaExceeded,
        };
        match id {
            Some(id) if self.version == Version::V5 => {
                self.acknowledge(id, code, Some(&fault.reason));
                Ok(Event::PublishRefused(fault.into_violation()))
            }
            _ => Err(fault),
        }
    }

    fn read_subscribe(
        &mut self,
        input: &mut BytesMut,
        preset: Vec<Option<SubAckCode>>,
    ) -> Result<Option<Event>, Fault> {
        let decode::Packet::Subscribe(packet_id, asked) = decode::packet(input, self.version)?
        else {
            return Ok(None);
        };
        let filters = asked
            .iter()
            .zip(&preset)
            .filter(|(_, refusal)| refusal.is_none())
            .map(|((filter, options), _)| SubscribeFilter {
                filter: Box::from(&**filter),
                share: split_share(filter).map(|(name, _)| Box::from(name)),
                qos: options.qos,
                no_local: options.no_local,
                retain_as_published: options.retain_as_published,
                retain_handling: options.retain_handling,
            })
            .collect();
        let receipt = SubscribeReceipt { packet_id, preset };
        Ok(Some(Event::Subscribe(Subscribe { filters, receipt })))
    }

    fn read_unsubscribe(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Fault> {
        let decode::Packet::Unsubscribe(packet_id, asked) = decode::packet(input, self.version)?
        else {
            return Ok(None);
        };
        let filters: Vec<Box<str>> = asked.iter().map(|filter| Box::from(&**filter)).collect();
        let receipt = UnsubscribeReceipt { packet_id, filters: filters.len() };
        Ok(Some(Event::Unsubscribe(Unsubscribe { filters, receipt })))
    }
}

fn is_qos1(frame: Frame) -> bool {
    frame.kind() == kind::PUBLISH && frame.first & 6 == 2
}
