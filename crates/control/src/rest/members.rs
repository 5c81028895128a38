//! Members of a JSON body, read by name and type. Unknown members are ignored and `null` counts
//! as absent, as on AWS; a wrong type is refused by the member's name.

use std::collections::BTreeMap;
use std::fmt::Display;

use fleetwright_core::error::{ErrorCode, Refusal};
use serde_json::{Map, Value};

/// An object of the body: `at` is its path from the root, empty for the root itself.
#[derive(Debug, Clone)]
pub(crate) struct Members<'a> {
    at: String,
    members: &'a Map<String, Value>,
}

/// A refusal of the request's form.
pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::InvalidRequest, message)
}

impl<'a> Members<'a> {
    pub(crate) fn root(members: &'a Map<String, Value>) -> Self {
        Self { at: String::new(), members }
    }

    /// A member as it is; `None` also for `null`.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.present(name)
    }

    fn present(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn wrong(&self, name: &str, wanted: &str, found: &Value) -> Refusal {
        let kind = match found {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        invalid(format!("The member '{}' must be {wanted}, not {kind}.", self.path(name)))
    }

    fn path(&self, name: &str) -> String {
        if self.at.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at) }
    }

    /// The names of its members.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.members.keys().map(String::as_str)
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, name: &str) -> Result<&'a str, Refusal> {
        self.text(name)?
            .ok_or_else(|| invalid(format!("The member '{}' is required.", self.path(name))))
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        match self.present(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, "a string", other)),
        }
    }

    /// A text of at most `max` characters.
    pub(crate) fn bounded_text(&self, name: &str, max: usize) -> Result<Option<&'a str>, Refusal> {
        let text = self.text(name)?;
        match text {
            Some(text) if text.chars().count() > max => Err(invalid(format!(
                "The member '{}' has {} characters; the limit is {max}.",
                self.path(name),
                text.chars().count()
            ))),
            _ => Ok(text),
        }
    }

    /// A name that must be there, read by its own rule.
    pub(crate) fn required<T, E: Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Refusal> {
        parse(self.required_text(name)?).map_err(violation)
    }

    /// A name, read by its own rule.
    pub(crate) fn optional<T, E: Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Refusal> {
        self.text(name)?.map(parse).transpose().map_err(violation)
    }

    /// A truth value.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.present(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.wrong(name, "a boolean", other)),
        }
    }

    /// A whole number of at least 0.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<u64>, Refusal> {
        match self.present(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong(name, "a whole number", value)),
            },
        }
    }

    /// The member `expectedVersion`.
    pub(crate) fn expected_version(&self) -> Result<Option<i64>, Refusal> {
        match self.integer("expectedVersion")?.map(i64::try_from).transpose() {
            Ok(version) => Ok(version),
            Err(_) => Err(invalid("The member 'expectedVersion' is larger than any version.")),
        }
    }

    /// A list of names, each read by its own rule; empty when absent.
    pub(crate) fn names<T, E: Display>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Refusal> {
        let read = |at: &str, item: &Value| parse(text_item(at, item)?).map_err(violation);
        Ok(self.list(name, read)?.unwrap_or_default())
    }

    /// A nested object, handed to `read` with its own path.
    pub(crate) fn object<T>(
        &self,
        name: &str,
        read: impl FnOnce(Members<'a>) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        match self.present(name) {
            None => Ok(None),
            Some(Value::Object(members)) => {
                read(Members { at: self.path(name), members }).map(Some)
            }
            Some(other) => Err(self.wrong(name, "an object", other)),
        }
    }

    /// A map of texts.
    pub(crate) fn text_map(
        &self,
        name: &str,
    ) -> Result<Option<BTreeMap<&'a str, &'a str>>, Refusal> {
        let map = match self.present(name) {
            None => return Ok(None),
            Some(Value::Object(map)) => map,
            Some(other) => return Err(self.wrong(name, "an object of strings", other)),
        };
        map.iter()
            .map(|(key, value)| match value.as_str() {
                Some(text) => Ok((key.as_str(), text)),
                None => Err(self.wrong(&format!("{name}.{key}"), "a string", value)),
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A list, its items read by `read`, which takes each item's path.
    pub(crate) fn list<T>(
        &self,
        name: &str,
        read: impl Fn(&str, &'a Value) -> Result<T, Refusal>,
    ) -> Result<Option<Vec<T>>, Refusal> {
        match self.present(name) {
            None => Ok(None),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| read(&format!("{}[{index}]", self.path(name)), item))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(other) => Err(self.wrong(name, "an array", other)),
        }
    }
}

/// A refusal of a value by the rule that it breaks.
pub(crate) fn violation(rule: impl Display) -> Refusal {
    invalid(sentence(&rule))
}

/// An item of a list that is a text; `at` is its path.
pub(crate) fn text_item<'a>(at: &str, item: &'a Value) -> Result<&'a str, Refusal> {
    item.as_str().ok_or_else(|| invalid(format!("The member '{at}' must be a string.")))
}

/// An item of a list that is an object; `at` is its path.
pub(crate) fn object_item<'a>(at: &str, item: &'a Value) -> Result<Members<'a>, Refusal> {
    match item.as_object() {
        Some(members) => Ok(Members { at: at.to_owned(), members }),
        None => Err(invalid(format!("The member '{at}' must be an object."))),
    }
}

/// A rule's text as a sentence of a message.
fn sentence(rule: &impl Display) -> String {
    let text = rule.to_string();
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => {
            let end = if text.ends_with('.') { "" } else { "." };
            format!("{}{}{end}", first.to_uppercase(), chars.as_str())
        }
        None => text,
    }
}

#[cfg(test)]
mod tests;
