//! Certificates that others issued: read, and checked against the CA that signed them.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature as sig;
use fleetwright_core::ca_certificate::CaFacts;
use fleetwright_core::certificate::{CertificateFacts, CertificateId, TbsDigest};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits::CERTIFICATE_PEM_CHARS;
use fleetwright_core::time::Timestamp;
use x509_parser::prelude::*;

use crate::facts::{certificate_facts, certificate_id, digest_of_tbs};
use crate::instead::instead;
use crate::{der, key_policy, pem, signature, tbs};

/// Labels in use: RFC 7468, and older tools.
const LABELS: [&str; 2] = ["CERTIFICATE", "X509 CERTIFICATE"];

/// A certificate of somebody else's making, whose key is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtCertificate {
    /// SHA-256 of `der`.
    pub id: CertificateId,
    /// SHA-256 of its TBSCertificate.
    pub tbs: TbsDigest,
    /// The certificate itself.
    pub der: Vec<u8>,
    /// Its names.
    pub facts: CertificateFacts,
    /// What it says of itself as a CA, and its validity.
    pub ca: CaFacts,
    /// SHA-256 of its subject, a Name in DER.
    pub subject: [u8; 32],
    /// SHA-256 of its issuer, a Name in DER.
    pub issuer: [u8; 32],
}

impl BroughtCertificate {
    /// Reads a PEM text that holds one certificate, written in DER.
    ///
    /// # Errors
    /// `CertificateValidation`: no certificate, more than one, one in BER that is not DER, or a
    /// key that is not allowed.
    pub fn from_pem(text: &str) -> Result<Self, Refusal> {
        // Cheap before exact: a character has at most four bytes.
        if text.len() > CERTIFICATE_PEM_CHARS * 4 || text.chars().count() > CERTIFICATE_PEM_CHARS {
            return Err(refuse(format!(
                "The certificate is longer than {CERTIFICATE_PEM_CHARS} characters."
            )));
        }
        let Some((der, rest)) = pem::read(text, &LABELS) else {
            return Err(refuse(format!(
                "The certificate is not PEM: {}. It must be base64 between '-----BEGIN \
                 CERTIFICATE-----' and '-----END CERTIFICATE-----'.",
                instead(text, &LABELS)
            )));
        };
        if pem::read(rest, &LABELS).is_some() {
            return Err(refuse("The text holds more than one certificate; send one."));
        }
        let read = Self::from_der(der.to_vec())?;
        if !read.is_distinguished() {
            return Err(refuse(
                "The certificate is not written in DER: a length is longer than it need be, the \
                 signature has unused bits, or the algorithm's name differs from the signed one.",
            ));
        }
        read.is_well_signed()?;
        Ok(read)
    }

    /// Reads a certificate's DER.
    ///
    /// # Errors
    /// As [`Self::from_pem`].
    pub fn from_der(der: Vec<u8>) -> Result<Self, Refusal> {
        let read = certificate_facts(&der).map_err(|error| {
            refuse("The certificate is not an X.509 certificate.").because(error)
        })?;
        let (_, certificate) = X509Certificate::from_der(&der).map_err(Refusal::internal)?;
        key_policy::check(certificate.public_key()).map_err(refuse)?;
        let ca = CaFacts {
            is_ca: is_ca(&certificate)?,
            may_sign: may_sign(&certificate)?,
            not_before: read.not_before,
            not_after: read.not_after,
        };
        let (subject, issuer) =
            (sha256(certificate.subject().as_raw()), sha256(certificate.issuer().as_raw()));
        let (id, facts) = (certificate_id(&der), read.facts);
        let tbs = digest_of_tbs(certificate.tbs_certificate.as_ref());
        Ok(Self { id, tbs, facts, ca, subject, issuer, der })
    }

