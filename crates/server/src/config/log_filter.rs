//! What is logged: a level, or levels by where a line comes from.

use std::fmt;

use fleetwright_core::logging::LogLevel;

use super::error::nearest;

/// Crates of ours that log, and those of others whose lines may be wanted.
const TARGETS: &[&str] = &[
    "fleetwright_access",
    "fleetwright_ca",
    "fleetwright_control",
    "fleetwright_core",
    "fleetwright_functions",
    "fleetwright_gateway",
    "fleetwright_host",
    "fleetwright_installation",
    "fleetwright_mqtt",
    "fleetwright_provisioning",
    "fleetwright_server",
    "fleetwright_store",
    "hyper",
    "hyper_util",
    "rustls",
    "tokio",
];
/// What logs what devices do.
const OF_DEVICES: &[&str] = &["fleetwright_gateway", "fleetwright_provisioning"];
const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];

/// A filter that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    pub(super) fn new(checked: String) -> Self {
        Self(checked)
    }

    /// The same filter, with another level of what devices do.
    #[must_use]
    pub(crate) fn with_devices(&self, level: Option<LogLevel>) -> Self {
        let Some(level) = level else { return self.clone() };
        let level = match level {
            LogLevel::Disabled => "off".to_owned(),
            level => level.as_str().to_ascii_lowercase(),
        };
        OF_DEVICES
            .iter()
            .fold(self.clone(), |Self(filter), target| Self(format!("{filter},{target}={level}")))
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `LEVEL`, `TARGET=LEVEL`, and several of them with commas between.
pub(super) fn rule(text: &str) -> Result<(), String> {
    text.split(',').try_for_each(|directive| directive_rule(directive.trim()))
}

fn directive_rule(directive: &str) -> Result<(), String> {
    match directive.split_once('=') {
        None => level(directive),
        Some((target, of)) => {
            let name = target.split("::").next().unwrap_or_default();
            if !TARGETS.contains(&name) {
                return Err(format!(
                    "TARGET=LEVEL, where TARGET is one of {}{}",
                    TARGETS.join(", "),
                    nearest(name, TARGETS.iter().copied())
                ));
            }
            level(of)
        }
    }
}

fn level(text: &str) -> Result<(), String> {
    if LEVELS.iter().any(|level| text.eq_ignore_ascii_case(level)) {
        return Ok(());
    }
    let nearest = nearest(text, LEVELS.iter().copied());
    Err(format!(
        "one of {}, or TARGET=LEVEL such as fleetwright_gateway=debug{nearest}",
        LEVELS.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_devices_do_has_a_level_of_its_own() {
        let filter = LogFilter::new("warn,rustls=debug".to_owned());
        assert_eq!(filter.with_devices(None), filter);
        assert_eq!(
            filter.with_devices(Some(LogLevel::Debug)).to_string(),
            "warn,rustls=debug,fleetwright_gateway=debug,fleetwright_provisioning=debug"
        );
        let off = filter.with_devices(Some(LogLevel::Disabled)).to_string();
        assert!(off.ends_with("fleetwright_gateway=off,fleetwright_provisioning=off"), "{off}");
        assert!(rule(&off).is_ok());
    }
}
