//! Structured packets, cut and bent at random: a session says the same however its input is
//! cut, never panics, never lets its output grow beyond its bound, and sends what the codec
//! crate, read as a client would, takes for the packet that was meant.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use fleetwright_mqtt::*;
use proptest::prelude::*;
use rmqtt_codec::{types, v3, v5};
use support::strategies::*;
use support::*;
use tokio_util::codec::Decoder;

/// What may happen to the outbound side.
#[derive(Debug, Clone)]
enum Step {
    Deliver(Qos),
    /// The client acknowledges one of the messages that it has, by index.
    Acknowledge(prop::sample::Index),
    /// The caller writes the output.
    Take,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Deliver(Qos::AtLeastOnce)),
        1 => Just(Step::Deliver(Qos::AtMostOnce)),
        3 => any::<prop::sample::Index>().prop_map(Step::Acknowledge),
        2 => Just(Step::Take),
    ]
}

/// Feeds a session, answers everything by rote, and returns all events and all output.
fn drive(version: Version, bytes: &[u8], cuts: &[usize]) -> (Vec<Event>, Vec<u8>, bool) {
    let mut session = session(version);
    let bound = session.limits().output_bytes + session.limits().packet_bytes;
    let (mut events, mut input, mut from) = (Vec::new(), BytesMut::new(), 0);
    for to in cuts.iter().copied().chain([bytes.len()]) {
        input.extend_from_slice(&bytes[from..to]);
        from = to;
        while let Some(event) = session.receive(&mut input, 0) {
            match &event {
                Event::Publish(Publish { id: Some(id), .. }) => {
                    session.acknowledge(*id, PubAckCode::Success, None);
                }
                Event::Subscribe(subscribe) => {
                    let codes = vec![SubAckCode::GrantedQos1; subscribe.filters.len()];
                    session.subscribed(subscribe.receipt.clone(), &codes, Some("granted"));
                }
                Event::Unsubscribe(unsubscribe) => {
                    session.unsubscribed(unsubscribe.receipt.clone(), &[], None);
                }
                _ => {}
            }
            events.push(event);
        }
        assert!(session.output().len() <= bound);
    }
    (events, taken(&mut session), session.end().is_some())
}

/// Reads what a server sent with the codec crate; `None` if it cannot be read.
fn server_packets(version: Version, output: &[u8]) -> Option<usize> {
    let mut rest = BytesMut::from(output);
    let mut packets = 0;
    while !rest.is_empty() {
        match version {
            Version::V311 => v3::Codec::default().decode(&mut rest).ok().flatten().map(|_| ())?,
            Version::V5 => v5::Codec::default().decode(&mut rest).ok().flatten().map(|_| ())?,
        }
        packets += 1;
    }
    Some(packets)
}

fn read_publish(version: Version, output: &mut BytesMut) -> types::Publish {
    match version {
        Version::V311 => match v3::Codec::default().decode(output).unwrap().unwrap().0 {
            v3::Packet::Publish(publish) => *publish,
            other => panic!("{other:?}"),
        },
        Version::V5 => match v5::Codec::default().decode(output).unwrap().unwrap().0 {
            v5::Packet::Publish(publish) => *publish,
            other => panic!("{other:?}"),
        },
    }
}

