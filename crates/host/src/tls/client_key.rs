//! Keys of X.509 version 1 certificates. `openssl x509 -req` makes such certificates unless it is
//! told of extensions, and AWS's own guide makes device certificates that way; the TLS library
//! reads version 3 only.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved};
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo, X509Version};

/// A SEQUENCE, DER.
const SEQUENCE: u8 = 0x30;

/// The SubjectPublicKeyInfo of a certificate, if its version is 1.
pub(super) fn of_version_1(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    (certificate.version() == X509Version::V1).then(|| certificate.public_key().raw.to_vec())
}

/// Verifies a signature of a TLS 1.2 handshake, by the first algorithm of its scheme that is for
/// this kind of key.
pub(super) fn verify_tls12(
    message: &[u8],
    spki: &[u8],
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let (_, key) = SubjectPublicKeyInfo::from_der(spki)
        .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
    let known = algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
    let (_, possible) = known.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    let bad = || Error::InvalidCertificate(CertificateError::BadSignature);
    let fitting =
        possible.iter().find(|algorithm| is_for(algorithm.public_key_alg_id().as_ref(), spki));
    fitting
        .ok_or_else(bad)?
        .verify_signature(&key.subject_public_key.data, message, signed.signature())
        .map_err(|_| bad())?;
    Ok(HandshakeSignatureValid::assertion())
}

/// Whether an algorithm's key identifier (the content of a short SEQUENCE) is that of a key.
fn is_for(identifier: &[u8], spki: &[u8]) -> bool {
    let Ok(length) = u8::try_from(identifier.len()) else { return false };
    let wanted = [&[SEQUENCE, length], identifier].concat();
    // The outer header of the key: a tag, and a length of one to four bytes.
    length < 0x80
        && (2..=5).any(|header| spki.get(header..).is_some_and(|rest| rest.starts_with(&wanted)))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, KeyPair,
    };
    use rustls::SignatureScheme;
    use rustls::internal::msgs::codec::{Codec, Reader};

    use super::*;

    /// A signature as it stands in a handshake.
    fn signed(scheme: SignatureScheme, signature: &[u8]) -> DigitallySignedStruct {
        let mut bytes = u16::from(scheme).to_be_bytes().to_vec();
        bytes.extend(u16::try_from(signature.len()).unwrap().to_be_bytes());
        bytes.extend(signature);
        DigitallySignedStruct::read(&mut Reader::init(&bytes)).unwrap()
    }

    fn key(kind: &'static EcdsaSigningAlgorithm) -> (EcdsaKeyPair, Vec<u8>) {
        let key = EcdsaKeyPair::generate(kind).unwrap();
        let spki = key.public_key().as_der().unwrap().as_ref().to_vec();
        (key, spki)
    }

    #[test]
    fn only_the_keys_own_signature_of_the_message_counts() {
        let algorithms = crate::tls::provider().signature_verification_algorithms;
        for (kind, scheme) in [
            (&ECDSA_P256_SHA256_ASN1_SIGNING, SignatureScheme::ECDSA_NISTP256_SHA256),
            (&ECDSA_P384_SHA384_ASN1_SIGNING, SignatureScheme::ECDSA_NISTP384_SHA384),
        ] {
            let ((own, spki), (other, _)) = (key(kind), key(kind));
            let sign = |key: &EcdsaKeyPair| key.sign(&SystemRandom::new(), b"message").unwrap();
            let verify = |message: &[u8], scheme, signature: &[u8]| {
                verify_tls12(message, &spki, &signed(scheme, signature), &algorithms).is_ok()
            };
            let good = sign(&own);
            assert!(verify(b"message", scheme, good.as_ref()));
            assert!(!verify(b"another", scheme, good.as_ref()));
            assert!(!verify(b"message", scheme, sign(&other).as_ref()));
            assert!(!verify(b"message", scheme, b""));
            assert!(!verify(b"message", SignatureScheme::RSA_PKCS1_SHA256, good.as_ref()));
            assert!(!verify(b"message", SignatureScheme::ECDSA_SHA1_Legacy, good.as_ref()));
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_key_of_version_1() {
        assert_eq!(of_version_1(b"garbage"), None);
        assert_eq!(of_version_1(&[]), None);
    }
}
