//! An issuing CA under a company's root takes over, or is refused with the reason.

use std::fs;
use std::path::Path;

use fleetwright_ca::{
    Authority, AuthorityNames, Import, Imported, OwnKeys, import, request_issuing, retire,
};
use fleetwright_core::time::Timestamp;
use rcgen::{CertificateParams, CertificateSigningRequestParams, KeyPair, date_time_ymd};
use x509_parser::prelude::*;

use crate::company::{Ca, ca_params, key, params, server_params};
use crate::support::{DAY, NOW, csr, unpem};

fn open(dir: &Path) -> Result<Authority, String> {
    let opened = Authority::create_or_open(dir, &AuthorityNames::default(), NOW);
    opened.map_err(|error| error.to_string())
}

fn take(dir: &Path, certificates: &str, key: Option<&KeyPair>) -> Result<Imported, String> {
    let key = key.map(KeyPair::serialize_pem);
    let given = Import { certificates, key: key.as_deref(), until: None };
    import(dir, given, NOW).map_err(|error| error.to_string())
}

/// What the company makes of a request.
fn sign(above: &Ca, request: &str, params: CertificateParams) -> String {
    let request = CertificateSigningRequestParams::from_pem(request).unwrap();
    above.certify(params, &request.public_key)
}

/// Whether a device's new certificate is signed by the issuing CA that is in force.
fn issues(authority: &Authority) {
    let prepared = authority.prepare_from_csr(&csr("a"), [1; 20], NOW).unwrap();
    let issued = authority.issue(prepared).unwrap();
    let (_, leaf) = X509Certificate::from_der(&issued.der).unwrap();
    let issuer = unpem(authority.issuing_pem());
    let (_, issuer) = X509Certificate::from_der(&issuer).unwrap();
    leaf.verify_signature(Some(issuer.public_key())).unwrap();
}

