//! The device certificate, row by row of the specification's table (section 1.8).

use aws_lc_rs::digest::{SHA256, digest};
use fleetwright_ca::{Issued, KeyPool, pem};
use fleetwright_core::time::Timestamp;
use x509_parser::prelude::*;

use crate::support::{NOW, authority, contains, csr};

fn issue(serial: [u8; 20]) -> Issued {
    let (_dir, authority) = authority();
    authority.issue(authority.prepare_from_csr(&csr(""), serial, NOW).unwrap()).unwrap()
}

#[test]
fn version_is_three() {
    assert!(contains(&issue([0x42; 20]).der, &[0xa0, 0x03, 0x02, 0x01, 0x02]));
}

#[test]
fn serial_number_is_the_given_160_bits_positive_and_short() {
    for (first, written) in [
        (0x42, &[0x02, 20, 0x42, 0x55][..]),
        (0x80, &[0x02, 21, 0x00, 0x80, 0x55]),
        (0x00, &[0x02, 19, 0x55]),
    ] {
        let mut serial = [0x55; 20];
        serial[0] = first;
        let issued = issue(serial);
        assert!(contains(&issued.der, written));
        assert_eq!(issued.serial, serial);
    }
}

#[test]
fn a_zero_serial_number_is_refused() {
    let (_dir, authority) = authority();
    assert!(authority.prepare_from_csr(&csr("a"), [0; 20], NOW).is_err());
}

#[test]
fn validity_starts_120_seconds_before_now_and_ends_with_2049() {
    let issued = issue([0x42; 20]);
    assert_eq!(issued.not_before, Timestamp(1_699_999_880_000));
    assert_eq!(issued.not_after, Timestamp(2_524_607_999_000));
    assert!(contains(&issued.der, b"\x17\x0d231114221120Z\x17\x0d491231235959Z"));
}

#[test]
fn a_claim_ends_with_its_seconds_and_after_five_minutes_at_the_latest() {
    let (_dir, authority) = authority();
    let spki = rcgen::PublicKeyData::subject_public_key_info(&rcgen::KeyPair::generate().unwrap());
    for (asked, lives) in [(300, 300_000), (2, 2_000), (u16::MAX, 300_000)] {
        let name = "ab".repeat(32);
        let prepared = authority.prepare_claim(&spki, &name, asked, [7; 20], NOW).unwrap();
        let issued = authority.issue(prepared).unwrap();
        assert_eq!(issued.not_before, Timestamp(1_699_999_880_000));
        assert_eq!(issued.not_after, Timestamp(1_700_000_000_000 + lives));
        assert!(contains(&issued.der, name.as_bytes()));
    }
}

#[test]
fn subject_is_one_utf8_common_name() {
    let (_dir, authority) = authority();
    let spki = rcgen::PublicKeyData::subject_public_key_info(&rcgen::KeyPair::generate().unwrap());
    let prepared = authority.prepare_for_key(&spki, [7; 20], NOW).unwrap();
    assert_eq!(prepared.serial(), [7; 20]);
    assert_eq!(prepared.spki_sha256(), digest(&SHA256, &spki).as_ref());
    let issued = authority.issue(prepared).unwrap();
    let name = b"\x30\x1e\x31\x1c\x30\x1a\x06\x03\x55\x04\x03\x0c\x13AWS IoT Certificate";
    assert!(contains(&issued.der, name));
    assert!(contains(&issued.der, &spki));
}

#[test]
fn extensions_are_the_four_of_aws_in_their_order_and_form() {
    let issued = issue([0x42; 20]);
    let (_, certificate) = X509Certificate::from_der(&issued.der).unwrap();
    let all: Vec<_> = certificate
        .extensions()
        .iter()
        .map(|extension| (extension.oid.to_string(), extension.critical, extension.value))
        .collect();
    let oids: Vec<_> = all.iter().map(|(oid, critical, _)| (oid.as_str(), *critical)).collect();
    assert_eq!(
        oids,
        [("2.5.29.35", false), ("2.5.29.14", false), ("2.5.29.19", true), ("2.5.29.15", true)]
    );
    assert_eq!((all[0].2.len(), &all[0].2[..4]), (24, &[0x30, 0x16, 0x80, 0x14][..]));
    assert_eq!((all[1].2.len(), &all[1].2[..2]), (22, &[0x04, 0x14][..]));
    assert_eq!(all[2].2, [0x30, 0x00]);
    assert_eq!(all[3].2, [0x03, 0x02, 0x07, 0x80]);
}

