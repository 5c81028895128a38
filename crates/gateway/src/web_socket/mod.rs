//! MQTT over WebSocket. AWS: guide, "MQTT over WebSocket protocol"; MQTT 5, section 6; RFC 6455.

mod frames;
mod handshake;
mod upgrade;

pub(super) use frames::WebSocket;
pub use upgrade::{Door, Upgrade, WebSockets, is_upgrade};
