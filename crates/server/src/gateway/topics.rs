//! What a topic is, before policies are asked (AWS: guide, "Reserved topics"). Every way in passes
//! here: a publish, a will, a publish over HTTP. Only what is found to be [`Ordinary`] is ever routed
//! to subscribers or retained.

use fleetwright_core::reserved_topic::{ProvisioningTopic, TopicClass, classify};
use fleetwright_core::service_request::ServiceRequest;
use fleetwright_mqtt::{Publish, Will};

/// A message that comes in.
pub(super) trait Message {
    /// Its topic.
    fn topic(&self) -> &str;
    /// Whether it is to be retained.
    fn retain(&self) -> bool;
}

impl Message for Publish {
    fn topic(&self) -> &str {
        &self.topic
    }

    fn retain(&self) -> bool {
        self.retain
    }
}

impl Message for Will {
    fn topic(&self) -> &str {
        &self.topic
    }

    fn retain(&self) -> bool {
        self.retain
    }
}

/// Proof that a message's topic is none of the reserved ones: nothing else goes to subscribers.
#[derive(Debug)]
pub(super) struct Ordinary<M>(M);

impl<M> Ordinary<M> {
    /// The message.
    pub(super) fn get(&self) -> &M {
        &self.0
    }
}

/// A request to the server itself.
#[derive(Debug)]
pub(super) enum Request {
    /// To the provisioning API.
    Provisioning(ProvisioningTopic),
    /// To another service of AWS IoT.
    Service(ServiceRequest),
}

/// Where a message goes.
#[derive(Debug)]
pub(super) enum Routed<M> {
    /// To whoever subscribed.
    Subscribers(Ordinary<M>),
    /// To the server.
    Server(Request, M),
}

impl<M> Routed<M> {
    /// The message.
    pub(super) fn message(&self) -> &M {
        match self {
            Self::Subscribers(Ordinary(message)) | Self::Server(_, message) => message,
        }
    }
}

/// Where a message goes; the error is the message and the reason for people.
pub(super) fn route<M: Message>(message: M) -> Result<Routed<M>, Box<(M, String)>> {
    match request_of(message.topic(), message.retain()) {
        Ok(None) => Ok(Routed::Subscribers(Ordinary(message))),
        Ok(Some(request)) => Ok(Routed::Server(request, message)),
        Err(reason) => Err(Box::new((message, reason))),
    }
}

/// Whether a will may have its topic: an ordinary one. Nobody would be there to be answered.
pub(super) fn check_will(will: &Will) -> Result<(), String> {
    match request_of(&will.topic, will.retain)? {
        None => Ok(()),
        Some(_) => Err(format!(
            "topic '{}' is reserved for requests, which a will cannot make: nobody would hear the \
             answer",
            will.topic
        )),
    }
}

/// What is asked by publishing to a topic; `None` is an ordinary topic.
fn request_of(topic: &str, retain: bool) -> Result<Option<Request>, String> {
    let class = classify(topic);
    if retain && class.is_reserved() {
        return Err(format!("topic '{topic}' is reserved: it cannot be published with RETAIN"));
    }
    if !class.may_publish() {
        return Err(format!("topic '{topic}' is reserved: devices cannot publish to it"));
    }
    match class {
        TopicClass::Ordinary => Ok(None),
        TopicClass::Provisioning(topic) => Ok(Some(Request::Provisioning(topic))),
        TopicClass::OtherReserved { .. } => match ServiceRequest::parse(topic) {
            Some(request) => Ok(Some(Request::Service(request))),
            None if topic.starts_with("$aws/rules/") => Err(format!(
                "topic '{topic}' is for basic ingest, and there is no such rule: rules are not \
                 offered by this server (RULE_NOT_FOUND)"
            )),
            None => Err(format!("topic '{topic}' is reserved, and a name in it is malformed")),
        },
    }
}

/// Where a subscription is kept.
#[derive(PartialEq, Eq)]
pub(super) enum Filter {
    /// In the subscription tree.
    Ordinary,
    /// With the connection: answers come directly.
    ProvisioningAnswer,
}

/// Classifies a filter, without `$share/{name}/`; the error is the reason for people.
pub(super) fn of_filter(filter: &str) -> Result<Filter, String> {
    let class = classify(filter);
    if !class.may_subscribe() {
        let hint = if filter.ends_with("/accepted") || filter.ends_with("/rejected") {
            " (the answer topics end in /json/accepted, /json/rejected, /cbor/accepted or /cbor/rejected)"
        } else {
            ""
        };
        return Err(format!("filter '{filter}' is reserved: devices cannot subscribe to it{hint}"));
    }
    Ok(match class {
        TopicClass::Provisioning(_) => Filter::ProvisioningAnswer,
        TopicClass::OtherReserved { .. } | TopicClass::Ordinary => Filter::Ordinary,
    })
}
