use std::collections::BTreeMap;

use clap::{CommandFactory, Parser};

use super::args::{Args, Command, ProvisionArgs};
use super::operate::{message_json, message_text};
use super::output::CommandError;
use super::provision::parameters;
use crate::{ConnectionError, KeyType, Message, Method, Operation, ProvisionError, Rejection};

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

const PROVISION: &[&str] = &[
    "device",
    "provision",
    "--endpoint",
    "h:1",
    "--ca",
    "ca",
    "--claim-cert",
    "c",
    "--claim-key",
    "k",
    "--template",
    "T",
    "--identity",
    "d",
];

fn provision(more: &[&str]) -> Result<ProvisionArgs, clap::Error> {
    let arguments = PROVISION.iter().chain(more);
    match Cli::try_parse_from(arguments)?.args.command {
        Command::Provision(args) => Ok(*args),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_command_tree_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_default_is_a_p256_key_made_here() {
    let args = provision(&[]).unwrap();
    assert_eq!(args.chosen_method(), Method::Csr { key_type: KeyType::P256 });
    assert!(parameters(&args).unwrap().is_empty());
}

#[test]
fn parameters_add_up_and_the_command_line_wins_over_the_file() {
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("parameters.json");
    std::fs::write(&file, r#"{"A": "file", "B": "file"}"#).unwrap();
    let args = provision(&[
        "--parameters-file",
        file.to_str().unwrap(),
        "-p",
        "A=x=y",
        "--parameter",
        "C=",
    ])
    .unwrap();
    let expected = [("A", "x=y"), ("B", "file"), ("C", "")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(parameters(&args).unwrap(), BTreeMap::from(expected));

    std::fs::write(&file, r#"{"A": 1}"#).unwrap();
    assert_eq!(parameters(&args).unwrap_err().exit_code(), 2);
}

#[test]
fn wrong_usage_is_refused_by_the_parser() {
    for more in [
        &["--parameter", "A"][..],
        &["--parameter", "=x"],
        &["--key-type", "p384"],
        &["--method", "magic"],
        &["--endpoint", "mqtts://h"],
        &["--output", "xml"],
    ] {
        assert_eq!(provision(more).unwrap_err().exit_code(), 2, "{more:?}");
    }
}

#[test]
fn each_kind_of_failure_has_its_exit_code() {
    let rejection = Rejection {
        operation: Operation::RegisterThing,
        status_code: 403,
        error_code: "AccessDenied".into(),
        error_message: String::new(),
    };
    let closed = || ConnectionError::Closed { during: String::new() };
    let gave_up = |last| ProvisionError::GaveUp { attempts: 8, last: Box::new(last) };
    let codes = [
        (ProvisionError::Settings(String::new()), 2),
        (ProvisionError::Refused { rejection: rejection.clone(), parameters: BTreeMap::new() }, 3),
        (ProvisionError::KeptClosing { during: String::new(), times: 3 }, 4),
        (gave_up(ProvisionError::Connection(closed())), 4),
        (gave_up(ProvisionError::TryLater { rejection }), 1),
        (ProvisionError::OutOfTime { after: Default::default(), last: String::new() }, 5),
    ];
    for (error, code) in codes {
        let told = error.to_string();
        assert_eq!(CommandError::from(error).exit_code(), code, "{told}");
    }
}

#[test]
fn a_message_steers_no_terminal() {
    let message = Message {
        topic: "t\u{9b}".into(),
        payload: "\u{1b}[2J\u{202e}a\nü".into(),
        qos: 0,
        retain: false,
    };
    assert_eq!(message_text(&message), "t\\u{9b}\t\\u{1b}[2J\\u{202e}a\\nü");
}

#[test]
fn a_payload_that_is_no_text_is_printed_in_hexadecimal() {
    let message = |payload: &[u8]| Message {
        topic: "t".into(),
        payload: payload.to_vec(),
        qos: 1,
        retain: false,
    };
    assert_eq!(message_json(&message(b"hi"))["payload"], "hi");
    assert_eq!(message_json(&message(&[0xff, 0]))["payloadHex"], "ff00");
}