/// Names and contents below a directory.
fn snapshot(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            let below = snapshot(&entry.path()).into_iter();
            found.extend(below.map(|(below, content)| (format!("{name}/{below}"), content)));
        } else {
            found.push((name, fs::read(entry.path()).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_request_asks_for_a_ca_and_keeps_its_key() {
    let temporary = tempfile::tempdir().unwrap();
    let first = request_issuing(temporary.path(), "Example IoT", OwnKeys::P256).unwrap();
    assert!(first.is_new_key);
    let der = unpem(&first.pem);
    let (_, request) = X509CertificationRequest::from_der(&der).unwrap();
    request.verify_signature().unwrap();
    assert_eq!(request.certification_request_info.subject.to_string(), "CN=Example IoT");
    let extensions: Vec<_> = request.requested_extensions().unwrap().collect();
    assert!(extensions.iter().any(|it| matches!(
        it,
        ParsedExtension::BasicConstraints(it) if it.ca && it.path_len_constraint == Some(0)
    )));
    assert!(extensions.iter().any(|it| matches!(
        it,
        ParsedExtension::KeyUsage(it) if it.key_cert_sign()
    )));
    // A certificate that is under way still fits.
    let again = request_issuing(temporary.path(), "Example IoT", OwnKeys::Rsa2048).unwrap();
    assert!(!again.is_new_key);
    let again = unpem(&again.pem);
    let (_, again) = X509CertificationRequest::from_der(&again).unwrap();
    assert_eq!(
        again.certification_request_info.subject_pki.raw,
        request.certification_request_info.subject_pki.raw
    );
    for name in ["", "a\n", &"a".repeat(65)] {
        assert!(request_issuing(temporary.path(), name, OwnKeys::P256).is_err(), "{name}");
    }
}

#[test]
fn a_new_directory_issues_under_the_companys_root() {
    for intermediates in [0_u8, 1, 2] {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path().join("ca");
        let request = request_issuing(&dir, "Example IoT", OwnKeys::P256).unwrap();
        let root = Ca::root(ca_params("Example Root", Some(intermediates + 1)));
        let (mut above, mut chain) = (root, String::new());
        let root_pem = above.pem.clone();
        for place in (0..intermediates).rev() {
            above = above.ca(ca_params(&format!("Intermediate {place}"), Some(place + 1)));
            chain = format!("{}{chain}", above.pem);
        }
        let signed = sign(&above, &request.pem, ca_params("Example IoT", Some(0)));
        // In any order.
        let imported = take(&dir, &format!("{root_pem}{chain}{signed}"), None).unwrap();
        assert_eq!(imported.issuing, "'CN=Example IoT'");
        assert_eq!(imported.root, "'CN=Example Root'");
        assert_eq!(imported.previous_root, None);
        assert!(!dir.join("next").exists());
        let authority = open(&dir).unwrap();
        assert_eq!(authority.trusted_roots(NOW), [reflow(&root_pem)]);
        issues(&authority);
        let server = authority.server_identity(&["a.example".into()], NOW).unwrap();
        assert_eq!(server.chain_der.len(), 2 + usize::from(intermediates));
    }
}

/// The same certificate as this crate writes it.
fn reflow(text: &str) -> String {
    fleetwright_ca::pem(&unpem(text))
}

#[test]
fn a_ca_with_a_key_of_its_own_may_be_brought() {
    let temporary = tempfile::tempdir().unwrap();
    let root = Ca::root(ca_params("Example Root", None));
    let key = key();
    let issuing = root.certify(ca_params("Example IoT", Some(0)), &key);
    let chain = format!("{issuing}{}", root.pem);
    assert!(take(temporary.path(), &chain, None).unwrap_err().contains("there is no key"));
    take(temporary.path(), &chain, Some(&key)).unwrap();
    issues(&open(temporary.path()).unwrap());
    assert!(take(temporary.path(), &chain, None).unwrap_err().contains("in force already"));
}

#[test]
fn each_kind_of_wrong_chain_is_refused_and_nothing_changes() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    open(dir).unwrap();
    let request = request_issuing(dir, "Example IoT", OwnKeys::P256).unwrap().pem;
    let root = Ca::root(ca_params("Example Root", None));
    let other = Ca::root(ca_params("Other Root", None));
    let twin = Ca::root(ca_params("Example Root", None));
    let short = Ca::root(ca_params("Short Root", Some(0)));
    let below_short = short.ca(ca_params("Intermediate", None));
    let intermediate = root.ca(ca_params("Intermediate", Some(0)));
    let ca = || ca_params("Example IoT", Some(0));
    let changed = |change: fn(&mut CertificateParams)| {
        let mut params = ca();
        change(&mut params);
        format!("{}{}", sign(&root, &request, params), root.pem)
    };
    let mut old = ca_params("Old Root", None);
    old.not_after = date_time_ymd(2021, 1, 1);
    let old = Ca::root(old);
    let good = sign(&root, &request, ca());
    let stranger = root.certify(ca(), &key());
    let before = snapshot(dir);
    for (given, part) in [
        (String::new(), "no certificate was given"),
        (good.clone(), "names 'CN=Example Root' as its issuer"),
        (format!("{good}{}", other.pem), "names 'CN=Example Root' as its issuer"),
        (format!("{good}{}", twin.pem), "the name is right, the key is not"),
        (format!("{}{}", stranger, root.pem), "none of the certificates is for the key"),
        (format!("{}{}", sign(&root, &request, params("Example IoT")), root.pem), "not a CA"),
        (changed(|it| it.not_after = date_time_ymd(2021, 1, 1)), "ended at"),
        (changed(|it| it.not_before = date_time_ymd(2039, 1, 1)), "is not valid before"),
        (
            changed(|it| it.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature]),
            "KeyUsage does not allow",
        ),
        (format!("{}{}", sign(&old, &request, ca()), old.pem), "'CN=Old Root' ended at"),
        (
            format!("{}{}{}", sign(&intermediate, &request, ca()), intermediate.pem, root.pem),
            "the pathLenConstraint of 'CN=Intermediate' allows 0 CAs below it, and there is 1",
        ),
        (
            format!("{}{}{}", sign(&below_short, &request, ca()), below_short.pem, short.pem),
            "the pathLenConstraint of 'CN=Short Root' allows 0",
        ),
        (good.replacen("MII", "MIJ", 1), "cannot be read"),
    ] {
        let error = take(dir, &given, None).unwrap_err();
        assert!(error.contains(part), "{part}: {error}");
        assert!(error.contains("Nothing was changed"), "{error}");
        assert_eq!(snapshot(dir), before, "{part}");
    }
    let mismatch = take(dir, &format!("{good}{}", root.pem), Some(&key())).unwrap_err();
    assert!(mismatch.contains("none of the certificates is for the key"), "{mismatch}");
    take(dir, &format!("{good}{}", root.pem), None).unwrap();
}

#[test]
fn a_new_issuing_ca_of_the_same_root_needs_no_roll_over() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let root = Ca::root(ca_params("Example Root", None));
    let first = key();
    let given = format!("{}{}", root.certify(ca_params("First", Some(0)), &first), root.pem);
    take(dir, &given, Some(&first)).unwrap();
    open(dir).unwrap().server_identity(&["a.example".into()], NOW).unwrap();
    let request = request_issuing(dir, "Second", OwnKeys::P256).unwrap().pem;
    // The root is known.
    let second = sign(&root, &request, ca_params("Second", Some(0)));
    let imported = take(dir, &second, None).unwrap();
    assert_eq!(imported.previous_root, None);
    let authority = open(dir).unwrap();
    assert_eq!(authority.trusted_roots(NOW).len(), 1);
    issues(&authority);
    let server = authority.server_identity(&["a.example".into()], NOW).unwrap();
    assert_eq!(server.chain_der[1].as_ref(), unpem(&second));
    assert!(fs::read_to_string(dir.join("earlier.pem")).unwrap().contains("BEGIN CERTIFICATE"));
    assert_eq!(retire(dir).unwrap(), None);
}

