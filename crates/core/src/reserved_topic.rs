//! Reserved topics: the eighteen of the provisioning MQTT API as one type, and for every other
//! `$…` topic or filter whether a device may use it.
//!
//! AWS: "Reserved topics", IoT Developer Guide, 2025 edition.

mod way_out;

use std::fmt;

pub use way_out::way_out;

use crate::names::TemplateName;

#[cfg(test)]
mod tests;

/// An operation of the provisioning MQTT API.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `$aws/certificates/create/{format}`
    CreateKeysAndCertificate,
    /// `$aws/certificates/create-from-csr/{format}`
    CreateCertificateFromCsr,
    /// `$aws/provisioning-templates/{template}/provision/{format}`
    RegisterThing {
        /// The template to register with.
        template: TemplateName,
    },
}

/// The encoding of a request and of its answer, chosen by the topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `…/json`
    Json,
    /// `…/cbor`
    Cbor,
}

impl Format {
    /// The level of the topic: `json` or `cbor`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Cbor => "cbor",
        }
    }
}

/// Which way a message of an operation travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Leg {
    /// From the device.
    Request,
    /// To the device: it worked.
    Accepted,
    /// To the device: it did not.
    Rejected,
}

/// A topic of the provisioning MQTT API. `Display` writes the topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProvisioningTopic {
    /// The operation.
    pub operation: Operation,
    /// The encoding of request and answer.
    pub format: Format,
    /// Request, accepted or rejected.
    pub leg: Leg,
}

impl ProvisioningTopic {
    /// Reads a topic without wildcards; `None` when it is none of the eighteen, for instance
    /// without `/json` or `/cbor`, or when the template's name is not a [`TemplateName`].
    pub fn parse(topic: &str) -> Option<Self> {
        let mut levels = topic.split('/');
        if levels.next()? != "$aws" {
            return None;
        }
        let operation = match (levels.next()?, levels.next()?) {
            ("certificates", "create") => Operation::CreateKeysAndCertificate,
            ("certificates", "create-from-csr") => Operation::CreateCertificateFromCsr,
            ("provisioning-templates", name) if levels.next()? == "provision" => {
                Operation::RegisterThing { template: TemplateName::parse(name).ok()? }
            }
            _ => return None,
        };
        let format = match levels.next()? {
            "json" => Format::Json,
            "cbor" => Format::Cbor,
            _ => return None,
        };
        let leg = match levels.next() {
            None => Leg::Request,
            Some("accepted") => Leg::Accepted,
            Some("rejected") => Leg::Rejected,
            Some(_) => return None,
        };
        levels.next().is_none().then_some(Self { operation, format, leg })
    }

    /// The topic of the answer when the request worked.
    pub fn accepted(&self) -> String {
        self.on(Leg::Accepted)
    }

    /// The topic of the answer when the request did not work.
    pub fn rejected(&self) -> String {
        self.on(Leg::Rejected)
    }

    /// The topic of the same operation and format on another leg.
    pub fn on(&self, leg: Leg) -> String {
        Self { leg, ..self.clone() }.to_string()
    }
}

impl fmt::Display for ProvisioningTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.operation {
            Operation::CreateKeysAndCertificate => f.write_str("$aws/certificates/create")?,
            Operation::CreateCertificateFromCsr => {
                f.write_str("$aws/certificates/create-from-csr")?;
            }
            Operation::RegisterThing { template } => {
                write!(f, "$aws/provisioning-templates/{template}/provision")?;
            }
        }
        write!(f, "/{}", self.format.as_str())?;
        match self.leg {
            Leg::Request => Ok(()),
            Leg::Accepted => f.write_str("/accepted"),
            Leg::Rejected => f.write_str("/rejected"),
        }
    }
}

/// What kind of topic or filter a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicClass {
    /// Exactly one of the eighteen topics of the provisioning MQTT API.
    Provisioning(ProvisioningTopic),
    /// Another `$…` topic, or a `$…` filter with wildcards. A filter that can match provisioning
    /// answers is here too: such answers are never routed, so it never sees one.
    OtherReserved {
        /// Whether a device may publish to it.
        publish: bool,
        /// Whether a device may subscribe to it.
        subscribe: bool,
    },
    /// The device's own topics: policies alone decide.
    Ordinary,
}

impl TopicClass {
    /// Whether a device may publish here at all; its policies are asked besides.
    pub fn may_publish(&self) -> bool {
        match self {
            Self::Provisioning(topic) => topic.leg == Leg::Request,
            Self::OtherReserved { publish, .. } => *publish,
            Self::Ordinary => true,
        }
    }

    /// Whether a device may subscribe here at all; its policies are asked besides.
    pub fn may_subscribe(&self) -> bool {
        match self {
            Self::Provisioning(topic) => topic.leg != Leg::Request,
            Self::OtherReserved { subscribe, .. } => *subscribe,
            Self::Ordinary => true,
        }
    }

    /// Whether RETAIN is forbidden: on every reserved topic.
    pub fn is_reserved(&self) -> bool {
        !matches!(self, Self::Ordinary)
    }
}

/// Classifies a topic that is published to, or a filter that is subscribed to (with its
/// `$share/{group}/` prefix, if any). A filter with wildcards may be subscribed to when it can
/// match at least one topic that may.
pub fn classify(topic: &str) -> TopicClass {
    if !topic.starts_with('$') {
        return TopicClass::Ordinary;
    }
    if let Some(provisioning) = ProvisioningTopic::parse(topic) {
        return TopicClass::Provisioning(provisioning);
    }
    if let Some(shared) = topic.strip_prefix("$share/") {
        return TopicClass::OtherReserved { publish: false, subscribe: shared_filter(shared) };
    }
    let listed = |families: &[&str]| families.iter().any(|family| overlap(family, topic));
    let wildcards = topic.contains(['+', '#']);
    TopicClass::OtherReserved {
        publish: !wildcards && listed(PUBLISH),
        subscribe: listed(SUBSCRIBE),
    }
}

