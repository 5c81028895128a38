use std::collections::BTreeMap;

use super::*;
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp(1_700_000_000_123);

fn answered(topic: &str, payload: &[u8]) -> (Audience, String, Vec<u8>) {
    let Some(ServiceRequest::Absent(request)) = ServiceRequest::parse(topic) else {
        panic!("{topic}")
    };
    let answer = request.answer(payload, NOW);
    (request.audience(), answer.topic, answer.payload)
}

/// topic, payload, where the answer goes, its JSON
const JSON: &[(&str, &str, &str, &str)] = &[
    (
        "$aws/things/t/streams/s/describe/json",
        r#"{"c":"1"}"#,
        "$aws/things/t/streams/s/rejected/json",
        r#"{"o":"ResourceNotFound","m":"Streams are not offered by this server","c":"1"}"#,
    ),
    (
        "$aws/things/t/defender/metrics/json",
        "{}",
        "$aws/things/t/defender/metrics/json/rejected",
        r#"{"thingName":"t","status":"REJECTED","statusDetails":{"ErrorCode":"NotSupported","ErrorMessage":"Device Defender is not offered by this server"},"timestamp":1700000000123}"#,
    ),
    (
        "$aws/device_location/d/get_position_estimate",
        "{}",
        "$aws/device_location/d/get_position_estimate/rejected",
        r#"{"code":403,"message":"Device Location is not offered by this server"}"#,
    ),
];

#[test]
fn every_service_answers_in_its_own_form() {
    for (topic, payload, to, expected) in JSON {
        let (audience, answered_to, answer) = answered(topic, payload.as_bytes());
        assert_eq!((&*answered_to, &*String::from_utf8(answer).unwrap()), (*to, *expected));
        let direct = topic.contains("/streams/");
        assert_eq!(audience == Audience::Requester, direct, "{topic}");
    }
}

#[test]
fn a_request_in_cbor_is_answered_in_cbor() {
    let payload = [&[0xa1, 0x61][..], b"c", &[0x61], b"1"].concat();
    let (_, topic, answer) = answered("$aws/things/t/streams/s/get/cbor", &payload);
    assert_eq!(topic, "$aws/things/t/streams/s/rejected/cbor");
    let read: BTreeMap<String, String> = ciborium::from_reader(answer.as_slice()).unwrap();
    assert_eq!(read["o"], "ResourceNotFound");
    assert_eq!(read["c"], "1");
}

#[test]
fn requests_to_shadows_and_jobs_are_read_from_their_topics_and_written_back() {
    for (topic, audience) in [
        ("$aws/things/t/shadow/get", Audience::Subscribers),
        ("$aws/things/t/shadow/update", Audience::Subscribers),
        ("$aws/things/t/shadow/name/s$1/delete", Audience::Subscribers),
        ("$aws/things/jobs/jobs/get", Audience::Requester),
        ("$aws/things/t/jobs/start-next", Audience::Requester),
        ("$aws/things/t/jobs/$next/get", Audience::Requester),
        ("$aws/things/t/jobs/j-1/get", Audience::Requester),
        ("$aws/things/jobs/jobs/get/update", Audience::Requester),
    ] {
        let request = ServiceRequest::parse(topic).expect(topic);
        assert_eq!(request.audience(), audience, "{topic}");
        let written = match request {
            ServiceRequest::Shadow(request) => request.topic(),
            ServiceRequest::Job(request) => request.topic(),
            ServiceRequest::Absent(_) => String::new(),
        };
        assert_eq!(written, topic);
    }
}

#[test]
fn what_is_no_request_is_none() {
    for topic in [
        "a/b",
        "$aws/rules/r",
        "$aws/events/presence/connected/a",
        "$aws/things/t/shadow/update/delta",
        "$aws/things/t/shadow/get/accepted",
        "$aws/things/t/jobs/notify-next",
        "$aws/things/t/jobs/bad.name/update",
        "$aws/things/bad name/shadow/get",
        "$aws/things//shadow/get",
        "$aws/things/t/shadow/name//get",
        "$aws/things/t/streams/s/get/xml",
        "$aws/things/t/defender/metrics/json/accepted",
        "$aws/device_location//get_position_estimate",
    ] {
        assert_eq!(ServiceRequest::parse(topic), None, "{topic}");
    }
}
