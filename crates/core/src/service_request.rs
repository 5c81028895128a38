//! Requests to AWS IoT's services over MQTT, by their topics: shadows, jobs, and those that are not
//! offered.
//!
//! AWS: "Reserved topics", IoT Developer Guide, 2025 edition.

mod absent;

pub use absent::AbsentRequest;

use crate::job::JobRequest;
use crate::names::ThingName;
use crate::shadow::ShadowRequest;

#[cfg(test)]
mod tests;

/// Bytes of a `clientToken` that is echoed; a longer one is no token. AWS: 64.
pub const CLIENT_TOKEN_BYTES: usize = 64;

/// A request to a service, by its topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceRequest {
    /// To Device Shadow.
    Shadow(ShadowRequest),
    /// To Jobs.
    Job(JobRequest),
    /// To a service that is not offered.
    Absent(AbsentRequest),
}

/// Who gets an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The connection that asked, subscribed or not, and nobody else.
    Requester,
    /// Whoever subscribed to the answer's topic.
    Subscribers,
}

/// What a service tells: an answer, or a notification.
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
        match levels.as_slice() {
            ["$aws", "things", thing, rest @ ..] => {
                let thing = ThingName::parse(thing).ok()?;
                let absent = || AbsentRequest::of_thing(topic, &thing, rest).map(Self::Absent);
                let shadow = ShadowRequest::parse(&thing, rest).map(Self::Shadow);
                shadow.or_else(|| JobRequest::parse(&thing, rest).map(Self::Job)).or_else(absent)
            }
            ["$aws", "device_location", device, "get_position_estimate"] if !device.is_empty() => {
                Some(Self::Absent(AbsentRequest::location(topic)))
            }
            _ => None,
        }
    }

    /// Who gets the answer.
    pub fn audience(&self) -> Audience {
        match self {
            Self::Shadow(_) => Audience::Subscribers,
            Self::Job(_) => Audience::Requester,
            Self::Absent(request) => request.audience(),
        }
    }
}