#[test]
fn issuer_and_key_identifier_are_those_of_the_issuing_ca() {
    let (_dir, authority) = authority();
    let issued =
        authority.issue(authority.prepare_from_csr(&csr("a"), [1; 20], NOW).unwrap()).unwrap();
    let issuing = crate::support::unpem(authority.issuing_pem());
    let (_, issuing) = X509Certificate::from_der(&issuing).unwrap();
    let (_, leaf) = X509Certificate::from_der(&issued.der).unwrap();
    assert_eq!(leaf.issuer().as_raw(), issuing.subject().as_raw());
    leaf.verify_signature(Some(issuing.public_key())).unwrap();
    let key_id = issuing
        .extensions()
        .iter()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
            _ => None,
        })
        .unwrap();
    assert!(contains(&issued.der, &[&[0x30, 0x16, 0x80, 0x14][..], &key_id].concat()));
}

#[test]
fn the_certificate_id_is_the_sha256_of_the_der() {
    let issued = issue([0x42; 20]);
    assert_eq!(issued.certificate_id.0, digest(&SHA256, &issued.der).as_ref());
    assert_eq!(issued.certificate_id.to_string().len(), 64);
}

#[test]
fn pem_has_lines_of_64_characters_and_a_last_newline() {
    for length in [1, 47, 48, 49, 96, 700] {
        let text = pem(&vec![7; length]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "-----BEGIN CERTIFICATE-----");
        assert_eq!(*lines.last().unwrap(), "-----END CERTIFICATE-----");
        assert!(text.ends_with("-----\n") && !text.contains('\r'));
        let body = &lines[1..lines.len() - 1];
        let (last, full) = body.split_last().unwrap();
        assert!(full.iter().all(|line| line.len() == 64) && (1..=64).contains(&last.len()));
        assert_eq!(fleetwright_ca::certificate_der(&text).unwrap(), vec![7; length]);
    }
}

#[test]
fn answers_fit_what_devices_can_hold() {
    let (dir, authority) = authority();
    // A CSR answer of 2048 bytes holds the id (64), a token (511 at most) and the certificate.
    let text = include_str!("cases/csr/p256_sha256.pem");
    let issued = authority.issue(authority.prepare_from_csr(text, [0xff; 20], NOW).unwrap());
    let leaf = pem(&issued.unwrap().der);
    assert!(leaf.len() + leaf.lines().count() + 64 + 511 + 150 <= 2048, "{}", leaf.len());
    // A keys answer of 4096 bytes holds the private key too; the PEMs fit 1220 and 2048.
    let pool = KeyPool::open(&dir.path().join("pool"), 1).unwrap();
    assert!(pool.refill_one().unwrap());
    let key = pool.try_take().unwrap();
    let prepared = authority.prepare_for_key(&key.spki_der, [0xff; 20], NOW).unwrap();
    let leaf = pem(&authority.issue(prepared).unwrap().der);
    assert!(leaf.len() <= 1220, "{}", leaf.len());
    assert!(key.private_key_pem.len() < 2048);
    let lines = leaf.lines().count() + key.private_key_pem.lines().count();
    assert!(leaf.len() + key.private_key_pem.len() + lines + 64 + 511 + 150 <= 4096);
}

#[test]
fn nothing_is_issued_after_2049() {
    let (_dir, authority) = authority();
    let late = Timestamp(2_524_608_000_000);
    let refusal = authority.prepare_from_csr(&csr("late"), [1; 20], late).unwrap_err();
    assert!(refusal.cause.unwrap().contains("2049"));
}

#[test]
fn what_another_authority_prepared_is_not_issued() {
    let (_one, one) = authority();
    let (_two, two) = authority();
    let prepared = one.prepare_from_csr(&csr("a"), [1; 20], NOW).unwrap();
    let error = two.issue(prepared).unwrap_err().to_string();
    assert!(error.contains("AuthorityKeyIdentifier"), "{error}");
}
