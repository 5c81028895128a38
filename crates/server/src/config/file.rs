//! Reading the file: TOML with its lines, key by key.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fleetwright_core::configuration::{Key, Takes};
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::error::{nearest, place, unusable};
use super::values::Values;
use super::{ConfigError, Origin, value};

/// Reads the text of a file into values.
pub(super) fn read(
    path: &Path,
    text: &str,
    keys: &[Key],
    into: &mut Values,
) -> Result<(), ConfigError> {
    let wrong = |error: toml::de::Error| {
        let line = line_at(text, error.span().map_or(0, |span| span.start));
        ConfigError(vec![format!("{}:{line}: {}", path.display(), error.message())])
    };
    let table: Table = text.parse().map_err(wrong)?;
    let spanned = DeTable::parse(text).map_err(wrong)?;
    let mut reader = Reader { path: Arc::new(path.to_owned()), lines: BTreeMap::new(), into };
    reader.note_lines(text, spanned.get_ref(), &[]);
    reader.section(&table, keys, &[]);
    Ok(())
}

struct Reader<'v> {
    path: Arc<std::path::PathBuf>,
    lines: BTreeMap<Vec<String>, usize>,
    into: &'v mut Values,
}

impl Reader<'_> {
    fn note_lines(&mut self, text: &str, table: &DeTable<'_>, above: &[String]) {
        for (key, value) in table {
            let path = joined(above, key.get_ref());
            if let DeValue::Table(inner) = Spanned::get_ref(value) {
                self.note_lines(text, inner, &path);
            }
            self.lines.insert(path, line_at(text, key.span().start));
        }
    }

    fn origin(&self, path: &[String]) -> Origin {
        let line = self.lines.get(path).copied().unwrap_or(1);
        Origin::File(Arc::clone(&self.path), line)
    }

    fn section(&mut self, table: &Table, keys: &[Key], above: &[String]) {
        for (name, value) in table {
            let path = joined(above, name);
            match keys.iter().find(|key| key.name == name) {
                Some(key) => self.value(key.takes, value, path),
                None => {
                    let names = keys.iter().map(|key| key.name);
                    let meant = nearest(name, names.clone());
                    let known = names.collect::<Vec<_>>().join(", ");
                    let unknown = format!(
                        "{}: unknown key {}{meant} Known keys: {known}",
                        self.origin(&path),
                        place(&path),
                    );
                    self.into.faults.push(unknown);
                }
            }
        }
    }

    fn value(&mut self, takes: Takes, given: &Value, path: Vec<String>) {
        let origin = self.origin(&path);
        match (takes, given) {
            (Takes::Section(keys), Value::Table(table)) => self.section(table, keys, &path),
            (Takes::Each(rule, of), Value::Table(table)) => {
                for (name, value) in table {
                    let path = joined(&path, name);
                    match rule(name) {
                        Ok(()) => self.value(*of, value, path),
                        Err(allowed) => {
                            let origin = self.origin(&path);
                            let place = place(&path);
                            let why = format!("{origin}: {place}: '{name}' must be {allowed}");
                            self.into.faults.push(why);
                        }
                    }
                }
            }
            _ => {
                let mut given = given.clone();
                match value::check(takes, &mut given) {
                    Ok(()) => self.into.insert(path, given, origin),
                    Err(why) => self.into.faults.push(unusable(&origin, &path, &given, &why)),
                }
            }
        }
    }
}

fn joined(above: &[String], name: &str) -> Vec<String> {
    above.iter().map(String::as_str).chain([name]).map(str::to_owned).collect()
}

/// The line of a byte, counted from 1.
fn line_at(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}
