//! The will of a connection that ended: published at once, or after its delay while the session is kept
//! and nobody comes back.

use std::sync::Arc;
use std::time::Duration;

use fleetwright_mqtt::Will;
use tokio::sync::oneshot;

use super::Online;
use crate::kept_session::KeptSession;
use crate::kept_session::Subscriber;
use crate::mailbox::Mailbox;
use crate::principal::TermOf;
use crate::rights::Rights;
use crate::standing::{Ended, Standing};
use crate::{Gateway, authorize, enrichment, retained, topics};

impl Online {
    /// Publishes the will, or leaves it to be published: in an MQTT 5 session that is kept it may have
    /// to wait.
    pub(super) async fn leave_will(self: Box<Self>, will: Will, session: Option<Arc<KeptSession>>) {
        let Self { gateway, rights, standing, subscriber, mailbox, stream, .. } = *self;
        drop(stream);
        let last = LastWill { gateway, rights, subscriber, _held: mailbox };
        // AWS: the will of a connection whose time was over is sent; a claim's is not.
        let standing = match standing.check() {
            Err(Ended::Term(TermOf::WebSocket | TermOf::Authorizer)) => Arc::default(),
            _ => standing,
        };
        match session {
            Some(session) if will.delay > 0 => {
                // Who has come back already keeps the session going [MQTT5-3.1.3-9].
                if let Some(word) = session.wait_with_will() {
                    tokio::spawn(last.publish_later(will, word));
                }
            }
            _ => last.publish(will, &standing).await,
        }
    }
}

/// What publishing a will needs of its connection.
struct LastWill {
    gateway: Arc<Gateway>,
    rights: Rights,
    subscriber: Subscriber,
    /// Counts the will's bytes until it is dropped.
    _held: Arc<Mailbox>,
}

impl LastWill {
    /// Publishes once the delay is over or the session ends, whichever is first; not when the client
    /// comes back before.
    async fn publish_later(self, will: Will, word: oneshot::Receiver<()>) {
        let delay = Duration::from_secs(will.delay.into());
        tokio::select! {
            came_back = word => if came_back == Ok(()) { return },
            () = tokio::time::sleep(delay) => {}
        }
        // The connection has left the directory: its certificate is looked up again, from a new
        // place there (see `standing`).
        let attendance = self.gateway.directory.attend(self.rights.principal_id());
        attendance.mailbox.ask_recheck();
        self.publish(will, &attendance.standing).await;
    }

    /// Publishes with the rights of this moment: not by a certificate that was switched off, and not
    /// where its right was withdrawn.
    async fn publish(mut self, mut will: Will, standing: &Standing) {
        let client_id = self.rights.client_id().to_owned();
        match self.gateway.policies.freshen(&mut self.rights, true).await {
            Ok(true) if standing.check().is_ok() => {}
            Ok(_) => {
                tracing::info!(
                    client_id, topic = %will.topic,
                    "a will is not published: its certificate is no longer good"
                );
                return;
            }
            Err(refusal) => {
                tracing::error!(%refusal, client_id, "a will is not published");
                return;
            }
        }
        enrichment::enrich(&self.rights, &mut will.properties);
        // Its topic was found to be one for a will at the CONNECT.
        let Ok(routed) = topics::route(will) else { return };
        let will = match authorize::publish(&self.rights, routed) {
            Ok(will) => will,
            Err(refused) => return refused.1.tell(&self.gateway.traces, &self.rights),
        };
        let will = match authorize::for_subscribers(will) {
            Ok(will) => will,
            // Shown, and not carried out: a shadow does not listen to wills (AWS, "Device Shadow MQTT
            // topics").
            Err(request) => match authorize::shown(&request) {
                Some(will) => will,
                None => return,
            },
        };
        let (gateway, by) = (&self.gateway, self.rights.certificate_row());
        if let Err(refusal) = retained::keep(&gateway.store, &will, by).await {
            tracing::error!(%refusal, client_id, "a will was not retained");
        }
        let plan = gateway.router.plan(self.subscriber, &will);
        if let Err(refusal) = gateway.sessions.queue(&plan, &will, by).await {
            tracing::error!(%refusal, client_id, "a will was not queued");
        }
        if standing.act(|| gateway.router.publish(self.subscriber, &will, &plan)).is_err() {
            tracing::info!(client_id, "a will is not published");
        }
    }
}