#[test]
fn a_root_that_is_replaced_is_trusted_until_its_day_or_a_command() {
    for (until, days) in [(None, None), (Some("2023-12-31"), Some(47))] {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path();
        let before = open(dir).unwrap();
        let names = ["a.example".to_owned()];
        let old_server = before.server_identity(&names, NOW).unwrap().chain_der;
        let old_root = before.root_pem().to_owned();
        let request = request_issuing(dir, "Example IoT", OwnKeys::P256).unwrap().pem;
        let root = Ca::root(ca_params("Example Root", None));
        let issuing = sign(&root, &request, ca_params("Example IoT", Some(0)));
        let chain = format!("{issuing}{}", root.pem);
        let given = Import { certificates: &chain, key: None, until };
        let imported = import(dir, given, NOW).unwrap();
        assert_eq!(imported.previous_root.unwrap(), "'CN=Fleetwright Root CA'");
        // Devices get certificates of the new one, and the server keeps that of the old one.
        let during = open(dir).unwrap();
        assert_eq!(during.trusted_roots(NOW), [reflow(&root.pem), old_root]);
        issues(&during);
        assert_eq!(during.issuing_pem(), reflow(&issuing));
        assert_eq!(during.server_identity(&names, NOW).unwrap().chain_der, old_server);
        assert!(!dir.join("root.key").exists());
        // A second one has to wait.
        let third = key();
        let third_root = Ca::root(ca_params("Third Root", None));
        let third_ca = third_root.certify(ca_params("Third", Some(0)), &third);
        let waits = take(dir, &format!("{third_ca}{}", third_root.pem), Some(&third)).unwrap_err();
        assert!(waits.contains("a roll-over is under way"), "{waits}");
        // Its end.
        let later = match days {
            Some(days) => {
                assert_eq!(during.trusted_roots(NOW.plus_millis((days - 1) * DAY)).len(), 2);
                NOW.plus_millis((days + 1) * DAY)
            }
            None => {
                assert_eq!(retire(dir).unwrap().unwrap(), "'CN=Fleetwright Root CA'");
                assert!(!dir.join("previous").exists());
                NOW
            }
        };
        let after = Authority::create_or_open(dir, &AuthorityNames::default(), later).unwrap();
        assert_eq!(after.trusted_roots(later), [reflow(&root.pem)]);
        let server = after.server_identity(&names, later).unwrap().chain_der;
        assert_eq!(server[1].as_ref(), unpem(&issuing));
        if days.is_none() {
            take(dir, &format!("{third_ca}{}", third_root.pem), Some(&third)).unwrap();
        }
    }
}

#[test]
fn a_server_certificate_that_somebody_put_there_is_not_lost() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let root = Ca::root(ca_params("Example Root", None));
    let key = key();
    let issuing = root.certify(ca_params("Example IoT", Some(0)), &key);
    let chain = format!("{issuing}{}", root.pem);
    let theirs = root.certify(server_params(&["a.example"]), &key);
    fs::write(dir.join("server.pem"), &theirs).unwrap();
    for is_new in [true, false] {
        if !is_new {
            open(dir).unwrap();
        }
        let error = take(dir, &chain, Some(&key)).unwrap_err();
        assert!(error.contains("move it away first"), "{error}");
        assert_eq!(fs::read_to_string(dir.join("server.pem")).unwrap(), theirs);
    }
    fs::remove_file(dir.join("server.pem")).unwrap();
    open(dir).unwrap().server_identity(&["a.example".into()], NOW).unwrap();
    take(dir, &chain, Some(&key)).unwrap();
}

#[test]
fn a_root_whose_own_signature_is_of_old_times_is_trusted_all_the_same() {
    let temporary = tempfile::tempdir().unwrap();
    let root = Ca::root(ca_params("Example Root", None));
    let key = key();
    let issuing = root.certify(ca_params("Example IoT", Some(0)), &key);
    // The signature is the certificate's end; with one bit more it is nobody's.
    let mut der = unpem(&root.pem);
    let last = der.len() - 1;
    der[last] ^= 1;
    let chain = format!("{issuing}{}", fleetwright_ca::pem(&der));
    take(temporary.path(), &chain, Some(&key)).unwrap();
    issues(&open(temporary.path()).unwrap());
}