    /// The algorithm of its signature is one that AWS lists for certificates (guide, "X.509 client
    /// certificates"): RSA or ECDSA with SHA-2.
    ///
    /// # Errors
    /// `CertificateValidation` with the algorithm's name.
    pub fn is_well_signed(&self) -> Result<(), Refusal> {
        let (_, own) = X509Certificate::from_der(&self.der).map_err(Refusal::internal)?;
        signature::is_allowed(&own.signature_algorithm)
            .map_err(|why| refuse(format!("The certificate is signed by {why}.")))
    }

    /// Whether it is written in the one way of DER, as far as tags and lengths go.
    fn is_distinguished(&self) -> bool {
        let Ok((_, own)) = X509Certificate::from_der(&self.der) else { return false };
        own.signature_algorithm == own.tbs_certificate.signature
            && own.signature_value.unused_bits == 0
            && is_canonical(&self.der, own.tbs_certificate.as_ref(), &own.signature_value.data)
            && der::has_shortest_lengths(&self.der)
    }

    /// Whether it is valid at this moment.
    #[must_use]
    pub fn in_time(&self, now: Timestamp) -> bool {
        self.ca.in_time(now)
    }

    /// The certificate's common names.
    #[must_use]
    pub fn common_names(&self) -> &[String] {
        self.facts.subject.get("CommonName").map_or(&[], Vec::as_slice)
    }

    /// Whether a CA issued it: the CA's subject is its issuer, and the CA's key signed it. False
    /// as well when it is not written in DER, for then there were many ways to write the same
    /// certificate, each with an id of its own.
    #[must_use]
    pub fn is_signed_by(&self, ca_der: &[u8]) -> bool {
        let (Ok((_, own)), Ok((_, ca))) =
            (X509Certificate::from_der(&self.der), X509Certificate::from_der(ca_der))
        else {
            return false;
        };
        let (tbs, bits) = (own.tbs_certificate.as_ref(), &own.signature_value);
        let Ok(kind) = key_policy::check(ca.public_key()) else { return false };
        let Ok(algorithm) = signature::verification(kind, &own.signature_algorithm) else {
            return false;
        };
        own.issuer().as_raw() == ca.subject().as_raw()
            && own.signature_algorithm == own.tbs_certificate.signature
            && bits.unused_bits == 0
            && is_canonical(&self.der, tbs, &bits.data)
            && sig::UnparsedPublicKey::new(algorithm, &ca.public_key().subject_public_key.data)
                .verify(tbs, &bits.data)
                .is_ok()
    }
}

/// Whether what stands around the signed part is written in the one way of DER. The algorithm's
/// name stands outside and inside; the inner one is signed.
fn is_canonical(der: &[u8], tbs: &[u8], signature: &[u8]) -> bool {
    let mut end = Vec::with_capacity(signature.len() + 8);
    der::bits(&mut end, signature);
    let Some(front) = der.strip_suffix(end.as_slice()) else { return false };
    // The outer header: a tag, and a length of one to four bytes.
    (2..=5)
        .filter_map(|header| front.get(header..)?.strip_prefix(tbs))
        .filter(|algorithm| !algorithm.is_empty())
        .any(|algorithm| {
            der == tbs::signed(tbs, algorithm, signature)
                && tbs.windows(algorithm.len()).any(|inner| inner == algorithm)
        })
}

fn is_ca(certificate: &X509Certificate<'_>) -> Result<bool, Refusal> {
    let found = certificate.basic_constraints().map_err(|error| {
        refuse("The certificate's extension basicConstraints cannot be read.").because(error)
    })?;
    Ok(found.is_some_and(|extension| extension.value.ca))
}

fn may_sign(certificate: &X509Certificate<'_>) -> Result<bool, Refusal> {
    let found = certificate.key_usage().map_err(|error| {
        refuse("The certificate's extension keyUsage cannot be read.").because(error)
    })?;
    Ok(found.is_none_or(|extension| extension.value.key_cert_sign()))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sum
}

fn refuse(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::CertificateValidation, message)
}
