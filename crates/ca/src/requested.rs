//! CSRs that somebody else signs: what is asked for, and whether an answer is that.

use aws_lc_rs::digest::{SHA256, digest};
use fleetwright_core::error::Refusal;
use fleetwright_core::time::Timestamp;
use x509_parser::prelude::*;

use crate::brought::BroughtCertificate;
use crate::csr::{self, Csr, EMPTY_NAME};

/// A CSR whose signature and key pass as for our own CA.
#[derive(Debug, PartialEq, Eq)]
pub struct RequestedCertificate(Csr);

impl RequestedCertificate {
    /// Reads a PEM CSR.
    ///
    /// # Errors
    /// `InvalidCsr`, as for [`crate::Authority::prepare_from_csr`].
    pub fn read(csr_pem: &str) -> Result<Self, Refusal> {
        csr::read(csr_pem).map(Self)
    }

    /// SHA-256 of its SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_sha256(&self) -> [u8; 32] {
        let mut sum = [0; 32];
        sum.copy_from_slice(digest(&SHA256, &self.0.spki).as_ref());
        sum
    }

    /// The certificate that somebody made for it: with its subject and public key as they are, and
    /// valid at this moment.
    ///
    /// # Errors
    /// A phrase that says what differs, for the log.
    pub fn answered_by(
        &self,
        certificate_pem: &str,
        now: Timestamp,
    ) -> Result<BroughtCertificate, String> {
        let brought =
            BroughtCertificate::from_pem(certificate_pem).map_err(|refusal| refusal.message)?;
        let (_, certificate) =
            X509Certificate::from_der(&brought.der).map_err(|error| error.to_string())?;
        let subject = self.0.subject.as_deref().unwrap_or(EMPTY_NAME);
        if certificate.subject().as_raw() != subject {
            return Err("the certificate's subject is not that of the CSR".into());
        }
        if certificate.public_key().raw != self.0.spki {
            return Err("the certificate's public key is not that of the CSR".into());
        }
        if brought.ca.not_before > brought.ca.not_after {
            return Err("the certificate ends before it begins".into());
        }
        if !brought.in_time(now) {
            return Err("the certificate is not valid now: it has ended, or is yet to begin".into());
        }
        Ok(brought)
    }
}
