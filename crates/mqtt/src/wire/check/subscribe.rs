//! The rules of SUBSCRIBE (section 3.8) and UNSUBSCRIBE (section 3.10).

use super::message::check_user_properties;
use crate::filter::{FilterFault, validate_filter};
use crate::limits::Limits;
use crate::reason::{SubAckCode, Version};
use crate::wire::fault::{Code, Fault, LIMIT, by_version, unreadable};
use crate::wire::property::{self, Place};
use crate::wire::reader::Reader;

/// Checks a SUBSCRIBE; returns, per filter, the refusal that a limit asks for.
pub(crate) fn subscribe(
    body: &[u8],
    version: Version,
    limits: &Limits,
) -> Result<Vec<Option<SubAckCode>>, Fault> {
    let mut reader = Reader::new(body, version, unreadable(version));
    reader.packet_id()?;
    if version == Version::V5 {
        let found = property::read(&mut reader, Place::Subscribe)?;
        if found.subscription_id.is_some() {
            return Err(Fault::new(
                "MQTT5-3.8.2.1.2",
                Code::SubscriptionIdentifiersNotSupported,
                "Subscription Identifiers are not offered; CONNACK said so",
            ));
        }
        check_user_properties(&found, limits)?;
    }
    if reader.is_empty() {
        return Err(Fault::protocol(
            by_version(version, "MQTT-3.8.3-3", "MQTT5-3.8.3-2"),
            "a SUBSCRIBE has no filter; it has at least one",
        ));
    }
    let mut preset = Vec::new();
    while !reader.is_empty() {
        let filter = reader.text("a filter")?;
        let options = reader.byte("the subscription options")?;
        check_options(options, filter, version)?;
        let mut verdict = filter_verdict(filter, version, limits)?;
        if preset.len() >= limits.filters_per_subscribe {
            verdict = verdict.or(Some(SubAckCode::QuotaExceeded));
        }
        preset.push(verdict);
    }
    Ok(preset)
}

fn check_options(options: u8, filter: &str, version: Version) -> Result<(), Fault> {
    if version == Version::V311 {
        if options > 2 {
            let reason = format!("the requested QoS byte is {options:#04x}; it must be 0, 1 or 2");
            return Err(Fault::malformed("MQTT-3-8.3-4", reason));
        }
        return Ok(());
    }
    if options & 0xc0 != 0 {
        return Err(Fault::malformed(
            "MQTT5-3.8.3-5",
            format!("reserved bits of the subscription options {options:#04x} are set"),
        ));
    }
    if options & 3 == 3 {
        return Err(Fault::protocol("MQTT5-3.8.3.1", "a subscription asks for QoS 3"));
    }
    if options & 0x30 == 0x30 {
        return Err(Fault::protocol("MQTT5-3.8.3.1", "Retain Handling is 3; it must be 0, 1 or 2"));
    }
    if options & 4 != 0 && filter.starts_with("$share/") {
        return Err(Fault::protocol("MQTT5-3.8.3-4", "No Local is set on a shared subscription"));
    }
    Ok(())
}

/// `Ok(Some)` refuses the filter in the SUBACK, `Err` ends the connection. AWS closes 3.1.1
/// connections for either; MQTT 5 hears of a limit in the SUBACK.
fn filter_verdict(
    filter: &str,
    version: Version,
    limits: &Limits,
) -> Result<Option<SubAckCode>, Fault> {
    match validate_filter(filter, limits) {
        Ok(()) if !limits.shared_subscriptions && filter.starts_with("$share/") => {
            Ok(Some(SubAckCode::SharedSubscriptionsNotSupported))
        }
        Ok(()) => Ok(None),
        Err(fault) if fault.is_limit() && version == Version::V5 => {
            Ok(Some(SubAckCode::TopicFilterInvalid))
        }
        Err(fault) => Err(filter_fault(fault, filter, version)),
    }
}

fn filter_fault(fault: FilterFault, filter: &str, version: Version) -> Fault {
    let clause = match fault {
        FilterFault::Empty => by_version(version, "MQTT-4.7.3-1", "MQTT5-4.7.3-1"),
        FilterFault::MultiLevelWildcard => by_version(version, "MQTT-4.7.1-2", "MQTT5-4.7.1-1"),
        FilterFault::SingleLevelWildcard => by_version(version, "MQTT-4.7.1-3", "MQTT5-4.7.1-2"),
        FilterFault::Null => by_version(version, "MQTT-1.5.3-2", "MQTT5-1.5.4-2"),
        FilterFault::Share => by_version(version, LIMIT, "MQTT5-4.8.2-1"),
        FilterFault::ShareName => by_version(version, LIMIT, "MQTT5-4.8.2-2"),
        FilterFault::ShareNameTooLong
        | FilterFault::TooLong
        | FilterFault::TooManySlashes
        | FilterFault::Disallowed => LIMIT,
    };
    let shown: String = filter.chars().take(64).collect();
    Fault::new(clause, Code::TopicFilterInvalid, format!("filter '{shown}': {fault}"))
}

/// Checks an UNSUBSCRIBE. A filter beyond a limit is let through: it was never subscribed.
pub(crate) fn unsubscribe(body: &[u8], version: Version, limits: &Limits) -> Result<(), Fault> {
    let mut reader = Reader::new(body, version, unreadable(version));
    reader.packet_id()?;
    if version == Version::V5 {
        let found = property::read(&mut reader, Place::Unsubscribe)?;
        check_user_properties(&found, limits)?;
    }
    if reader.is_empty() {
        return Err(Fault::protocol(
            by_version(version, "MQTT-3.10.3-2", "MQTT5-3.10.3-2"),
            "an UNSUBSCRIBE has no filter; it has at least one",
        ));
    }
    while !reader.is_empty() {
        let filter = reader.text("a filter")?;
        match validate_filter(filter, limits) {
            Err(fault) if !fault.is_limit() => return Err(filter_fault(fault, filter, version)),
            _ => {}
        }
    }
    Ok(())
}
