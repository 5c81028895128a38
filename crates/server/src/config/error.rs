//! What is wrong with a configuration.

use std::fmt;

use toml::Value;

use super::Origin;

/// Characters of a value that are shown. (ours)
const SHOWN: usize = 80;

/// How alike an unknown key must be to a known one for that to be meant. (ours)
const ALIKE: f64 = 0.8;

/// A configuration cannot be used. `Display` has a line for each thing that is wrong: where it was
/// given, key, value, and what may stand there.
#[derive(Debug)]
pub struct ConfigError(pub(super) Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => f.write_str(one),
            several => {
                write!(f, "{} things of the configuration cannot be used:", several.len())?;
                several.iter().try_for_each(|line| write!(f, "\n  {line}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}

/// One line of the error: a value that cannot be used, and why.
pub(super) fn unusable(origin: &Origin, path: &[String], value: &Value, why: &str) -> String {
    let shown = shown(value);
    match origin {
        Origin::File(..) => format!("{origin}: {} = {shown}: {why}", place(path)),
        Origin::Environment(name) => format!("environment: {name}={shown}: {why}"),
        Origin::CommandLine(option) => format!("command line: --{option} {shown}: {why}"),
        Origin::Default => format!("{} = {shown} (the default): {why}", place(path)),
    }
}

/// A key as one looks for it in the file: `[section] key`.
pub(super) fn place(path: &[String]) -> String {
    match path {
        [] => String::new(),
        [key] => key.clone(),
        [section @ .., key] => format!("[{}] {key}", section.join(".")),
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// `; did you mean 'NAME'?`, if one is much alike.
pub(super) fn nearest<'k>(unknown: &str, known: impl Iterator<Item = &'k str>) -> String {
    known
        .map(|name| (strsim::jaro_winkler(unknown, name), name))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map_or_else(|| ".".to_owned(), |(_, name)| format!("; did you mean '{name}'?"))
}
