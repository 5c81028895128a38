//! A thing's shadows as the index shows them (AWS: guide, "Managing thing indexing").

use super::document::Value;
use crate::shadow::Shadow;
use crate::tree::{Members, Tree};

/// The shadows of one thing: their fields, and the text that a search answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexedShadows {
    /// Names with dots, and values; a name stands as often as it has values.
    fields: Vec<(String, String)>,
    /// The same of metadata: found by their names only, not by a value alone.
    times: Vec<(String, String)>,
    text: String,
}

impl IndexedShadows {
    /// Of the classic shadow and of named ones; `None` where there are none.
    pub fn of(classic: Option<&Shadow>, named: &[(String, Shadow)]) -> Option<Self> {
        if classic.is_none() && named.is_empty() {
            return None;
        }
        let (mut fields, mut times) = (Vec::new(), Vec::new());
        let mut shown = Members::default();
        if let Some(shadow) = classic {
            fields_of(shadow, "shadow", &mut fields);
            times_of(shadow, "shadow", &mut times);
            shown = document(shadow);
        }
        let mut names = Members::default();
        for (name, shadow) in named {
            let prefix = format!("shadow.name.{name}");
            fields_of(shadow, &prefix, &mut fields);
            times_of(shadow, &prefix, &mut times);
            names.set(name, Tree::Map(document(shadow)));
        }
        if !names.is_empty() {
            shown.set("name", Tree::Map(names));
        }
        Some(Self { fields, times, text: Tree::Map(shown).to_json() })
    }

    /// What a search answers as `shadow`: JSON.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether `test` holds for a value of the field.
    pub(super) fn any(&self, field: &str, test: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        let mut all = self.fields.iter().chain(&self.times);
        all.any(|(name, value)| name == field && test(Value::Text(value)))
    }

    /// Whether `test` holds for a value of any field.
    pub(super) fn any_of_all(&self, test: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        self.fields.iter().any(|(_, value)| test(Value::Text(value)))
    }
}

fn document(shadow: &Shadow) -> Members {
    let mut shown = shadow.state();
    shown.set("metadata", Tree::Map(shadow.metadata()));
    shown.set("hasDelta", Tree::Bool(!shadow.delta().values.is_empty()));
    shown.set("version", Tree::Number(shadow.version.to_string()));
    shown
}

fn fields_of(shadow: &Shadow, prefix: &str, fields: &mut Vec<(String, String)>) {
    for (section, values) in shadow.state().iter() {
        flatten(format!("{prefix}.{section}"), values, fields);
    }
    let has_delta = !shadow.delta().values.is_empty();
    fields.push((format!("{prefix}.hasDelta"), has_delta.to_string()));
    fields.push((format!("{prefix}.version"), shadow.version.to_string()));
}

/// As `shadow.metadata.desired.color.timestamp`.
fn times_of(shadow: &Shadow, prefix: &str, times: &mut Vec<(String, String)>) {
    flatten(format!("{prefix}.metadata"), &Tree::Map(shadow.metadata()), times);
}

/// Arrays that hold objects or `null` are not indexed, nor is `null`.
fn flatten(name: String, value: &Tree, fields: &mut Vec<(String, String)>) {
    match value {
        Tree::Map(members) => {
            for (member, value) in members.iter() {
                flatten(format!("{name}.{member}"), value, fields);
            }
        }
        Tree::List(items) => {
            let texts: Option<Vec<String>> = items.iter().map(scalar).collect();
            fields.extend(texts.into_iter().flatten().map(|text| (name.clone(), text)));
        }
        value => fields.extend(scalar(value).map(|text| (name, text))),
    }
}

fn scalar(value: &Tree) -> Option<String> {
    match value {
        Tree::Bool(value) => Some(value.to_string()),
        Tree::Number(text) | Tree::Text(text) => Some(text.clone()),
        Tree::Null | Tree::Map(_) | Tree::List(_) | Tree::Other(_) => None,
    }
}
