//! AWS IoT's data plane over HTTP: publishing, retained messages and shadows. The protocol is that of the
//! control plane; the signing name tells the two apart.

mod publish;
mod retained_messages;
mod shadows;

use fleetwright_core::error::Refusal;
use fleetwright_core::text::shown;
use fleetwright_mqtt::Limits;

use crate::rest::members::invalid;
use crate::rest::{Call, Offer};

/// What is offered.
pub(crate) static OFFER: Offer = Offer::new(
    include_str!("known_operations.txt"),
    &[publish::OPERATIONS, retained_messages::OPERATIONS, shadows::OPERATIONS],
);

/// The topic of a path: one that a message can have.
fn topic(call: &Call) -> Result<&str, Refusal> {
    let topic = call.label_text("topic")?;
    let most = Limits::TOPIC_BYTES;
    if topic.is_empty() || topic.len() > most || topic.contains(['+', '#', '\0']) {
        let shown = shown(topic);
        return Err(invalid(format!(
            "The topic '{shown}' is not valid: it must be 1 to {most} bytes without \
             wildcards."
        )));
    }
    Ok(topic)
}
