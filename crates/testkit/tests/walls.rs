//! The walls of the house: which crate may know which, and what a pure crate may not do.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Workspace crates that each crate may depend on, without their common prefix; dev-dependencies may
/// also name the test kit. In the order of the floors: none names one that stands below it here.
const ALLOWED: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("mqtt", &[]),
    ("containment", &[]),
    ("console", &[]),
    ("ca", &["core"]),
    ("store", &["core"]),
    ("device", &["core", "mqtt"]),
    ("host", &["core", "ca"]),
    ("access", &["core", "store", "host"]),
    ("installation", &["core", "ca", "store", "host", "access"]),
    ("functions", &["core", "store", "containment", "host", "access"]),
    ("provisioning", &["core", "ca", "store", "host", "access", "installation", "functions"]),
    ("services", &["core", "store", "host"]),
    ("gateway", &["core", "mqtt", "ca", "store", "host", "provisioning", "services"]),
    (
        "control",
        &[
            "core",
            "mqtt",
            "ca",
            "store",
            "host",
            "access",
            "installation",
            "functions",
            "provisioning",
            "services",
        ],
    ),
    (
        "server",
        &[
            "core",
            "ca",
            "store",
            "host",
            "access",
            "installation",
            "functions",
            "provisioning",
            "services",
            "gateway",
            "control",
            "console",
        ],
    ),
    ("cli", &["core", "device", "containment", "installation", "server"]),
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

/// A crate of the workspace without the prefix of them all; the command is `cli`.
fn short(package: &str) -> Option<&str> {
    match package {
        "fleetwright" => Some("cli"),
        other => other.strip_prefix("fleetwright-"),
    }
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
        let name = short(package["name"].as_str().unwrap()).unwrap();
        if name == "testkit" {
            continue;
        }
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} has no walls yet"));
        seen += 1;
        for dependency in package["dependencies"].as_array().unwrap() {
            let Some(on) = short(dependency["name"].as_str().unwrap()) else { continue };
            let for_tests = dependency["kind"] == "dev";
            assert!(
                may.contains(&on) || (for_tests && on == "testkit"),
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
    for (other, _) in ALLOWED.iter().filter(|(name, _)| *name != "store") {
        let found = offences(&format!("crates/{other}"), &words);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn every_crate_stands_on_those_before_it() {
    for (at, (name, may)) in ALLOWED.iter().enumerate() {
        let below: Vec<_> = ALLOWED[..at].iter().map(|(name, _)| *name).collect();
        assert!(may.iter().all(|on| below.contains(on)), "{name} names a floor above it");
    }
}

#[test]
fn every_crate_is_on_the_map() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (name, _) in ALLOWED {
        assert!(map.contains(&format!("`crates/{name}`")), "{name} is not in ARCHITECTURE.md");
    }
}

/// Lines of unit tests at the end of their file; more stand in a file `tests.rs` of their own.
const INLINE_TESTS: usize = 150;

#[test]
fn unit_tests_stand_at_the_end_of_their_file_or_in_tests_rs() {
    let mut files = Vec::new();
    for (name, _) in ALLOWED {
        sources(&root().join(format!("crates/{name}/src")), &mut files);
    }
    let mut found = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let (shipped, inline) =
            text.split_once("#[cfg(test)]\nmod tests {\n").unwrap_or((text.as_str(), ""));
        let last = inline.find("\n}\n").is_none_or(|end| end + 3 == inline.len());
        let inside = file.components().any(|part| part.as_os_str() == "tests");
        for (broken, what) in [
            (text.is_empty(), "an empty file"),
            (!last, "something behind its tests"),
            (inline.lines().count() > INLINE_TESTS, "many tests: move them to tests.rs"),
            (text.contains("#[path ="), "a module in a file of another name"),
            (shipped.contains("_tests {") || shipped.contains("_tests;"), "tests of another name"),
            (
                !inside && !file.ends_with("tests.rs") && shipped.contains("test]\n"),
                "a test outside `mod tests`",
            ),
        ] {
            if broken {
                found.push(format!("{}: {what}", file.display()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Where an import stands: `std`, other crates, this one.
fn import_group(path: &str) -> usize {
    match path.split("::").next().unwrap_or_default() {
        "std" | "core" | "alloc" => 0,
        "crate" | "super" | "self" => 2,
        _ => 1,
    }
}

#[test]
fn imports_name_one_module_each_and_stand_in_order() {
    let mut files = Vec::new();
    for (name, _) in ALLOWED {
        sources(&root().join(format!("crates/{name}/src")), &mut files);
    }
    let mut found = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let mut last = 0;
        for item in text.split("\nuse ").skip(1) {
            let (import, rest) = item.split_once(';').unwrap_or((item, ""));
            let group = import_group(import);
            let names = import.split_once('{').map_or("", |(_, names)| names);
            if group < last || names.contains('{') || names.contains("::") {
                found.push(format!("{}: use {import}", file.display()));
            }
            // Other code between two imports ends their list.
            let apart = rest.lines().any(|line| {
                !line.is_empty() && !["pub use ", "#[", "//"].iter().any(|it| line.starts_with(it))
            });
            last = if apart { 0 } else { group };
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn only_main_may_exit_the_process() {
    for (library, _) in ALLOWED.iter().filter(|(name, _)| *name != "cli") {
        let found = offences(&format!("crates/{library}"), &[("process::exit", "exits")]);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

/// What a line of the log is about, where it is about a peer.
const WHO: &[&str] = &["peer", "client_id", "principal"];

#[test]
fn a_line_about_a_peer_says_who_it_is() {
    let gateway = root().join("crates/gateway/src");
    let mut files = vec![gateway.join("first_connection.rs")];
    for room in ["connection", "online", "https"] {
        sources(&gateway.join(room), &mut files);
    }
    let (mut lines, mut nameless) = (0, Vec::new());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for level in ["info", "warn", "error"] {
            for call in text.split(&format!("tracing::{level}!(")).skip(1) {
                let line = call.split(");").next().unwrap();
                lines += 1;
                if !WHO.iter().any(|who| line.contains(who)) {
                    nameless.push(format!("{}: {line}", file.display()));
                }
            }
        }
    }
    assert!(lines > 20, "only {lines} lines were found");
    assert!(nameless.is_empty(), "{}", nameless.join("\n"));
}
