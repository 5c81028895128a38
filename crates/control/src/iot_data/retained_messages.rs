//! Retained messages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::limits::RETAINED_PAGE;
use serde_json::json;

use crate::Control;
use crate::iot_data::topic;
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::{Answer, Call, Operation, Outcome, not_found};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("GetRetainedMessage", get_retained_message),
    operation!("ListRetainedMessages", list_retained_messages),
];

/// `GetRetainedMessage`: the message of a topic.
async fn get_retained_message(control: &Control, call: &Authorized<Call>) -> Outcome {
    let topic = topic(call)?;
    let found = control.store.retained(topic, control.now()).await?;
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

/// `ListRetainedMessages`, by topic.
async fn list_retained_messages(control: &Control, call: &Authorized<Call>) -> Outcome {
    let size = call.query_integer("maxResults", 1..=RETAINED_PAGE as u64)?;
    let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(RETAINED_PAGE);
    let after = match call.query_text("nextToken")? {
        None => None,
        Some(token) => {
            let topic = STANDARD.decode(token).ok().and_then(|text| String::from_utf8(text).ok());
            Some(topic.ok_or_else(|| {
                invalid("The query parameter 'nextToken' is not one that this operation gave.")
            })?)
        }
    };
    let found = control.store.list_retained(after.as_deref(), size, control.now()).await?;
    let topics: Vec<_> = found
        .items
        .iter()
        .map(|item| {
            json!({
                "topic": item.topic,
                "payloadSize": item.payload_size,
                "qos": item.qos,
                "lastModifiedTime": item.modified.0,
            })
        })
        .collect();
    let next = found.next.map(|topic| STANDARD.encode(topic));
    Ok(Answer::json(json!({ "retainedTopics": topics, "nextToken": next })))
}
