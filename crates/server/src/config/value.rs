//! One value, held against what its key takes.

use std::path::Path;

use fleetwright_core::configuration::{LAST_SECOND, Takes};
use toml::Value;

/// Whether the value can be used; one that stands for a list of one becomes that.
///
/// # Errors
/// What may stand here instead.
pub(super) fn check(takes: Takes, value: &mut Value) -> Result<(), String> {
    match takes {
        Takes::Number(least, most) => number(value, least, most),
        Takes::Seconds => seconds(value),
        Takes::Flag if value.is_bool() => Ok(()),
        Takes::Flag => Err("must be true or false".to_owned()),
        Takes::OneOf(words) => match value.as_str() {
            Some(word) if words.contains(&word) => Ok(()),
            _ => Err(format!("must be one of {}", words.join(", "))),
        },
        Takes::Text(rule) => match value.as_str() {
            Some(text) => rule(text).map_err(|allowed| format!("must be {allowed}")),
            None => Err(format!("must be {}", rule("").err().unwrap_or_else(|| "a text".into()))),
        },
        Takes::File(look) => match value.as_str().filter(|path| !path.is_empty()) {
            Some(path) => look(Path::new(path)),
            None => Err("must be a path".to_owned()),
        },
        Takes::Command(look) => command(value, look),
        Takes::List(least, most, of) => list(value, least, most, *of),
        Takes::Section(_) | Takes::Each(..) => Err("must be a section".to_owned()),
    }
}

fn number(value: &Value, least: i64, most: i64) -> Result<(), String> {
    match value.as_integer() {
        Some(number) if (least..=most).contains(&number) => Ok(()),
        _ if most == i64::MAX => Err(format!("must be a whole number from {least} on")),
        _ => Err(format!("must be a whole number from {least} to {most}")),
    }
}

fn seconds(value: &Value) -> Result<(), String> {
    let allowed = "must be seconds since 1970, such as 1798761600 for the begin of 2027";
    match value.as_integer() {
        Some(seconds) if (1..LAST_SECOND).contains(&seconds) => Ok(()),
        Some(millis) if (1..LAST_SECOND).contains(&(millis / 1000)) => {
            Err(format!("{allowed}; these seem to be milliseconds, then it is {}", millis / 1000))
        }
        _ => Err(allowed.to_owned()),
    }
}

fn command(value: &Value, look: fn(&Path) -> Result<(), String>) -> Result<(), String> {
    let allowed = || "must be a list of texts, the program and its arguments".to_owned();
    let words = value.as_array().ok_or_else(allowed)?;
    if !words.iter().all(Value::is_str) {
        return Err(allowed());
    }
    let program = words.first().and_then(Value::as_str).filter(|program| !program.is_empty());
    let program = program.ok_or_else(allowed)?;
    look(Path::new(program)).map_err(|why| format!("{program}: {why}"))
}

fn list(value: &mut Value, least: usize, most: usize, of: Takes) -> Result<(), String> {
    if !value.is_array() {
        *value = Value::Array(vec![value.clone()]);
    }
    let values = value.as_array_mut().map(Vec::as_mut_slice).unwrap_or_default();
    if !(least..=most).contains(&values.len()) {
        return Err(format!("must be {least} to {most} values, not {}", values.len()));
    }
    let several = values.len() > 1;
    values.iter_mut().try_for_each(|value| {
        check(of, value).map_err(|why| if several { format!("{value} {why}") } else { why })
    })
}
