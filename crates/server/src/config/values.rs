//! The values that were given, and where.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::Origin;

/// The values that were given, by their paths, and what is wrong with others.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    given: BTreeMap<Vec<String>, (Value, Origin)>,
    pub(super) faults: Vec<String>,
}

impl Values {
    /// A later source wins.
    pub(super) fn insert(&mut self, path: Vec<String>, value: Value, origin: Origin) {
        self.given.insert(path, (value, origin));
    }

    /// Where a key was given, with its section and a dot between.
    pub(super) fn origin(&self, path: &[String]) -> Origin {
        self.given.get(path).map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// As the tables of one file that gives them all.
    pub(super) fn tables(&self) -> Table {
        let mut whole = Table::new();
        for (path, (value, _)) in &self.given {
            put(&mut whole, path, value);
        }
        whole
    }
}

fn put(table: &mut Table, path: &[String], value: &Value) {
    match path {
        [] => {}
        [key] => {
            table.insert(key.clone(), value.clone());
        }
        [section, below @ ..] => {
            let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                put(inner, below, value);
            }
        }
    }
}
