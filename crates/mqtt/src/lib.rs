//! A pure MQTT 3.1.1 and 5 server session: bytes and time in, events and bytes out.
//!
//! A connection is one of two types. [`Opening`] reads until the CONNECT packet and yields a
//! [`ConnectRequest`]; accepting that makes a [`Session`], which reads the packets that follow,
//! answers what the protocol answers by itself (PINGRESP, refusals), and keeps the QoS 1 flows of
//! both directions. Nothing here does I/O, reads a clock or draws randomness: `now` is a
//! caller's count of milliseconds that never runs backwards.
//!
//! Packets are read and held against the standard in one go, clause by clause. A clause reads
//! `MQTT-3.1.2-3` for MQTT 3.1.1 and `MQTT5-3.1.2-3` for MQTT 5; a rule of MQTT 5 without a
//! number is named by its section.

pub mod filter;

mod connect;
mod delivery;
mod event;
mod limits;
mod opening;
mod reason;
mod session;
mod wire;

pub use connect::{Accept, ConnectRequest, Farewell, Opened, Will};
pub use delivery::{Delivered, Delivery, Dropped};
pub use event::{
    End, Event, PubId, Publish, PublishProperties, RetainHandling, Subscribe, SubscribeFilter,
    SubscribeReceipt, Unsubscribe, UnsubscribeReceipt, Violation,
};
pub use limits::Limits;
pub use opening::Opening;
pub use reason::{
    ConnectRefusal, DisconnectCode, PubAckCode, Qos, SubAckCode, UnsubAckCode, Version,
};
pub use session::{MemoryUse, Session};
