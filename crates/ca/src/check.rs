//! Reads a signed certificate again, with another parser than wrote it, and compares every field
//! with what was asked. A certificate that fails here is never handed out.

use std::net::IpAddr;

use aws_lc_rs::signature::ParsedPublicKey;
use x509_parser::prelude::*;

use crate::profile::{Profile, ServerName};
use crate::tbs::{self, CertificateSpec, IssuerFacts};

/// KeyUsage as x509-parser reads it: bit 0 of RFC 5280 is the lowest.
const DIGITAL_SIGNATURE: u16 = 1;
const CERT_AND_CRL_SIGN: u16 = 1 << 5 | 1 << 6;

/// Compares; the error names the first field that differs.
pub(crate) fn check(
    der: &[u8],
    spec: &CertificateSpec,
    issuer_facts: IssuerFacts<'_>,
    key: &ParsedPublicKey,
) -> Result<(), String> {
    let (rest, certificate) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
    same("bytes after the end", rest.is_empty())?;
    same("version", certificate.version() == X509Version::V3)?;
    same("serial number", without_zeros(certificate.raw_serial()) == without_zeros(&spec.serial))?;
    same("serial number's sign", certificate.raw_serial().first().is_some_and(|b| b & 0x80 == 0))?;
    same("issuer", certificate.issuer().as_raw() == issuer_facts.name)?;
    validity(&certificate, spec)?;
    same("subject", certificate.subject().as_raw() == spec.subject)?;
    same("public key", certificate.public_key().raw == spec.spki)?;
    same("issuer unique id", certificate.issuer_uid.is_none())?;
    same("subject unique id", certificate.subject_uid.is_none())?;
    extensions(&certificate, spec, issuer_facts)?;
    let (_, algorithm) = AlgorithmIdentifier::from_der(issuer_facts.algorithm)
        .map_err(|error| format!("signature algorithm: {error}"))?;
    same("signature algorithm", certificate.signature_algorithm == algorithm)?;
    same("signature algorithm inside", certificate.tbs_certificate.signature == algorithm)?;
    let signature = &certificate.signature_value;
    // The parser forgives what DER does not allow around these three parts.
    let inner = certificate.tbs_certificate.as_ref();
    same("encoding", der == tbs::signed(inner, issuer_facts.algorithm, &signature.data))?;
    let verified = key.verify_sig(inner, &signature.data);
    same("signature", signature.unused_bits == 0 && verified.is_ok())
}

fn same(what: &str, holds: bool) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn validity(certificate: &X509Certificate<'_>, spec: &CertificateSpec) -> Result<(), String> {
    let found = certificate.validity();
    same("notBefore", found.not_before.timestamp() == spec.validity.not_before)?;
    same("notAfter", found.not_after.timestamp() == spec.validity.not_after)?;
    same("UTCTime", found.not_before.is_utctime() && found.not_after.is_utctime())
}

/// Each wanted extension once, with its criticality, and no other.
fn extensions(
    certificate: &X509Certificate<'_>,
    spec: &CertificateSpec,
    issuer_facts: IssuerFacts<'_>,
) -> Result<(), String> {
    let mut seen = Seen::default();
    for extension in certificate.extensions() {
        let (name, slot, critical, holds) = match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                let only = id.authority_cert_issuer.is_none() && id.authority_cert_serial.is_none();
                let key = id.key_identifier.as_ref().map(|id| id.0);
                let holds = only && key == Some(issuer_facts.key_id.as_slice());
                ("AuthorityKeyIdentifier", &mut seen.authority_key_id, false, holds)
            }
            ParsedExtension::SubjectKeyIdentifier(id) => {
                ("SubjectKeyIdentifier", &mut seen.subject_key_id, false, id.0 == spec.key_id)
            }
            ParsedExtension::BasicConstraints(found) => {
                let wanted = match spec.profile {
                    Profile::Root => (true, None),
                    Profile::Issuing => (true, Some(0)),
                    Profile::Server(_) | Profile::Device | Profile::Claim(_) => (false, None),
                };
                let holds = (found.ca, found.path_len_constraint) == wanted;
                ("BasicConstraints", &mut seen.basic_constraints, true, holds)
            }
            ParsedExtension::KeyUsage(found) => {
                let wanted = match spec.profile {
                    Profile::Root | Profile::Issuing => CERT_AND_CRL_SIGN,
                    Profile::Server(_) | Profile::Device | Profile::Claim(_) => DIGITAL_SIGNATURE,
                };
                ("KeyUsage", &mut seen.key_usage, true, found.flags == wanted)
            }
            ParsedExtension::ExtendedKeyUsage(found) => {
                let holds = *found == server_auth_only() && is_server(&spec.profile);
                ("ExtendedKeyUsage", &mut seen.extended_key_usage, false, holds)
            }
            ParsedExtension::SubjectAlternativeName(found) => {
                let holds = alternative_names(found, &spec.profile);
                ("SubjectAlternativeName", &mut seen.alternative_name, false, holds)
            }
            _ => return Err(format!("extension {} was not asked for", extension.oid)),
        };
        if std::mem::replace(slot, true) {
            return Err(format!("{name} stands twice"));
        }
        same(name, holds && extension.critical == critical)?;
    }
    let all =
        seen.authority_key_id && seen.subject_key_id && seen.basic_constraints && seen.key_usage;
    let server = seen.extended_key_usage && seen.alternative_name;
    same("an extension is missing", all && server == is_server(&spec.profile))
}

/// Which extensions were met.
#[derive(Default)]
struct Seen {
    authority_key_id: bool,
    subject_key_id: bool,
    basic_constraints: bool,
    key_usage: bool,
    extended_key_usage: bool,
    alternative_name: bool,
}

fn is_server(profile: &Profile) -> bool {
    matches!(profile, Profile::Server(_))
}

fn server_auth_only() -> ExtendedKeyUsage<'static> {
    ExtendedKeyUsage {
        any: false,
        server_auth: true,
        client_auth: false,
        code_signing: false,
        email_protection: false,
        time_stamping: false,
        ocsp_signing: false,
        other: Vec::new(),
    }
}

fn alternative_names(found: &SubjectAlternativeName<'_>, profile: &Profile) -> bool {
    let Profile::Server(wanted) = profile else { return false };
    let one = |(found, wanted): (&GeneralName<'_>, &ServerName)| match (found, wanted) {
        (GeneralName::DNSName(found), ServerName::Dns(wanted)) => found == wanted,
        (GeneralName::IPAddress(found), ServerName::Ip(IpAddr::V4(wanted))) => {
            *found == wanted.octets()
        }
        (GeneralName::IPAddress(found), ServerName::Ip(IpAddr::V6(wanted))) => {
            *found == wanted.octets()
        }
        _ => false,
    };
    found.general_names.len() == wanted.len() && found.general_names.iter().zip(wanted).all(one)
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
