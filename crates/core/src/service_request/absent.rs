//! Requests to the services that are not offered, and what is answered: in the service's own form on
//! its own topics, so that firmware takes its branch for errors, and never a success that is none.
//!
//! AWS: "Using AWS IoT MQTT-based file delivery in devices", "Sending metrics from devices", IoT
//! Developer Guide, 2025 edition.

use std::collections::BTreeMap;

use super::{Audience, CLIENT_TOKEN_BYTES, ServiceAnswer};
use crate::names::ThingName;
use crate::payload::encode::{Field, encode};
use crate::reserved_topic::Format;
use crate::time::Timestamp;
use crate::tree::Tree;

/// A request to a service that is not offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsentRequest {
    topic: String,
    service: Absent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Absent {
    Stream { base: String, format: Format },
    Defender { thing: ThingName, format: Format },
    Location,
}

impl AbsentRequest {
    /// Reads the levels of a topic after `$aws/things/{thing}/`; `None` when they are no request to
    /// such a service, or when a name in them is malformed.
    pub(super) fn of_thing(topic: &str, thing: &ThingName, levels: &[&str]) -> Option<Self> {
        let service = match levels {
            ["streams", stream, "get" | "describe", format] if is_stream(stream) => {
                let base = topic.rsplitn(3, '/').nth(2)?.to_owned();
                Absent::Stream { base, format: read_format(format)? }
            }
            ["defender", "metrics", format] => {
                Absent::Defender { thing: thing.clone(), format: read_format(format)? }
            }
            _ => return None,
        };
        Some(Self { topic: topic.to_owned(), service })
    }

    /// A request for a position.
    pub(super) fn location(topic: &str) -> Self {
        Self { topic: topic.to_owned(), service: Absent::Location }
    }

    /// Who gets the answer.
    pub fn audience(&self) -> Audience {
        match self.service {
            Absent::Stream { .. } => Audience::Requester,
            Absent::Defender { .. } | Absent::Location => Audience::Subscribers,
        }
    }

    /// The service's name, for people.
    pub fn service(&self) -> &'static str {
        match self.service {
            Absent::Stream { .. } => "Streams",
            Absent::Defender { .. } => "Device Defender",
            Absent::Location => "Device Location",
        }
    }

    /// What is answered.
    pub fn answer(&self, payload: &[u8], now: Timestamp) -> ServiceAnswer {
        let message = format!("{} is not offered by this server", self.service());
        let token = self.token(payload);
        let token = token.as_deref();
        match &self.service {
            Absent::Stream { base, format } => {
                let message = "Streams are not offered by this server";
                let mut fields =
                    vec![("o", Field::Text("ResourceNotFound")), ("m", Field::Text(message))];
                fields.extend(token.map(|token| ("c", Field::Text(token))));
                let topic = format!("{base}/rejected/{}", format.as_str());
                ServiceAnswer { topic, payload: encode(&fields, *format) }
            }
            Absent::Defender { thing, format } => {
                let details = BTreeMap::from([
                    ("ErrorCode".to_owned(), "NotSupported".to_owned()),
                    ("ErrorMessage".to_owned(), message),
                ]);
                let fields = [
                    ("thingName", Field::Text(thing.as_str())),
                    ("status", Field::Text("REJECTED")),
                    ("statusDetails", Field::Map(&details)),
                    ("timestamp", Field::Number(u64::try_from(now.0).unwrap_or_default())),
                ];
                self.rejected(&fields, *format)
            }
            Absent::Location => {
                let mut fields =
                    vec![("code", Field::Number(403)), ("message", Field::Text(&message))];
                fields.extend(token.map(|token| ("clientToken", Field::Text(token))));
                self.rejected(&fields, Format::Json)
            }
        }
    }

    fn rejected(&self, fields: &[(&str, Field<'_>)], format: Format) -> ServiceAnswer {
        let topic = format!("{}/rejected", self.topic);
        ServiceAnswer { topic, payload: encode(fields, format) }
    }

    /// The token by which the asker knows its answer, if the request holds a good one.
    fn token(&self, payload: &[u8]) -> Option<String> {
        let (read, name) = match &self.service {
            Absent::Stream { format: Format::Cbor, .. } => (Tree::from_cbor(payload), "c"),
            Absent::Stream { .. } => (Tree::from_json(payload), "c"),
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

fn read_format(level: &str) -> Option<Format> {
    match level {
        "json" => Some(Format::Json),
        "cbor" => Some(Format::Cbor),
        _ => None,
    }
}

/// A stream's name: 1 to 64 letters, digits, `_` and `-`. AWS: API reference.
fn is_stream(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    (1..=64).contains(&name.len()) && name.chars().all(fits)
}
