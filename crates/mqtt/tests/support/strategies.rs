//! Packets of a client, in order and out of order.
#![allow(dead_code, reason = "each test binary uses its part")]

use fleetwright_mqtt::Version;
use proptest::prelude::*;

use super::*;

pub(crate) fn version() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V311), Just(Version::V5)]
}

pub(crate) fn topic() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[a-c/]{1,6}",
        1 => Just(String::new()),
        1 => "[a-z/+#$\0é]{0,12}",
        1 => Just("t".repeat(300)),
    ]
}

pub(crate) fn filter() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "([a-c]|\\+)(/([a-c]|\\+)){0,3}(/#)?",
        2 => "\\$share/[a-c]/[a-c/]{1,4}",
        1 => "[a-z/+#$\0é]{0,12}",
    ]
}

/// Properties of any kind, in place and out of place.
pub(crate) fn properties() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(property(), 0..5).prop_map(|all| all.concat())
}

pub(crate) fn property() -> impl Strategy<Value = Vec<u8>> {
    let sized = |id: u8, size: usize| {
        prop::collection::vec(0u8..4, size).prop_map(move |value| [vec![id], value].concat())
    };
    let worded = |id: u8| {
        "[a-dé/]{0,9}".prop_map(move |word| {
            let mut bytes = vec![id];
            text(&mut bytes, word.as_bytes());
            bytes
        })
    };
    let pair = ("[a-c]{0,3}", "[a-c]{0,3}").prop_map(|(name, value)| {
        let mut bytes = vec![0x26];
        text(&mut bytes, name.as_bytes());
        text(&mut bytes, value.as_bytes());
        bytes
    });
    let alias = (0u8..10).prop_map(|alias| vec![0x23, 0, alias]);
    prop_oneof![
        4 => alias,
        4 => pair,
        2 => sized(0x01, 1),
        2 => sized(0x02, 4),
        2 => worded(0x03),
        2 => worded(0x08),
        2 => worded(0x09),
        1 => sized(0x0b, 1),
        1 => sized(0x11, 4),
        1 => worded(0x15),
        1 => worded(0x1f),
        1 => sized(0x21, 2),
        1 => sized(0x27, 4),
        1 => (any::<u8>(), prop::collection::vec(any::<u8>(), 0..6))
            .prop_map(|(id, rest)| [vec![id], rest].concat()),
    ]
}

pub(crate) fn with_properties(
    version: Version,
    head: &[u8],
    properties: &[u8],
    tail: &[u8],
) -> Vec<u8> {
    let mut body = head.to_vec();
    if version == Version::V5 {
        length(&mut body, properties.len());
        body.extend_from_slice(properties);
    }
    body.extend_from_slice(tail);
    body
}

/// A packet that a client may send, for the most part in order.
pub(crate) fn client_packet(version: Version) -> impl Strategy<Value = Vec<u8>> {
    let publish = (topic(), 0u16..12, 0u8..16, properties(), "[a-cé]{0,9}").prop_map(
        move |(topic, id, flags, properties, payload)| {
            let mut head = Vec::new();
            text(&mut head, topic.as_bytes());
            if flags & 6 != 0 {
                head.extend_from_slice(&id.to_be_bytes());
            }
            packet(0x30 | flags, &with_properties(version, &head, &properties, payload.as_bytes()))
        },
    );
    let plain = ("[a-c/]{1,6}", 1u16..300, any::<bool>()).prop_map(move |(topic, id, qos1)| {
        super::publish(version, &topic, qos1.then_some(id), &[], b"x")
    });
    let subscribe = (prop::collection::vec((filter(), 0u8..64), 0..11), 0u16..9, properties())
        .prop_map(move |(filters, id, properties)| {
            let mut tail = Vec::new();
            for (filter, options) in filters {
                text(&mut tail, filter.as_bytes());
                tail.push(if version == Version::V5 { options } else { options & 3 });
            }
            packet(0x82, &with_properties(version, &id.to_be_bytes(), &properties, &tail))
        });
    let unsubscribe =
        (prop::collection::vec(filter(), 0..4), 0u16..9).prop_map(move |(filters, id)| {
            let mut tail = Vec::new();
            filters.iter().for_each(|filter| text(&mut tail, filter.as_bytes()));
            packet(0xa2, &with_properties(version, &id.to_be_bytes(), &[], &tail))
        });
    let ack = (0u16..9, prop::option::of((any::<u8>(), properties()))).prop_map(|(id, more)| {
        let mut body = id.to_be_bytes().to_vec();
        if let Some((code, properties)) = more {
            body.push(code);
            length(&mut body, properties.len());
            body.extend_from_slice(&properties);
        }
        packet(0x40, &body)
    });
    let disconnect = (any::<u8>(), properties()).prop_map(|(code, properties)| {
        let mut body = vec![code];
        length(&mut body, properties.len());
        body.extend_from_slice(&properties);
        packet(0xe0, &body)
    });
    prop_oneof![
        6 => publish,
        12 => plain,
        3 => subscribe,
        2 => unsubscribe,
        2 => ack,
        2 => Just(vec![0xc0, 0]),
        1 => disconnect,
    ]
}

