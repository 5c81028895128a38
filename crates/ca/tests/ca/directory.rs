//! The authority's directory: first start, next start, interrupted start, damage.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fleetwright_ca::{Authority, AuthorityError, AuthorityNames};
use x509_parser::prelude::*;

use crate::support::{DAY, NOW, csr, unpem};

const FILES: [&str; 4] = ["issuing.key", "issuing.pem", "root.key", "root.pem"];

fn open(dir: &Path) -> Result<Authority, AuthorityError> {
    Authority::create_or_open(dir, &AuthorityNames::default(), NOW)
}

fn refused(dir: &Path) -> String {
    match open(dir) {
        Ok(_) => panic!("it opened"),
        Err(error) => error.to_string(),
    }
}

fn snapshot(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect()
}

#[test]
fn the_first_start_makes_four_files_that_only_we_may_read() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("a/b/ca");
    open(&dir).unwrap();
    let made = snapshot(&dir);
    assert_eq!(made.keys().map(String::as_str).collect::<Vec<_>>(), FILES);
    for name in FILES {
        let mode = fs::metadata(dir.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn the_chain_is_a_root_and_an_issuing_ca_that_signs_no_further_ca() {
    let temporary = tempfile::tempdir().unwrap();
    let authority = open(temporary.path()).unwrap();
    let (root, issuing) = (unpem(authority.root_pem()), unpem(authority.issuing_pem()));
    let (_, root) = X509Certificate::from_der(&root).unwrap();
    let (_, issuing) = X509Certificate::from_der(&issuing).unwrap();
    root.verify_signature(None).unwrap();
    issuing.verify_signature(Some(root.public_key())).unwrap();
    assert_eq!(root.subject().to_string(), "CN=Fleetwright Root CA");
    assert_eq!(issuing.subject().to_string(), "CN=Fleetwright Issuing CA");
    for (certificate, path_len) in [(&root, None), (&issuing, Some(0))] {
        let constraints = certificate.basic_constraints().unwrap().unwrap();
        assert!(constraints.critical && constraints.value.ca);
        assert_eq!(constraints.value.path_len_constraint, path_len);
        let usage = certificate.key_usage().unwrap().unwrap();
        assert!(usage.critical && usage.value.key_cert_sign() && usage.value.crl_sign());
        assert!(!usage.value.digital_signature());
        assert!(certificate.raw_serial().len() == 20);
    }
}

#[test]
fn the_next_start_opens_the_same_authority() {
    let temporary = tempfile::tempdir().unwrap();
    let first = open(temporary.path()).unwrap();
    let before = snapshot(temporary.path());
    let names = AuthorityNames { root: "Other".into(), issuing: "Another".into() };
    let later = NOW.plus_millis(400 * DAY);
    let second = Authority::create_or_open(temporary.path(), &names, later).unwrap();
    assert_eq!(first.root_pem(), second.root_pem());
    assert_eq!(first.issuing_pem(), second.issuing_pem());
    assert_eq!(snapshot(temporary.path()), before);
    // What one prepared the other may issue: it is the same authority.
    let prepared = first.prepare_from_csr(&csr("a"), [1; 20], NOW).unwrap();
    second.issue(prepared).unwrap();
}

#[test]
fn a_start_that_was_interrupted_is_continued() {
    // Files are made in this order; a crash leaves a prefix, and perhaps half a temporary file.
    let order = ["root.key", "root.pem", "issuing.key", "issuing.pem"];
    for made in 0..=order.len() {
        let temporary = tempfile::tempdir().unwrap();
        open(temporary.path()).unwrap();
        let whole = snapshot(temporary.path());
        for name in &order[made..] {
            fs::remove_file(temporary.path().join(name)).unwrap();
        }
        if let Some(next) = order.get(made) {
            fs::write(temporary.path().join(format!(".{next}.new")), "half").unwrap();
        }
        let authority = open(temporary.path()).unwrap();
        authority.issue(authority.prepare_from_csr(&csr("a"), [1; 20], NOW).unwrap()).unwrap();
        let now = snapshot(temporary.path());
        assert_eq!(now.len(), 4, "{made}");
        for name in &order[..made] {
            assert_eq!(now[*name], whole[*name], "{name}");
        }
    }
}

#[test]
fn a_damaged_file_is_named_and_nothing_is_changed() {
    for name in FILES {
        for (content, shift) in [("", false), ("garbage", false), ("", true)] {
            let temporary = tempfile::tempdir().unwrap();
            open(temporary.path()).unwrap();
            let path = temporary.path().join(name);
            let content = if shift {
                let mut bytes = fs::read(&path).unwrap();
                let at = bytes.len() / 2;
                bytes[at] = b'!';
                bytes
            } else {
                content.into()
            };
            fs::write(&path, content).unwrap();
            let before = snapshot(temporary.path());
            let message = refused(temporary.path());
            assert!(message.contains(name) && message.contains("restore it"), "{message}");
            assert_eq!(snapshot(temporary.path()), before, "{name}");
        }
    }
}

#[test]
fn a_lost_file_is_named_and_not_made_anew() {
    for name in ["root.pem", "issuing.key"] {
        let temporary = tempfile::tempdir().unwrap();
        open(temporary.path()).unwrap();
        fs::remove_file(temporary.path().join(name)).unwrap();
        let before = snapshot(temporary.path());
        let message = refused(temporary.path());
        assert!(message.contains(name) && message.contains("missing"), "{message}");
        assert_eq!(snapshot(temporary.path()), before);
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let (one, two) = (temporary.path().join("one"), temporary.path().join("two"));
    open(&one).unwrap();
    open(&two).unwrap();
    fs::copy(two.join("issuing.key"), one.join("issuing.key")).unwrap();
    let message = refused(&one);
    assert!(message.contains("issuing.pem") && message.contains("private key"), "{message}");
}

#[test]
fn a_server_certificate_in_the_place_of_a_ca_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let authority = open(temporary.path()).unwrap();
    let leaf = authority.prepare_from_csr(&csr("a"), [1; 20], NOW).unwrap();
    let leaf = authority.issue(leaf).unwrap();
    fs::write(temporary.path().join("root.pem"), fleetwright_ca::pem(&leaf.der)).unwrap();
    assert!(refused(temporary.path()).contains("not a CA certificate"));
}

#[test]
fn the_root_key_may_be_taken_away_after_the_first_start() {
    let temporary = tempfile::tempdir().unwrap();
    open(temporary.path()).unwrap();
    fs::remove_file(temporary.path().join("root.key")).unwrap();
    let authority = open(temporary.path()).unwrap();
    authority.issue(authority.prepare_from_csr(&csr("a"), [1; 20], NOW).unwrap()).unwrap();
    // But without it no issuing CA can be made.
    fs::remove_file(temporary.path().join("issuing.key")).unwrap();
    fs::remove_file(temporary.path().join("issuing.pem")).unwrap();
    assert!(refused(temporary.path()).contains("root.key"));
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    // A file in its way: permissions alone would not stop a test that runs as root.
    let temporary = tempfile::tempdir().unwrap();
    let file = temporary.path().join("file");
    fs::write(&file, "").unwrap();
    let message = refused(&file.join("ca"));
    assert!(message.contains("file/ca"), "{message}");
    // A temporary file that cannot be replaced.
    let dir = temporary.path().join("ca");
    fs::create_dir_all(dir.join(".root.key.new/x")).unwrap();
    let message = refused(&dir);
    assert!(message.contains("root.key"), "{message}");
}

#[test]
fn an_issuing_ca_of_ones_own_may_be_rsa_or_p384() {
    let temporary = tempfile::tempdir().unwrap();
    let rsa = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let rsa: aws_lc_rs::encoding::Pkcs8V1Der<'_> =
        aws_lc_rs::encoding::AsDer::as_der(&rsa).unwrap();
    let rsa = rcgen::KeyPair::try_from(rsa.as_ref()).unwrap();
    let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    for (kind, key) in [("rsa", rsa), ("p384", p384)] {
        let dir = temporary.path().join(kind);
        fs::create_dir_all(&dir).unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
        let certificate = params.self_signed(&key).unwrap();
        for name in ["root.pem", "issuing.pem"] {
            fs::write(dir.join(name), certificate.pem()).unwrap();
        }
        fs::write(dir.join("issuing.key"), key.serialize_pem()).unwrap();
        let authority = open(&dir).unwrap();
        let prepared = authority.prepare_from_csr(&csr("a"), [1; 20], NOW).unwrap();
        let issued = authority.issue(prepared).unwrap();
        let (_, leaf) = X509Certificate::from_der(&issued.der).unwrap();
        let issuer = unpem(authority.issuing_pem());
        let (_, issuer) = X509Certificate::from_der(&issuer).unwrap();
        leaf.verify_signature(Some(issuer.public_key())).unwrap();
        authority.server_identity(&["localhost".into()], NOW).unwrap();
    }
}

#[test]
fn names_that_no_certificate_can_carry_are_refused() {
    for (root, issuing) in [("", "b"), ("a", ""), ("same", "same"), ("a\n", "b")] {
        let temporary = tempfile::tempdir().unwrap();
        let names = AuthorityNames { root: root.into(), issuing: issuing.into() };
        assert!(Authority::create_or_open(temporary.path(), &names, NOW).is_err());
        assert!(snapshot(temporary.path()).is_empty());
    }
    let temporary = tempfile::tempdir().unwrap();
    let names = AuthorityNames { root: "é".repeat(64), issuing: "日本".into() };
    Authority::create_or_open(temporary.path(), &names, NOW).unwrap();
}
