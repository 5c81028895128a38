//! SUBSCRIBE (section 3.8) and UNSUBSCRIBE (section 3.10).

use super::message::check_user_properties;
use crate::event::{
    RetainHandling, Subscribe, SubscribeFilter, SubscribeReceipt, Unsubscribe, UnsubscribeReceipt,
};
use crate::filter::{FilterError, split_share, validate_filter};
use crate::limits::Limits;
use crate::reason::{Qos, SubAckCode, Version};
use crate::wire::error::{Code, LIMIT, ProtocolError, by_version, unreadable};
use crate::wire::property::{self, PropertyContext};
use crate::wire::reader::Reader;

/// Reads a SUBSCRIBE: the filters that are in order, and per filter of the packet the refusal that a
/// limit asks for.
pub(crate) fn subscribe(
    body: &[u8],
    version: Version,
    limits: &Limits,
) -> Result<Subscribe, ProtocolError> {
    let mut reader = Reader::new(body, version, unreadable(version));
    let packet_id = reader.packet_id()?;
    if version == Version::V5 {
        let found = property::read(&mut reader, PropertyContext::Subscribe)?;
        if found.subscription_id.is_some() {
            return Err(ProtocolError::new(
                "MQTT5-3.8.2.1.2",
                Code::SubscriptionIdentifiersNotSupported,
                "Subscription Identifiers are not offered; CONNACK said so",
            ));
        }
        check_user_properties(&found, limits)?;
    }
    if reader.is_empty() {
        return Err(ProtocolError::protocol(
            by_version(version, "MQTT-3.8.3-3", "MQTT5-3.8.3-2"),
            "a SUBSCRIBE has no filter; it has at least one",
        ));
    }
    let (mut filters, mut preset) = (Vec::new(), Vec::new());
    while !reader.is_empty() {
        let filter = reader.text("a filter")?;
        let options = reader.byte("the subscription options")?;
        check_options(options, filter, version)?;
        let mut verdict = filter_verdict(filter, version, limits)?;
        if preset.len() >= limits.filters_per_subscribe {
            verdict = verdict.or(Some(SubAckCode::QuotaExceeded));
        }
        if verdict.is_none() {
            filters.push(subscription(filter, options, version));
        }
        preset.push(verdict);
    }
    Ok(Subscribe { filters, receipt: SubscribeReceipt { packet_id, preset } })
}

/// A filter with its options, which were found in order. QoS 2 is granted as QoS 1.
fn subscription(filter: &str, options: u8, version: Version) -> SubscribeFilter {
    let is_v5 = version == Version::V5;
    SubscribeFilter {
        filter: Box::from(filter),
        share: split_share(filter).map(|(name, _)| Box::from(name)),
        qos: if options & 3 == 0 { Qos::AtMostOnce } else { Qos::AtLeastOnce },
        no_local: is_v5 && options & 0x04 != 0,
        retain_as_published: is_v5 && options & 0x08 != 0,
        retain_handling: match options & 0x30 {
            0x10 if is_v5 => RetainHandling::AtSubscribeIfNew,
            0x20 if is_v5 => RetainHandling::Never,
            _ => RetainHandling::AtSubscribe,
        },
    }
}

fn check_options(options: u8, filter: &str, version: Version) -> Result<(), ProtocolError> {
    if version == Version::V311 {
        if options > 2 {
            let reason = format!("the requested QoS byte is {options:#04x}; it must be 0, 1 or 2");
            return Err(ProtocolError::malformed("MQTT-3-8.3-4", reason));
        }
        return Ok(());
    }
    if options & 0xc0 != 0 {
        return Err(ProtocolError::malformed(
            "MQTT5-3.8.3-5",
            format!("reserved bits of the subscription options {options:#04x} are set"),
        ));
    }
    if options & 3 == 3 {
        return Err(ProtocolError::protocol("MQTT5-3.8.3.1", "a subscription asks for QoS 3"));
    }
    if options & 0x30 == 0x30 {
        return Err(ProtocolError::protocol(
            "MQTT5-3.8.3.1",
            "Retain Handling is 3; it must be 0, 1 or 2",
        ));
    }
    if options & 4 != 0 && filter.starts_with("$share/") {
        return Err(ProtocolError::protocol(
            "MQTT5-3.8.3-4",
            "No Local is set on a shared subscription",
        ));
    }
    Ok(())
}

/// `Ok(Some)` refuses the filter in the SUBACK, `Err` ends the connection. AWS closes 3.1.1
/// connections for either; MQTT 5 hears of a limit in the SUBACK.
fn filter_verdict(
    filter: &str,
    version: Version,
    limits: &Limits,
) -> Result<Option<SubAckCode>, ProtocolError> {
    match validate_filter(filter, limits) {
        Ok(()) if !limits.shared_subscriptions && filter.starts_with("$share/") => {
            Ok(Some(SubAckCode::SharedSubscriptionsNotSupported))
        }
        Ok(()) => Ok(None),
        Err(error) if error.is_limit() && version == Version::V5 => {
            Ok(Some(SubAckCode::TopicFilterInvalid))
        }
        Err(error) => Err(filter_error(error, filter, version)),
    }
}

fn filter_error(error: FilterError, filter: &str, version: Version) -> ProtocolError {
    let clause = match error {
        FilterError::Empty => by_version(version, "MQTT-4.7.3-1", "MQTT5-4.7.3-1"),
        FilterError::MultiLevelWildcard => by_version(version, "MQTT-4.7.1-2", "MQTT5-4.7.1-1"),
        FilterError::SingleLevelWildcard => by_version(version, "MQTT-4.7.1-3", "MQTT5-4.7.1-2"),
        FilterError::Null => by_version(version, "MQTT-1.5.3-2", "MQTT5-1.5.4-2"),
        FilterError::Share => by_version(version, LIMIT, "MQTT5-4.8.2-1"),
        FilterError::ShareName => by_version(version, LIMIT, "MQTT5-4.8.2-2"),
        FilterError::ShareNameTooLong
        | FilterError::TooLong
        | FilterError::TooManySlashes
        | FilterError::Disallowed => LIMIT,
    };
    let shown: String = filter.chars().take(64).collect();
    ProtocolError::new(clause, Code::TopicFilterInvalid, format!("filter '{shown}': {error}"))
}

/// Reads an UNSUBSCRIBE. A filter beyond a limit is let through: it was never subscribed.
pub(crate) fn unsubscribe(
    body: &[u8],
    version: Version,
    limits: &Limits,
) -> Result<Unsubscribe, ProtocolError> {
    let mut reader = Reader::new(body, version, unreadable(version));
    let packet_id = reader.packet_id()?;
    if version == Version::V5 {
        let found = property::read(&mut reader, PropertyContext::Unsubscribe)?;
        check_user_properties(&found, limits)?;
    }
    if reader.is_empty() {
        return Err(ProtocolError::protocol(
            by_version(version, "MQTT-3.10.3-2", "MQTT5-3.10.3-2"),
            "an UNSUBSCRIBE has no filter; it has at least one",
        ));
    }
    let mut filters = Vec::new();
    while !reader.is_empty() {
        let filter = reader.text("a filter")?;
        match validate_filter(filter, limits) {
            Err(error) if !error.is_limit() => return Err(filter_error(error, filter, version)),
            _ => filters.push(Box::from(filter)),
        }
    }
    let receipt = UnsubscribeReceipt { packet_id, filters: filters.len() };
    Ok(Unsubscribe { filters, receipt })
}