/// `{group}/{filter}` of a shared subscription: both present, no wildcard in the group, and the
/// filter itself one that may be subscribed to (not shared again).
fn shared_filter(shared: &str) -> bool {
    let Some((group, filter)) = shared.split_once('/') else { return false };
    let sound = !group.is_empty() && !group.contains(['+', '#']) && !filter.is_empty();
    sound && !filter.starts_with("$share/") && classify(filter).may_subscribe()
}

/// Whether some topic matches both filters. `a/#` does not match `a`, as on AWS.
fn overlap(family: &str, filter: &str) -> bool {
    let (mut left, mut right) = (family.split('/'), filter.split('/'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some("#"), Some(_)) | (Some(_), Some("#")) => return true,
            (Some(a), Some(b)) if a == b || a == "+" || b == "+" => {}
            _ => return false,
        }
    }
}

/// Reserved topics that a device may publish to, the provisioning ones apart.
const PUBLISH: &[&str] = &[
    "$aws/things/+/jobs/get",
    "$aws/things/+/jobs/start-next",
    "$aws/things/+/jobs/+/get",
    "$aws/things/+/jobs/+/update",
    "$aws/things/+/shadow/get",
    "$aws/things/+/shadow/update",
    "$aws/things/+/shadow/delete",
    "$aws/things/+/shadow/name/+/get",
    "$aws/things/+/shadow/name/+/update",
    "$aws/things/+/shadow/name/+/delete",
    "$aws/things/+/streams/+/get/json",
    "$aws/things/+/streams/+/get/cbor",
    "$aws/things/+/streams/+/describe/json",
    "$aws/things/+/streams/+/describe/cbor",
    "$aws/things/+/defender/metrics/json",
    "$aws/things/+/defender/metrics/cbor",
    "$aws/rules/+",
    "$aws/rules/+/#",
    "$aws/device_location/+/get_position_estimate",
];

/// Reserved topics that a device may subscribe to; the provisioning answers are here for the
/// sake of filters with wildcards.
const SUBSCRIBE: &[&str] = &[
    "$aws/events/#",
    "$aws/certificates/create/json/accepted",
    "$aws/certificates/create/json/rejected",
    "$aws/certificates/create/cbor/accepted",
    "$aws/certificates/create/cbor/rejected",
    "$aws/certificates/create-from-csr/json/accepted",
    "$aws/certificates/create-from-csr/json/rejected",
    "$aws/certificates/create-from-csr/cbor/accepted",
    "$aws/certificates/create-from-csr/cbor/rejected",
    "$aws/provisioning-templates/+/provision/json/accepted",
    "$aws/provisioning-templates/+/provision/json/rejected",
    "$aws/provisioning-templates/+/provision/cbor/accepted",
    "$aws/provisioning-templates/+/provision/cbor/rejected",
    "$aws/things/+/jobs/notify",
    "$aws/things/+/jobs/notify-next",
    "$aws/things/+/jobs/get/accepted",
    "$aws/things/+/jobs/get/rejected",
    "$aws/things/+/jobs/start-next/accepted",
    "$aws/things/+/jobs/start-next/rejected",
    "$aws/things/+/jobs/+/get/accepted",
    "$aws/things/+/jobs/+/get/rejected",
    "$aws/things/+/jobs/+/update/accepted",
    "$aws/things/+/jobs/+/update/rejected",
    "$aws/things/+/shadow/get",
    "$aws/things/+/shadow/update",
    "$aws/things/+/shadow/delete",
    "$aws/things/+/shadow/get/accepted",
    "$aws/things/+/shadow/get/rejected",
    "$aws/things/+/shadow/update/accepted",
    "$aws/things/+/shadow/update/rejected",
    "$aws/things/+/shadow/update/delta",
    "$aws/things/+/shadow/update/documents",
    "$aws/things/+/shadow/delete/accepted",
    "$aws/things/+/shadow/delete/rejected",
    "$aws/things/+/shadow/name/+/get",
    "$aws/things/+/shadow/name/+/update",
    "$aws/things/+/shadow/name/+/delete",
    "$aws/things/+/shadow/name/+/get/accepted",
    "$aws/things/+/shadow/name/+/get/rejected",
    "$aws/things/+/shadow/name/+/update/accepted",
    "$aws/things/+/shadow/name/+/update/rejected",
    "$aws/things/+/shadow/name/+/update/delta",
    "$aws/things/+/shadow/name/+/update/documents",
    "$aws/things/+/shadow/name/+/delete/accepted",
    "$aws/things/+/shadow/name/+/delete/rejected",
    "$aws/things/+/streams/+/data/+",
    "$aws/things/+/streams/+/description/+",
    "$aws/things/+/streams/+/rejected/+",
    "$aws/things/+/defender/metrics/json/accepted",
    "$aws/things/+/defender/metrics/json/rejected",
    "$aws/things/+/defender/metrics/cbor/accepted",
    "$aws/things/+/defender/metrics/cbor/rejected",
    "$aws/things/+/tunnels/notify",
    "$aws/device_location/+/get_position_estimate/accepted",
    "$aws/device_location/+/get_position_estimate/rejected",
    "$aws/sitewise/#",
];
