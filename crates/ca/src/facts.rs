//! What policies may ask of a certificate, by AWS's names.

use std::collections::BTreeMap;
use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use fleetwright_core::certificate::{CertificateFacts, CertificateId, TbsDigest};
use fleetwright_core::time::Timestamp;
use x509_parser::asn1_rs::Tag;
use x509_parser::prelude::*;

use crate::error::UnreadableCertificate;

/// A certificate as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateReading {
    /// Names and serial number.
    pub facts: CertificateFacts,
    /// Start of its validity.
    pub not_before: Timestamp,
    /// End of its validity, the second itself included.
    pub not_after: Timestamp,
    /// Its SubjectPublicKeyInfo, DER.
    pub spki_der: Vec<u8>,
    /// Its subject, a Name in DER.
    pub subject_der: Vec<u8>,
}

/// `certificateId`: the SHA-256 of a certificate's DER.
#[must_use]
pub fn certificate_id(der: &[u8]) -> CertificateId {
    let mut id = [0; 32];
    id.copy_from_slice(digest(&SHA256, der).as_ref());
    CertificateId(id)
}

/// SHA-256 of a certificate's TBSCertificate.
///
/// # Errors
/// When the bytes do not begin with an X.509 certificate.
pub fn tbs_digest(der: &[u8]) -> Result<TbsDigest, UnreadableCertificate> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|error| UnreadableCertificate(error.to_string()))?;
    Ok(digest_of_tbs(certificate.tbs_certificate.as_ref()))
}

/// SHA-256 of the bytes of a TBSCertificate.
pub(crate) fn digest_of_tbs(tbs: &[u8]) -> TbsDigest {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, tbs).as_ref());
    TbsDigest(sum)
}

/// Reads a certificate's names, serial number and validity from its DER. Attributes whose text
/// cannot be read are left out, as if the certificate did not have them.
///
/// # Errors
/// When the bytes are not exactly one X.509 certificate.
pub fn certificate_facts(der: &[u8]) -> Result<CertificateReading, UnreadableCertificate> {
    let (rest, certificate) =
        X509Certificate::from_der(der).map_err(|error| UnreadableCertificate(error.to_string()))?;
    if !rest.is_empty() {
        return Err(UnreadableCertificate("bytes follow the certificate".into()));
    }
    let mut facts = CertificateFacts {
        serial_number: serial_number(certificate.raw_serial()),
        subject: attributes(certificate.subject()),
        issuer: attributes(certificate.issuer()),
        ..CertificateFacts::default()
    };
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => {
                facts.subject_alternative = alternatives(&names.general_names);
            }
            ParsedExtension::IssuerAlternativeName(names) => {
                facts.issuer_alternative = alternatives(&names.general_names);
            }
            _ => {}
        }
    }
    Ok(CertificateReading {
        facts,
        not_before: Timestamp::of_seconds(certificate.validity().not_before.timestamp()),
        not_after: Timestamp::of_seconds(certificate.validity().not_after.timestamp()),
        spki_der: certificate.public_key().raw.to_vec(),
        subject_der: certificate.subject().as_raw().to_vec(),
    })
}

/// As `openssl x509 -serial` prints it: upper-case hex of whole bytes, a minus before a negative
/// number.
fn serial_number(raw: &[u8]) -> String {
    let negative = raw.first().is_some_and(|first| first & 0x80 != 0);
    let mut magnitude = raw.to_vec();
    if negative {
        // Two's complement: invert, add one.
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
    let digits = magnitude.get(zeros..).unwrap_or_default();
    let mut text = String::with_capacity(digits.len() * 2 + 1);
    if negative {
        text.push('-');
    }
    for byte in digits {
        text.push_str(&format!("{byte:02X}"));
    }
    if digits.is_empty() { "00".into() } else { text }
}

/// AWS: guide, "X.509 certificate AWS IoT Core policy variables": subject and issuer attributes.
fn attribute_name(oid: &[u8]) -> Option<&'static str> {
    let [0x55, 0x04, last] = oid else { return None };
    Some(match last {
        3 => "CommonName",
        4 => "Surname",
        5 => "SerialNumber",
        6 => "Country",
        8 => "State",
        10 => "Organization",
        11 => "OrganizationalUnit",
        12 => "Title",
        42 => "GivenName",
        43 => "Initials",
        44 => "GenerationQualifier",
        46 => "DistinguishedNameQualifier",
        65 => "Pseudonym",
        _ => return None,
    })
}

fn attributes(name: &X509Name<'_>) -> BTreeMap<&'static str, Vec<String>> {
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for attribute in name.iter_attributes() {
        let name = attribute_name(attribute.attr_type().as_bytes());
        if let (Some(name), Some(value)) = (name, text(attribute)) {
            found.entry(name).or_default().push(value);
        }
    }
    found
}

/// The text of any of X.520's string types.
fn text(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    let bytes = attribute.as_slice();
    match attribute.attr_value().tag() {
        Tag::BmpString => {
            let units: Vec<u16> = bytes
                .chunks_exact(2)
                .filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes))
                .collect();
            if bytes.len().is_multiple_of(2) { String::from_utf16(&units).ok() } else { None }
        }
        // TeletexString, which in practice is Latin-1.
        Tag::T61String => Some(bytes.iter().copied().map(char::from).collect()),
        _ => attribute.as_str().ok().map(str::to_owned),
    }
}

fn alternatives(names: &[GeneralName<'_>]) -> BTreeMap<&'static str, Vec<String>> {
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for name in names {
        let (kind, value) = match name {
            GeneralName::RFC822Name(value) => ("RFC822Name", (*value).to_owned()),
            GeneralName::DNSName(value) => ("DNSName", (*value).to_owned()),
            GeneralName::DirectoryName(value) => ("DirectoryName", value.to_string()),
            GeneralName::URI(value) => ("UniformResourceIdentifier", (*value).to_owned()),
            GeneralName::IPAddress(bytes) => match address(bytes) {
                Some(address) => ("IPAddress", address.to_string()),
                None => continue,
            },
            _ => continue,
        };
        found.entry(kind).or_default().push(value);
    }
    found
}

/// An address of 4 or 16 bytes.
pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}
