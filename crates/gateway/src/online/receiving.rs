//! What a device sends, packet by packet, and whether it still may.

use bytes::BytesMut;
use fleetwright_host::clock;
use fleetwright_mqtt::Event;

use super::{End, Online};
use crate::rights::Off;

impl Online {
    /// Reads every whole packet of the input.
    pub(super) async fn take_in(&mut self, input: &mut BytesMut) -> Option<End> {
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
    pub(super) fn held_until(&mut self) -> Option<u64> {
        self.pace.as_mut()?.held_until(clock::monotonic_millis())
    }

    /// Looks the rights up again if something that they rest on has changed.
    pub(super) async fn freshen(&mut self) -> Result<(), End> {
        self.standing.check()?;
        let asked = self.mailbox.recheck_asked();
        match self.gateway.policies.freshen(&mut self.rights, asked).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                // The registry said so before the notice of the end came: the same end.
                self.standing.end();
                Err(match self.rights.off() {
                    Off::Certificate => End::CertificateOff,
                    Off::Caller => End::CallerOff,
                    Off::Client => End::ClientOff,
                })
            }
            Err(refusal) => {
                let client_id = self.rights.client_id();
                tracing::error!(%refusal, client_id, "cannot look up a connection's rights");
                Err(End::Server)
            }
        }
    }
}
