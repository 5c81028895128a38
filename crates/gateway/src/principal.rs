//! Who a connection is: a device with its certificate, a caller of IAM with its signature, or a client
//! that an authorizer let in.

use std::fmt;
use std::sync::Arc;

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::time::Timestamp;
use fleetwright_store::CertificateRow;

use crate::callers::SignedCaller;
use crate::custom::AuthorizedClient;
use crate::identity::{CertificatePrincipal, HeldTo};

/// A principal that may connect.
#[derive(Debug, Clone)]
pub enum Principal {
    /// A registered certificate that is `ACTIVE`, and whose key the peer holds.
    Certificate(Arc<CertificatePrincipal>),
    /// A caller of IAM that signed the upgrade to WebSocket.
    Caller(Arc<dyn SignedCaller>),
    /// A client that an authorizer let in.
    Client(Arc<AuthorizedClient>),
}

/// What a principal is called: in the directory, in the log, and in events (AWS: guide, "Lifecycle
/// events", `principalIdentifier`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PrincipalId {
    /// The certificate's id.
    Certificate(CertificateId),
    /// `AIDA…` of a user, `AROA…:SESSION` of a session of a role.
    Caller(Arc<str>),
    /// Who an authorizer said that it is.
    Client(Arc<str>),
}

impl Principal {
    /// What it is called.
    pub fn id(&self) -> PrincipalId {
        match self {
            Self::Certificate(certificate) => PrincipalId::Certificate(certificate.id),
            Self::Caller(caller) => PrincipalId::Caller(caller.id().into()),
            Self::Client(client) => PrincipalId::Client(Arc::clone(client.id())),
        }
    }

    /// Whether it is to be asked for again before the next step.
    pub(crate) fn is_due(&self) -> bool {
        matches!(self, Self::Client(client) if client.is_due())
    }

    /// The certificate, if it is one.
    pub fn certificate(&self) -> Option<&CertificatePrincipal> {
        match self {
            Self::Certificate(certificate) => Some(certificate),
            Self::Caller(_) | Self::Client(_) => None,
        }
    }

    /// The certificate's row.
    pub fn certificate_row(&self) -> Option<CertificateRow> {
        self.certificate().map(|certificate| certificate.row)
    }

    /// What a trusted user's claim is held to.
    pub fn held(&self) -> Option<&HeldTo> {
        self.certificate()?.held.as_ref()
    }
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(id) => id.fmt(f),
            Self::Caller(id) | Self::Client(id) => f.write_str(id),
        }
    }
}

impl From<CertificateId> for PrincipalId {
    fn from(id: CertificateId) -> Self {
        Self::Certificate(id)
    }
}

/// When a connection ends by itself, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) until: Timestamp,
    pub(crate) of: TermOf,
}

/// Whose time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TermOf {
    /// A trusted user's claim.
    Claim,
    /// A connection over WebSocket of a caller of IAM, or the session of its credentials.
    WebSocket,
    /// A client that an authorizer let in.
    Authorizer,
}
