//! Which CSRs are accepted: `cases/csr/*.pem`, whose first line says `# accepted`, or
//! `# refused: ` and a part of the message.

use fleetwright_core::error::ErrorCode;
use x509_parser::prelude::*;

use crate::support::{NOW, SERIAL, authority, csr};

#[test]
fn every_case_is_accepted_or_refused_as_it_says() {
    let (_dir, authority) = authority();
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ca/cases/csr");
    let mut count = 0;
    for entry in std::fs::read_dir(cases).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (verdict, text) = text.split_once('\n').unwrap();
        let found = authority.prepare_from_csr(text, SERIAL, NOW);
        let name = path.file_name().unwrap().to_string_lossy();
        match (verdict.strip_prefix("# refused: "), found) {
            (None, Ok(prepared)) => {
                assert_eq!(verdict, "# accepted", "{name}");
                authority.issue(prepared).unwrap();
            }
            (Some(message), Err(refusal)) => {
                assert_eq!(refusal.code, ErrorCode::InvalidCsr, "{name}");
                assert!(refusal.message.contains(message), "{name}: {}", refusal.message);
            }
            (_, found) => panic!("{name}: {verdict}, but {found:?}"),
        }
        count += 1;
    }
    assert!(count > 40, "{count} cases found");
}

#[test]
fn v04_csr_p256_rsa2048_accepted_rsa1024_refused() {
    let (_dir, authority) = authority();
    let prepare = |text: &str| authority.prepare_from_csr(text, SERIAL, NOW);
    prepare(include_str!("cases/csr/p256_sha256.pem")).unwrap();
    prepare(include_str!("cases/csr/rsa2048.pem")).unwrap();
    let refusal = prepare(include_str!("cases/csr/rsa1024.pem")).unwrap_err();
    assert_eq!(refusal.code.mqtt_status(), 400);
    assert_eq!(refusal.code.mqtt_name(), "InvalidCertificateSigningRequest");
    assert_eq!(
        refusal.message,
        "The public key is RSA of 1024 bits; allowed are RSA of 2048 to 4096 bits and the curves \
         P-256, P-384 and P-521."
    );
}

#[test]
fn v05_same_csr_twice_gives_two_ids() {
    let (_dir, authority) = authority();
    let csr = csr("twice");
    let issue =
        |serial| authority.issue(authority.prepare_from_csr(&csr, serial, NOW).unwrap()).unwrap();
    let (first, second) = (issue([1; 20]), issue([2; 20]));
    assert_ne!(first.certificate_id, second.certificate_id);
    assert_ne!(first.serial, second.serial);
    for issued in [first, second] {
        assert_eq!(fleetwright_ca::certificate_id(&issued.der), issued.certificate_id);
    }
}

#[test]
fn the_subject_of_the_csr_is_copied_byte_by_byte_and_an_empty_one_replaced() {
    let (_dir, authority) = authority();
    for (text, name) in [
        (include_str!("cases/csr/p256_sha256.pem"), "O=Example, CN=device-1"),
        (include_str!("cases/csr/empty_subject.pem"), "CN=AWS IoT Certificate"),
    ] {
        let prepared = authority.prepare_from_csr(text, SERIAL, NOW).unwrap();
        let issued = authority.issue(prepared).unwrap();
        let (_, certificate) = X509Certificate::from_der(&issued.der).unwrap();
        assert_eq!(certificate.subject().to_string(), name);
        let asked = crate::support::unpem(text.split_once('\n').unwrap().1);
        let (_, request) = X509CertificationRequest::from_der(&asked).unwrap();
        let info = &request.certification_request_info;
        if info.subject.as_raw() != [0x30, 0] {
            assert_eq!(certificate.subject().as_raw(), info.subject.as_raw());
        }
        assert_eq!(certificate.public_key().raw, info.subject_pki.raw);
    }
}

#[test]
fn what_the_csr_asks_beyond_subject_and_key_is_left_out() {
    let (_dir, authority) = authority();
    let text = include_str!("cases/csr/extensions_are_not_taken_over.pem");
    let prepared = authority.prepare_from_csr(text, SERIAL, NOW).unwrap();
    let issued = authority.issue(prepared).unwrap();
    let (_, certificate) = X509Certificate::from_der(&issued.der).unwrap();
    assert!(!certificate.is_ca());
    assert!(certificate.subject_alternative_name().unwrap().is_none());
    assert_eq!(certificate.extensions().len(), 4);
}

#[test]
fn an_endless_text_is_refused_without_reading_it() {
    let (_dir, authority) = authority();
    let refusal = authority.prepare_from_csr(&"é".repeat(1 << 20), SERIAL, NOW).unwrap_err();
    assert!(refusal.message.contains("longer than 4096 characters"));
}

#[test]
fn one_flipped_bit_of_what_is_signed_or_of_the_signature_is_refused() {
    let (_dir, authority) = authority();
    let text = include_str!("cases/csr/p256_sha256.pem");
    let der = crate::support::unpem(text.split_once('\n').unwrap().1);
    let (_, request) = X509CertificationRequest::from_der(&der).unwrap();
    // Outer header, then what is signed, the algorithm (12 bytes), the signature.
    let signed = 3..3 + request.certification_request_info.raw.len();
    let signature = signed.end + 12 + 3..der.len();
    for bit in 0..der.len() * 8 {
        let mut changed = der.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed = fleetwright_ca::pem(&changed).replace("CERTIFICATE", "CERTIFICATE REQUEST");
        let found = authority.prepare_from_csr(&changed, SERIAL, NOW);
        if signed.contains(&(bit / 8)) || signature.contains(&(bit / 8)) {
            assert_eq!(found.unwrap_err().code, ErrorCode::InvalidCsr, "bit {bit}");
        }
    }
}
