use super::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const FIT: CaFacts = CaFacts {
    is_ca: true,
    may_sign: true,
    not_before: Timestamp(NOW.0 - 1000),
    not_after: Timestamp(NOW.0 + 1000),
};
const READY: Voucher = Voucher {
    status: CaCertificateStatus::Active,
    auto_registration: true,
    mode: CertificateMode::Default,
    in_time: true,
    presented: true,
};

fn refused(facts: CaFacts, word: &str) {
    let refusal = facts.check(NOW).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::CertificateValidation);
    assert!(refusal.message.contains(word), "{}", refusal.message);
}

#[test]
fn a_ca_must_be_one_may_sign_and_be_in_time() {
    FIT.check(NOW).unwrap();
    CaFacts { not_after: NOW, ..FIT }.check(NOW).unwrap();
    refused(CaFacts { is_ca: false, ..FIT }, "basicConstraints");
    refused(CaFacts { may_sign: false, ..FIT }, "keyCertSign");
    refused(CaFacts { not_before: NOW.plus_millis(1), ..FIT }, "not valid yet");
    refused(CaFacts { not_after: NOW.plus_millis(-1), ..FIT }, "expired");
}

#[test]
fn a_verification_certificate_carries_the_code_and_the_signature() {
    let code = RegistrationCode::from_random([0xab; 32]);
    assert_eq!(code.as_str(), "ab".repeat(32));
    let names = |text: &str| vec![text.to_owned()];
    let check = |signed, names: &[String], code| {
        check_verification(signed, names, code).map_err(|refusal| refusal.code)
    };
    let wrong = Err(ErrorCode::RegistrationCodeValidation);
    assert_eq!(check(true, &names(code.as_str()), Some(&code)), Ok(()));
    assert_eq!(check(true, &names(&"AB".repeat(32)), Some(&code)), Ok(()));
    assert_eq!(check(true, &names(&"ac".repeat(32)), Some(&code)), wrong);
    assert_eq!(check(true, &[], Some(&code)), wrong);
    let twice = [code.as_str().to_owned(), "other".to_owned()];
    assert_eq!(check(true, &twice, Some(&code)), wrong);
    assert_eq!(check(true, &names(code.as_str()), None), wrong);
    let unsigned = Err(ErrorCode::CertificateValidation);
    assert_eq!(check(false, &names(code.as_str()), Some(&code)), unsigned);
}

#[test]
fn a_device_that_sends_its_ca_along_need_not_name_the_server() {
    assert_eq!(vouching(&[READY], false), Ok(0));
    assert_eq!(vouching(&[READY], true), Ok(0));
    let alone = Voucher { presented: false, ..READY };
    assert_eq!(vouching(&[alone], true), Ok(0));
    assert_eq!(vouching(&[alone], false), Err(NotVouched::NoServerName));
}

#[test]
fn an_sni_only_ca_asks_for_the_servers_name_always() {
    let sni_only = Voucher { mode: CertificateMode::SniOnly, ..READY };
    assert_eq!(vouching(&[sni_only], true), Ok(0));
    assert_eq!(vouching(&[sni_only], false), Err(NotVouched::NoServerName));
}

#[test]
fn a_ca_that_may_not_register_says_why() {
    assert_eq!(vouching(&[], true), Err(NotVouched::NoCa));
    let inactive = Voucher { status: CaCertificateStatus::Inactive, ..READY };
    assert_eq!(vouching(&[inactive], true), Err(NotVouched::CaInactive));
    let expired = Voucher { in_time: false, ..READY };
    assert_eq!(vouching(&[expired], true), Err(NotVouched::CaNotInTime));
    let manual = Voucher { auto_registration: false, ..READY };
    assert_eq!(vouching(&[manual], true), Err(NotVouched::NoAutoRegistration));
    // The nearest to success is the one to tell.
    assert_eq!(vouching(&[manual, inactive], true), Err(NotVouched::NoAutoRegistration));
}

#[test]
fn of_several_cas_the_one_sent_along_registers_else_the_first_that_may() {
    let other = Voucher { presented: false, ..READY };
    let manual = Voucher { auto_registration: false, ..READY };
    assert_eq!(vouching(&[other, READY], true), Ok(1));
    assert_eq!(vouching(&[other, other], true), Ok(0));
    assert_eq!(vouching(&[manual, other], true), Ok(1));
}

#[test]
fn words_are_awss() {
    for status in [CaCertificateStatus::Active, CaCertificateStatus::Inactive] {
        assert_eq!(CaCertificateStatus::parse(status.as_str()), Some(status));
    }
    for mode in [CertificateMode::Default, CertificateMode::SniOnly] {
        assert_eq!(CertificateMode::parse(mode.as_str()), Some(mode));
    }
    assert_eq!(CaCertificateStatus::parse("active"), None);
    assert_eq!(CertificateMode::parse("SNI"), None);
}
