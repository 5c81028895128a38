//! CA certificates of one's own: which of them may be registered, and for which device
//! certificates they vouch.
//!
//! Signatures are checked by the shells; here stands what follows from them.

use std::fmt;
use std::fmt::Write as _;

use crate::certificate::CertificateMode;
use crate::error::{ErrorCode, Refusal};
use crate::time::Timestamp;

#[cfg(test)]
mod tests;

/// The status of a registered CA certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaCertificateStatus {
    /// New device certificates of this CA may be registered.
    Active,
    /// None may; those that are registered go on.
    Inactive,
}

impl CaCertificateStatus {
    /// AWS's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }

    /// Reads AWS's spelling, exact case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Inactive].into_iter().find(|status| status.as_str() == text)
    }
}

/// What a certificate says of itself as a CA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaFacts {
    /// `basicConstraints` says `CA:TRUE`.
    pub is_ca: bool,
    /// `keyUsage` says `keyCertSign`, or there is no `keyUsage`.
    pub may_sign: bool,
    /// Start of its validity.
    pub not_before: Timestamp,
    /// End of its validity, the second itself included.
    pub not_after: Timestamp,
}

impl CaFacts {
    /// Whether it is valid at this moment.
    pub fn in_time(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// Whether the certificate may be registered as a CA.
    ///
    /// # Errors
    /// [`ErrorCode::CertificateValidation`], naming what is missing.
    pub fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        let rule = if !self.is_ca {
            "it is not a CA certificate: its extension basicConstraints must be there and say CA:TRUE"
        } else if !self.may_sign {
            "its extension keyUsage does not say keyCertSign, so it may not sign certificates"
        } else if now < self.not_before {
            "it is not valid yet"
        } else if now > self.not_after {
            "it has expired"
        } else {
            return Ok(());
        };
        Err(validation(format!("The CA certificate cannot be registered: {rule}.")))
    }
}

/// The code that a verification certificate carries as its common name: 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationCode(String);

impl RegistrationCode {
    /// A new code from 32 random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        let mut text = String::with_capacity(64);
        for byte in bytes {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// Takes a code that was kept.
    pub fn from_kept(text: String) -> Self {
        Self(text)
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a verification certificate proves that the caller holds the CA's private key:
/// `signed` says that the CA's key signed it and that it names the CA as its issuer.
///
/// # Errors
/// [`ErrorCode::CertificateValidation`] without the signature;
/// [`ErrorCode::RegistrationCodeValidation`] without the code.
pub fn check_verification(
    signed: bool,
    common_names: &[String],
    code: Option<&RegistrationCode>,
) -> Result<(), Refusal> {
    if !signed {
        return Err(validation(
            "The verification certificate is not signed by the CA certificate: sign it with the \
             CA's private key, and name the CA's subject as its issuer.",
        ));
    }
    let refuse = |message: &str| Err(Refusal::new(ErrorCode::RegistrationCodeValidation, message));
    let Some(code) = code else {
        return refuse("No registration code was asked for yet; GetRegistrationCode gives it.");
    };
    match common_names {
        [name] if name.eq_ignore_ascii_case(code.as_str()) => Ok(()),
        [] => refuse(
            "The verification certificate has no common name; it must be the registration code \
             that GetRegistrationCode gives.",
        ),
        _ => refuse(
            "The verification certificate's common name is not the registration code that \
             GetRegistrationCode gives.",
        ),
    }
}

/// A registered CA, seen from a certificate that its key signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voucher {
    /// Its status.
    pub status: CaCertificateStatus,
    /// `autoRegistrationStatus` is `ENABLE`.
    pub auto_registration: bool,
    /// How it was registered.
    pub mode: CertificateMode,
    /// Whether it is valid now.
    pub in_time: bool,
    /// Whether the device sent it along.
    pub presented: bool,
}

/// Why a device certificate is not registered when its device connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotVouched {
    /// No registered CA signed it.
    NoCa,
    /// Its CA is `INACTIVE`.
    CaInactive,
    /// Its CA is not valid now.
    CaNotInTime,
    /// Its CA does not register certificates automatically.
    NoAutoRegistration,
    /// The connection does not name its server, and must.
    NoServerName,
}

impl fmt::Display for NotVouched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCa => "no registered CA certificate signed it",
            Self::CaInactive => {
                "its CA is INACTIVE (aws iot update-ca-certificate --new-status ACTIVE)"
            }
            Self::CaNotInTime => "its CA certificate has expired or is not valid yet",
            Self::NoAutoRegistration => {
                "its CA does not register certificates by itself (aws iot update-ca-certificate \
                 --new-auto-registration-status ENABLE)"
            }
            Self::NoServerName => {
                "the connection must name its server (SNI), for its CA is registered as SNI_ONLY \
                 or was not sent along; connect to a host name, not to an address"
            }
        })
    }
}

/// The CA that registers a device certificate on its first connection: of those that may, the one
/// that the device sent along, else the first. `server_name`: the connection has an SNI.
///
/// AWS: guide, "Just-in-time registration": the device sends its CA certificate along, or the
/// server's name.
///
/// # Errors
/// The nearest reason why none may.
pub fn vouching(vouchers: &[Voucher], server_name: bool) -> Result<usize, NotVouched> {
    let mut nearest = NotVouched::NoCa;
    let mut chosen = None;
    for (index, voucher) in vouchers.iter().enumerate() {
        match obstacle(voucher, server_name) {
            Some(why) => nearest = further(nearest, why),
            None if voucher.presented => return Ok(index),
            None => chosen = chosen.or(Some(index)),
        }
    }
    chosen.ok_or(nearest)
}

fn obstacle(voucher: &Voucher, server_name: bool) -> Option<NotVouched> {
    let named = server_name || (voucher.presented && voucher.mode == CertificateMode::Default);
    match voucher {
        Voucher { status: CaCertificateStatus::Inactive, .. } => Some(NotVouched::CaInactive),
        Voucher { in_time: false, .. } => Some(NotVouched::CaNotInTime),
        Voucher { auto_registration: false, .. } => Some(NotVouched::NoAutoRegistration),
        _ if !named => Some(NotVouched::NoServerName),
        _ => None,
    }
}

/// Of two reasons the one that came closer to a registration.
fn further(a: NotVouched, b: NotVouched) -> NotVouched {
    let order = [
        NotVouched::NoCa,
        NotVouched::CaInactive,
        NotVouched::CaNotInTime,
        NotVouched::NoAutoRegistration,
        NotVouched::NoServerName,
    ];
    let place = |why: NotVouched| order.iter().position(|known| *known == why);
    if place(b) > place(a) { b } else { a }
}

fn validation(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::CertificateValidation, message)
}
