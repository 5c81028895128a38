//! Device certificates: their id, their status and its transitions, their facts.

use std::collections::BTreeMap;
use std::fmt;

use crate::text;

/// `certificateId`: SHA-256 over the certificate's DER, written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CertificateId(pub [u8; 32]);

/// SHA-256 over a certificate's TBSCertificate, DER (RFC 5280, 4.1): what its issuer signed. The
/// id is not enough to tell one certificate from another, for a signature can be written in
/// several ways that are all valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TbsDigest(pub [u8; 32]);

/// A text is not 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCertificateId(String);

impl CertificateId {
    /// Reads 64 hex digits of either case.
    pub fn parse(text: &str) -> Result<Self, InvalidCertificateId> {
        let refuse = || InvalidCertificateId(text::cut(text, 80).to_owned());
        let bytes: &[u8; 64] = text.as_bytes().try_into().map_err(|_| refuse())?;
        let mut id = [0u8; 32];
        for (slot, pair) in id.iter_mut().zip(bytes.chunks_exact(2)) {
            let [high, low] = pair else { return Err(refuse()) };
            let (Some(high), Some(low)) =
                ((*high as char).to_digit(16), (*low as char).to_digit(16))
            else {
                return Err(refuse());
            };
            *slot = (high * 16 + low) as u8;
        }
        Ok(Self(id))
    }
}

impl fmt::Display for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for InvalidCertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate id '{}' is not valid: it must be 64 hexadecimal digits", self.0)
    }
}

impl std::error::Error for InvalidCertificateId {}

/// The status of a registered certificate. Only `Active` authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CertificateStatus {
    /// May connect.
    Active,
    /// Registered, off.
    Inactive,
    /// Off for good.
    Revoked,
    /// On its way to another account.
    PendingTransfer,
    /// Deprecated by AWS; never entered here.
    RegisterInactive,
    /// Made over MQTT or by just-in-time registration, waiting for its registration.
    PendingActivation,
}

impl CertificateStatus {
    /// AWS's spelling, such as `PENDING_ACTIVATION`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Revoked => "REVOKED",
            Self::PendingTransfer => "PENDING_TRANSFER",
            Self::RegisterInactive => "REGISTER_INACTIVE",
            Self::PendingActivation => "PENDING_ACTIVATION",
        }
    }

    /// Reads AWS's spelling, exact case.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Active,
            Self::Inactive,
            Self::Revoked,
            Self::PendingTransfer,
            Self::RegisterInactive,
            Self::PendingActivation,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
    }

    /// Whether `UpdateCertificate` may set `target` on a certificate in this state; the error
    /// names the rule. `REVOKED` cannot be left; the pending states cannot be entered by hand.
    pub fn update_to(self, target: Self) -> Result<Self, &'static str> {
        match (self, target) {
            (_, Self::PendingTransfer | Self::PendingActivation) => {
                Err("PENDING_TRANSFER and PENDING_ACTIVATION cannot be set by UpdateCertificate")
            }
            (_, Self::RegisterInactive) => Err("REGISTER_INACTIVE is deprecated; use INACTIVE"),
            (Self::Revoked, Self::Active | Self::Inactive) => {
                Err("a REVOKED certificate cannot be brought back; issue a new one")
            }
            (Self::PendingTransfer, _) => {
                Err("the certificate is being transferred; accept, reject or cancel that first")
            }
            (_, target) => Ok(target),
        }
    }
}

/// `certificateMode`: whether a connection with the certificate must name its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CertificateMode {
    /// With or without Server Name Indication.
    #[default]
    Default,
    /// With Server Name Indication only.
    SniOnly,
}

impl CertificateMode {
    /// AWS's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "DEFAULT",
            Self::SniOnly => "SNI_ONLY",
        }
    }

    /// Reads AWS's spelling, exact case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Default, Self::SniOnly].into_iter().find(|mode| mode.as_str() == text)
    }
}

/// What policies may ask of a certificate: read from the DER once, when a connection opens.
/// Values are in the order of the certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Serial number, as `openssl x509 -serial` prints it (upper-case hex, no leading zeros cut).
    pub serial_number: String,
    /// Subject attributes by AWS's name (`CommonName`, `Organization`, `State` …).
    pub subject: BTreeMap<&'static str, Vec<String>>,
    /// Issuer attributes by AWS's name.
    pub issuer: BTreeMap<&'static str, Vec<String>>,
    /// Subject alternative names by AWS's kind (`DNSName`, `RFC822Name`, `IPAddress` …).
    pub subject_alternative: BTreeMap<&'static str, Vec<String>>,
    /// Issuer alternative names by AWS's kind.
    pub issuer_alternative: BTreeMap<&'static str, Vec<String>>,
}
