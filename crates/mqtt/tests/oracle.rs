//! A second reader of the same bytes: whatever a session hears, the codec crate reads alike.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;

use bytes::BytesMut;
use fleetwright_mqtt::*;
use proptest::prelude::*;
use rmqtt_codec::{types, v3, v5};
use support::strategies::*;
use support::*;
use tokio_util::codec::Decoder;

fn qos(qos: types::QoS) -> Qos {
    match qos {
        types::QoS::AtMostOnce => Qos::AtMostOnce,
        // QoS 2 is granted as QoS 1.
        types::QoS::AtLeastOnce | types::QoS::ExactlyOnce => Qos::AtLeastOnce,
    }
}

/// A message as both readers tell it: topic, payload, QoS, RETAIN, DUP.
type Told = (String, Vec<u8>, Qos, bool, bool);

fn check_publish(heard: &Publish, read: types::Publish) -> Result<(), TestCaseError> {
    let told: Told =
        (read.topic.to_string(), read.payload.to_vec(), qos(read.qos), read.retain, read.dup);
    let wanted: Told =
        (heard.topic.to_string(), heard.payload.to_vec(), heard.qos, heard.retain, heard.dup);
    prop_assert_eq!(told, wanted);
    let found = read.properties.unwrap_or_default();
    let none = PublishProperties::default();
    let properties = heard.properties.as_deref().unwrap_or(&none);
    prop_assert_eq!(&found.content_type, &properties.content_type);
    prop_assert_eq!(&found.response_topic, &properties.response_topic);
    prop_assert_eq!(&found.correlation_data, &properties.correlation_data);
    prop_assert_eq!(&found.user_properties, &properties.user_properties);
    prop_assert_eq!(found.is_utf8_payload, properties.payload_is_utf8 == Some(true));
    let most = Limits::default().message_expiry_max;
    let expiry = found.message_expiry_interval.map(|seconds| seconds.get().min(most));
    prop_assert_eq!(expiry, heard.message_expiry);
    Ok(())
}

/// The options of a subscription, one by one.
type Options = (String, Qos, bool, bool, RetainHandling);

fn options(filter: &SubscribeFilter) -> Options {
    let SubscribeFilter { filter, qos, no_local, retain_as_published, retain_handling, .. } =
        filter;
    (filter.to_string(), *qos, *no_local, *retain_as_published, *retain_handling)
}

fn options_v5((filter, read): &(bytestring::ByteString, v5::SubscriptionOptions)) -> Options {
    let handling = match read.retain_handling {
        v5::RetainHandling::AtSubscribe => RetainHandling::AtSubscribe,
        v5::RetainHandling::AtSubscribeNew => RetainHandling::AtSubscribeIfNew,
        v5::RetainHandling::NoAtSubscribe => RetainHandling::Never,
    };
    (filter.to_string(), qos(read.qos), read.no_local, read.retain_as_published, handling)
}

