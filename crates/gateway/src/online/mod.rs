//! A connection that is online: reads and authorizes what the device sends, delivers what others
//! leave for it, answers its provisioning requests one after the other.

mod answers;
mod delivering;
mod end;
mod goodbye;
mod kept;
mod last_will;
mod main_loop;
mod orders;
mod publishing;
mod queue;
mod receiving;
mod requests;
mod subscribing;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::BytesMut;
use fleetwright_core::names::ThingName;
use fleetwright_mqtt::{End as SessionEnd, Qos, Session};
use tokio::sync::watch;

pub(super) use self::end::End;
use self::kept::Kept;
use self::requests::RequestQueue;
use super::Gateway;
use super::directory::ConnectionNumber;
use super::kept_session::Subscriber;
use super::mailbox::{Holding, Mailbox};
use super::order::Confirmations;
use super::pace::Pace;
use super::sessions::Opened;
use super::standing::Standing;
use super::stream::{Outgoing, Stream};
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
    /// Its address, or the one that a load balancer names.
    peer: SocketAddr,
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
    /// Its address, or the one that a load balancer names.
    pub(super) peer: SocketAddr,
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

impl Online {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        stream: Stream,
        session: Session,
        rights: Rights,
        connected: Connected,
    ) -> Self {
        let Connected { mailbox, standing, number, peer, session: opened, asked } = connected;
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
            peer,
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
}
