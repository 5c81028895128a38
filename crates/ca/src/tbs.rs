//! Builds the bytes that a certificate's signature covers. Pure.

use aws_lc_rs::digest::{SHA256, digest};

use crate::der;
use crate::profile::{KEY_ID_LEN, KeyId, Profile, Validity};

/// Everything that a certificate says, apart from its issuer's part.
#[derive(Debug)]
pub(crate) struct CertificateSpec {
    pub(crate) profile: Profile,
    pub(crate) serial: [u8; 20],
    /// Name, DER.
    pub(crate) subject: Vec<u8>,
    /// SubjectPublicKeyInfo, DER.
    pub(crate) spki: Vec<u8>,
    /// Of `spki`.
    pub(crate) key_id: KeyId,
    pub(crate) validity: Validity,
}

/// The issuer's part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IssuerFacts<'a> {
    /// Name, DER.
    pub(crate) name: &'a [u8],
    pub(crate) key_id: &'a KeyId,
    /// AlgorithmIdentifier, DER.
    pub(crate) algorithm: &'a [u8],
}

/// TBSCertificate (RFC 5280, 4.1); `None` when a time cannot be written as UTCTime.
pub(crate) fn build(spec: &CertificateSpec, issuer_facts: IssuerFacts<'_>) -> Option<Vec<u8>> {
    let not_before = der::utc_time(spec.validity.not_before)?;
    let not_after = der::utc_time(spec.validity.not_after)?;
    let mut out =
        Vec::with_capacity(320 + spec.subject.len() + spec.spki.len() + issuer_facts.name.len());
    der::nested(&mut out, der::SEQUENCE, |out| {
        // [0] version: v3
        der::nested(out, 0xa0, |out| der::element(out, der::INTEGER, &[2]));
        der::unsigned(out, &spec.serial);
        out.extend_from_slice(issuer_facts.algorithm);
        out.extend_from_slice(issuer_facts.name);
        der::nested(out, der::SEQUENCE, |out| {
            der::element(out, der::UTC_TIME, &not_before);
            der::element(out, der::UTC_TIME, &not_after);
        });
        out.extend_from_slice(&spec.subject);
        out.extend_from_slice(&spec.spki);
        // [3] extensions
        der::nested(out, 0xa3, |out| {
            der::nested(out, der::SEQUENCE, |out| extensions(out, spec, issuer_facts));
        });
    });
    Some(out)
}

fn extensions(out: &mut Vec<u8>, spec: &CertificateSpec, issuer_facts: IssuerFacts<'_>) {
    for extension in spec.profile.extensions(issuer_facts.key_id, &spec.key_id) {
        der::nested(out, der::SEQUENCE, |out| {
            der::element(out, der::OID, extension.oid);
            if extension.critical {
                der::element(out, der::BOOLEAN, &[0xff]);
            }
            der::element(out, der::OCTET_STRING, &extension.value);
        });
    }
}

/// Certificate: what was signed, by which algorithm, the signature.
pub(crate) fn signed(tbs: &[u8], algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(tbs.len() + algorithm.len() + signature.len() + 12);
    der::nested(&mut out, der::SEQUENCE, |out| {
        out.extend_from_slice(tbs);
        out.extend_from_slice(algorithm);
        der::bits(out, signature);
    });
    out
}

/// The identifier of a key: the first 160 bits of the SHA-256 of its BIT STRING's content
/// (RFC 7093, section 2, method 1).
pub(crate) fn key_id(public_key: &[u8]) -> KeyId {
    let mut id = [0; KEY_ID_LEN];
    for (slot, byte) in id.iter_mut().zip(digest(&SHA256, public_key).as_ref()) {
        *slot = *byte;
    }
    id
}
