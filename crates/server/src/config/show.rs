//! Every value of a configuration, and where it was given.

use fleetwright_core::configuration::{Key, Takes};
use serde::Serialize;
use toml::{Table, Value};

use super::error::place;
use super::{Configuration, Origin, keys};

/// A key with its value.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The key with its sections, dots between.
    #[serde(skip)]
    pub path: String,
    /// The key, `[section] key`.
    pub key: String,
    /// Its value; none where nothing is given and there is no default.
    pub value: Option<Value>,
    /// Where it was given, for people.
    pub origin: String,
    /// The same for programs: `default`, `file`, `environment` or `command-line`.
    pub kind: &'static str,
}

impl Configuration {
    /// Every key in the order of the manual.
    pub fn shown(&self) -> Vec<Shown> {
        // Sections hold numbers, texts, lists and tables of them: all are TOML.
        let table = Table::try_from(&self.sections).unwrap_or_default();
        let mut shown = Vec::new();
        self.section(keys::KEYS, Some(&table), &[], &mut shown);
        shown
    }

    fn section(&self, keys: &[Key], table: Option<&Table>, above: &[String], to: &mut Vec<Shown>) {
        for key in keys {
            let path: Vec<String> = above.iter().cloned().chain([key.name.to_owned()]).collect();
            self.value(key.takes, table.and_then(|table| table.get(key.name)), path, to);
        }
    }

    fn value(&self, takes: Takes, value: Option<&Value>, path: Vec<String>, to: &mut Vec<Shown>) {
        match takes {
            Takes::Section(keys) => self.section(keys, value.and_then(Value::as_table), &path, to),
            Takes::Each(_, of) => {
                for (name, value) in value.and_then(Value::as_table).into_iter().flatten() {
                    let path = path.iter().cloned().chain([name.clone()]).collect();
                    self.value(*of, Some(value), path, to);
                }
            }
            _ => {
                let origin = self.values.origin(&path);
                let kind = match &origin {
                    Origin::Default => "default",
                    Origin::File(..) => "file",
                    Origin::Environment(_) => "environment",
                    Origin::CommandLine(_) => "command-line",
                };
                let (key, origin) = (place(&path), origin.to_string());
                to.push(Shown { path: path.join("."), key, value: value.cloned(), origin, kind });
            }
        }
    }
}
