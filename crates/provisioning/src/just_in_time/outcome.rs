//! What a first connection brings, and what comes of it.

use std::collections::BTreeMap;
use std::fmt;

use fleetwright_core::ca_certificate::NotVouched;
use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::error::Refusal;
use fleetwright_core::event::Event;
use fleetwright_core::names::ThingName;
use fleetwright_core::text::shown;

/// What a peer presented that may not connect.
#[derive(Debug)]
pub struct Presented {
    /// Its certificate, DER.
    pub leaf: Vec<u8>,
    /// The certificate that it sent along behind it, DER.
    pub ca: Option<Vec<u8>>,
    /// Whether the connection names its server (SNI).
    pub server_name: bool,
}

/// The names of a subject or issuer for the log: `CommonName='device 1', Country='US'`.
pub fn names(of: &BTreeMap<&'static str, Vec<String>>) -> String {
    let names: Vec<String> = of
        .iter()
        .flat_map(|(name, values)| {
            values.iter().map(move |value| format!("{name}='{}'", shown(value)))
        })
        .collect();
    if names.is_empty() { "no names".to_owned() } else { names.join(", ") }
}

/// What came of a first connection.
#[derive(Debug)]
pub enum FirstConnection {
    /// It is registered, and waits to be activated by whoever hears of this event.
    Waits(Event),
    /// It is provisioned: the next connection is let in, unless the template left it off.
    Provisioned {
        /// The thing, if the template has one.
        thing: Option<ThingName>,
        /// The certificate's status now.
        status: CertificateStatus,
    },
}

/// Why nothing came of it.
#[derive(Debug)]
pub enum FirstConnectionError {
    /// No CA registers it.
    NotVouched(NotVouched),
    /// Too many are being registered, or this very one is.
    Busy,
    /// It is registered meanwhile, and no longer waits.
    Settled(CertificateStatus),
    /// It is registered under another id: what its CA signed is the same, what is written around
    /// it is not.
    Twin(CertificateId, CertificateStatus),
    /// It could not be registered or provisioned.
    Refused(Refusal),
}

impl<E: Into<Refusal>> From<E> for FirstConnectionError {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl fmt::Display for FirstConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotVouched(why) => why.fmt(f),
            Self::Busy => f.write_str("it or too many others are being registered; try again"),
            Self::Settled(status) => write!(f, "it is {} meanwhile; try again", status.as_str()),
            Self::Twin(id, status) => write!(
                f,
                "it is certificate {id}, which is {}, with its signature written in another way; \
                 only the registered form connects",
                status.as_str()
            ),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}
