//! AWS IoT's data plane over HTTP: publishing, retained messages, shadows and connections. The protocol is that of the
//! control plane; the signing name tells the two apart.

pub(crate) mod connections;
mod publish;
mod retained_messages;
mod shadows;

use fleetwright_core::error::Refusal;
use fleetwright_core::text::shown;
use fleetwright_mqtt::Limits;
use fleetwright_mqtt::filter::validate_topic;

use crate::rest::members::invalid;
use crate::rest::{Call, Offer};

/// What is offered.
pub(crate) static OFFER: Offer = Offer::new(
    include_str!("known_operations.txt"),
    &[
        connections::OPERATIONS,
        publish::OPERATIONS,
        retained_messages::OPERATIONS,
        shadows::OPERATIONS,
    ],
);

/// The topic of a path: one that a message can have.
fn topic(call: &Call) -> Result<&str, Refusal> {
    let topic = call.label_text("topic")?;
    check_topic(topic)?;
    Ok(topic)
}

fn check_topic(topic: &str) -> Result<(), Refusal> {
    let limits = Limits::default();
    validate_topic(topic, &limits).map_err(|error| {
        let (shown, bytes, slashes) = (shown(topic), Limits::TOPIC_BYTES, limits.topic_slashes);
        invalid(format!(
            "The topic '{shown}' is not valid: {error}. It must be 1 to {bytes} bytes without \
             wildcards, with at most {slashes} slashes."
        ))
    })
}
