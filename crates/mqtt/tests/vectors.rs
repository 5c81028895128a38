//! The vectors of `cases/`: one file per clause, each packet with what must become of it.
//!
//! A vector is a paragraph: its name; `in STATE: BYTES`, where the state is `opening` (nothing was
//! read yet), `3.1.1` or `5` (just connected), maybe with `, no retain` or `, no sharing`;
//! `expect: …`; and maybe `output: BYTES`, the whole answer. What can be expected:
//! `event NAME` (accepted; `none` for a packet that the session answers itself), `suback CODES`,
//! `puback CODE` (refused, still open), `close` (without a word), `connack CODE`, and
//! `disconnect CODE`. A refusal must name the clause that the file is named by; files of our own
//! limits begin with `limit`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::sync::Arc;

use bytes::BytesMut;
use fleetwright_mqtt::{
    Accept, ConnectRequest, End, Event, Limits, Opened, Opening, PubAckCode, Qos, Session,
    SubAckCode,
};

const CONNECT_311: &[u8] = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c";
const CONNECT_5: &[u8] = b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01c";

struct Vector {
    name: String,
    state: String,
    limits: Limits,
    input: Vec<u8>,
    expect: String,
    output: Option<Vec<u8>>,
}

/// What became of a packet.
#[derive(Debug, PartialEq)]
struct Outcome {
    /// The first event, by name.
    event: &'static str,
    clause: Option<&'static str>,
    output: Vec<u8>,
    closed: bool,
}

#[test]
fn every_vector_of_every_clause_holds() {
    let mut vectors = 0;
    let mut refusals = 0;
    let mut failures = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let clause = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for vector in parse(&std::fs::read_to_string(&path).unwrap()) {
            vectors += 1;
            refusals += usize::from(!vector.expect.starts_with("event"));
            if let Err(why) = check(&clause, &vector) {
                failures.push(format!("{clause}: {}: {why}", vector.name));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(vectors >= 400 && refusals >= 300, "{vectors} vectors, {refusals} refusals");
}

#[test]
fn every_clause_that_can_be_named_has_its_vectors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    let mut clauses = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            for clause in source.split('"').filter(|text| text.starts_with("MQTT")) {
                let digits = clause.trim_start_matches("MQTT5").trim_start_matches("MQTT");
                if digits.starts_with('-') && digits.chars().all(|c| "-.0123456789".contains(c)) {
                    clauses += 1;
                    let file = root.join("cases").join(format!("{clause}.txt"));
                    assert!(file.exists(), "{clause}, named in {}, has no vectors", path.display());
                }
            }
        }
    }
    assert!(clauses > 90, "{clauses}");
}

fn parse(text: &str) -> Vec<Vector> {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.starts_with('#'));
    paragraphs.map(parse_vector).collect()
}

