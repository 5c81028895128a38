//! A device's certificate before and after it is signed.

use fleetwright_core::certificate::{CertificateId, TbsDigest};
use fleetwright_core::time::Timestamp;

use crate::tbs::CertificateSpec;

/// A certificate that is built but not signed. The caller commits its row, then passes it to
/// [`crate::Authority::issue`], once: it cannot be copied.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) spec: CertificateSpec,
    pub(crate) tbs: Vec<u8>,
    pub(crate) spki_sha256: [u8; 32],
}

impl Prepared {
    /// The serial number that it will carry.
    #[must_use]
    pub fn serial(&self) -> [u8; 20] {
        self.spec.serial
    }
    /// SHA-256 of its SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_sha256(&self) -> [u8; 32] {
        self.spki_sha256
    }
    /// Start of its validity: 120 s before `now`.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        Timestamp::of_seconds(self.spec.validity.not_before)
    }
    /// End of its validity: 2049-12-31T23:59:59Z, a claim's, that of `validity`, or the CA's.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        Timestamp::of_seconds(self.spec.validity.not_after)
    }
}

/// A signed and checked device certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// SHA-256 of `der`.
    pub certificate_id: CertificateId,
    /// SHA-256 of its TBSCertificate.
    pub tbs: TbsDigest,
    /// The certificate; [`crate::pem()`] writes it for the wire.
    pub der: Vec<u8>,
    /// Start of its validity.
    pub not_before: Timestamp,
    /// End of its validity.
    pub not_after: Timestamp,
    /// Its serial number, big-endian.
    pub serial: [u8; 20],
}
