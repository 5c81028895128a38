//! From the first byte to the answered CONNECT.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::connect::{Accept, ClientLimits, ConnectRequest, Opened};
use crate::limits::Limits;
use crate::reason::ConnectRefusal;
use crate::session::Session;
use crate::wire::{self, encode};

/// A connection before its CONNECT.
#[derive(Debug)]
pub struct Opening {
    limits: Arc<Limits>,
}

impl Opening {
    /// A connection of which nothing has been read.
    pub fn new(limits: Arc<Limits>) -> Self {
        Self { limits }
    }

    /// Reads the CONNECT from `input`, and takes exactly its bytes once they are all there.
    /// Packets that follow it stay in `input` for [`Session::receive`].
    pub fn receive(&mut self, input: &mut BytesMut) -> Opened {
        wire::connect(input, &self.limits)
    }
}

impl ConnectRequest {
    /// Accepts: the CONNACK is the first of the session's output. `now` in milliseconds.
    pub fn accept(self, accept: Accept, now: u64) -> Session {
        Session::open(self, &accept, now)
    }

    /// Refuses: the CONNACK to be written before closing. The reason string goes to an MQTT 5
    /// client that did not turn it off, as far as it fits.
    pub fn refuse(self, refusal: ConnectRefusal, reason: &str) -> Bytes {
        let client =
            ClientLimits { max: self.client_packet_bytes, reasons: self.problem_information };
        let mut out = BytesMut::new();
        encode::connect_refusal(
            &mut out,
            self.version,
            refusal,
            reason,
            client,
            self.limits.not_authorized_v311,
        );
        out.freeze()
    }
}
