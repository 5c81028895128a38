//! What happens while provisioning, for a progress display.

use std::fmt;
use std::time::Duration;

use super::Operation;
use crate::KeyType;

/// One thing that happened. `Display` gives a line for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProvisionEvent {
    /// The store has an identity; nothing was sent.
    AlreadyProvisioned,
    /// An earlier call was cut; this one goes on.
    Resuming {
        /// How far it got.
        from: String,
    },
    /// A key was made on the device and saved.
    KeyMade {
        /// Which kind.
        key_type: KeyType,
    },
    /// A request is sent.
    Requesting {
        /// The operation that is requested.
        operation: Operation,
    },
    /// The server accepted, and the answer is saved.
    Accepted {
        /// What it accepted.
        operation: Operation,
        /// The new certificate.
        certificate_id: String,
    },
    /// A certificate of an earlier attempt is of no use any more; the server deletes it.
    CertificateGivenUp {
        /// Which.
        certificate_id: String,
    },
    /// A failure that may pass; the next attempt is after `delay`.
    Retrying {
        /// The attempt that failed, from 1.
        attempt: u32,
        /// How long we wait.
        delay: Duration,
        /// What happened.
        cause: String,
    },
    /// The identity is complete and saved.
    Registered {
        /// The thing, if the template makes one.
        thing_name: Option<String>,
    },
}

impl fmt::Display for ProvisionEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyProvisioned => f.write_str("this device is provisioned already"),
            Self::Resuming { from } => write!(f, "going on from an earlier attempt: {from}"),
            Self::KeyMade { key_type } => write!(f, "made the key on this device ({key_type})"),
            Self::Requesting { operation } => write!(f, "asking the server: {operation}"),
            Self::Accepted { operation: Operation::RegisterThing, .. } => {
                f.write_str("registered, and saved")
            }
            Self::Accepted { certificate_id, .. } => {
                write!(f, "received certificate {certificate_id}, and saved it")
            }
            Self::CertificateGivenUp { certificate_id } => {
                write!(f, "giving up certificate {certificate_id}; asking for another")
            }
            Self::Retrying { attempt, delay, cause } => write!(
                f,
                "attempt {attempt} failed: {cause}; trying again in {:.1} s",
                delay.as_secs_f64()
            ),
            Self::Registered { thing_name: Some(name) } => write!(f, "this device is thing {name}"),
            Self::Registered { thing_name: None } => {
                f.write_str("this device is provisioned (the template makes no thing)")
            }
        }
    }
}
