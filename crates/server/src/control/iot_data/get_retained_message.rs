//! `GetRetainedMessage`: what is kept of a topic.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::topic;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "GetRetainedMessage";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let topic = topic(call)?;
    let found = control.store.retained(topic, (control.clock)()).await?;
    let found = found.ok_or_else(|| not_found("retained message of topic", topic))?;
    let user_properties = found.properties.filter(|found| !found.user_properties.is_empty());
    let user_properties = user_properties.map(|found| {
        let pairs: Vec<_> =
            found.user_properties.iter().map(|(name, value)| json!({ name: value })).collect();
        STANDARD.encode(json!(pairs).to_string())
    });
    Ok(Answer::json(json!({
        "topic": found.topic,
        "payload": STANDARD.encode(&found.payload),
        "qos": found.qos,
        "lastModifiedTime": found.modified.0,
        "userProperties": user_properties,
    })))
}
