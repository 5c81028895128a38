//! A function's environment variables.

use std::collections::BTreeMap;
use std::fmt;

use crate::limits::FUNCTION_ENVIRONMENT_BYTES;
use crate::text;

/// Variables that the runtime sets. AWS: guide, "Defined runtime environment variables".
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// Variables that a function cannot have. Its `Display` names no value: values may be secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidEnvironment {
    /// A name that is not `[a-zA-Z][a-zA-Z0-9_]+`.
    Name(String),
    /// Names that the runtime sets.
    Reserved(Vec<String>),
    /// A value with a zero byte, which no process can be given.
    Value(String),
    /// More bytes of names and values than a function may have.
    Size(usize),
}

/// Whether a function may have these variables.
///
/// # Errors
/// [`InvalidEnvironment`], by AWS's rules.
pub fn check_environment(variables: &BTreeMap<String, String>) -> Result<(), InvalidEnvironment> {
    for (name, value) in variables {
        let mut bytes = name.bytes();
        let begins = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let reserved = RESERVED.contains(&name.as_str());
        if !reserved && (!begins || name.len() < 2 || !bytes.all(word)) {
            return Err(InvalidEnvironment::Name(text::shown(name).to_owned()));
        }
        if value.contains('\0') {
            return Err(InvalidEnvironment::Value(name.clone()));
        }
    }
    let reserved = variables.keys().filter(|name| RESERVED.contains(&name.as_str()));
    let reserved: Vec<String> = reserved.cloned().collect();
    if !reserved.is_empty() {
        return Err(InvalidEnvironment::Reserved(reserved));
    }
    let bytes = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > FUNCTION_ENVIRONMENT_BYTES {
        return Err(InvalidEnvironment::Size(bytes));
    }
    Ok(())
}

impl fmt::Display for InvalidEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "the environment variable '{name}' is not valid: names are [a-zA-Z][a-zA-Z0-9_]+"
            ),
            Self::Reserved(names) => write!(
                f,
                "Lambda was unable to configure your environment variables because the \
                 environment variables you have provided contains reserved keys that are \
                 currently not supported for modification. Reserved keys used in this request: {}",
                names.join(", ")
            ),
            Self::Value(name) => {
                write!(f, "the value of the environment variable '{name}' has a zero byte")
            }
            Self::Size(bytes) => write!(
                f,
                "Lambda was unable to configure your environment variables because the \
                 environment variables you have provided exceeded the 4KB limit: they have \
                 {bytes} bytes"
            ),
        }
    }
}

impl std::error::Error for InvalidEnvironment {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str) -> Result<(), InvalidEnvironment> {
        check_environment(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn variables_within_awss_rules_are_taken() {
        check("TABLE_NAME", "").unwrap();
        check("a1", &"x".repeat(FUNCTION_ENVIRONMENT_BYTES - 2)).unwrap();
        check_environment(&BTreeMap::new()).unwrap();
    }

    #[test]
    fn variables_beyond_them_are_refused_without_their_values() {
        for name in ["", "A", "1A", "A-B", "A=B", "_A", "Ä1"] {
            assert!(matches!(check(name, "x"), Err(InvalidEnvironment::Name(_))), "{name}");
        }
        assert!(matches!(check("AWS_REGION", "x"), Err(InvalidEnvironment::Reserved(_))));
        assert!(matches!(check("_HANDLER", "x"), Err(InvalidEnvironment::Reserved(_))));
        assert_eq!(check("AB", "a\0"), Err(InvalidEnvironment::Value("AB".into())));
        let refused = check("AB", &"secret".repeat(1000)).unwrap_err();
        assert_eq!(refused, InvalidEnvironment::Size(6002));
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
}
