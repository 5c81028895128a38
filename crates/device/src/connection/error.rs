//! How a connection fails, in words that lead to the cause.

use std::time::Duration;
use std::{fmt, io};

use rustls::AlertDescription;

use super::config::ConnectionConfig;
use crate::Endpoint;

/// Why a connection could not be opened, or a request on it did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionError {
    /// A certificate or key given to us cannot be used.
    Credentials {
        /// Which one.
        what: String,
        /// What is wrong with it.
        cause: String,
    },
    /// No TCP or TLS connection: name, network, port, or nobody there.
    Unreachable {
        /// The server's address.
        endpoint: Endpoint,
        /// The error of the operating system.
        cause: String,
    },
    /// The server's certificate does not satisfy our CA and host name.
    ServerNotTrusted {
        /// The server's address.
        endpoint: Endpoint,
        /// The error of the TLS handshake.
        cause: String,
    },
    /// The server refuses our certificate, or the CONNECT.
    NotAuthorized {
        /// The TLS alert or the CONNACK code.
        cause: String,
        /// The client id that we used.
        client_id: String,
    },
    /// The server accepted, then closed the connection while `during` was under way: how it
    /// answers what policy does not allow.
    Closed {
        /// What was under way; empty if nothing.
        during: String,
    },
    /// SUBACK 0x80.
    SubscriptionRefused {
        /// Which filter.
        filter: String,
    },
    /// No response in time.
    TimedOut {
        /// What did not come.
        waiting_for: String,
        /// How long we waited.
        after: Duration,
    },
    /// Not a topic to publish to, or not a topic filter.
    InvalidTopic(String),
    /// The payload is larger than the interface carries (128 KiB).
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The connection ended for another reason.
    Lost {
        /// Which.
        cause: String,
    },
}

/// How a refusal of the certificate by TLS begins.
const TLS_ALERT: &str = "TLS alert";

impl ConnectionError {
    /// Of an attempt to connect: whether the server does not accept the certificate, whatever its
    /// policies say; AWS and Fleetwright close the connection before they answer.
    pub fn is_of_the_certificate(&self) -> bool {
        match self {
            Self::Closed { .. } => true,
            Self::NotAuthorized { cause, .. } => cause.starts_with(TLS_ALERT),
            _ => false,
        }
    }

    /// Whether the same attempt may succeed later, without anybody changing a setting.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Closed { .. }
                | Self::TimedOut { .. }
                | Self::Lost { .. }
        )
    }

    /// Names what was under way when the server closed.
    pub(super) fn during(self, what: &str) -> Self {
        match self {
            Self::Closed { .. } => Self::Closed { during: what.to_owned() },
            other => other,
        }
    }

    /// What to look at next, if we know.
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::Credentials { .. } => {
                "Give PEM files: certificates with BEGIN CERTIFICATE, and the private key that belongs to the client certificate."
            }
            Self::Unreachable { .. } => {
                "Check host and port, the network and firewalls between, and that the server runs."
            }
            Self::ServerNotTrusted { .. } => {
                "Give the CA that issued the server's certificate, and connect by a host name that is in that certificate. Also check this device's clock."
            }
            Self::NotAuthorized { .. } => {
                "The certificate must be registered and ACTIVE, and one of its policies must allow iot:Connect for this client id. The server's log names the reason."
            }
            Self::Closed { .. } => {
                "A server closes the connection when policy does not allow a publish or a subscribe (there is no other answer in MQTT 3.1.1), or when another client connects with the same client id. The server's log names the reason."
            }
            Self::SubscriptionRefused { .. } => {
                "A policy of this certificate must allow iot:Subscribe on the ARN topicfilter/FILTER (not topic/FILTER)."
            }
            Self::InvalidTopic(_) => {
                "A topic has 1 to 256 bytes and no wildcard; in a filter, + and # each stand alone between slashes, and # comes last."
            }
            Self::TooLarge { .. } => "A message carries at most 128 KiB; send it in parts.",
            Self::TimedOut { .. } | Self::Lost { .. } => return None,
        })
    }
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials { what, cause } => write!(f, "the {what} cannot be used: {cause}"),
            Self::Unreachable { endpoint, cause } => {
                write!(f, "{endpoint} cannot be reached: {cause}")
            }
            Self::ServerNotTrusted { endpoint, cause } => {
                write!(f, "the server at {endpoint} is not trusted: {cause}")
            }
            Self::NotAuthorized { cause, client_id } => {
                write!(f, "the server refused the connection with client id {client_id:?}: {cause}")
            }
            Self::Closed { during } if during.is_empty() => {
                f.write_str("the server closed the connection")
            }
            Self::Closed { during } => {
                write!(f, "the server closed the connection instead of acknowledging {during}")
            }
            Self::SubscriptionRefused { filter } => {
                write!(f, "the server refused the subscription to {filter:?}")
            }
            Self::TimedOut { waiting_for, after } => {
                write!(f, "no answer to {waiting_for} within {} s", after.as_secs())
            }
            Self::InvalidTopic(topic) => write!(f, "{topic:?} is not a valid topic or filter"),
            Self::TooLarge { bytes } => write!(f, "a payload of {bytes} bytes is too large"),
            Self::Lost { cause } => write!(f, "the connection was lost: {cause}"),
        }
    }
}

