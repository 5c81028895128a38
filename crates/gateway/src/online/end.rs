//! Why a connection ended.

use std::fmt;

use fleetwright_host::tls::ConnectionError;
use fleetwright_mqtt::{End as SessionEnd, Violation};

use crate::principal::TermOf;
use crate::standing::{Ended, WriteError};

/// Why a connection ended.
#[derive(Debug)]
pub(crate) enum End {
    Client,
    Lost(std::io::Error),
    KeepAlive,
    TakenOver,
    Violation {
        clause: &'static str,
        reason: String,
    },
    Denied,
    CertificateOff,
    ClaimEnded,
    /// A connection over WebSocket has lasted as long as it may, or its credentials have.
    WebSocketEnded,
    /// The time that its authorizer gave it is over.
    AuthorizerEnded,
    /// Its authorizer no longer lets it in.
    ClientOff,
    /// The key, user or role of its caller is no longer good.
    CallerOff,
    /// Memory is short, and this connection holds most.
    Memory,
    /// An operator ended it.
    Operator,
    Server,
    Defect,
}

impl End {
    /// AWS's `disconnectReason` (guide, "Lifecycle events").
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Client => "CLIENT_INITIATED_DISCONNECT",
            Self::Lost(_) => "CONNECTION_LOST",
            Self::KeepAlive => "MQTT_KEEP_ALIVE_TIMEOUT",
            Self::TakenOver => "DUPLICATE_CLIENTID",
            Self::Violation { .. } => "CLIENT_ERROR",
            Self::Denied | Self::CertificateOff | Self::CallerOff | Self::ClaimEnded => {
                "AUTH_ERROR"
            }
            Self::ClientOff => "AUTH_ERROR",
            Self::WebSocketEnded => "WEBSOCKET_TTL_EXPIRATION",
            Self::AuthorizerEnded => "CUSTOMAUTH_TTL_EXPIRATION",
            Self::Memory => "THROTTLED",
            Self::Operator => "API_INITIATED_DISCONNECT",
            Self::Server => "SERVER_INITIATED_DISCONNECT",
            Self::Defect => "SERVER_ERROR",
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client => f.write_str("the client said DISCONNECT"),
            Self::Lost(error) => write!(f, "the connection was lost: {}", ConnectionError(error)),
            Self::KeepAlive => f.write_str("nothing heard for one and a half keep-alives"),
            Self::TakenOver => f.write_str("another connection has the client id"),
            Self::Violation { clause, reason } => write!(f, "{reason} [{clause}]"),
            Self::Denied => f.write_str("an action was denied; see AUTHORIZATION_FAILURE above"),
            Self::CertificateOff => f.write_str("its certificate is no longer ACTIVE"),
            Self::ClaimEnded => f.write_str("the time of its provisioning claim is over"),
            Self::WebSocketEnded => f.write_str(
                "the time of its credentials, or of a connection over WebSocket, is over",
            ),
            Self::CallerOff => {
                f.write_str("its access key is no longer active, or its user or role is gone")
            }
            Self::AuthorizerEnded => f.write_str("the time that its authorizer gave it is over"),
            Self::ClientOff => f.write_str("its authorizer no longer lets it in"),
            Self::Memory => f.write_str("memory is short, and this connection holds most"),
            Self::Operator => f.write_str("an operator ended it (DeleteConnection)"),
            Self::Server => f.write_str("the server stops"),
            Self::Defect => f.write_str("a fault of the server; its log says more"),
        }
    }
}

impl From<SessionEnd> for End {
    fn from(end: SessionEnd) -> Self {
        match end {
            SessionEnd::Disconnect { .. } => Self::Client,
            SessionEnd::KeepAlive => Self::KeepAlive,
            SessionEnd::Violation(Violation { clause, reason, .. }) => {
                Self::Violation { clause, reason }
            }
            // Ended here, for what its rights do not allow; other causes are logged where they arise.
            SessionEnd::Refused(_) | SessionEnd::Server(_) => Self::Denied,
        }
    }
}

impl From<Ended> for End {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Off => Self::CertificateOff,
            Ended::Term(TermOf::Claim) => Self::ClaimEnded,
            Ended::Term(TermOf::Authorizer) => Self::AuthorizerEnded,
            Ended::Term(TermOf::WebSocket) => Self::WebSocketEnded,
        }
    }
}

impl From<WriteError> for End {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Ended(ended) => ended.into(),
            WriteError::Lost(error) => Self::Lost(error),
        }
    }
}
