//! An access key: the query by which a request names it, and the credentials found.

use std::fmt;
use std::sync::Arc;

use fleetwright_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::caller::Caller;
use crate::signing_key::{SigningKey, SigningScope};

/// How the id of a temporary access key begins.
pub const TEMPORARY: &str = "ASIA";

/// An access key that a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyQuery {
    /// `AKIA…` or `ASIA…`.
    pub id: String,
    /// The session token beside it.
    pub token: Option<String>,
    /// What the request is signed for.
    pub scope: SigningScope,
}

/// An access key with what verifies a request of one scope.
#[derive(Clone)]
pub struct Credentials {
    /// `AKIA…`.
    pub access_key_id: String,
    /// Derived from its secret, for the scope of the query.
    pub key: SigningKey,
    /// The session token of a temporary key; `None` for a permanent one.
    pub session_token: Option<Zeroizing<String>>,
    /// When a temporary key ends.
    pub expires: Option<Timestamp>,
    /// The principal of the key.
    pub caller: Arc<Caller>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.access_key_id)
    }
}