impl std::error::Error for ConnectionError {}

/// An error before CONNACK.
pub(super) fn of_connecting(config: &ConnectionConfig, error: &io::Error) -> ConnectionError {
    let endpoint = config.endpoint.clone();
    match tls_cause(error) {
        Some(rustls::Error::AlertReceived(alert)) if about_us(*alert) => {
            not_authorized(config, format!("{TLS_ALERT} {alert:?} about the client certificate"))
        }
        Some(cause @ rustls::Error::InvalidCertificate(_)) => {
            ConnectionError::ServerNotTrusted { endpoint, cause: cause.to_string() }
        }
        Some(cause) => ConnectionError::Unreachable { endpoint, cause: format!("TLS: {cause}") },
        None if by_peer(error) => ConnectionError::Closed {
            during: format!(
                "the connection with client id {:?} (certificate not registered or not ACTIVE, or iot:Connect not allowed)",
                config.client_id
            ),
        },
        None => ConnectionError::Unreachable { endpoint, cause: error.to_string() },
    }
}

/// The host is not a name that a certificate can carry.
pub(super) fn of_server_name(config: &ConnectionConfig) -> ConnectionError {
    let endpoint = config.endpoint.clone();
    let cause = "the host is not a name that a certificate can carry".to_owned();
    ConnectionError::ServerNotTrusted { endpoint, cause }
}

/// A CONNACK that is a refusal (MQTT 3.1.1, table 3.1).
pub(super) fn of_connack(config: &ConnectionConfig, code: u8) -> ConnectionError {
    let meaning = match code {
        1 => "it does not speak MQTT 3.1.1",
        2 => "client id rejected",
        3 => {
            let endpoint = config.endpoint.clone();
            let cause = "CONNACK 3: the server is unavailable, or throttles".to_owned();
            return ConnectionError::Unreachable { endpoint, cause };
        }
        _ => "not authorized",
    };
    not_authorized(config, format!("CONNACK {code}: {meaning}"))
}

fn not_authorized(config: &ConnectionConfig, cause: String) -> ConnectionError {
    ConnectionError::NotAuthorized { cause, client_id: config.client_id.clone() }
}

/// An error after CONNACK.
pub(super) fn of_ending(error: &io::Error) -> ConnectionError {
    if by_peer(error) {
        return ConnectionError::Closed { during: String::new() };
    }
    ConnectionError::Lost { cause: error.to_string() }
}

fn about_us(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied
            | A::CertificateRequired
            | A::DecryptError
    )
}

fn tls_cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// The peer ended the stream, politely or not.
fn by_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