/// A property list of PUBLISH in order: each at most once, the values legal.
pub(crate) fn legal_properties() -> impl Strategy<Value = Vec<u8>> {
    let choices = prop::collection::vec(any::<bool>(), 7);
    let order = Just((0..7).collect::<Vec<usize>>()).prop_shuffle();
    (choices, order, 1u8..9, any::<u32>(), "[a-cé/]{0,9}").prop_map(
        |(chosen, order, alias, expiry, word)| {
            let mut bytes = Vec::new();
            for index in order.into_iter().filter(|index| chosen[*index]) {
                let id = [0x01, 0x02, 0x03, 0x08, 0x09, 0x23, 0x26][index];
                bytes.push(id);
                match id {
                    0x01 => bytes.push(1),
                    0x02 => bytes.extend_from_slice(&expiry.to_be_bytes()),
                    0x23 => bytes.extend_from_slice(&[0, alias]),
                    0x26 => {
                        text(&mut bytes, word.as_bytes());
                        text(&mut bytes, b"value");
                    }
                    _ => text(&mut bytes, word.as_bytes()),
                }
            }
            bytes
        },
    )
}

/// A packet wholly in order, in a session that knows all eight aliases.
pub(crate) fn legal_packet(version: Version) -> impl Strategy<Value = Vec<u8>> {
    let id = prop::option::of(1u16..=u16::MAX);
    let publish = ("[a-c/é]{1,6}", id, legal_properties(), "[a-cé]{0,9}", any::<bool>()).prop_map(
        move |(topic, id, properties, payload, retain)| {
            let mut bytes = super::publish(version, &topic, id, &properties, payload.as_bytes());
            bytes[0] |= u8::from(retain);
            bytes
        },
    );
    let aliased = (1u8..9, "[a-c]{0,9}").prop_map(move |(alias, payload)| match version {
        Version::V311 => vec![0xc0, 0],
        Version::V5 => super::publish(version, "", None, &[0x23, 0, alias], payload.as_bytes()),
    });
    let filters = prop::collection::vec(("([a-c]|\\+)(/([a-c]|\\+)){0,3}(/#)?", 0u8..3), 1..9);
    let subscribe = (filters, 1u16..=u16::MAX).prop_map(move |(filters, id)| {
        let mut tail = Vec::new();
        for (filter, qos) in filters {
            text(&mut tail, filter.as_bytes());
            tail.push(qos);
        }
        packet(0x82, &with_properties(version, &id.to_be_bytes(), &[], &tail))
    });
    prop_oneof![6 => publish, 3 => aliased, 1 => subscribe, 1 => Just(vec![0xc0, 0])]
}

/// A run of packets in order, behind those that set the aliases.
pub(crate) fn legal_traffic() -> impl Strategy<Value = (Version, Vec<u8>, usize)> {
    version().prop_flat_map(|version| {
        prop::collection::vec(legal_packet(version), 1..40).prop_map(move |packets| {
            let mut bytes = Vec::new();
            let mut heard = packets.iter().filter(|packet| packet[0] != 0xc0).count();
            if version == Version::V5 {
                for alias in 1..9 {
                    let set = super::publish(version, "set", None, &[0x23, 0, alias], b"");
                    bytes.extend_from_slice(&set);
                    heard += 1;
                }
            }
            bytes.extend(packets.concat());
            (version, bytes, heard)
        })
    })
}

pub(crate) fn traffic(
    mutations: std::ops::Range<usize>,
) -> impl Strategy<Value = (Version, Vec<u8>)> {
    version().prop_flat_map(move |version| {
        let packets = prop::collection::vec(client_packet(version), 1..30);
        let mutations =
            prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), mutations.clone());
        (packets, mutations).prop_map(move |(packets, mutations)| {
            let mut bytes = packets.concat();
            for (at, value) in mutations {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            (version, bytes)
        })
    })
}
