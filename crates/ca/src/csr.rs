//! Reads a certificate signing request: bounds, shape, key, proof of possession.

use aws_lc_rs::signature as sig;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits::CSR_CHARS;
use x509_parser::prelude::*;

use crate::instead::instead;
use crate::key_policy::{self, KeyKind};
use crate::{der, pem, signature};

/// Labels in use: RFC 7468, and older tools.
const LABELS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];
/// An empty Name, DER.
pub(crate) const EMPTY_NAME: &[u8] = &[0x30, 0x00];

/// What a CSR asks for, its signature verified and its key allowed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Csr {
    /// Name, DER; `None` when the CSR's subject is empty.
    pub(crate) subject: Option<Vec<u8>>,
    /// SubjectPublicKeyInfo, DER.
    pub(crate) spki: Vec<u8>,
    /// The content of its BIT STRING.
    pub(crate) public_key: Vec<u8>,
}

/// Reads a PEM CSR. Requested extensions are not looked at: the profile has its own.
pub(crate) fn read(text: &str) -> Result<Csr, Refusal> {
    // Cheap before exact: a character has at most four bytes.
    if text.len() > CSR_CHARS * 4 || text.chars().count() > CSR_CHARS {
        return Err(refuse(format!("The CSR is longer than {CSR_CHARS} characters.")));
    }
    let Some((bytes, rest)) = pem::read(text, &LABELS) else {
        return Err(refuse(format!(
            "The CSR is not PEM: {}. It must be base64 between '-----BEGIN CERTIFICATE \
             REQUEST-----' and '-----END CERTIFICATE REQUEST-----'.",
            instead(text, &LABELS)
        )));
    };
    if pem::read(rest, &LABELS).is_some() {
        return Err(refuse("The text holds more than one CSR; send one CSR a request."));
    }
    let (rest, csr) = X509CertificationRequest::from_der(&bytes).map_err(|error| {
        refuse("The CSR is not a PKCS#10 certification request.").because(error)
    })?;
    let info = &csr.certification_request_info;
    if !rest.is_empty() {
        return Err(refuse("The CSR has bytes after its end."));
    }
    if info.version != X509Version::V1 {
        return Err(refuse("The CSR's version is unknown; PKCS#10 has version 0 only."));
    }
    let kind = key_policy::check(&info.subject_pki).map_err(refuse)?;
    prove_possession(kind, &csr)?;
    let subject = info.subject.as_raw();
    if subject.first() != Some(&der::SEQUENCE) {
        return Err(refuse("The CSR's subject is not written in DER."));
    }
    Ok(Csr {
        subject: (subject != EMPTY_NAME).then(|| subject.to_vec()),
        spki: info.subject_pki.raw.to_vec(),
        public_key: info.subject_pki.subject_public_key.data.to_vec(),
    })
}

fn refuse(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::InvalidCsr, message)
}

/// The CSR must be signed by the private key of the public key that it names.
fn prove_possession(kind: KeyKind, csr: &X509CertificationRequest<'_>) -> Result<(), Refusal> {
    let named = &csr.signature_algorithm;
    let algorithm = match signature::verification(kind, named) {
        Ok(algorithm) => algorithm,
        // It proves possession and is no part of the certificate; old firmware has nothing else.
        Err(_) if kind == KeyKind::Rsa && signature::is_rsa_with_sha1(named) => {
            tracing::info!("a CSR is signed with SHA-1, which counts as proof of possession only");
            &sig::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY
        }
        Err(why) => return Err(refuse(format!("The CSR is signed by {why}."))),
    };
    let info = &csr.certification_request_info;
    if csr.signature_value.unused_bits != 0 {
        return Err(refuse("The CSR's signature is malformed: it has unused bits."));
    }
    sig::UnparsedPublicKey::new(algorithm, &info.subject_pki.subject_public_key.data)
        .verify(info.raw, &csr.signature_value.data)
        .map_err(|_| {
            refuse(
                "The CSR's signature does not verify: it must be signed by the private key that \
                 belongs to its public key, and not be changed afterwards.",
            )
        })
}
