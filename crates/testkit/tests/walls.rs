//! The walls of the house: which crate may know which, and what a pure crate may not do.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Workspace crates that each crate may depend on; dev-dependencies may also name the test kit.
const ALLOWED: &[(&str, &[&str])] = &[
    ("fleetwright-core", &[]),
    ("fleetwright-mqtt", &[]),
    ("fleetwright-containment", &[]),
    ("fleetwright-ca", &["fleetwright-core"]),
    ("fleetwright-store", &["fleetwright-core"]),
    ("fleetwright-device", &["fleetwright-core", "fleetwright-mqtt"]),
    (
        "fleetwright-server",
        &[
            "fleetwright-core",
            "fleetwright-mqtt",
            "fleetwright-ca",
            "fleetwright-store",
            "fleetwright-containment",
        ],
    ),
    (
        "fleetwright",
        &[
            "fleetwright-core",
            "fleetwright-device",
            "fleetwright-server",
            "fleetwright-containment",
        ],
    ),
];

/// What a pure crate may not name, and why.
const IMPURE: &[(&str, &str)] = &[
    ("std::fs", "I/O"),
    ("std::net::Tcp", "I/O"),
    ("std::net::Udp", "I/O"),
    ("std::io::std", "I/O"),
    ("std::process", "I/O"),
    ("std::env", "I/O"),
    ("println!", "I/O"),
    ("tokio::", "a runtime"),
    ("SystemTime::now", "a clock"),
    ("Instant::now", "a clock"),
    ("rand::", "randomness"),
    ("getrandom", "randomness"),
    ("RandomState", "randomness"),
    ("std::thread", "a task"),
];

/// Only the store speaks SQL.
const SQL: &[&str] = &["rusqlite", "tokio_postgres"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether the code names the word: `Operand::` does not name `rand::`.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
    })
}

/// Lines of shipped code that hold one of the words: tests and comments may say what they like.
fn offences(crate_dir: &str, words: &[(&str, &str)]) -> Vec<String> {
    let mut files = Vec::new();
    let src = root().join(crate_dir).join("src");
    sources(&src, &mut files);
    let mut found = Vec::new();
    let shipped_file =
        |file: &&PathBuf| !file.strip_prefix(&src).unwrap().to_string_lossy().contains("tests");
    for file in files.iter().filter(shipped_file) {
        let text = fs::read_to_string(file).unwrap();
        let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for (number, line) in shipped.lines().enumerate() {
            let code = line.split("//").next().unwrap();
            for (word, what) in words {
                if names(code, word) {
                    found.push(format!("{}:{}: {what}: {word}", file.display(), number + 1));
                }
            }
        }
    }
    found
}

#[test]
fn crates_know_only_whom_they_may() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let mut seen = 0;
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if name == "fleetwright-testkit" {
            continue;
        }
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} has no walls yet"));
        seen += 1;
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = dependency["name"].as_str().unwrap();
            if !on.starts_with("fleetwright") {
                continue;
            }
            let for_tests = dependency["kind"] == "dev";
            assert!(
                may.contains(&on) || (for_tests && on == "fleetwright-testkit"),
                "{name} may not depend on {on}"
            );
        }
    }
    assert_eq!(seen, ALLOWED.len(), "a crate is missing from the workspace");
}

#[test]
fn core_and_mqtt_do_no_io_read_no_clock_and_draw_no_randomness() {
    for pure in ["crates/core", "crates/mqtt"] {
        let found = offences(pure, IMPURE);
        assert!(found.is_empty(), "{pure} is not pure:\n{}", found.join("\n"));
    }
}

#[test]
fn sql_stays_in_the_store() {
    let words: Vec<_> = SQL.iter().map(|word| (*word, "SQL outside the store")).collect();
    for other in ["core", "mqtt", "ca", "device", "server", "cli"] {
        let found = offences(&format!("crates/{other}"), &words);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn gateway_and_control_do_not_know_each_other() {
    for (room, other) in [("gateway", "control"), ("control", "gateway")] {
        let words = [(format!("{other}::"), "the other room")];
        let words: Vec<_> = words.iter().map(|(word, what)| (word.as_str(), *what)).collect();
        let mut found = offences("crates/server", &words);
        found.retain(|line| line.contains(&format!("/src/{room}/")));
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn only_main_may_exit_the_process() {
    for library in ["core", "mqtt", "ca", "store", "device", "server"] {
        let found = offences(&format!("crates/{library}"), &[("process::exit", "exits")]);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}
