//! Chains of certificates: who signed whom, in which order, in which time.

use aws_lc_rs::signature as sig;
use fleetwright_core::time::Timestamp;
use x509_parser::prelude::*;

use crate::{key_policy, signature};

/// Exactly one certificate of DER.
pub(crate) fn read_one(der: &[u8]) -> Result<X509Certificate<'_>, String> {
    let (rest, certificate) = X509Certificate::from_der(der)
        .map_err(|error| format!("a certificate cannot be read: {error}"))?;
    if !rest.is_empty() {
        return Err("bytes follow a certificate inside its block".into());
    }
    Ok(certificate)
}

/// A certificate's subject, for people.
pub(crate) fn subject(certificate: &X509Certificate<'_>) -> String {
    named(certificate.subject())
}

/// A name, for people: at most 200 characters.
pub(crate) fn named(name: &X509Name<'_>) -> String {
    format!("'{:.200}'", name.to_string().replace(char::is_control, "?"))
}

/// Whether a certificate names another as its issuer: by its name, and by its key where both tell.
fn names_as_issuer(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let named = certificate.extensions().iter().find_map(|it| match it.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    });
    let key = issuer.extensions().iter().find_map(|it| match it.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
        _ => None,
    });
    certificate.issuer().as_raw() == issuer.subject().as_raw()
        && named.zip(key).is_none_or(|(named, key)| named == key)
}

/// Whether another certificate's key signed this one: with SHA-2, and under the name that this one
/// has for its issuer.
pub(crate) fn is_signed_by(
    certificate: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
) -> bool {
    let Ok(kind) = key_policy::check(issuer.public_key()) else { return false };
    let Ok(algorithm) = signature::verification(kind, &certificate.signature_algorithm) else {
        return false;
    };
    names_as_issuer(certificate, issuer)
        && certificate.signature_algorithm == certificate.tbs_certificate.signature
        && sig::UnparsedPublicKey::new(algorithm, &issuer.public_key().subject_public_key.data)
            .verify(certificate.tbs_certificate.as_ref(), &certificate.signature_value.data)
            .is_ok()
}

/// Whether a certificate names itself as its issuer: a root. Its signature says nothing: whoever
/// trusts it does so for other reasons, and that of an old one may be SHA-1.
pub(crate) fn is_root(certificate: &X509Certificate<'_>) -> bool {
    names_as_issuer(certificate, certificate)
}

/// Each certificate but the last is signed by the next one, which is a CA. The error names the
/// first that is not, and whether the order is at fault.
pub(crate) fn in_order(chain: &[Vec<u8>]) -> Result<(), String> {
    let read: Result<Vec<_>, _> = chain.iter().map(|der| read_one(der)).collect();
    let read = read?;
    for (place, (own, above)) in read.iter().zip(read.iter().skip(1)).enumerate() {
        if is_signed_by(own, above) {
            if !above.is_ca() {
                return Err(format!(
                    "{} is not a CA, and {} is signed by it",
                    subject(above),
                    subject(own)
                ));
            }
            continue;
        }
        let elsewhere = read.iter().position(|other| is_signed_by(own, other));
        let hint = match elsewhere {
            Some(found) if found != place => format!(
                "; its issuer is certificate {}: put each one's issuer right after it",
                found + 1
            ),
            Some(_) => "; it is a root, and nothing may follow it".to_owned(),
            None if own.issuer() == above.subject() => {
                "; its name is right, but not its key (or the signature is not SHA-2)".to_owned()
            }
            None => format!("; it names {} as its issuer", named(own.issuer())),
        };
        return Err(format!(
            "certificate {} ({}) is not signed by the next one ({}){hint}",
            place + 1,
            subject(own),
            subject(above)
        ));
    }
    Ok(())
}

/// The end of a certificate that is valid now.
pub(crate) fn in_time(
    certificate: &X509Certificate<'_>,
    now: Timestamp,
) -> Result<Timestamp, String> {
    let validity = certificate.validity();
    let seconds = now.0.div_euclid(1000);
    let begin = Timestamp::of_seconds(validity.not_before.timestamp());
    let end = Timestamp::of_seconds(validity.not_after.timestamp());
    let (whose, seconds) = (subject(certificate), Timestamp::of_seconds(seconds));
    if end < seconds {
        return Err(format!("the certificate of {whose} ended at {}", end.utc()));
    }
    if begin > seconds {
        return Err(format!("the certificate of {whose} is not valid before {}", begin.utc()));
    }
    Ok(end)
}
