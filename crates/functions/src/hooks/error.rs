//! Why a hook gave no verdict.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Characters of a reason. (ours)
const REASON_CHARS: usize = 400;
/// Bytes from which on a parameter's value is hidden in a reason; a shorter one would hide parts
/// of words that have nothing to do with it. (ours)
const VALUE_BYTES: usize = 4;

/// Why a hook gave no verdict. `Display` is for the log, never for the device: cut to its bound,
/// without what would steer a terminal.
#[derive(Debug)]
pub struct HookError(String);

impl HookError {
    /// A reason, as long as it may be.
    pub(super) fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }

    /// The same without the values of a device's parameters, which may be secrets: the hook's code
    /// may have put them into its error. Their names stand in their place.
    pub(super) fn without(self, parameters: &BTreeMap<String, String>) -> Self {
        Self(without(self.0, parameters))
    }
}

/// A text in which the values of a device's parameters are replaced by their names; also as they
/// stand in JSON.
pub(super) fn without(text: String, parameters: &BTreeMap<String, String>) -> String {
    let long = parameters.iter().filter(|(_, value)| value.len() >= VALUE_BYTES);
    let mut hidden: Vec<(&String, String)> = long
        .flat_map(|(name, value)| {
            let quoted = serde_json::Value::from(value.as_str()).to_string();
            [(name, value.clone()), (name, quoted.trim_matches('"').to_owned())]
        })
        .collect();
    // The longest first, for one may be a part of another.
    hidden.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    hidden.into_iter().fold(text, |text, (name, value)| text.replace(&value, &format!("<{name}>")))
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.0.chars().map(|c| if c.is_control() { ' ' } else { c });
        plain.take(REASON_CHARS).try_for_each(|c| f.write_char(c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str, parameters: &[(&str, &str)]) -> String {
        let parameters = parameters.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        HookError::new(text).without(&parameters).to_string()
    }

    #[test]
    fn a_parameters_value_is_told_by_its_name() {
        let parameters = [("Pin", "hunter2"), ("Both", "hunter2-hunter2"), ("Short", "of")];
        assert_eq!(hidden("no hunter2 of hunter2-hunter2", &parameters), "no <Pin> of <Both>");
    }

    #[test]
    fn a_value_is_hidden_before_the_reason_is_cut_and_cleaned() {
        let pem = "-----BEGIN\nsecret\n-----END";
        for text in [format!("{}{pem}", "x".repeat(REASON_CHARS - 8)), format!("{{{pem:?}}}")] {
            let shown = hidden(&text, &[("Pem", pem)]);
            assert!(shown.contains("<Pem>") && !shown.contains("BEGIN"), "{shown}");
        }
    }

    #[test]
    fn a_reason_has_no_control_characters_and_an_end() {
        let text = hidden(&format!("a\x1b[31m\n{}", "x".repeat(10_000)), &[]);
        assert!(text.starts_with("a [31m x") && text.len() == REASON_CHARS);
    }
}
