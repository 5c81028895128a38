//! `ListRetainedMessages`, by topic.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::limits::RETAINED_PAGE;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListRetainedMessages";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
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
    let found = control.store.list_retained(after.as_deref(), size, (control.clock)()).await?;
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