fn check_traffic(
    version: Version,
    bytes: &[u8],
    mut cuts: Vec<usize>,
) -> Result<(), TestCaseError> {
    cuts.iter_mut().for_each(|cut| *cut %= bytes.len() + 1);
    cuts.sort_unstable();
    let whole = drive(version, bytes, &[]);
    let split = drive(version, bytes, &cuts);
    prop_assert_eq!(&whole, &split);
    let (events, output, closed) = whole;
    prop_assert!(server_packets(version, &output).is_some(), "{:x?}", output);
    let ends = |event: &Event| matches!(event, Event::Ended(_));
    prop_assert_eq!(events.iter().filter(|event| ends(event)).count(), usize::from(closed));
    for event in &events {
        if let Event::Ended(End::Violation(violation)) = event {
            prop_assert!(!violation.reason.contains("cannot be decoded"), "{violation:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn packets_in_order_are_all_heard(
        (version, bytes, heard) in legal_traffic(),
        cuts in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        check_traffic(version, &bytes, cuts)?;
        let (events, _, closed) = drive(version, &bytes, &[]);
        prop_assert!(!closed, "{:?}", events.last());
        prop_assert_eq!(events.len(), heard);
    }

    #[test]
    fn every_message_is_sent_once_in_order_within_the_window(
        version in version(),
        window in 1u16..5,
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let limits = Limits { outbound_inflight: window, output_bytes: 40, ..Limits::default() };
        let mut session = session_with(version, true, &[], limits);
        let (mut queued, mut sent, mut held) = (Vec::new(), Vec::new(), Vec::<u16>::new());
        let mut ended = Vec::new();
        let mut next = 0u64;
        for step in steps.into_iter().chain([Step::Take]) {
            match step {
                Step::Deliver(qos) => {
                    next += 1;
                    let mut message = delivery(next, qos, b"");
                    message.payload = Bytes::copy_from_slice(&next.to_be_bytes());
                    match session.deliver(&message, 0) {
                        Delivered::Dropped(why) => {
                            prop_assert_eq!((why, qos), (Dropped::SlowConsumer, Qos::AtMostOnce));
                        }
                        _ if qos == Qos::AtLeastOnce => queued.push(next),
                        other => prop_assert_eq!(other, Delivered::Sent),
                    }
                }
                Step::Acknowledge(_) if held.is_empty() => {}
                Step::Acknowledge(index) => {
                    let id = held.remove(index.index(held.len()));
                    let mut input = BytesMut::from(&puback(id)[..]);
                    while let Some(event) = session.receive(&mut input, 0) {
                        let Event::Delivered { token, code: 0 } = event else { panic!("{event:?}") };
                        ended.push(token);
                    }
                    // Not read while the output is full: the client will be heard later.
                    if !input.is_empty() {
                        held.push(id);
                    }
                }
                Step::Take => {
                    let mut output = BytesMut::from(&taken(&mut session)[..]);
                    while !output.is_empty() {
                        let publish = read_publish(version, &mut output);
                        if let Some(id) = publish.packet_id {
                            prop_assert!(!held.contains(&id.get()));
                            held.push(id.get());
                            sent.push(u64::from_be_bytes(publish.payload[..].try_into().unwrap()));
                        }
                    }
                    prop_assert_eq!(session.tick(0), None);
                }
            }
            prop_assert!(held.len() <= usize::from(window));
            prop_assert!(queued.starts_with(&sent));
        }
        ended.sort_unstable();
        let count = ended.len();
        ended.dedup();
        prop_assert_eq!(count, ended.len());
        prop_assert_eq!(sent.len(), held.len() + ended.len());
    }

    #[test]
    fn packets_mean_the_same_however_they_are_cut(
        (version, bytes) in traffic(0..1),
        cuts in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        check_traffic(version, &bytes, cuts)?;
    }

    #[test]
    fn bent_packets_mean_the_same_however_they_are_cut(
        (version, bytes) in traffic(1..12),
        cuts in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        check_traffic(version, &bytes, cuts)?;
    }

    #[test]
    fn arbitrary_bytes_are_survived(
        version in version(),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        cuts in prop::collection::vec(any::<usize>(), 0..10),
    ) {
        check_traffic(version, &bytes, cuts)?;
    }

    #[test]
    fn bent_connects_are_survived_and_answered_readably(
        version in version(),
        clean in any::<bool>(),
        properties in properties(),
        will in any::<bool>(),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let will = will.then_some(("w/t", &b"gone"[..]));
        let mut bytes = connect_bytes(version, clean, 60, &properties, will);
        for (at, value) in mutations {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let open = |step: usize| {
            let mut opening = Opening::new(Arc::new(Limits::default()));
            let mut input = BytesMut::new();
            for chunk in bytes.chunks(step) {
                input.extend_from_slice(chunk);
                match opening.receive(&mut input) {
                    Opened::NeedMore => {}
                    other => return format!("{other:?}"),
                }
            }
            "more".to_owned()
        };
        prop_assert_eq!(open(bytes.len()), open(1));
        let mut input = BytesMut::from(&bytes[..]);
        match Opening::new(Arc::new(Limits::default())).receive(&mut input) {
            Opened::NeedMore => {}
            Opened::Connect(request) => {
                let version = request.version;
                let mut session = request.accept(Accept::default(), 0);
                prop_assert_eq!(server_packets(version, session.output()), Some(1));
            }
            Opened::Refused(farewell) => {
                prop_assert!(!farewell.reason.contains("cannot be decoded"), "{farewell:?}");
                let new = farewell.bytes.get(1).is_some_and(|length| *length > 2);
                let version = if new { Version::V5 } else { Version::V311 };
                let packets = usize::from(!farewell.bytes.is_empty());
                prop_assert_eq!(server_packets(version, &farewell.bytes), Some(packets));
            }
        }
    }

    #[test]
    fn what_is_delivered_reads_as_what_was_meant(
        version in version(),
        topic in "[a-c/é]{1,9}",
        payload in prop::collection::vec(any::<u8>(), 0..200),
        qos1 in any::<bool>(),
        retain in any::<bool>(),
        message_expiry in prop::option::of(1u32..1000),
        content_type in prop::option::of("[a-cé]{0,200}"),
        response_topic in prop::option::of("[a-c/]{1,9}"),
        correlation in prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
        user in prop::collection::vec(("[a-c]{0,9}", "[a-c]{0,9}"), 0..4),
        utf8 in prop::option::of(any::<bool>()),
    ) {
        let user: Vec<_> = user.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        let properties = PublishProperties {
            payload_is_utf8: utf8,
            content_type: content_type.map(Into::into),
            response_topic: response_topic.map(Into::into),
            correlation_data: correlation.map(Bytes::from),
            user_properties: user,
        };
        let delivery = Delivery {
            token: 1,
            topic: topic.as_str().into(),
            payload: payload.into(),
            qos: if qos1 { Qos::AtLeastOnce } else { Qos::AtMostOnce },
            retain,
            message_expiry,
            properties: Some(Arc::new(properties.clone())),
        };
        let mut session = session(version);
        prop_assert_eq!(session.deliver(&delivery, 0), Delivered::Sent);
        let mut output = BytesMut::from(&taken(&mut session)[..]);
        let read = read_publish(version, &mut output);
        prop_assert!(output.is_empty());
        prop_assert_eq!(&read.topic, &delivery.topic);
        prop_assert_eq!(&read.payload, &delivery.payload);
        prop_assert_eq!(read.qos.value(), delivery.qos as u8);
        prop_assert_eq!((read.retain, read.dup), (retain, false));
        prop_assert_eq!(read.packet_id.map(u16::from), qos1.then_some(1));
        if version == Version::V5 {
            let found = read.properties.unwrap();
            prop_assert_eq!(found.message_expiry_interval.map(u32::from), message_expiry);
            prop_assert_eq!(found.content_type, properties.content_type);
            prop_assert_eq!(found.response_topic, properties.response_topic);
            prop_assert_eq!(found.correlation_data, properties.correlation_data);
            prop_assert_eq!(found.user_properties, properties.user_properties);
            prop_assert_eq!(found.is_utf8_payload, utf8 == Some(true));
        }
    }
}
