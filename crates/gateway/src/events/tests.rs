use std::net::{IpAddr, Ipv4Addr};

use fleetwright_core::arn::AccountScope;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::event::{Event, registered};
use fleetwright_core::names::{AccountId, Region, ThingName};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{EventOperation, EventSubject, RegistryEvent, Uuid};
use serde_json::{Value, json};

use super::lifecycle::Connection;
use super::{Events, QUEUE, QUEUE_BYTES, Stamp, registry};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn scope() -> AccountScope {
    AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    }
}

fn told(operation: &str, subject: EventSubject) -> (String, Value) {
    let scope = scope();
    let stamp = Stamp { scope: &scope, id: Uuid([1; 16]), at: NOW };
    read(registry::event(
        &RegistryEvent { operation: EventOperation::parse(operation).unwrap(), subject },
        &stamp,
    ))
}

fn read(event: Event) -> (String, Value) {
    (event.topic, serde_json::from_str(&event.payload).unwrap())
}

#[test]
fn a_membership_names_both_by_arn_and_id() {
    let (topic, payload) = told(
        "ADDED",
        EventSubject::Membership {
            group: "g".into(),
            group_id: Uuid([2; 16]),
            thing: "t".into(),
            thing_id: Uuid([3; 16]),
        },
    );
    assert_eq!(topic, "$aws/events/thingGroupMembership/thingGroup/g/thing/t/added");
    assert_eq!(payload["groupArn"], "arn:aws:iot:us-east-1:123456789012:thinggroup/g");
    assert_eq!(payload["thingId"], "03030303-0303-0303-0303-030303030303");
    assert_eq!(payload["timestamp"], NOW.0);
}

#[test]
fn a_group_names_those_above_it_from_the_top() {
    let (topic, payload) = told(
        "CREATED",
        EventSubject::Group {
            group: "child".into(),
            id: Uuid([2; 16]),
            version: 1,
            description: None,
            attributes: [("a".into(), "b".into())].into(),
            above: vec![("top".into(), Uuid([4; 16])), ("parent".into(), Uuid([5; 16]))],
        },
    );
    assert_eq!(topic, "$aws/events/thingGroup/child/created");
    assert_eq!(payload["parentGroupName"], "parent");
    assert_eq!(payload["rootToParentThingGroups"].as_array().unwrap().len(), 2);
    assert_eq!(payload["attributes"], json!({"a": "b"}));
}

#[test]
fn a_client_id_that_would_make_a_filter_makes_no_event() {
    let connection = |client_id| Connection {
        client_id,
        thing: None,
        principal: CertificateId([7; 32]).into(),
        number: 3,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    for bad in ["a+b", "#", "a/b"] {
        assert_eq!(connection(bad).connected(NOW), None);
    }
    let (topic, payload) = read(connection("d").connected(NOW).unwrap());
    assert_eq!(topic, "$aws/events/presence/connected/d");
    assert_eq!(payload["versionNumber"], 3);
    let ended = connection("d").disconnected("CONNECTION_LOST", false, NOW).unwrap();
    assert_eq!(read(ended).1["versionNumber"], 3);
}

#[test]
fn a_connection_of_an_exclusive_thing_names_it() {
    let thing = ThingName::parse("press-7").unwrap();
    let connection = |thing| Connection {
        client_id: "d",
        thing,
        principal: CertificateId([7; 32]).into(),
        number: 3,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let named = read(connection(Some(&thing)).connected(NOW).unwrap()).1;
    assert_eq!(named["thingName"], "press-7");
    let unnamed = read(connection(None).connected(NOW).unwrap()).1;
    assert!(unnamed.get("thingName").is_none());
}

#[test]
fn a_ca_certificate_is_told_with_its_switches() {
    let subject = EventSubject::CaCertificate {
        certificate: "0a".into(),
        status: "ACTIVE".into(),
        auto_registration: true,
        version: 2,
    };
    let (topic, payload) = told("UPDATED", subject);
    assert_eq!(topic, "$aws/events/caCertificate/0a/updated");
    assert_eq!(payload["eventType"], "CA_CERTIFICATE_EVENT");
    assert_eq!(payload["autoRegistrationStatus"], "ENABLE");
    assert_eq!(payload["caCertificateArn"], "arn:aws:iot:us-east-1:123456789012:cacert/0a");
}

#[test]
fn a_registration_just_in_time_names_certificate_and_ca() {
    let (leaf, ca) = (CertificateId([1; 32]), CertificateId([2; 32]));
    let (topic, payload) = read(registered(&scope(), &leaf, &ca, Timestamp(5), NOW));
    assert_eq!(topic, format!("$aws/events/certificates/registered/{ca}"));
    assert_eq!(payload["certificateStatus"], "PENDING_ACTIVATION");
    assert_eq!(payload["certificateRegistrationTimestamp"], "5");
}

#[tokio::test]
async fn events_that_wait_are_bounded_in_number_and_in_bytes() {
    let event = |bytes: usize| Event { topic: "t".into(), payload: "x".repeat(bytes) };
    for (bytes, expected) in [(10, QUEUE), (1 << 20, QUEUE_BYTES / (1 << 20) - 1)] {
        let (events, mut waiting) = Events::new(scope());
        let queued = (0..2 * QUEUE).take_while(|_| events.queue(event(bytes))).count();
        assert_eq!(queued, expected, "{bytes}");
        assert!(!events.queue(event(bytes)), "what was refused left nothing behind");
        for _ in 0..expected {
            waiting.next().await.unwrap();
        }
        assert!(events.queue(event(bytes)));
    }
}
