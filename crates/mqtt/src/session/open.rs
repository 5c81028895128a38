//! What a session keeps of its client's messages while it is open.

use bytestring::ByteString;

use super::acks::Acks;
use crate::event::PubId;
use crate::limits::Limits;
use crate::reason::Version;
use crate::wire::error::{Code, ProtocolError, by_version};
use crate::wire::read;

/// An open session's side of the client's messages.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) acks: Acks,
    /// Topics by alias, from alias 1 on.
    aliases: Vec<Option<ByteString>>,
    /// Milliseconds.
    pub(super) last_heard: u64,
}

impl Open {
    pub(super) fn new(now: u64) -> Self {
        Self { acks: Acks::default(), aliases: Vec::new(), last_heard: now }
    }

    /// Whether as many QoS 1 messages wait for their PUBACK as may.
    pub(super) fn window_is_spent(&self, limits: &Limits) -> bool {
        self.acks.len() >= usize::from(limits.receive_maximum())
    }

    /// Bytes of acknowledgements to come and of aliases.
    pub(super) fn bytes(&self) -> usize {
        let aliases = self.aliases.iter().map(|alias| {
            size_of::<Option<ByteString>>() + alias.as_ref().map_or(0, |topic| topic.len())
        });
        self.acks.bytes() + aliases.sum::<usize>()
    }

    /// Puts the topic of an alias into its place; learns an alias that comes with a topic. One that
    /// comes with a topic beyond a limit is forgotten: its next use must not reach the topic that it
    /// had before.
    pub(super) fn resolve(&mut self, publish: &mut read::Publish) -> Result<(), ProtocolError> {
        let Some(alias) = publish.alias else { return Ok(()) };
        let index = usize::from(alias).saturating_sub(1);
        if publish.topic.is_empty() {
            publish.topic = self.aliases.get(index).cloned().flatten().ok_or_else(|| {
                ProtocolError::protocol(
                    "MQTT5-3.3.2.3.4",
                    format!("Topic Alias {alias} was not set; send it with its topic first"),
                )
            })?;
            return Ok(());
        }
        if self.aliases.len() <= index {
            self.aliases.resize(index + 1, None);
        }
        if let Some(slot) = self.aliases.get_mut(index) {
            let refused = publish.refused.as_ref();
            let acceptable = refused.is_none_or(|error| error.code != Code::TopicNameInvalid);
            // A copy: a view would hold the input buffer for the life of the connection.
            *slot = acceptable.then(|| ByteString::from(publish.topic.to_string()));
        }
        Ok(())
    }

    /// Opens the flow of a QoS 1 message; `None` for one that was received already.
    pub(super) fn admit(
        &mut self,
        packet_id: u16,
        dup: bool,
        version: Version,
        limits: &Limits,
    ) -> Result<Option<PubId>, ProtocolError> {
        if self.acks.holds(packet_id) {
            if dup && version == Version::V311 {
                // Clients of 3.1.1 may send again on a timer; the first copy's PUBACK is coming.
                return Ok(None);
            }
            return Err(ProtocolError::protocol(
                by_version(version, "MQTT-2.3.1-2", "MQTT5-2.2.1-3"),
                format!("packet id {packet_id} is in use until its PUBACK"),
            ));
        }
        if self.window_is_spent(limits) {
            return Err(ProtocolError::new(
                "MQTT5-3.3.4-7",
                Code::ReceiveMaximumExceeded,
                format!("more than {} QoS 1 messages without PUBACK", self.acks.len()),
            ));
        }
        Ok(Some(self.acks.push(packet_id)))
    }
}
