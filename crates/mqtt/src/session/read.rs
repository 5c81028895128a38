//! From a packet to an event.

use bytes::{Buf, BytesMut};

use super::{Session, State};
use crate::event::{End, Event, PubId, Publish};
use crate::reason::{PubAckCode, Qos, Version};
use crate::wire::error::{Code, ProtocolError};
use crate::wire::frame::{self, Frame, kind};
use crate::wire::{encode, read};

impl Session {
    /// Takes packets from the front of `input` up to one that the caller has to hear of; call
    /// until `None`, then read more. `None` also while the client has to wait: for output to be
    /// taken, or (3.1.1, whose clients know no Receive Maximum) for PUBACKs; and once the session
    /// has ended. `now` in milliseconds.
    pub fn receive(&mut self, input: &mut BytesMut, now: u64) -> Option<Event> {
        while !self.output_is_full() {
            let State::Open(open) = &mut self.state else { return None };
            let frame = match next_frame(input, self.limits.packet_bytes, self.version) {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error) => return Some(self.violate(error)),
            };
            // Heard of even while it must wait: the delay is ours.
            open.last_heard = open.last_heard.max(now);
            if self.version == Version::V311 && is_qos1(frame) && open.window_is_spent(&self.limits)
            {
                break;
            }
            match self.read(input, frame) {
                Ok(None) => {}
                Ok(Some(event)) => return Some(event),
                Err(error) => return Some(self.violate(error)),
            }
        }
        self.send_queued(now);
        None
    }

    /// Reads one whole packet; takes it off the input unless that ends the session.
    fn read(&mut self, input: &mut BytesMut, frame: Frame) -> Result<Option<Event>, ProtocolError> {
        let version = self.version;
        if frame.kind() == kind::PUBLISH {
            return self.read_publish(input, frame);
        }
        let body = frame.body(input);
        let event = match frame.kind() {
            kind::SUBSCRIBE => {
                Some(Event::Subscribe(read::subscribe(body, version, &self.limits)?))
            }
            kind::UNSUBSCRIBE => {
                Some(Event::Unsubscribe(read::unsubscribe(body, version, &self.limits)?))
            }
            kind::PUBACK => {
                let (id, code) = read::puback(body, version)?;
                let token = self.outbound.as_mut().and_then(|outbound| outbound.finish(id));
                token.map(|token| Event::Delivered { token, code })
            }
            kind::DISCONNECT => {
                let read = read::disconnect(body, version, self.connected_without_expiry)?;
                Some(self.disconnected(read))
            }
            // The first byte was checked: what is left is PINGREQ.
            _ => {
                read::pingreq(body, version)?;
                encode::pingresp(&mut self.output);
                None
            }
        };
        input.advance(frame.total);
        Ok(event)
    }

    fn disconnected(&mut self, read: read::Disconnect) -> Event {
        let read::Disconnect { code, session_expiry } = read;
        // [MQTT5-3.14.4-3]: only a DISCONNECT with code 0 takes the will back.
        let with_will = code != 0;
        if !with_will {
            self.will = None;
        }
        self.end_with(End::Disconnect { with_will, code, session_expiry })
    }

    fn read_publish(
        &mut self,
        input: &mut BytesMut,
        frame: Frame,
    ) -> Result<Option<Event>, ProtocolError> {
        let State::Open(open) = &mut self.state else { return Ok(None) };
        let packet = input.split_to(frame.total).freeze();
        let body = packet.slice(frame.header..);
        let mut read = read::publish(frame.first, &body, self.version, &self.limits)?;
        open.resolve(&mut read)?;
        let id = match read.packet_id {
            None => None,
            Some(packet_id) => match open.admit(packet_id, read.dup, self.version, &self.limits)? {
                Some(id) => Some(id),
                None => return Ok(None),
            },
        };
        if let Some(error) = read.refused {
            return self.refuse_publish(id, error).map(Some);
        }
        Ok(Some(Event::Publish(Publish {
            topic: read.topic,
            payload: read.payload,
            qos: if id.is_some() { Qos::AtLeastOnce } else { Qos::AtMostOnce },
            retain: read.retain,
            dup: read.dup,
            message_expiry: read.message_expiry,
            properties: read.properties,
            id,
        })))
    }

    /// Refuses a message beyond a limit: in a PUBACK where there is one to carry the code.
    fn refuse_publish(
        &mut self,
        id: Option<PubId>,
        error: ProtocolError,
    ) -> Result<Event, ProtocolError> {
        let code = match error.code {
            Code::TopicNameInvalid => PubAckCode::TopicNameInvalid,
            Code::PayloadFormatInvalid => PubAckCode::PayloadFormatInvalid,
            _ => PubAckCode::QuotaExceeded,
        };
        match id {
            Some(id) if self.version == Version::V5 => {
                self.acknowledge(id, code, Some(&error.reason));
                Ok(Event::PublishRefused(error.into_violation()))
            }
            _ => Err(error),
        }
    }
}

fn next_frame(input: &[u8], max: usize, version: Version) -> Result<Option<Frame>, ProtocolError> {
    if let Some(first) = input.first() {
        frame::check_first(*first, version)?;
    }
    let frame = frame::next(input, max, version)?;
    if let Some(frame) = frame {
        frame::check_minimal(frame, version)?;
    }
    Ok(frame)
}

fn is_qos1(frame: Frame) -> bool {
    frame.kind() == kind::PUBLISH && frame.first & 6 == 2
}
