//! Numbered statements of the standard that no vector of one packet shows; tests/conformance/mqtt has
//! the list of all, each with its test.
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
use support::*;

const BOTH: [Version; 2] = [Version::V311, Version::V5];
const REASON_STRING: u8 = 0x1f;

fn heard(session: &mut Session, bytes: &[u8]) -> Option<Event> {
    session.receive(&mut BytesMut::from(bytes), 0)
}

/// A SUBSCRIBE of filters with their options, or an UNSUBSCRIBE without.
fn asked(version: Version, id: u16, filters: &[(&str, Option<u8>)]) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    if version == Version::V5 {
        body.push(0);
    }
    for (filter, options) in filters {
        text(&mut body, filter.as_bytes());
        body.extend(options);
    }
    packet(if filters[0].1.is_some() { 0x82 } else { 0xa2 }, &body)
}

fn subscribe(session: &mut Session, bytes: &[u8], codes: &[SubAckCode], why: Option<&str>) {
    let Some(Event::Subscribe(subscribe)) = heard(session, bytes) else { panic!("a SUBSCRIBE") };
    session.subscribed(subscribe.receipt, codes, why);
}

fn unsubscribe(session: &mut Session, bytes: &[u8], codes: &[UnsubAckCode], why: Option<&str>) {
    let Some(Event::Unsubscribe(event)) = heard(session, bytes) else { panic!("an UNSUBSCRIBE") };
    session.unsubscribed(event.receipt, codes, why);
}

fn publication(event: Option<Event>) -> PubId {
    let Some(Event::Publish(publish)) = event else { panic!("{event:?}") };
    publish.id.unwrap()
}

/// The identifiers of the properties of an answer of MQTT 5, from where they begin.
fn properties(bytes: &[u8], from: usize) -> Vec<u8> {
    let (mut at, mut found) = (from + 1, Vec::new());
    assert!(bytes.len() <= 129 && bytes[from] < 128, "lengths of one byte");
    let end = at + usize::from(bytes[from]);
    let length = |at: usize| 2 + usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    while at < end {
        found.push(bytes[at]);
        at += 1;
        at += match found.last().unwrap() {
            0x24 | 0x25 | 0x28 | 0x29 | 0x2a => 1,
            0x13 | 0x21 | 0x22 => 2,
            0x11 | 0x27 => 4,
            0x12 | 0x1f => length(at),
            0x26 => length(at) + length(at + length(at)),
            other => panic!("property {other:x} in {bytes:x?}"),
        };
    }
    found
}

#[test]
fn answers_have_the_packet_id_of_the_question() {
    for version in BOTH {
        let mut session = session(version);
        let question = asked(version, 0x1234, &[("a", Some(1))]);
        subscribe(&mut session, &question, &[SubAckCode::GrantedQos1], None);
        let answer = taken(&mut session);
        assert_eq!((answer[0], &answer[2..4]), (0x90, &b"\x12\x34"[..]));
        let question = asked(version, 0xfffe, &[("a", None)]);
        unsubscribe(&mut session, &question, &[UnsubAckCode::Success], None);
        let answer = taken(&mut session);
        assert_eq!((answer[0], &answer[2..4]), (0xb0, &b"\xff\xfe"[..]));
    }
}

#[test]
fn every_client_id_that_has_to_be_allowed_is() {
    const ALLOWED: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for version in BOTH {
        let ids = (1..=23).flat_map(|length| (0..=62 - length).map(move |at| (at, at + length)));
        for id in ids.map(|(from, to)| &ALLOWED[from..to]) {
            let mut connect = connect_bytes(version, true, 60, &[], None);
            assert_eq!(connect.split_off(connect.len() - 3), b"\0\x01c");
            text(&mut connect, id.as_bytes());
            connect[1] = u8::try_from(connect.len() - 2).unwrap();
            assert_eq!(request(&connect, Limits::default()).client_id, id);
        }
    }
}

