//! What the commands print, and the exit code.

use std::io::{self, Write};

use clap::ValueEnum;
use fleetwright_core::text::{escaped, escaped_json};
use serde_json::{Value, json};

use crate::{ConnectionError, Identity, ProvisionError, StoreError};

/// `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object; on failure {"error": {…}}
    Json,
}

/// A command that failed.
#[derive(Debug)]
pub(super) struct CommandError {
    message: String,
    advice: Option<String>,
    details: Value,
    exit_code: u8,
}

impl CommandError {
    /// Exit code 1.
    pub(super) fn other(message: impl Into<String>) -> Self {
        Self { message: message.into(), advice: None, details: Value::Null, exit_code: 1 }
    }

    /// Exit code 2.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { exit_code: 2, ..Self::other(message) }
    }

    /// Exit code 4.
    pub(super) fn not_authorized(message: impl Into<String>, advice: &str) -> Self {
        Self { exit_code: 4, advice: Some(advice.to_owned()), ..Self::other(message) }
    }

    /// Exit code 5.
    pub(super) fn out_of_time(message: impl Into<String>) -> Self {
        Self { exit_code: 5, ..Self::other(message) }
    }

    pub(super) fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// Standard error for people; with `--output json` also an object on standard output.
    pub(super) fn report(&self, format: Format) {
        let _ = writeln!(io::stderr(), "error: {}", escaped(&self.message));
        if let Some(advice) = &self.advice {
            let _ = writeln!(io::stderr(), "{}", escaped(advice));
        }
        if format == Format::Json {
            let mut error = json!({ "message": self.message, "exitCode": self.exit_code });
            if let Some(advice) = &self.advice {
                insert(&mut error, "advice", json!(advice));
            }
            if !self.details.is_null() {
                insert(&mut error, "rejected", self.details.clone());
            }
            let _ = line(&escaped_json(&json!({ "error": error }).to_string()));
        }
    }
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
}

impl From<ConnectionError> for CommandError {
    fn from(error: ConnectionError) -> Self {
        Self {
            message: error.to_string(),
            advice: error.advice().map(str::to_owned),
            details: Value::Null,
            exit_code: connection_code(&error),
        }
    }
}

fn connection_code(error: &ConnectionError) -> u8 {
    match error {
        ConnectionError::NotAuthorized { .. }
        | ConnectionError::Closed { .. }
        | ConnectionError::SubscriptionRefused { .. } => 4,
        ConnectionError::TimedOut { .. } => 5,
        ConnectionError::InvalidTopic(_) => 2,
        ConnectionError::Credentials { .. }
        | ConnectionError::Unreachable { .. }
        | ConnectionError::ServerNotTrusted { .. }
        | ConnectionError::TooLarge { .. }
        | ConnectionError::Lost { .. } => 1,
    }
}

impl From<ProvisionError> for CommandError {
    fn from(error: ProvisionError) -> Self {
        Self {
            message: error.to_string(),
            advice: error.advice(),
            details: details(&error),
            exit_code: provision_code(&error),
        }
    }
}

fn provision_code(error: &ProvisionError) -> u8 {
    match error {
        ProvisionError::Settings(_) => 2,
        ProvisionError::Refused { .. } | ProvisionError::EarlierAttempt { .. } => 3,
        ProvisionError::KeptClosing { .. } => 4,
        ProvisionError::OutOfTime { .. } => 5,
        ProvisionError::Connection(failure) => connection_code(failure),
        ProvisionError::GaveUp { last, .. } => provision_code(last),
        ProvisionError::Store(_)
        | ProvisionError::Key(_)
        | ProvisionError::TryLater { .. }
        | ProvisionError::MalformedResponse { .. } => 1,
    }
}

fn details(error: &ProvisionError) -> Value {
    match error {
        ProvisionError::Refused { rejection, .. } | ProvisionError::TryLater { rejection } => {
            json!({
                "operation": rejection.operation.to_string(),
                "statusCode": rejection.status_code,
                "errorCode": rejection.error_code,
                "errorMessage": rejection.error_message,
            })
        }
        ProvisionError::GaveUp { last, .. } => details(last),
        _ => Value::Null,
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::other(error.to_string())
    }
}

/// One line of progress, for people.
pub(super) fn progress(text: &str) {
    let _ = writeln!(io::stderr(), "{}", escaped(text));
}

/// One line of result. An error says that nobody reads any more.
pub(super) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// A result in either form.
pub(super) fn result(format: Format, text: &str, json: &Value) -> Result<(), CommandError> {
    let printed = match format {
        Format::Text => line(text),
        Format::Json => line(&escaped_json(&json.to_string())),
    };
    printed.map_err(|cause| CommandError::other(format!("standard output: {cause}")))
}

/// An identity without its key.
pub(super) fn identity_json(identity: &Identity, directory: &std::path::Path) -> Value {
    json!({
        "thingName": identity.thing_name,
        "certificateId": identity.certificate_id,
        "deviceConfiguration": identity.device_configuration,
        "endpoint": identity.endpoint.to_string(),
        "template": identity.template,
        "identity": directory.display().to_string(),
    })
}

/// The same for people.
pub(super) fn identity_text(identity: &Identity, directory: &std::path::Path) -> String {
    let mut text = format!(
        "thing        {}\ncertificate  {}\ntemplate     {}\nendpoint     {}\nidentity     {}",
        escaped(identity.thing_name.as_deref().unwrap_or("(none)")),
        escaped(&identity.certificate_id),
        identity.template,
        identity.endpoint,
        directory.display(),
    );
    for (name, value) in &identity.device_configuration {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.push_str(&format!("\nconfigured   {}", escaped(&format!("{name} = {value}"))));
    }
    text
}
