//! AWS IoT's data plane over HTTP: publishing and retained messages. The protocol is that of the
//! control plane; the signing name tells the two apart.

mod get_retained_message;
mod list_retained_messages;
mod publish;

use std::sync::LazyLock;

use fleetwright_core::error::Refusal;
use fleetwright_core::limits::TOPIC_BYTES;
use http::Method;

use super::error::Failure;
use super::iot::members::invalid;
use super::iot::route::{Labels, Routes};
use super::iot::{Call, Operation, operation};

/// Every operation of the service model, `METHOD PATH NAME`, one a line. A topic may hold slashes
/// that a client does not encode.
const KNOWN: &str = include_str!("known_operations.txt");

const FAMILIES: &[&[Operation]] =
    &[&[operation!(get_retained_message), operation!(list_retained_messages), operation!(publish)]];

static ROUTES: LazyLock<Routes> = LazyLock::new(|| Routes::read(KNOWN, FAMILIES));

/// The operation of a request. Errors as [`Routes::find`].
pub(crate) fn find(method: &Method, path: &str) -> Result<(&'static Operation, Labels), Failure> {
    ROUTES.find(method, path)
}

/// The topic of a path: one that a message can have.
fn topic(call: &Call) -> Result<&str, Refusal> {
    let topic = call.label_text("topic")?;
    if topic.is_empty() || topic.len() > TOPIC_BYTES || topic.contains(['+', '#', '\0']) {
        let shown: String = topic.chars().take(64).collect();
        return Err(invalid(format!(
            "The topic '{shown}' is not valid: it must be 1 to {TOPIC_BYTES} bytes without \
             wildcards."
        )));
    }
    Ok(topic)
}