#[test]
fn each_filter_has_its_code_in_the_order_of_the_packet() {
    use SubAckCode as S;
    let filters = [("a", Some(0)), ("b", Some(1)), ("c", Some(1)), ("d", Some(1)), ("e", Some(2))];
    let codes =
        [S::GrantedQos0, S::TopicFilterInvalid, S::GrantedQos1, S::NotAuthorized, S::GrantedQos1];
    for (version, expected) in [
        (Version::V311, &b"\x90\x07\0\x01\x00\x80\x01\x80\x01"[..]),
        (Version::V5, b"\x90\x08\0\x01\0\x00\x8f\x01\x87\x01"),
    ] {
        let mut session = session(version);
        subscribe(&mut session, &asked(version, 1, &filters), &codes, None);
        assert_eq!(taken(&mut session), expected);
    }
    let filters = [("a", None), ("b", None), ("c", None)];
    let codes =
        [UnsubAckCode::NoSubscriptionExisted, UnsubAckCode::Success, UnsubAckCode::NotAuthorized];
    for (version, expected) in
        [(Version::V311, &b"\xb0\x02\0\x02"[..]), (Version::V5, b"\xb0\x06\0\x02\0\x11\x00\x87")]
    {
        let mut session = session(version);
        unsubscribe(&mut session, &asked(version, 2, &filters), &codes, None);
        assert_eq!(taken(&mut session), expected);
    }
}

#[test]
fn no_alias_is_sent() {
    for offered in [&[][..], b"\x22\x00\x00", b"\x22\x00\x0a"] {
        let mut session = session_with(Version::V5, true, offered, Limits::default());
        for _ in 0..3 {
            session.deliver(&delivery(0, Qos::AtMostOnce, b"x"), 0);
            assert_eq!(taken(&mut session), publish(Version::V5, "t", None, &[], b"x"));
        }
    }
}

#[test]
fn an_alias_is_refused_where_none_is_offered() {
    let limits = Limits { topic_aliases: 0, ..Limits::default() };
    let connect = connect_bytes(Version::V5, true, 60, &[], None);
    let mut session = request(&connect, limits).accept(Accept::default(), 0);
    let connack = taken(&mut session);
    assert!(connack.windows(3).any(|three| three == b"\x22\0\0"), "{connack:x?}");
    let event = heard(&mut session, &publish(Version::V5, "a", None, b"\x23\x00\x01", b"x"));
    assert!(matches!(event, Some(Event::Ended(End::Violation(_)))), "{event:?}");
    assert_eq!(taken(&mut session)[2], DisconnectCode::TopicAliasInvalid.code());
}

/// An answer of each kind of MQTT 5 with a reason, and where its properties begin.
fn reasoned(asked_for: &[u8], why: &str) -> Vec<(Vec<u8>, usize)> {
    let mut session = session_with(Version::V5, true, asked_for, Limits::default());
    let id = publication(heard(&mut session, &publish(Version::V5, "a", Some(1), &[], b"x")));
    session.acknowledge(id, PubAckCode::NotAuthorized, Some(why));
    let mut answers = vec![(taken(&mut session), 5)];
    let question = asked(Version::V5, 1, &[("a", Some(1))]);
    subscribe(&mut session, &question, &[SubAckCode::NotAuthorized], Some(why));
    answers.push((taken(&mut session), 4));
    let question = asked(Version::V5, 1, &[("a", None)]);
    unsubscribe(&mut session, &question, &[UnsubAckCode::NotAuthorized], Some(why));
    answers.push((taken(&mut session), 4));
    session.disconnect(DisconnectCode::NotAuthorized, why);
    answers.push((taken(&mut session), 3));
    let connect = connect_bytes(Version::V5, true, 60, asked_for, None);
    let refusal = request(&connect, Limits::default()).refuse(ConnectRefusal::NotAuthorized, why);
    answers.push((refusal.to_vec(), 4));
    answers
}

#[test]
fn answers_hold_no_user_property() {
    for (answer, at) in reasoned(&[], "why") {
        assert_eq!(properties(&answer, at), [REASON_STRING], "{answer:x?}");
    }
    let connect = connect_bytes(Version::V5, true, 60, &[], None);
    let connack = taken(&mut request(&connect, Limits::default()).accept(Accept::default(), 0));
    assert!(!properties(&connack, 4).contains(&0x26), "{connack:x?}");
}

#[test]
fn without_problem_information_no_answer_has_a_reason() {
    for (answer, at) in reasoned(b"\x17\x00", "why") {
        // A PUBACK or DISCONNECT that says no more may leave the length out.
        let found = if at < answer.len() { properties(&answer, at) } else { Vec::new() };
        assert_eq!(found, [], "{answer:x?}");
    }
}

