//! What the environment and the command line give.

use fleetwright_core::configuration::{Key, Takes};
use toml::Value;

use super::error::{nearest, unusable};
use super::values::Values;
use super::{Origin, keys, value};

const PREFIX: &str = "FLEETWRIGHT_";
/// Variables that are not the server's: its file, and those of the device command.
const OTHERS: &[&str] = &["FLEETWRIGHT_CONFIG", "FLEETWRIGHT_API"];
const OF_DEVICES: &str = "FLEETWRIGHT_DEVICE_";

/// What an option of the command line was given.
#[derive(Debug, Clone)]
pub struct Given {
    /// The option's name without dashes, such as `hostname`.
    pub option: &'static str,
    /// Its key, such as `hostnames`.
    pub key: &'static str,
    /// Its values, in their order.
    pub words: Vec<String>,
}

/// Reads the variables of the environment that have our prefix.
pub(super) fn environment(variables: &[(String, String)], into: &mut Values) {
    let known: Vec<_> = keys::variables().collect();
    for (name, text) in variables {
        if !name.starts_with(PREFIX) || name.starts_with(OF_DEVICES) || is_of_kubernetes(name) {
            continue;
        }
        if let Some((_, key)) = known.iter().find(|(variable, _)| variable == name) {
            let words: Vec<String> = text.split(',').map(|word| word.trim().to_owned()).collect();
            let words =
                if matches!(key.takes, Takes::List(..)) { words } else { vec![text.clone()] };
            take(key, &words, Origin::Environment(name.clone()), into);
        } else if !OTHERS.contains(&name.as_str()) {
            let all = known.iter().map(|(variable, _)| variable.as_str());
            let all: Vec<&str> = all.chain(OTHERS.iter().copied().take(1)).collect();
            into.faults.push(format!(
                "environment: unknown variable {name}{} Known variables: {}",
                nearest(name, all.iter().copied()),
                all.join(", ")
            ));
        }
    }
}

/// Reads the options of the command line.
pub(super) fn command_line(given: &[Given], into: &mut Values) {
    for Given { option, key, words } in given {
        if let Some(key) = keys::option(key) {
            take(key, words, Origin::CommandLine(option), into);
        }
    }
}

fn take(key: &Key, words: &[String], origin: Origin, into: &mut Values) {
    let texts = || words.iter().cloned().map(Value::String);
    let mut read = match key.takes {
        Takes::List(..) => Value::Array(texts().collect()),
        Takes::Flag => flag(words),
        _ => texts().next_back().unwrap_or(Value::Boolean(true)),
    };
    let path = vec![key.name.to_owned()];
    match value::check(key.takes, &mut read) {
        Ok(()) => into.insert(path, read, origin),
        Err(why) => into.faults.push(unusable(&origin, &path, &read, &why)),
    }
}

/// Environments have many words for yes and no; an option without a value is yes.
fn flag(words: &[String]) -> Value {
    let Some(word) = words.last() else { return Value::Boolean(true) };
    match word.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Value::Boolean(true),
        "0" | "false" | "no" | "off" => Value::Boolean(false),
        _ => Value::String(word.clone()),
    }
}

/// Variables that Kubernetes gives every container about a service whose name begins with ours.
/// Kubernetes: "Service", "Environment variables".
fn is_of_kubernetes(name: &str) -> bool {
    let is_port = |text: &str| {
        let mut parts = text.split('_');
        let number = parts.next().is_some_and(|port| port.parse::<u16>().is_ok());
        number && parts.next().is_some_and(|protocol| matches!(protocol, "TCP" | "UDP" | "SCTP"))
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || name.ends_with("_PORT")
        || name.rsplit_once("_PORT_").is_some_and(|(_, rest)| is_port(rest))
        || name.split_once("_PORT_").is_some_and(|(_, rest)| is_port(rest))
}
