//! CSRs that somebody else signs.

use fleetwright_ca::{RequestedCertificate, pem};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::time::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    date_time_ymd,
};

/// 2030-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp(1_893_456_000_000);

fn params(common_name: &str, years: (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    params
}

fn csr(key: &KeyPair) -> RequestedCertificate {
    let request = params("device", (2029, 2031)).serialize_request(key).unwrap();
    RequestedCertificate::read(&request.pem().unwrap()).unwrap()
}

/// A certificate that a CA of the factory's own makes.
fn made(common_name: &str, years: (i32, i32), key: &KeyPair) -> String {
    let mut ca = params("factory", (2000, 2049));
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    pem(params(common_name, years).signed_by(key, &ca).unwrap().der())
}

#[test]
fn a_certificate_with_the_csrs_subject_and_key_answers_it() {
    let key = KeyPair::generate().unwrap();
    let answer = made("device", (2029, 2031), &key);
    let found = csr(&key).answered_by(&answer, NOW).unwrap();
    assert_eq!(found.common_names(), ["device"]);
    assert_eq!(pem(&found.der), answer);
}

#[test]
fn any_other_certificate_does_not() {
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let good = made("device", (2029, 2031), &key);
    for (answer, why) in [
        (made("another", (2029, 2031), &key), "subject"),
        (made("device", (2029, 2031), &other), "public key"),
        (made("device", (2020, 2029), &key), "not valid now"),
        (made("device", (2031, 2040), &key), "not valid now"),
        (made("device", (2040, 2020), &key), "ends before it begins"),
        (format!("{good}{good}"), "more than one"),
        ("no certificate".to_owned(), "not PEM"),
    ] {
        let refused = csr(&key).answered_by(&answer, NOW).unwrap_err();
        assert!(refused.contains(why), "{why}: {refused}");
    }
}

#[test]
fn a_csr_that_our_own_ca_would_refuse_is_refused() {
    let refused = RequestedCertificate::read("no CSR").unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidCsr);
}