/// What the session heard of one packet is in what the codec reads of it.
fn check_heard(version: Version, packet: &[u8]) -> Result<(), TestCaseError> {
    let mut session = session(version);
    let mut input = BytesMut::from(packet);
    let Some(event) = session.receive(&mut input, 0) else { return Ok(()) };
    let mut bytes = BytesMut::from(packet);
    match (event, version) {
        // The codec refuses a Message Expiry Interval of 0, which the standard allows.
        (Event::Publish(Publish { message_expiry: Some(1), .. }), Version::V5) => {}
        (Event::Publish(heard), Version::V311) => {
            match v3::Codec::default().decode(&mut bytes).unwrap().unwrap().0 {
                v3::Packet::Publish(read) => check_publish(&heard, *read)?,
                other => panic!("{other:?}"),
            }
        }
        (Event::Publish(heard), Version::V5) => {
            match v5::Codec::default().decode(&mut bytes).unwrap().unwrap().0 {
                v5::Packet::Publish(read) => check_publish(&heard, *read)?,
                other => panic!("{other:?}"),
            }
        }
        (Event::Subscribe(heard), Version::V311) => {
            match v3::Codec::default().decode(&mut bytes).unwrap().unwrap().0 {
                v3::Packet::Subscribe { topic_filters, .. } => {
                    let read: Vec<_> = topic_filters
                        .iter()
                        .map(|(filter, asked)| (filter.to_string(), qos(*asked)))
                        .collect();
                    for filter in &heard.filters {
                        prop_assert!(read.contains(&(filter.filter.to_string(), filter.qos)));
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        (Event::Subscribe(heard), Version::V5) => {
            match v5::Codec::default().decode(&mut bytes).unwrap().unwrap().0 {
                v5::Packet::Subscribe(read) => {
                    let read: Vec<_> = read.topic_filters.iter().map(options_v5).collect();
                    for filter in &heard.filters {
                        prop_assert!(read.contains(&options(filter)), "{filter:?} in {read:?}");
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        (Event::Unsubscribe(heard), _) => {
            let read: Vec<String> = match version {
                Version::V311 => {
                    match v3::Codec::default().decode(&mut bytes).unwrap().unwrap().0 {
                        v3::Packet::Unsubscribe { topic_filters, .. } => {
                            topic_filters.iter().map(ToString::to_string).collect()
                        }
                        other => panic!("{other:?}"),
                    }
                }
                Version::V5 => match v5::Codec::default().decode(&mut bytes).unwrap().unwrap().0 {
                    v5::Packet::Unsubscribe(read) => {
                        read.topic_filters.iter().map(ToString::to_string).collect()
                    }
                    other => panic!("{other:?}"),
                },
            };
            let heard: Vec<_> = heard.filters.iter().map(ToString::to_string).collect();
            prop_assert_eq!(heard, read);
        }
        _ => {}
    }
    Ok(())
}

fn connect(bytes: &[u8]) -> Option<ConnectRequest> {
    let mut opening = Opening::new(Arc::new(Limits::default()));
    match opening.receive(&mut BytesMut::from(bytes)) {
        Opened::Connect(request) => Some(*request),
        _ => None,
    }
}

/// What both readers know of a will: topic, payload, QoS, RETAIN, delay.
type WillTold = (String, Vec<u8>, Qos, bool, u32);

fn will_told(will: &Will) -> WillTold {
    (will.topic.to_string(), will.payload.to_vec(), will.qos, will.retain, will.delay)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_heard_is_what_the_codec_reads(
        (version, packet) in version().prop_flat_map(|version| {
            prop_oneof![client_packet(version), legal_packet(version)]
                .prop_map(move |packet| (version, packet))
        }),
    ) {
        check_heard(version, &packet)?;
    }

    #[test]
    fn a_connect_is_what_the_codec_reads(
        version in version(),
        clean in any::<bool>(),
        keep_alive in any::<u16>(),
        properties in properties(),
        will in any::<bool>(),
    ) {
        let will = will.then_some(("w/t", &b"gone"[..]));
        let bytes = connect_bytes(version, clean, keep_alive, &properties, will);
        let Some(heard) = connect(&bytes) else { return Ok(()) };
        let mut input = BytesMut::from(&bytes[..]);
        let wills = match version {
            Version::V311 => match v3::Codec::default().decode(&mut input).unwrap().unwrap().0 {
                v3::Packet::Connect(read) => {
                    prop_assert_eq!(read.client_id.as_ref() as &str, heard.client_id.as_str());
                    prop_assert_eq!(read.clean_session, heard.clean_start);
                    prop_assert_eq!(read.keep_alive, heard.keep_alive);
                    read.last_will.map(|will| {
                        (will.topic.to_string(), will.message.to_vec(), qos(will.qos), will.retain, 0)
                    })
                }
                other => panic!("{other:?}"),
            },
            Version::V5 => match v5::Codec::default().decode(&mut input).unwrap().unwrap().0 {
                v5::Packet::Connect(read) => {
                    prop_assert_eq!(read.client_id.as_ref() as &str, heard.client_id.as_str());
                    prop_assert_eq!(read.clean_start, heard.clean_start);
                    prop_assert_eq!(read.keep_alive, heard.keep_alive);
                    prop_assert_eq!(read.session_expiry_interval_secs, heard.session_expiry);
                    read.last_will.map(|will| {
                        let delay = will.will_delay_interval_sec.unwrap_or(0);
                        let message = will.message.to_vec();
                        (will.topic.to_string(), message, qos(will.qos), will.retain, delay)
                    })
                }
                other => panic!("{other:?}"),
            },
        };
        prop_assert_eq!(wills, heard.will.as_ref().map(will_told));
    }
}
