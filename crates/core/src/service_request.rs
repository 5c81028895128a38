//! Requests to AWS IoT's other services over MQTT (shadows, jobs, streams, Device Defender, location)
//! and what is answered while they are not offered: in the service's own form on its own topics, so
//! that firmware takes its branch for errors, and never a success that is none.
//!
//! AWS: "Reserved topics", "Jobs device MQTT operations", "Device Shadow MQTT topics", "Using AWS IoT
//! MQTT-based file delivery in devices", IoT Developer Guide, 2025 edition.

use std::collections::BTreeMap;

use crate::names::ThingName;
use crate::payload::encode::{Field, encode};
use crate::reserved_topic::Format;
use crate::time::Timestamp;
use crate::tree::Tree;

#[cfg(test)]
mod tests;

/// Bytes of a `clientToken` that is echoed; a longer one is no token. AWS: 64.
const CLIENT_TOKEN_BYTES: usize = 64;

/// A request to a service, by its topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRequest {
    topic: String,
    operation: Operation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operation {
    /// `name` is the shadow's, or the thing's for the classic one.
    Shadow {
        name: String,
        update: bool,
    },
    PendingJobs,
    StartNextJob,
    DescribeJob {
        next: bool,
    },
    UpdateJob,
    Stream {
        base: String,
        format: Format,
    },
    Defender {
        thing: String,
        format: Format,
    },
    Location,
}

/// Who gets an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The connection that asked, subscribed or not, and nobody else.
    Requester,
    /// Whoever subscribed to the answer's topic.
    Subscribers,
}

/// What is answered to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAnswer {
    /// Where to.
    pub topic: String,
    /// JSON or CBOR, as the request's topic says.
    pub payload: Vec<u8>,
}

impl ServiceRequest {
    /// Reads a topic without wildcards; `None` when it is no service's, or when a name in it is
    /// malformed.
    pub fn parse(topic: &str) -> Option<Self> {
        let levels: Vec<&str> = topic.split('/').collect();
        let operation = match levels.as_slice() {
            ["$aws", "things", thing, rest @ ..] => {
                ThingName::parse(thing).ok()?;
                of_thing(topic, thing, rest)?
            }
            ["$aws", "device_location", device, "get_position_estimate"] if !device.is_empty() => {
                Operation::Location
            }
            _ => return None,
        };
        Some(Self { topic: topic.to_owned(), operation })
    }

    /// Who gets the answer.
    pub fn audience(&self) -> Audience {
        match self.operation {
            Operation::PendingJobs
            | Operation::StartNextJob
            | Operation::DescribeJob { .. }
            | Operation::UpdateJob
            | Operation::Stream { .. } => Audience::Requester,
            Operation::Shadow { .. } | Operation::Defender { .. } | Operation::Location => {
                Audience::Subscribers
            }
        }
    }