#[test]
fn a_reason_that_does_not_fit_is_left_out() {
    for (answer, at) in reasoned(b"\x27\x00\x00\x02\x00", &"x".repeat(600)) {
        assert!(answer.len() <= 512);
        // Cut at the front, or left out: the packet is whole in any case.
        let length = 2 + usize::from(answer[1] >= 128);
        assert!(answer.len() >= length + 2 && at >= 3, "{answer:x?}");
        assert_eq!(packet(answer[0], &answer[length..]), answer);
    }
}

#[test]
fn a_spent_window_holds_up_no_answer() {
    let mut session = session_with(Version::V5, true, b"\x21\x00\x01", Limits::default());
    for token in 0..3 {
        session.deliver(&delivery(token, Qos::AtLeastOnce, b"x"), 0);
    }
    assert_eq!(taken(&mut session), publish(Version::V5, "t", Some(1), &[], b"x"));
    assert_eq!(heard(&mut session, b"\xc0\x00"), None);
    assert_eq!(taken(&mut session), b"\xd0\x00");
    let question = asked(Version::V5, 9, &[("a", Some(1))]);
    subscribe(&mut session, &question, &[SubAckCode::GrantedQos1], None);
    assert_eq!(taken(&mut session), b"\x90\x04\0\x09\0\x01");
    unsubscribe(&mut session, &asked(Version::V5, 9, &[("a", None)]), &[], None);
    assert_eq!(taken(&mut session), b"\xb0\x04\0\x09\0\0");
    let id = publication(heard(&mut session, &publish(Version::V5, "a", Some(7), &[], b"x")));
    session.acknowledge(id, PubAckCode::Success, None);
    assert_eq!(taken(&mut session), puback(7));
    session.deliver(&delivery(0, Qos::AtMostOnce, b"x"), 0);
    assert_eq!(taken(&mut session), publish(Version::V5, "t", None, &[], b"x"));
}

#[test]
fn no_disconnect_comes_before_connack() {
    let mut nearly = connect_bytes(Version::V5, true, 60, &[], None);
    nearly[9] |= 1;
    let auth = connect_bytes(Version::V5, true, 60, b"\x15\x00\x01m", None);
    for first in [&b"\xe0\x00"[..], b"\xc0\x00", b"\xf0\x00", b"\x00\x00", &nearly, &auth] {
        let mut input = BytesMut::from(first);
        let opened = Opening::new(Arc::default()).receive(&mut input);
        let Opened::Refused(farewell) = opened else { panic!("{opened:?}") };
        assert!(farewell.bytes.first().is_none_or(|first| *first == 0x20), "{farewell:?}");
    }
}

#[test]
fn a_disconnect_has_a_code_and_a_reason_alone() {
    use DisconnectCode as D;
    for code in [D::MalformedPacket, D::ServerShuttingDown, D::SessionTakenOver, D::QuotaExceeded] {
        let expiry = b"\x11\x00\x00\x00\x09";
        let mut session = session_with(Version::V5, true, expiry, Limits::default());
        session.disconnect(code, "why");
        let last = taken(&mut session);
        assert_eq!((last[0], last[2]), (0xe0, code.code()));
        assert_eq!(properties(&last, 3), [REASON_STRING]);
    }
}

#[test]
fn after_disconnect_nothing_is_sent() {
    for version in BOTH {
        let mut session = session(version);
        session.deliver(&delivery(1, Qos::AtLeastOnce, b"x"), 0);
        let id = publication(heard(&mut session, &publish(version, "a", Some(1), &[], b"x")));
        session.disconnect(DisconnectCode::ServerShuttingDown, "good night");
        taken(&mut session);
        let dropped = Delivered::Dropped(Dropped::Closed);
        for qos in [Qos::AtMostOnce, Qos::AtLeastOnce] {
            assert_eq!(session.deliver(&delivery(2, qos, b"x"), 0), dropped);
        }
        session.acknowledge(id, PubAckCode::Success, None);
        session.disconnect(DisconnectCode::ServerBusy, "again");
        assert_eq!(heard(&mut session, b"\xc0\x00"), None);
        assert_eq!(session.tick(1_000_000), None);
        assert!(session.output().is_empty());
    }
}

#[test]
fn an_id_is_free_after_its_puback_whatever_dup_says() {
    for version in BOTH {
        let mut session = session(version);
        let mut again = publish(version, "a", Some(7), &[], b"x");
        for _ in 0..3 {
            let id = publication(heard(&mut session, &again));
            session.acknowledge(id, PubAckCode::Success, None);
            assert_eq!(taken(&mut session), puback(7));
            again[0] |= 8;
        }
    }
}
