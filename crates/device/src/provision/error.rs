//! How provisioning fails, in words that lead to the cause.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{Operation, Rejection};
use crate::{ConnectionError, KeyError, StoreError};

/// Why provisioning did not succeed. What was reached is saved; calling again goes on there.
#[derive(Debug)]
pub enum ProvisionError {
    /// The settings cannot work.
    Settings(String),
    /// The identity directory cannot be used.
    Store(StoreError),
    /// No key.
    Key(KeyError),
    /// No connection, or it was lost.
    Connection(ConnectionError),
    /// The server closed the connection at the same point each time.
    KeptClosing {
        /// What was under way.
        during: String,
        /// How often.
        times: u32,
    },
    /// A rejection that the same request would meet again.
    Refused {
        /// The response.
        rejection: Rejection,
        /// The parameters that we sent.
        parameters: BTreeMap<String, String>,
    },
    /// A rejection that may pass: throttled, or a fault of the server.
    TryLater {
        /// The response.
        rejection: Rejection,
    },
    /// An `/accepted` response that cannot be read.
    MalformedResponse {
        /// The operation that was accepted.
        operation: Operation,
        /// What is wrong.
        reason: String,
    },
    /// An earlier attempt for something else may have succeeded: no response came.
    EarlierAttempt {
        /// Its template.
        template: String,
        /// Its parameters.
        parameters: BTreeMap<String, String>,
    },
    /// The attempts are used up.
    GaveUp {
        /// How many there were.
        attempts: u32,
        /// How the last one failed.
        last: Box<ProvisionError>,
    },
    /// The time is used up.
    OutOfTime {
        /// How long we tried.
        after: Duration,
        /// How the last attempt failed.
        last: String,
    },
}

impl ProvisionError {
    /// Whether the same call may succeed later without anybody changing a setting.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connection(failure) => failure.is_transient(),
            Self::TryLater { .. } => true,
            Self::Settings(_)
            | Self::Store(_)
            | Self::Key(_)
            | Self::KeptClosing { .. }
            | Self::Refused { .. }
            | Self::MalformedResponse { .. }
            | Self::EarlierAttempt { .. }
            | Self::GaveUp { .. }
            | Self::OutOfTime { .. } => false,
        }
    }

    /// What to look at next, if we know.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Connection(ConnectionError::SubscriptionRefused { filter }) => {
                Some(advice_on_policy(filter))
            }
            Self::Connection(failure) => failure.advice().map(str::to_owned),
            Self::Refused { rejection, parameters } => advice_on(rejection, parameters),
            Self::KeptClosing { during, .. } => Some(advice_on_policy(during)),
            Self::EarlierAttempt { .. } => Some(
                "Run it again with that template and those parameters to fetch its identity, or with force to abandon it.".into(),
            ),
            Self::GaveUp { last, .. } => last.advice(),
            Self::OutOfTime { .. } => {
                Some("Run the same command again: it goes on from where it was.".into())
            }
            Self::Settings(_)
            | Self::Store(_)
            | Self::Key(_)
            | Self::TryLater { .. }
            | Self::MalformedResponse { .. } => None,
        }
    }
}

fn advice_on(rejection: &Rejection, sent: &BTreeMap<String, String>) -> Option<String> {
    if let Some(name) = rejection.error_message.strip_prefix("Cannot resolve reference value: ") {
        let name = name.trim_end_matches('.');
        if let Some(near) = sent.keys().find(|key| key.eq_ignore_ascii_case(name)) {
            return Some(format!(
                "The template wants the parameter {name}; {near} was sent. Names are case-sensitive."
            ));
        }
        return Some(format!(
            "The template uses {name}, which is neither a parameter that was sent, nor has a default, nor came from a pre-provisioning hook. Send it: {name}=VALUE."
        ));
    }
    let advice = match (rejection.status_code, rejection.error_code.as_str()) {
        (403, _) => {
            "The pre-provisioning hook refused this device or failed, the template is disabled, or the claim certificate is for another template. The key and certificate of this attempt are dropped; the next attempt starts anew."
        }
        (404, _) => "Check the template's name; it is case-sensitive.",
        (409, _) => {
            "The thing exists already and the template's OverrideSettings say FAIL. Delete it on the server, or change the template."
        }
        (400, "ResourceRegistrationFailure") => {
            "The template names a thing type, group or policy that does not exist on the server. Create it there first."
        }
        (400, "InvalidCertificateSigningRequest") => {
            "The server does not accept this kind of key. Try another key type."
        }
        (400, "InvalidParameters") => {
            "Compare the parameters that were sent with the template's; names are case-sensitive."
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

fn advice_on_policy(during: &str) -> String {
    let mut advice = "The claim certificate's policy must allow it: iot:Connect for the client id, iot:Subscribe on topicfilter/$aws/… and iot:Publish and iot:Receive on topic/$aws/… of the certificate and provisioning-template topics. Check the template's name, in the policy and here.".to_owned();
    if during.contains("create-from-csr") {
        advice.push_str(
            " For a CSR, certificates/create/* is not enough: certificates/create-from-csr/* is a topic of its own.",
        );
    }
    advice.push_str(" The server's log names the denied action.");
    advice
}

impl fmt::Display for ProvisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(reason) => f.write_str(reason),
            Self::Store(cause) => cause.fmt(f),
            Self::Key(cause) => cause.fmt(f),
            Self::Connection(cause) => cause.fmt(f),
            Self::KeptClosing { during, times } if during.is_empty() => {
                write!(f, "the server closed the connection {times} times in a row")
            }
            Self::KeptClosing { during, times } => write!(
                f,
                "the server closed the connection {times} times in a row instead of acknowledging {during}"
            ),
            Self::Refused { rejection, .. } | Self::TryLater { rejection } => rejection.fmt(f),
            Self::MalformedResponse { operation, reason } => {
                write!(f, "the server accepted {operation}, but its answer is malformed: {reason}")
            }
            Self::EarlierAttempt { template, parameters } => write!(
                f,
                "an earlier attempt with template {template} and parameters {parameters:?} got no answer and may have succeeded"
            ),
            Self::GaveUp { attempts, last } => {
                write!(f, "gave up after {attempts} attempts: {last}")
            }
            Self::OutOfTime { after, last } => {
                write!(f, "gave up after {} s: {last}", after.as_secs())
            }
        }
    }
}

impl std::error::Error for ProvisionError {}

impl From<StoreError> for ProvisionError {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}

impl From<KeyError> for ProvisionError {
    fn from(cause: KeyError) -> Self {
        Self::Key(cause)
    }
}

impl From<ConnectionError> for ProvisionError {
    fn from(cause: ConnectionError) -> Self {
        Self::Connection(cause)
    }
}