#[test]
fn a_day_that_is_none_or_has_passed_ends_no_roll_over() {
    let temporary = tempfile::tempdir().unwrap();
    open(temporary.path()).unwrap();
    let root = Ca::root(ca_params("Example Root", None));
    let key = key();
    let issuing = root.certify(ca_params("Example IoT", Some(0)), &key);
    let (chain, key) = (format!("{issuing}{}", root.pem), key.serialize_pem());
    for day in ["", "soon", "2023-11-13", "2024-02-30", "2050-01-01"] {
        let given = Import { certificates: &chain, key: Some(&key), until: Some(day) };
        let error = import(temporary.path(), given, NOW).unwrap_err().to_string();
        assert!(error.contains("is not a day to come"), "{day}: {error}");
    }
}

#[test]
fn an_import_that_is_cut_off_is_finished_or_never_was() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("ca");
    open(&dir).unwrap();
    let root = Ca::root(ca_params("Example Root", None));
    let key = key();
    let issuing = root.certify(ca_params("Example IoT", Some(0)), &key);
    let next = dir.join("next");
    fs::create_dir(&next).unwrap();
    let old = open(&dir).unwrap().issuing_pem().to_owned();
    fs::write(next.join("issuing.key"), key.serialize_pem()).unwrap();
    fs::write(next.join("issuing.pem"), reflow(&issuing)).unwrap();
    fs::write(next.join("root.pem"), reflow(&root.pem)).unwrap();
    assert_eq!(open(&dir).unwrap().issuing_pem(), old);
    fs::write(next.join("accepted"), "").unwrap();
    // It was cut off after the key, which fits the certificate no more.
    fs::write(dir.join("issuing.key"), key.serialize_pem()).unwrap();
    let authority = open(&dir).unwrap();
    assert_eq!(authority.issuing_pem(), reflow(&issuing));
    assert!(!next.exists());
    issues(&authority);
}

#[test]
fn a_chain_that_does_not_verify_or_ended_opens_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let root = Ca::root(ca_params("Example Root", None));
    let key = key();
    let mut shorter = ca_params("Example IoT", Some(0));
    shorter.not_after = date_time_ymd(2024, 1, 1);
    let issuing = root.certify(shorter, &key);
    take(dir, &format!("{issuing}{}", root.pem), Some(&key)).unwrap();
    let later = NOW.plus_millis(60 * DAY);
    let refused = Authority::create_or_open(dir, &AuthorityNames::default(), later);
    let message = refused.err().unwrap().to_string();
    assert!(message.contains("'CN=Example IoT' ended at 2024-01-01"), "{message}");
    assert!(message.contains("ca import"), "{message}");
    // A root of the same name that did not sign it.
    let twin = Ca::root(ca_params("Example Root", None));
    fs::write(dir.join("root.pem"), twin.pem).unwrap();
    let message = open(dir).err().unwrap();
    assert!(message.contains("is not signed by 'CN=Example Root'"), "{message}");
    assert!(message.contains("ca import"), "{message}");
}

#[test]
fn devices_certificates_end_as_configured_and_never_after_the_ca() {
    let temporary = tempfile::tempdir().unwrap();
    let root = Ca::root(ca_params("Example Root", None));
    let key = key();
    let mut shorter = ca_params("Example IoT", Some(0));
    shorter.not_after = date_time_ymd(2024, 1, 1);
    let issuing = root.certify(shorter, &key);
    take(temporary.path(), &format!("{issuing}{}", root.pem), Some(&key)).unwrap();
    let end = Timestamp::of_seconds(1_704_067_200);
    let of = |seconds, now| {
        let authority = open(temporary.path()).unwrap().with_validity(seconds, now);
        let prepared = authority.prepare_from_csr(&csr("a"), [1; 20], now);
        let claim = authority.server_identity(&["a.example".into()], now);
        (prepared.map(|it| it.not_after()), claim.map(|it| it.not_after))
    };
    let seconds = |days: i64| Some(days * 86_400);
    let (device, server) = of(None, NOW);
    assert_eq!((device.unwrap(), server.unwrap()), (end, end));
    let after = |days: i64| Timestamp::of_seconds(NOW.0 / 1000 + days * 86_400);
    assert_eq!(of(seconds(30), NOW).0.unwrap(), after(30));
    assert_eq!(of(seconds(365), NOW).0.unwrap(), end);
    let late = end.plus_millis(1000);
    let refusal = of(None, late).0.unwrap_err();
    assert!(format!("{refusal:?}").contains("ended at 2024-01-01T00:00:00Z"), "{refusal:?}");
    // An authority of our own ends with the year 2049.
    let own = tempfile::tempdir().unwrap();
    let own = open(own.path()).unwrap().with_validity(seconds(30), NOW);
    let prepared = own.prepare_from_csr(&csr("a"), [1; 20], NOW).unwrap();
    assert_eq!(prepared.not_after(), after(30));
}
