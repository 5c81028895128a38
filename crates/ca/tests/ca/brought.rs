//! Certificates that others issued.

use fleetwright_ca::{BroughtCertificate, pem};
use fleetwright_core::error::ErrorCode;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
    SignatureAlgorithm,
};

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn issuer(common_name: &str, kind: &'static SignatureAlgorithm) -> Issuer {
    let mut params = params(common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate_for(kind).unwrap()).unwrap()
}

fn leaf(by: &Issuer) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    params("device").signed_by(&key, by).unwrap().der().to_vec()
}

fn read(der: &[u8]) -> BroughtCertificate {
    BroughtCertificate::from_der(der.to_vec()).unwrap()
}

#[test]
fn a_certificate_is_its_issuers_and_nobody_elses() {
    for kind in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384] {
        let (ca, namesake, other) = (issuer("CA", kind), issuer("CA", kind), issuer("B", kind));
        let device = read(&leaf(&ca));
        assert!(device.is_signed_by(ca.der()));
        assert!(!device.is_signed_by(namesake.der()), "the same name, another key");
        assert!(!device.is_signed_by(other.der()));
        assert_eq!(device.issuer, read(ca.der()).subject);
        assert_ne!(device.issuer, read(other.der()).subject);
        assert_eq!(device.common_names(), ["device"]);
    }
}

#[test]
fn openssls_certificates_without_extensions_are_read() {
    let ca = read(&fleetwright_ca::certificate_der(include_str!("cases/brought/ca.pem")).unwrap());
    for text in [
        include_str!("cases/brought/rsa_v1.pem"),
        include_str!("cases/brought/rsa_pss.pem"),
        include_str!("cases/brought/p256_v1.pem"),
    ] {
        let device = BroughtCertificate::from_pem(text).unwrap();
        assert!(device.is_signed_by(&ca.der));
        assert!(!device.ca.is_ca);
    }
    assert!(ca.ca.is_ca && ca.ca.may_sign && ca.is_signed_by(&ca.der));
}

#[test]
fn a_changed_bit_breaks_the_signature() {
    let ca = issuer("CA", &PKCS_ECDSA_P256_SHA256);
    let der = leaf(&ca);
    for at in 0..der.len() * 8 {
        let mut changed = der.clone();
        changed[at / 8] ^= 1 << (at % 8);
        if let Ok(changed) = BroughtCertificate::from_der(changed) {
            assert!(!changed.is_signed_by(ca.der()), "bit {at}");
        }
    }
}

#[test]
fn another_way_to_write_it_is_not_its_issuers() {
    // A longer form of the outer length than DER has: the same content, another id.
    let ca = issuer("CA", &PKCS_ECDSA_P256_SHA256);
    let der = leaf(&ca);
    assert_eq!(der[..2], [0x30, 0x82]);
    let mut longer = vec![0x30, 0x83, 0];
    longer.extend_from_slice(&der[2..]);
    if let Ok(read) = BroughtCertificate::from_der(longer) {
        assert!(!read.is_signed_by(ca.der()));
    }
}

#[test]
fn what_a_ca_says_of_itself_is_read() {
    let plain = read(&leaf(&issuer("CA", &PKCS_ECDSA_P256_SHA256)));
    assert!(!plain.ca.is_ca && plain.ca.may_sign);
    let mut params = params("CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let read = read(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der());
    assert!(read.ca.is_ca && !read.ca.may_sign);
    assert!(read.in_time(read.ca.not_after) && !read.in_time(read.ca.not_after.plus_millis(1)));
}

#[test]
fn what_is_not_one_certificate_with_an_allowed_key_is_refused() {
    let der = leaf(&issuer("CA", &PKCS_ECDSA_P256_SHA256));
    let text = pem(&der);
    assert_eq!(BroughtCertificate::from_pem(&format!("a line\n{text}")).unwrap(), read(&der));
    let ed25519 = params("x").self_signed(&KeyPair::generate_for(&PKCS_ED25519).unwrap()).unwrap();
    for (text, part) in [
        (String::new(), "not PEM"),
        (format!("{text}{text}"), "more than one"),
        (pem(&der[1..]), "not an X.509"),
        (pem(&[der.as_slice(), &[0]].concat()), "not an X.509"),
        (ed25519.pem(), "allowed are RSA"),
        ("x".repeat(65_537), "longer than 65536"),
    ] {
        let refusal = BroughtCertificate::from_pem(&text).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::CertificateValidation);
        assert!(refusal.message.contains(part), "{}", refusal.message);
    }
}
