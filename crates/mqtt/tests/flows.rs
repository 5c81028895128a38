//! What a session does over several packets and over time.
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
use support::*;

const BOTH: [Version; 2] = [Version::V311, Version::V5];

fn published(event: Option<Event>) -> Publish {
    match event {
        Some(Event::Publish(publish)) => publish,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pubacks_leave_in_the_order_of_the_messages() {
    for version in BOTH {
        let mut session = session(version);
        let mut input = BytesMut::new();
        for id in [7, 9, 8] {
            input.extend_from_slice(&publish(version, "a", Some(id), &[], b"x"));
        }
        let ids: Vec<_> =
            (0..3).map(|_| published(session.receive(&mut input, 0)).id.unwrap()).collect();
        session.acknowledge(ids[2], PubAckCode::Success, None);
        session.acknowledge(ids[1], PubAckCode::Success, None);
        assert!(session.output().is_empty());
        session.acknowledge(ids[0], PubAckCode::Success, None);
        assert_eq!(taken(&mut session), [puback(7), puback(9), puback(8)].concat());
        session.acknowledge(ids[0], PubAckCode::Success, None);
        assert!(session.output().is_empty());
        // The ids are free again, and an old answer does not fit a new message.
        input.extend_from_slice(&publish(version, "a", Some(7), &[], b"x"));
        let again = published(session.receive(&mut input, 0)).id.unwrap();
        session.acknowledge(ids[0], PubAckCode::Success, None);
        assert!(session.output().is_empty());
        session.acknowledge(again, PubAckCode::Success, None);
        assert_eq!(taken(&mut session), puback(7));
    }
}

#[test]
fn a_refused_message_is_answered_in_5_and_closes_3_1_1() {
    for version in BOTH {
        let mut session = session(version);
        let mut input = BytesMut::from(&publish(version, "a", Some(1), &[], b"x")[..]);
        let id = published(session.receive(&mut input, 0)).id.unwrap();
        session.acknowledge(id, PubAckCode::NotAuthorized, Some("no"));
        match version {
            Version::V311 => assert!(session.end().is_some() && session.output().is_empty()),
            Version::V5 => {
                let expected = b"\x40\x09\x00\x01\x87\x05\x1f\x00\x02no";
                assert_eq!(taken(&mut session), expected);
                assert!(session.end().is_none());
            }
        }
    }
}

#[test]
fn a_client_of_3_1_1_waits_while_its_window_is_spent() {
    let limits = Limits { inbound_inflight: 2, ..Limits::default() };
    let mut session = session_with(Version::V311, true, &[], limits);
    let mut input = BytesMut::new();
    for id in 1..=3 {
        input.extend_from_slice(&publish(Version::V311, "a", Some(id), &[], b"x"));
    }
    let first = published(session.receive(&mut input, 0));
    published(session.receive(&mut input, 0));
    assert_eq!(session.receive(&mut input, 0), None);
    assert!(!input.is_empty());
    session.acknowledge(first.id.unwrap(), PubAckCode::Success, None);
    published(session.receive(&mut input, 0));
    assert!(input.is_empty());
}

#[test]
fn the_outbound_window_is_the_clients_receive_maximum() {
    let mut session = session_with(Version::V5, true, b"\x21\x00\x02", Limits::default());
    for token in 0..4 {
        let expected = if token < 2 { Delivered::Sent } else { Delivered::Queued };
        assert_eq!(session.deliver(&delivery(token, Qos::AtLeastOnce, b"x"), 0), expected);
    }
    assert_eq!(session.deliver(&delivery(9, Qos::AtMostOnce, b"x"), 0), Delivered::Sent);
    let sent = |id| publish(Version::V5, "t", id, &[], b"x");
    assert_eq!(taken(&mut session), [sent(Some(1)), sent(Some(2)), sent(None)].concat());
    let mut input = BytesMut::from(&[puback(2), puback(2), puback(1)].concat()[..]);
    assert_eq!(session.receive(&mut input, 0), Some(Event::Delivered { token: 1, code: 0 }));
    assert_eq!(session.receive(&mut input, 0), Some(Event::Delivered { token: 0, code: 0 }));
    assert_eq!(session.receive(&mut input, 0), None);
    assert_eq!(taken(&mut session), [sent(Some(3)), sent(Some(4))].concat());
}

#[test]
fn packet_ids_wrap_around_and_pass_over_those_in_use() {
    let mut session = session(Version::V311);
    let mut input = BytesMut::new();
    assert_eq!(session.deliver(&delivery(0, Qos::AtLeastOnce, b""), 0), Delivered::Sent);
    for round in 1..=65_536u64 {
        session.output().clear();
        assert_eq!(session.deliver(&delivery(round, Qos::AtLeastOnce, b""), 0), Delivered::Sent);
        let id = u16::from_be_bytes([session.output()[5], session.output()[6]]);
        assert!(id > 1, "{round}");
        input.extend_from_slice(&puback(id));
        let expected = Event::Delivered { token: round, code: 0 };
        assert_eq!(session.receive(&mut input, 0), Some(expected));
    }
}

#[test]
fn a_full_queue_drops_the_newest() {
    let two = 2 * delivery(0, Qos::AtLeastOnce, b"x").cost();
    let limits = Limits { outbound_inflight: 1, outbound_queue_bytes: two, ..Limits::default() };
    let mut full = session_with(Version::V311, false, &[], limits);
    let deliver = |session: &mut Session, token, payload| {
        session.deliver(&delivery(token, Qos::AtLeastOnce, payload), 0)
    };
    assert_eq!(deliver(&mut full, 1, b"x"), Delivered::Sent);
    assert_eq!(deliver(&mut full, 2, b"x"), Delivered::Queued);
    assert_eq!(deliver(&mut full, 3, b"x"), Delivered::Queued);
    assert_eq!(deliver(&mut full, 4, b"x"), Delivered::Dropped(Dropped::QueueFull));
    let mut input = BytesMut::from(&[puback(1), puback(2), puback(3)].concat()[..]);
    for token in 1..=3 {
        assert_eq!(full.receive(&mut input, 0), Some(Event::Delivered { token, code: 0 }));
        assert_eq!(full.tick(0), None);
    }
    assert_eq!(full.memory().messages, 0);
}

#[test]
fn a_burst_of_small_messages_waits_behind_the_window() {
    let mut session = session(Version::V311);
    for token in 0..8_000 {
        let delivered = session.deliver(&delivery(token, Qos::AtLeastOnce, &[b'x'; 256]), 0);
        assert!(matches!(delivered, Delivered::Sent | Delivered::Queued), "{token}: {delivered:?}");
    }
    let (mut input, mut heard) = (BytesMut::new(), 0);
    while heard < 8_000 {
        let mut output = BytesMut::from(&taken(&mut session)[..]);
        assert!(!output.is_empty(), "{heard}");
        while !output.is_empty() {
            // Two bytes of length, three of topic, then the id.
            let id = u16::from_be_bytes([output[6], output[7]]);
            input.extend_from_slice(&puback(id));
            let _ = output.split_to(3 + 3 + 2 + 256);
        }
        while session.receive(&mut input, 0).is_some() {
            heard += 1;
        }
    }
    assert_eq!(session.memory().messages, 0);
}

/// One PUBLISH of QoS 1 that was sent before.
fn again(version: Version, id: u16) -> Vec<u8> {
    let mut bytes = publish(version, "t", Some(id), &[], b"x");
    bytes[0] |= 8;
    bytes
}

#[test]
fn what_is_not_acknowledged_is_sent_again_every_thirty_seconds() {
    let mut session = session(Version::V311);
    let mut input = BytesMut::new();
    for (token, at) in [(1, 0), (2, 10_000), (3, 10_000)] {
        session.deliver(&delivery(token, Qos::AtLeastOnce, b"x"), at);
    }
    session.deliver(&delivery(9, Qos::AtMostOnce, b"x"), 0);
    taken(&mut session);
    let mut ping = |session: &mut Session, now| {
        input.extend_from_slice(b"\xc0\x00");
        assert_eq!(session.receive(&mut input, now), None);
        assert_eq!(taken(session), b"\xd0\x00");
    };
    let tick = |session: &mut Session, now| {
        assert_eq!(session.tick(now), None);
        taken(session)
    };
    assert_eq!(session.deadline(), 30_000);
    assert_eq!(tick(&mut session, 29_999), b"");
    assert_eq!(tick(&mut session, 30_000), again(Version::V311, 1));
    assert_eq!(tick(&mut session, 30_000), b"", "once");
    assert_eq!(session.deadline(), 40_000);
    // What is acknowledged is not sent again; what is sent again keeps its order.
    let mut acknowledged = BytesMut::from(&puback(2)[..]);
    assert_eq!(
        session.receive(&mut acknowledged, 35_000),
        Some(Event::Delivered { token: 2, code: 0 })
    );
    assert_eq!(tick(&mut session, 40_000), again(Version::V311, 3));
    ping(&mut session, 60_000);
    assert_eq!(
        tick(&mut session, 75_000),
        [again(Version::V311, 1), again(Version::V311, 3)].concat()
    );
    // A late PUBACK ends it, under the same packet id.
    let mut late = BytesMut::from(&[puback(1), puback(3)].concat()[..]);
    for token in [1, 3] {
        let expected = Some(Event::Delivered { token, code: 0 });
        assert_eq!(session.receive(&mut late, 80_000), expected);
    }
    assert_eq!(tick(&mut session, 110_000), b"");
    assert_eq!(session.memory(), MemoryUse::default());
}

#[test]
fn version_5_sends_nothing_again_on_an_open_connection() {
    for expiry in [&[][..], b"\x11\x00\x00\x00\x09"] {
        let mut session = session_with(Version::V5, true, expiry, Limits::default());
        session.deliver(&delivery(1, Qos::AtLeastOnce, b"x"), 0);
        taken(&mut session);
        assert_eq!(session.deadline(), 90_000, "the keep-alive alone");
        assert_eq!(session.tick(89_999), None);
        assert_eq!(taken(&mut session), b"");
    }
}

#[test]
fn version_5_sends_again_where_it_is_told_to() {
    let limits = Limits { resend_v5: true, ..Limits::default() };
    let mut session = session_with(Version::V5, true, &[], limits);
    session.deliver(&delivery(1, Qos::AtLeastOnce, b"x"), 0);
    taken(&mut session);
    assert_eq!(session.deadline(), 30_000);
    assert_eq!(session.tick(30_000), None);
    assert_eq!(taken(&mut session), again(Version::V5, 1));
}

#[test]
fn a_message_is_given_up_after_an_hour() {
    let limits = Limits { outbound_inflight: 1, ..Limits::default() };
    let mut session = session_with(Version::V311, true, &[], limits);
    for token in [1, 2] {
        session.deliver(&delivery(token, Qos::AtLeastOnce, b"x"), 0);
    }
    assert_eq!(taken(&mut session), publish(Version::V311, "t", Some(1), &[], b"x"));
    for minutes in 1..60 {
        session.excuse_silence(minutes * 60_000);
        assert_eq!(session.tick(minutes * 60_000), None);
        assert_eq!(taken(&mut session), again(Version::V311, 1), "{minutes}");
    }
    assert_eq!(session.take_given_up(), 0);
    session.excuse_silence(3_600_000);
    assert_eq!(session.tick(3_600_000), None);
    assert_eq!(session.take_given_up(), 1);
    assert_eq!(taken(&mut session), publish(Version::V311, "t", Some(2), &[], b"x"));
}

#[test]
fn a_client_that_does_not_read_is_sent_nothing_again() {
    let limits = Limits { output_bytes: 10, ..Limits::default() };
    let mut session = session_with(Version::V311, true, &[], limits);
    for token in 0..3 {
        session.deliver(&delivery(token, Qos::AtLeastOnce, b"x"), 0);
    }
    let waiting = session.output().len();
    assert_eq!(session.deadline(), 90_000, "nothing to be done until output is taken");
    assert_eq!(session.tick(60_000), None);
    assert_eq!(session.output().len(), waiting);
    session.output().clear();
    assert_eq!(session.tick(60_000), None);
    // Two fill the output again.
    let expected = [again(Version::V311, 1), again(Version::V311, 2)].concat();
    assert_eq!(taken(&mut session), expected);
}

#[test]
fn a_session_knows_what_it_holds() {
    let one = delivery(0, Qos::AtLeastOnce, b"x").cost();
    let limits = Limits { outbound_inflight: 2, ..Limits::default() };
    let mut old = session_with(Version::V311, true, &[], limits.clone());
    let mut new = session_with(Version::V5, true, &[], limits);
    for token in 0..3 {
        for session in [&mut old, &mut new] {
            session.deliver(&delivery(token, Qos::AtLeastOnce, b"x"), 0);
        }
    }
    assert_eq!(old.memory().messages, 3 * one, "two to be sent again, one queued");
    assert_eq!(new.memory().messages, one, "what is sent is not kept");
    assert!(new.memory().buffers >= new.output().len());
    let alias = publish(Version::V5, "a/topic", None, b"\x23\x00\x01", b"");
    taken(&mut new);
    let before = new.memory().buffers;
    new.receive(&mut BytesMut::from(&alias[..]), 0);
    assert!(new.memory().buffers >= before + "a/topic".len());
    assert!(!new.is_ready_for(Qos::AtLeastOnce) && new.is_ready_for(Qos::AtMostOnce));
}

#[test]
fn what_is_forgotten_leaves_room_for_a_last_message() {
    for version in BOTH {
        let limits = Limits { outbound_inflight: 1, ..Limits::default() };
        let mut session = session_with(version, false, &[], limits);
        for token in 1..=2 {
            session.deliver(&delivery(token, Qos::AtLeastOnce, b"x"), 0);
        }
        taken(&mut session);
        session.forget_deliveries();
        assert_eq!((session.memory().messages, session.in_flight()), (0, 0));
        let last = session.deliver(&delivery(3, Qos::AtLeastOnce, b"x"), 0);
        assert_eq!(last, Delivered::Sent);
        assert_eq!(taken(&mut session), publish(version, "t", Some(2), &[], b"x"));
    }
}

#[test]
fn a_message_of_a_stored_session_has_one_packet_id_in_all_connections() {
    for version in BOTH {
        let mut first = session_with(version, false, &[], Limits::default());
        let mut next = session_with(version, false, &[], Limits::default());
        for (number, id) in [(7, 7), (65_535, 65_535), (65_536, 1), (131_071, 1), (1 << 40, 256)] {
            let stored = delivery(number, Qos::AtLeastOnce, b"x");
            for (session, again) in [(&mut first, false), (&mut next, true)] {
                // What this connection alone has takes another id.
                assert_eq!(
                    session.deliver(&delivery(0, Qos::AtLeastOnce, b"x"), 0),
                    Delivered::Sent
                );
                let other = taken(session);
                let other = u16::from_be_bytes([other[5], other[6]]);
                assert_eq!(session.deliver_stored(&stored, again, 0), Delivered::Sent);
                let mut expected = publish(version, "t", Some(id), &[], b"x");
                expected[0] |= u8::from(again) << 3;
                assert_eq!(taken(session), expected, "{number}");
                let mut input = BytesMut::from(&[puback(id), puback(other)].concat()[..]);
                let event = Event::Delivered { token: number, code: 0 };
                assert_eq!(session.receive(&mut input, 0), Some(event));
                assert!(session.receive(&mut input, 0).is_some());
            }
        }
    }
}

#[test]
fn a_message_waits_for_its_packet_id() {
    for version in BOTH {
        let mut session = session_with(version, false, &[], Limits::default());
        let number = |number| delivery(number, Qos::AtLeastOnce, b"x");
        assert_eq!(session.deliver_stored(&number(1), true, 0), Delivered::Sent);
        assert_eq!(session.deliver_stored(&number(65_536), true, 0), Delivered::Queued);
        assert_eq!(session.deliver_stored(&number(65_537), false, 0), Delivered::Queued);
        assert_eq!(taken(&mut session), again(version, 1));
        let mut input = BytesMut::from(&puback(1)[..]);
        let event = Event::Delivered { token: 1, code: 0 };
        assert_eq!(session.receive(&mut input, 0), Some(event));
        assert_eq!(session.receive(&mut input, 0), None);
        let next = publish(version, "t", Some(2), &[], b"x");
        assert_eq!(taken(&mut session), [again(version, 1), next].concat());
    }
}

#[test]
fn message_expiry_runs_while_a_message_waits() {
    let mut session = session_with(Version::V5, true, b"\x21\x00\x01", Limits::default());
    let expiring = |token, seconds| Delivery {
        message_expiry: Some(seconds),
        ..delivery(token, Qos::AtLeastOnce, b"x")
    };
    session.deliver(&expiring(1, 10), 0);
    session.deliver(&expiring(2, 3), 0);
    session.deliver(&expiring(3, 10), 0);
    session.deliver(&expiring(4, 5), 0);
    let sent = |id, seconds| publish(Version::V5, "t", Some(id), &[2, 0, 0, 0, seconds], b"x");
    assert_eq!(taken(&mut session), sent(1, 10));
    let mut input = BytesMut::from(&puback(1)[..]);
    session.receive(&mut input, 4999);
    assert_eq!(session.receive(&mut input, 4999), None);
    assert_eq!(taken(&mut session), sent(2, 5), "2 has expired, 3 has 5 of 10 seconds left");
    input.extend_from_slice(&puback(2));
    session.receive(&mut input, 4999);
    assert_eq!(session.receive(&mut input, 4999), None);
    assert_eq!(
        taken(&mut session),
        sent(3, 0),
        "less than a second is left of 4, yet it has not expired"
    );
}

#[test]
fn nothing_larger_than_the_client_takes_is_sent() {
    let properties = b"\x27\x00\x00\x02\x00";
    let mut session = session_with(Version::V5, true, properties, Limits::default());
    let sized = |bytes: usize| Delivery {
        payload: Bytes::from(vec![b'x'; bytes]),
        ..delivery(1, Qos::AtMostOnce, b"")
    };
    // Type, two bytes of length, two and one of topic, no properties: seven bytes around it.
    assert_eq!(session.deliver(&sized(505), 0), Delivered::Sent);
    assert_eq!(taken(&mut session).len(), 512);
    assert_eq!(session.deliver(&sized(506), 0), Delivered::Dropped(Dropped::TooLarge));
    let mut input = BytesMut::from(&publish(Version::V5, "a", Some(1), &[], b"x")[..]);
    let id = published(session.receive(&mut input, 0)).id.unwrap();
    session.acknowledge(id, PubAckCode::NotAuthorized, Some(&"é".repeat(400)));
    assert_eq!(taken(&mut session), b"\x40\x04\x00\x01\x87\x00");
    session.disconnect(DisconnectCode::NotAuthorized, &"x".repeat(503));
    assert_eq!(taken(&mut session).len(), 512);
}

#[test]
fn a_client_without_problem_information_gets_codes_alone() {
    let mut session = session_with(Version::V5, true, b"\x17\x00", Limits::default());
    session.disconnect(DisconnectCode::ServerShuttingDown, "good night");
    assert_eq!(taken(&mut session), b"\xe0\x02\x8b\x00");
    let bytes = connect_bytes(Version::V5, true, 60, b"\x17\x00", None);
    let refused =
        request(&bytes, Limits::default()).refuse(ConnectRefusal::NotAuthorized, "no policy");
    assert_eq!(&refused[..], b"\x20\x03\x00\x87\x00");
}

#[test]
fn keep_alive_is_brought_into_bounds_and_runs_out_at_one_and_a_half() {
    for version in BOTH {
        for (asked, in_force) in
            [(0, 1200), (1, 30), (29, 30), (60, 60), (1200, 1200), (9999, 1200)]
        {
            let bytes = connect_bytes(version, true, asked, &[], None);
            let request = request(&bytes, Limits::default());
            assert_eq!(request.keep_alive_in_force(), in_force);
            let mut session = request.accept(Accept::default(), 1000);
            if version == Version::V5 {
                let [high, low] = in_force.to_be_bytes();
                assert!(session.output().ends_with(&[0x13, high, low]));
            }
            session.output().clear();
            let deadline = 1000 + u64::from(in_force) * 1500;
            assert_eq!(session.deadline(), deadline);
            assert_eq!(session.tick(deadline - 1), None);
            let mut input = BytesMut::from(&b"\xc0\x00"[..]);
            assert_eq!(session.receive(&mut input, deadline - 1), None);
            assert_eq!(taken(&mut session), b"\xd0\x00");
            assert_eq!(session.tick(deadline), None);
            let late = session.deadline();
            assert_eq!(session.tick(late), Some(Event::Ended(End::KeepAlive)));
            assert!(session.end().is_some());
            let last = taken(&mut session);
            match version {
                Version::V311 => assert!(last.is_empty()),
                Version::V5 => assert_eq!((last[0], last[2]), (0xe0, 141)),
            }
            assert_eq!(session.tick(late + 1), None);
        }
    }
}

#[test]
fn half_a_packet_does_not_count_for_keep_alive() {
    let mut session = session(Version::V311);
    let mut input = BytesMut::from(&b"\x30\x05\x00"[..]);
    assert_eq!(session.receive(&mut input, 80_000), None);
    assert_eq!(session.tick(90_000), Some(Event::Ended(End::KeepAlive)));
}

#[test]
fn an_alias_stands_for_its_latest_topic() {
    let mut session = session(Version::V5);
    let alias = |topic, alias| publish(Version::V5, topic, None, &[0x23, 0, alias], b"x");
    let packets = [alias("a", 8), alias("", 8), alias("b", 8), alias("c", 1), alias("", 8)];
    let mut input = BytesMut::from(&packets.concat()[..]);
    for expected in ["a", "a", "b", "c", "b"] {
        assert_eq!(&published(session.receive(&mut input, 0)).topic[..], expected);
    }
}

#[test]
fn an_alias_of_a_refused_topic_does_not_fall_back_to_its_former_topic() {
    let mut session = session(Version::V5);
    let alias = |topic, id| publish(Version::V5, topic, id, &[0x23, 0, 1], b"x");
    let packets = [alias("a", None), alias("1/2/3/4/5/6/7/8/9", Some(1)), alias("", None)];
    let mut input = BytesMut::from(&packets.concat()[..]);
    assert_eq!(&published(session.receive(&mut input, 0)).topic[..], "a");
    assert!(matches!(session.receive(&mut input, 0), Some(Event::PublishRefused(_))));
    assert!(matches!(session.receive(&mut input, 0), Some(Event::Ended(End::Violation(_)))));
}

#[test]
fn connack_announces_what_is_offered() {
    let connect =
        |version| request(&connect_bytes(version, false, 60, &[], None), Limits::default());
    let accept = |present, expiry| Accept {
        session_present: present,
        assigned_client_id: Some("id".to_owned()),
        session_expiry: expiry,
    };
    let mut session = connect(Version::V311).accept(accept(true, 3600), 0);
    assert_eq!(taken(&mut session), b"\x20\x02\x01\x00");
    let mut session = connect(Version::V5).accept(accept(false, 0), 0);
    let expected = b"\x20\x20\x00\x00\x1d\x21\x00\x64\x24\x01\x25\x01\x27\x00\x02\x48\x00\x12\x00\
        \x02id\x22\x00\x08\x28\x01\x29\x00\x2a\x01\x13\x00\x3c";
    assert_eq!(taken(&mut session), expected);
    let mut session = connect(Version::V5).accept(accept(true, 3600), 0);
    let with_expiry = taken(&mut session);
    assert_eq!(&with_expiry[..10], b"\x20\x25\x01\x00\x22\x11\x00\x00\x0e\x10");
}

#[test]
fn refusals_have_a_code_in_both_versions() {
    use ConnectRefusal as C;
    for (refusal, v311) in [
        (C::IdentifierRejected, 2),
        (C::ServerUnavailable, 3),
        (C::ServerBusy, 3),
        (C::ConnectionRateExceeded, 3),
        (C::QuotaExceeded, 3),
        (C::BadUserNameOrPassword, 4),
        (C::NotAuthorized, 5),
        (C::Banned, 5),
    ] {
        let connect =
            |version, limits| request(&connect_bytes(version, true, 60, &[], None), limits);
        let old = connect(Version::V311, Limits::default()).refuse(refusal, "why");
        assert_eq!(&old[..], [0x20, 2, 0, v311]);
        let new = connect(Version::V5, Limits::default()).refuse(refusal, "why");
        assert_eq!(
            new[..],
            [&b"\x20\x09\x00"[..], &[refusal.code()], b"\x06\x1f\x00\x03why"].concat()
        );
        let seven = Limits { not_authorized_v311: 7, ..Limits::default() };
        let aws = connect(Version::V311, seven).refuse(refusal, "why");
        assert_eq!(aws[3], if v311 == 5 { 7 } else { v311 });
    }
}

#[test]
fn a_will_is_taken_back_by_a_normal_disconnect_alone() {
    let open = |version| {
        let bytes = connect_bytes(version, true, 60, &[], Some(("w/t", b"gone")));
        request(&bytes, Limits::default()).accept(Accept::default(), 0)
    };
    for version in BOTH {
        let mut lost = open(version);
        lost.disconnect(DisconnectCode::SessionTakenOver, "");
        let will = lost.take_will().unwrap();
        assert_eq!(
            (&will.topic[..], &will.payload[..], will.qos),
            ("w/t", &b"gone"[..], Qos::AtLeastOnce)
        );
        assert!(lost.take_will().is_none());

        let mut normal = open(version);
        let event = normal.receive(&mut BytesMut::from(&b"\xe0\x00"[..]), 0);
        let expected =
            Event::Ended(End::Disconnect { with_will: false, code: 0, session_expiry: None });
        assert_eq!(event, Some(expected));
        assert!(normal.end().is_some() && normal.will().is_none());
    }
    let mut with_will = open(Version::V5);
    let event = with_will.receive(&mut BytesMut::from(&b"\xe0\x01\x04"[..]), 0);
    assert!(matches!(event, Some(Event::Ended(End::Disconnect { with_will: true, code: 4, .. }))));
    assert!(with_will.will().is_some());
}

#[test]
fn disconnect_may_change_the_session_expiry() {
    let mut session = session_with(Version::V5, false, b"\x11\x00\x00\x0e\x10", Limits::default());
    let mut input = BytesMut::from(&b"\xe0\x07\x00\x05\x11\x00\x00\x00\x00"[..]);
    let event = session.receive(&mut input, 0);
    assert!(matches!(event, Some(Event::Ended(End::Disconnect { session_expiry: Some(0), .. }))));
}

#[test]
fn packets_that_follow_connect_at_once_stay_in_the_input() {
    for version in BOTH {
        let mut input = BytesMut::from(&connect_bytes(version, true, 60, &[], None)[..]);
        input.extend_from_slice(b"\xc0\x00");
        let Opened::Connect(request) = Opening::new(Arc::default()).receive(&mut input) else {
            panic!("the CONNECT is in order");
        };
        let mut session = request.accept(Accept::default(), 0);
        assert_eq!(session.receive(&mut input, 0), None);
        assert!(session.output().ends_with(b"\xd0\x00") && input.is_empty());
    }
}

#[test]
fn what_is_not_offered_is_refused() {
    let limits =
        || Limits { retain_available: false, shared_subscriptions: false, ..Limits::default() };
    for version in BOTH {
        let mut retained = publish(version, "a", None, &[], b"x");
        retained[0] |= 1;
        let mut refusing = session_with(version, true, &[], limits());
        let event = refusing.receive(&mut BytesMut::from(&retained[..]), 0);
        assert!(matches!(
            event,
            Some(Event::Ended(End::Violation(Violation {
                code: DisconnectCode::RetainNotSupported,
                ..
            })))
        ));

        let mut body = vec![0, 1];
        if version == Version::V5 {
            body.push(0);
        }
        text(&mut body, b"$share/g/a");
        body.push(1);
        let mut sharing = session_with(version, true, &[], limits());
        let event = sharing.receive(&mut BytesMut::from(&packet(0x82, &body)[..]), 0);
        let Some(Event::Subscribe(subscribe)) = event else { panic!("{event:?}") };
        assert!(subscribe.filters.is_empty());
        sharing.subscribed(subscribe.receipt, &[], None);
        let code = if version == Version::V5 { 158 } else { 0x80 };
        assert_eq!(taken(&mut sharing).last(), Some(&code));
    }
}

#[test]
fn a_client_that_does_not_read_is_neither_read_nor_sent_to() {
    let limits = Limits { output_bytes: 10, ..Limits::default() };
    let mut session = session_with(Version::V311, true, &[], limits);
    let mut input = BytesMut::from(&b"\xc0\x00".repeat(100)[..]);
    assert_eq!(session.receive(&mut input, 0), None);
    assert_eq!((session.output().len(), input.len()), (12, 188));
    let dropped = Delivered::Dropped(Dropped::SlowConsumer);
    assert_eq!(session.deliver(&delivery(1, Qos::AtMostOnce, b"x"), 0), dropped);
    assert_eq!(session.deliver(&delivery(2, Qos::AtLeastOnce, b"x"), 0), Delivered::Queued);
    session.output().clear();
    assert_eq!(session.tick(0), None);
    assert_eq!(taken(&mut session), publish(Version::V311, "t", Some(1), &[], b"x"));
}

#[test]
fn subscriptions_say_what_is_shared_and_how() {
    let mut session = session(Version::V5);
    let mut body = vec![0, 1, 0];
    text(&mut body, b"$share/group/a/+");
    body.push(1);
    text(&mut body, b"b");
    body.push(0x2e);
    let event = session.receive(&mut BytesMut::from(&packet(0x82, &body)[..]), 0);
    let Some(Event::Subscribe(subscribe)) = event else { panic!("{event:?}") };
    let [shared, plain] = &subscribe.filters[..] else { panic!("two filters") };
    assert_eq!((shared.share.as_deref(), shared.matched_filter()), (Some("group"), "a/+"));
    assert_eq!(&*shared.filter, "$share/group/a/+");
    assert_eq!((plain.share.as_deref(), plain.matched_filter()), (None, "b"));
    assert!(plain.no_local && plain.retain_as_published);
    assert_eq!((plain.retain_handling, plain.qos), (RetainHandling::Never, Qos::AtLeastOnce));
    session.subscribed(subscribe.receipt, &[SubAckCode::GrantedQos1], None);
    assert_eq!(taken(&mut session), b"\x90\x05\x00\x01\x00\x01\x80", "a missing code refuses");
}

#[test]
fn an_idle_session_is_small() {
    assert!(size_of::<Session>() <= 208, "{}", size_of::<Session>());
    assert!(size_of::<Event>() <= 256, "{}", size_of::<Event>());
}