    /// What is answered while the service is not offered: that there are no jobs and no shadows is
    /// true; the rest is rejected.
    pub fn answer(&self, payload: &[u8], now: Timestamp) -> ServiceAnswer {
        let token = self.token(payload);
        let mut fields: Vec<(&str, Field<'_>)> = Vec::new();
        let seconds = Field::Number(u64::try_from(now.0 / 1000).unwrap_or_default());
        let (mut format, mut name) = (Format::Json, "clientToken");
        let message: String;
        let topic = match &self.operation {
            Operation::Shadow { name, update } => {
                let (code, text) = match update {
                    true => (403, "Device Shadow is not offered by this server".to_owned()),
                    false => (404, format!("No shadow exists with name: '{name}'")),
                };
                message = text;
                fields.extend([("code", Field::Number(code)), ("message", Field::Text(&message))]);
                format!("{}/rejected", self.topic)
            }
            Operation::PendingJobs => {
                fields.extend([
                    ("inProgressJobs", Field::EmptyList),
                    ("queuedJobs", Field::EmptyList),
                    ("timestamp", seconds),
                ]);
                format!("{}/accepted", self.topic)
            }
            Operation::StartNextJob | Operation::DescribeJob { next: true } => {
                fields.push(("timestamp", seconds));
                format!("{}/accepted", self.topic)
            }
            Operation::DescribeJob { next: false } | Operation::UpdateJob => {
                fields.extend([
                    ("code", Field::Text("ResourceNotFound")),
                    (
                        "message",
                        Field::Text("There is no such job; jobs are not offered by this server"),
                    ),
                    ("timestamp", seconds),
                ]);
                format!("{}/rejected", self.topic)
            }
            Operation::Stream { base, format: operation } => {
                (format, name) = (*operation, "c");
                fields.extend([
                    ("o", Field::Text("ResourceNotFound")),
                    ("m", Field::Text("Streams are not offered by this server")),
                ]);
                format!("{base}/rejected/{}", operation.as_str())
            }
            Operation::Defender { thing, format: operation } => {
                format = *operation;
                let details = BTreeMap::from([
                    ("ErrorCode".to_owned(), "NotSupported".to_owned()),
                    (
                        "ErrorMessage".to_owned(),
                        "Device Defender is not offered by this server".to_owned(),
                    ),
                ]);
                let fields = [
                    ("thingName", Field::Text(thing)),
                    ("status", Field::Text("REJECTED")),
                    ("statusDetails", Field::Map(&details)),
                    ("timestamp", Field::Number(u64::try_from(now.0).unwrap_or_default())),
                ];
                let topic = format!("{}/rejected", self.topic);
                return ServiceAnswer { topic, payload: encode(&fields, format) };
            }
            Operation::Location => {
                fields.extend([
                    ("code", Field::Number(403)),
                    ("message", Field::Text("Device Location is not offered by this server")),
                ]);
                format!("{}/rejected", self.topic)
            }
        };
        if let Some(token) = &token {
            fields.push((name, Field::Text(token)));
        }
        ServiceAnswer { topic, payload: encode(&fields, format) }
    }

    /// The token by which the asker knows its answer, if the request holds a good one.
    fn token(&self, payload: &[u8]) -> Option<String> {
        let (read, name) = match &self.operation {
            Operation::Stream { format: Format::Cbor, .. } => (Tree::from_cbor(payload), "c"),
            Operation::Stream { .. } => (Tree::from_json(payload), "c"),
            _ => (Tree::from_json(payload), "clientToken"),
        };
        match read.ok()? {
            Tree::Map(members) => match members.get(name)? {
                Tree::Text(token) if token.len() <= CLIENT_TOKEN_BYTES => Some(token.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What a topic below `$aws/things/{thing}/` asks.
fn of_thing(topic: &str, thing: &str, rest: &[&str]) -> Option<Operation> {
    let shadow = |name: &str, operation: &str| match operation {
        "get" | "delete" => Some(Operation::Shadow { name: name.to_owned(), update: false }),
        "update" => Some(Operation::Shadow { name: name.to_owned(), update: true }),
        _ => None,
    };
    match rest {
        ["shadow", operation] => shadow(thing, operation),
        ["shadow", "name", name, operation] if is_name(name, ":_-$") => shadow(name, operation),
        ["jobs", "get"] => Some(Operation::PendingJobs),
        ["jobs", "start-next"] => Some(Operation::StartNextJob),
        ["jobs", "$next", "get"] => Some(Operation::DescribeJob { next: true }),
        ["jobs", job, "get"] if is_name(job, "_-") => Some(Operation::DescribeJob { next: false }),
        ["jobs", job, "update"] if is_name(job, "_-") => Some(Operation::UpdateJob),
        ["streams", stream, "get" | "describe", format] if is_name(stream, "_-") => {
            let base = topic.rsplitn(3, '/').nth(2)?.to_owned();
            Some(Operation::Stream { base, format: read_format(format)? })
        }
        ["defender", "metrics", format] => {
            Some(Operation::Defender { thing: thing.to_owned(), format: read_format(format)? })
        }
        _ => None,
    }
}

fn read_format(level: &str) -> Option<Format> {
    match level {
        "json" => Some(Format::Json),
        "cbor" => Some(Format::Cbor),
        _ => None,
    }
}

/// A shadow's, job's or stream's name: 1 to 64 letters, digits and a few signs. AWS: API reference.
fn is_name(name: &str, signs: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || signs.contains(c);
    (1..=64).contains(&name.len()) && name.chars().all(fits)
}
