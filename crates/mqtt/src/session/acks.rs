//! The client's QoS 1 messages that wait for a PUBACK.

use std::collections::VecDeque;

use crate::event::PubId;
use crate::reason::PubAckCode;

/// Messages in the order in which they came, which is the order of their PUBACKs
/// [MQTT-4.6.0-2].
#[derive(Debug, Default)]
pub(super) struct Acks {
    waiting: VecDeque<Waiting>,
    /// The id of the message at the front.
    first: u32,
}

#[derive(Debug)]
struct Waiting {
    packet_id: u16,
    answer: Option<Answer>,
}

type Answer = (PubAckCode, Option<Box<str>>);

impl Acks {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn holds(&self, packet_id: u16) -> bool {
        self.waiting.iter().any(|waiting| waiting.packet_id == packet_id)
    }

    pub(super) fn push(&mut self, packet_id: u16) -> PubId {
        let length = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        self.waiting.push_back(Waiting { packet_id, answer: None });
        PubId(self.first.wrapping_add(length))
    }

    /// Notes the answer to a message that has none.
    pub(super) fn answer(&mut self, id: PubId, code: PubAckCode, reason: Option<&str>) {
        let index = usize::try_from(id.0.wrapping_sub(self.first)).unwrap_or(usize::MAX);
        if let Some(waiting) = self.waiting.get_mut(index) {
            waiting.answer.get_or_insert_with(|| (code, reason.map(Box::from)));
        }
    }

    /// The next PUBACK whose turn it is.
    pub(super) fn next_ready(&mut self) -> Option<(u16, PubAckCode, Option<Box<str>>)> {
        self.waiting.front()?.answer.as_ref()?;
        let Waiting { packet_id, answer } = self.waiting.pop_front()?;
        self.first = self.first.wrapping_add(1);
        answer.map(|(code, reason)| (packet_id, code, reason))
    }

    /// Bytes of the messages that wait, their answers not counted.
    pub(super) fn bytes(&self) -> usize {
        self.waiting.len() * size_of::<Waiting>()
    }

    pub(super) fn shrink(&mut self) {
        self.waiting.shrink_to_fit();
    }
}
