//! What a device may do with a topic at all, before its policies are asked
//! (AWS: guide, "Reserved topics").

use fleetwright_core::reserved_topic::{ProvisioningTopic, TopicClass, classify};

/// Where a publish goes.
pub(super) enum Publish {
    /// To whoever subscribed.
    Ordinary,
    /// To the provisioning API.
    Provisioning(ProvisioningTopic),
}

/// Where a subscription is kept.
#[derive(PartialEq, Eq)]
pub(super) enum Filter {
    /// In the subscription tree.
    Ordinary,
    /// With the connection: answers come directly.
    ProvisioningAnswer,
}

/// Classifies a publish; the error is the reason for people.
pub(super) fn of_publish(topic: &str, retain: bool) -> Result<Publish, String> {
    let class = classify(topic);
    if !class.may_publish() {
        return Err(format!("topic '{topic}' is reserved: devices cannot publish to it"));
    }
    if retain && class.is_reserved() {
        return Err(format!("topic '{topic}' is reserved: it cannot be published with RETAIN"));
    }
    Ok(match class {
        TopicClass::Provisioning(topic) => Publish::Provisioning(topic),
        TopicClass::OtherReserved { .. } | TopicClass::Ordinary => Publish::Ordinary,
    })
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
