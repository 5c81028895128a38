//! What a topic is, before policies are asked (AWS: guide, "Reserved topics"). Every way in passes
//! here: a publish, a will, a publish over HTTP. Only what is found to be [`Ordinary`], or [`shown`], is
//! ever routed to subscribers; of reserved topics nothing is retained.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use fleetwright_core::reserved_topic::{self, ProvisioningTopic, TopicClass, classify};
use fleetwright_core::service_request::ServiceRequest;
use fleetwright_mqtt::{Publish, PublishProperties, Qos, Will};

/// A publish, or a will when it is due.
pub(super) trait Message: Sync {
    /// What both have.
    fn parts(&self) -> Parts<'_>;
}

/// What a publish and a will have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) topic: &'a ByteString,
    pub(super) payload: &'a Bytes,
    pub(super) qos: Qos,
    pub(super) retain: bool,
    /// Seconds.
    pub(super) message_expiry: Option<u32>,
    pub(super) properties: Option<&'a Arc<PublishProperties>>,
}

impl Message for Publish {
    fn parts(&self) -> Parts<'_> {
        let Self { topic, payload, qos, retain, message_expiry, properties, .. } = self;
        let (qos, retain, message_expiry) = (*qos, *retain, *message_expiry);
        Parts { topic, payload, qos, retain, message_expiry, properties: properties.as_ref() }
    }
}

impl Message for Will {
    fn parts(&self) -> Parts<'_> {
        let Self { topic, payload, qos, retain, message_expiry, properties, .. } = self;
        let (qos, retain, message_expiry) = (*qos, *retain, *message_expiry);
        Parts { topic, payload, qos, retain, message_expiry, properties: properties.as_ref() }
    }
}

/// Proof that a message's topic is none of the reserved ones, or that of a request which subscribers
/// see: nothing else goes to them.
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
    /// To its subscribers.
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
    let Parts { topic, retain, .. } = message.parts();
    match request_of(topic, retain) {
        Ok(None) => Ok(Routed::Subscribers(Ordinary(message))),
        Ok(Some(request)) => Ok(Routed::Server(request, message)),
        Err(reason) => Err(Box::new((message, reason))),
    }
}

/// A request that is a message as well: those to a shadow, whose topics may be subscribed to.
pub(super) fn shown<M: Clone>(request: &Request, message: &M) -> Option<Ordinary<M>> {
    is_shown(request).then(|| Ordinary(message.clone()))
}

fn is_shown(request: &Request) -> bool {
    matches!(request, Request::Service(ServiceRequest::Shadow(_)))
}

/// Whether a will may have its topic: an ordinary one, or one of a shadow, which shows it and does
/// nothing. Otherwise nobody would be there to be answered.
pub(super) fn check_will(will: &Will) -> Result<(), String> {
    match request_of(&will.topic, will.retain)? {
        None => Ok(()),
        Some(request) if is_shown(&request) => Ok(()),
        Some(_) => Err(format!(
            "topic '{}' is reserved for requests, which a will cannot make: nobody would hear the \
             answer",
            will.topic
        )),
    }
}

/// Whether a topic is for basic ingest: a publish straight to a rule.
pub(super) fn is_basic_ingest(topic: &str) -> bool {
    topic.starts_with("$aws/rules/")
}

/// What is asked by publishing to a topic; `None` is an ordinary topic.
fn request_of(topic: &str, retain: bool) -> Result<Option<Request>, String> {
    let class = classify(topic);
    if retain && class.is_reserved() {
        return Err(format!("topic '{topic}' is reserved: it cannot be published with RETAIN"));
    }
    if !class.may_publish() {
        let way_out = reserved_topic::way_out(topic, false);
        let way_out = way_out.map(|way_out| format!("; {way_out}")).unwrap_or_default();
        return Err(format!("topic '{topic}' is reserved: devices cannot publish to it{way_out}"));
    }
    match class {
        TopicClass::Ordinary => Ok(None),
        TopicClass::Provisioning(topic) => Ok(Some(Request::Provisioning(topic))),
        TopicClass::OtherReserved { .. } => match ServiceRequest::parse(topic) {
            Some(request) => Ok(Some(Request::Service(request))),
            None if is_basic_ingest(topic) => Err(format!(
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
        let way_out = reserved_topic::way_out(filter, true);
        let way_out = way_out.map(|way_out| format!("; {way_out}")).unwrap_or_default();
        return Err(format!(
            "filter '{filter}' is reserved: devices cannot subscribe to it{way_out}"
        ));
    }
    Ok(match class {
        TopicClass::Provisioning(_) => Filter::ProvisioningAnswer,
        TopicClass::OtherReserved { .. } | TopicClass::Ordinary => Filter::Ordinary,
    })
}
