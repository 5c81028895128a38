//! Why a hook gave no verdict.

use std::collections::BTreeMap;
use std::fmt;

/// Characters of a reason. (ours)
const REASON_CHARS: usize = 400;
/// Bytes from which on a parameter's value is hidden in a reason; a shorter one would hide parts
/// of words that have nothing to do with it. (ours)
const VALUE_BYTES: usize = 4;

/// Why a hook gave no verdict. `Display` is for the log, never for the device.
#[derive(Debug)]
pub(crate) struct HookFailure(String);

impl HookFailure {
    /// A reason, without what would steer a terminal.
    pub(super) fn new(what: impl fmt::Display) -> Self {
        let text = what.to_string();
        let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        Self(plain.take(REASON_CHARS).collect())
    }

    /// The same without the values of a device's parameters, which may be secrets: the hook's code
    /// may have put them into its error. Their names stand in their place.
    pub(super) fn without(self, parameters: &BTreeMap<String, String>) -> Self {
        let mut hidden: Vec<(&String, &String)> =
            parameters.iter().filter(|(_, value)| value.len() >= VALUE_BYTES).collect();
        // The longest first, for one may be a part of another.
        hidden.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        let hide = |text: String, (name, value): (&String, &String)| {
            text.replace(value.as_str(), &format!("<{name}>"))
        };
        Self(hidden.into_iter().fold(self.0, hide))
    }
}

impl fmt::Display for HookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str, parameters: &[(&str, &str)]) -> String {
        let parameters = parameters.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        HookFailure::new(text).without(&parameters).to_string()
    }

    #[test]
    fn a_parameters_value_is_told_by_its_name() {
        let parameters = [("Pin", "hunter2"), ("Both", "hunter2-hunter2"), ("Short", "of")];
        assert_eq!(hidden("no hunter2 of hunter2-hunter2", &parameters), "no <Pin> of <Both>");
    }

    #[test]
    fn a_reason_has_no_control_characters_and_an_end() {
        let text = hidden(&format!("a\x1b[31m\n{}", "x".repeat(10_000)), &[]);
        assert!(text.starts_with("a [31m x") && text.len() == REASON_CHARS);
    }
}
