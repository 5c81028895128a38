//! Callers of IAM who connect as devices do: by a signature on the upgrade to WebSocket. Their keys
//! and policies are not the gateway's: `server` hands it who knows them.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use fleetwright_core::error::Refusal;
use fleetwright_core::policy::AttachedPolicy;
use fleetwright_core::time::Timestamp;
use http::request::Parts;

/// What is asked of them.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Knows who signs.
pub trait Callers: Send + Sync {
    /// Whose signature a request without a body has. `from` is the peer's address, `tls` whether it
    /// came over TLS.
    fn verify<'a>(
        &'a self,
        parts: &'a Parts,
        from: IpAddr,
        tls: bool,
    ) -> Asked<'a, Result<Arc<dyn SignedCaller>, NotVerified>>;
}

/// Why a request has no caller.
#[derive(Debug)]
pub enum NotVerified {
    /// It is not signed.
    Unsigned,
    /// Its signature is not accepted; the message is for the client.
    Refused(String),
    /// The registry cannot be asked.
    Unknown(Refusal),
}

/// A caller whose signature was verified.
pub trait SignedCaller: fmt::Debug + Send + Sync {
    /// `AIDA…` of a user, `AROA…:SESSION` of a session of a role.
    fn id(&self) -> &str;

    /// Its ARN, for the log.
    fn arn(&self) -> &str;

    /// When its credentials end, if they do.
    fn expires(&self) -> Option<Timestamp>;

    /// Condition keys with their values.
    fn keys(&self) -> &[(Cow<'static, str>, Vec<String>)];

    /// What it is granted now; `None` when its key was switched off, or its user or role is gone.
    fn granted(&self) -> Asked<'_, Result<Option<Granted>, Refusal>>;
}

/// The policies of a caller.
#[derive(Debug, Default)]
pub struct Granted {
    /// Of the user or role.
    pub policies: Box<[AttachedPolicy]>,
    /// Of its session, which narrow them; `None` when it was opened without.
    pub session: Option<Box<[AttachedPolicy]>>,
}