fn parse_vector(paragraph: &str) -> Vector {
    let mut lines = paragraph.trim().lines();
    let name = lines.next().unwrap().to_owned();
    let (state, input) = lines.next().unwrap().trim()[3..].split_once(": ").unwrap();
    let (state, offer) = state.split_once(", ").unwrap_or((state, ""));
    let limits = Limits {
        retain_available: offer != "no retain",
        shared_subscriptions: offer != "no sharing",
        ..Limits::default()
    };
    let expect = lines.next().unwrap().trim().strip_prefix("expect: ").unwrap();
    let output = lines.next().map(|line| line.trim().strip_prefix("output: ").unwrap());
    Vector {
        name,
        state: state.to_owned(),
        limits,
        input: unhex(input),
        expect: expect.to_owned(),
        output: output.map(unhex),
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    (0..digits.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap())
        .collect()
}

/// Runs a vector whole, and byte by byte: both must end as expected.
fn check(clause: &str, vector: &Vector) -> Result<(), String> {
    let whole = run(vector, vector.input.len().max(1));
    let split = run(vector, 1);
    if whole != split {
        return Err(format!("whole {whole:?}, byte by byte {split:?}"));
    }
    let v311 = vector.state == "3.1.1";
    let (kind, detail) = vector.expect.split_once(' ').unwrap_or((&vector.expect, ""));
    let ends = match kind {
        "event" => {
            whole.event == detail
                && whole.closed == (detail == "Disconnect")
                && whole.clause.is_none()
        }
        "suback" => {
            let codes = unhex(detail);
            whole.event == "Subscribe"
                && !whole.closed
                && whole.output.first() == Some(&0x90)
                && whole.output.ends_with(&codes)
                && whole.output.len() == 4 + usize::from(!v311) + codes.len()
        }
        "close" => whole.closed && whole.output.is_empty(),
        "connack" => {
            let code = detail.parse().unwrap();
            let at = 3 - usize::from(whole.output.len() == 1);
            whole.closed
                && whole.output.first() == Some(&0x20)
                && whole.output.get(at) == Some(&code)
        }
        "disconnect" => {
            let code = detail.parse().unwrap();
            whole.closed
                && whole.output.first() == Some(&0xe0)
                && whole.output.get(2) == Some(&code)
        }
        "puback" => {
            let code = detail.parse().unwrap();
            !whole.closed
                && whole.output.first() == Some(&0x40)
                && whole.output.get(4) == Some(&code)
        }
        _ => return Err("an expectation of no known kind".to_owned()),
    };
    let named = match whole.clause {
        None => matches!(kind, "event" | "suback"),
        Some("limit") => clause.starts_with("limit"),
        Some(named) => named == clause,
    };
    let written = vector.output.as_ref().is_none_or(|output| *output == whole.output);
    if ends && named && written {
        return Ok(());
    }
    Err(format!("expected {} {:x?}, found {whole:x?}", vector.expect, vector.output))
}

fn run(vector: &Vector, step: usize) -> Outcome {
    let mut outcome = Outcome { event: "none", clause: None, output: Vec::new(), closed: false };
    let mut input = BytesMut::new();
    if vector.state == "opening" {
        let mut opening = Opening::new(Arc::new(vector.limits.clone()));
        for chunk in vector.input.chunks(step) {
            input.extend_from_slice(chunk);
            match opening.receive(&mut input) {
                Opened::NeedMore => continue,
                Opened::Connect(_) => outcome.event = "Connect",
                Opened::Refused(farewell) => {
                    assert!(!farewell.reason.is_empty());
                    outcome.output = farewell.bytes.to_vec();
                    outcome.clause = Some(farewell.clause);
                    outcome.closed = true;
                }
            }
            return outcome;
        }
        return outcome;
    }
    let mut session =
        session(if vector.state == "5" { CONNECT_5 } else { CONNECT_311 }, &vector.limits);
    for chunk in vector.input.chunks(step) {
        input.extend_from_slice(chunk);
        while let Some(event) = session.receive(&mut input, 0) {
            note(&mut outcome, &mut session, event);
        }
    }
    outcome.output = session.output().to_vec();
    outcome.closed = session.end().is_some();
    outcome
}

/// Notes the last event that matters, and answers it with a grant. A message is acknowledged
/// only if it is alone, so that windows and packet ids can be tried.
fn note(outcome: &mut Outcome, session: &mut Session, event: Event) {
    match event {
        Event::Publish(publish) => {
            outcome.event = "Publish";
            if let Some(id) = publish.id.filter(|_| &publish.topic[..] == "a" && publish.retain) {
                session.acknowledge(id, PubAckCode::Success, None);
            }
        }
        Event::Subscribe(subscribe) => {
            outcome.event = "Subscribe";
            let granted = |qos: Qos| match qos {
                Qos::AtMostOnce => SubAckCode::GrantedQos0,
                Qos::AtLeastOnce => SubAckCode::GrantedQos1,
            };
            let codes: Vec<_> =
                subscribe.filters.iter().map(|filter| granted(filter.qos)).collect();
            session.subscribed(subscribe.receipt, &codes, None);
        }
        Event::Unsubscribe(unsubscribe) => {
            outcome.event = "Unsubscribe";
            session.unsubscribed(unsubscribe.receipt, &[], None);
        }
        Event::Ended(End::Violation(violation)) | Event::PublishRefused(violation) => {
            assert!(!violation.reason.is_empty());
            outcome.event = "Violation";
            outcome.clause = Some(violation.clause);
        }
        Event::Ended(End::Disconnect { .. }) => outcome.event = "Disconnect",
        Event::Delivered { .. } | Event::Ended(_) => outcome.event = "other",
    }
}

fn session(connect: &[u8], limits: &Limits) -> Session {
    let mut input = BytesMut::from(connect);
    let Opened::Connect(request) = Opening::new(Arc::new(limits.clone())).receive(&mut input)
    else {
        panic!("the CONNECT of the test is in order");
    };
    let request: ConnectRequest = *request;
    let mut session = request.accept(Accept::default(), 0);
    session.output().clear();
    session
}
