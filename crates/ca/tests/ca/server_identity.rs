//! The server's own certificate.

use fleetwright_ca::{Authority, AuthorityNames, ServerIdentity};
use x509_parser::prelude::*;

use crate::support::{DAY, NOW, authority, unpem};

fn get(authority: &Authority, names: &[&str]) -> ServerIdentity {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    authority.server_identity(&names, NOW).unwrap()
}

#[test]
fn the_chain_is_leaf_and_issuing_ca_for_dns_names_and_addresses() {
    let (_dir, authority) = authority();
    let identity = get(&authority, &["IoT.example", "10.0.0.1", "::1", "iot.example", "*.a.b"]);
    assert_eq!(identity.chain_der.len(), 2);
    assert_eq!(identity.chain_der[1].as_ref(), unpem(authority.issuing_pem()));
    let (_, leaf) = X509Certificate::from_der(&identity.chain_der[0]).unwrap();
    let (_, issuing) = X509Certificate::from_der(&identity.chain_der[1]).unwrap();
    leaf.verify_signature(Some(issuing.public_key())).unwrap();
    let usage = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && !usage.client_auth && !usage.any);
    assert!(!leaf.is_ca());
    let names = &leaf.subject_alternative_name().unwrap().unwrap().value.general_names;
    let mut v6 = [0; 16];
    v6[15] = 1;
    assert_eq!(
        names,
        &[
            GeneralName::DNSName("iot.example"),
            GeneralName::IPAddress(&[10, 0, 0, 1]),
            GeneralName::IPAddress(&v6),
            GeneralName::DNSName("*.a.b"),
        ]
    );
    assert_eq!(identity.not_after.0, leaf.validity().not_after.timestamp() * 1000);
    assert_eq!(leaf.subject().to_string(), "CN=iot.example");
}

#[test]
fn it_is_kept_over_restarts_and_issued_anew_for_other_names() {
    let (dir, authority) = authority();
    let first = get(&authority, &["a.example"]);
    assert_eq!(get(&authority, &["a.example"]).chain_der, first.chain_der);
    let again =
        Authority::create_or_open(&dir.path().join("ca"), &AuthorityNames::default(), NOW).unwrap();
    let kept = get(&again, &["a.example"]);
    assert_eq!((&kept.chain_der, kept.key_der), (&first.chain_der, first.key_der));
    let other = get(&again, &["a.example", "b.example"]);
    assert_ne!(other.chain_der, first.chain_der);
    assert_ne!(get(&again, &["a.example"]).chain_der, first.chain_der);
}

#[test]
fn it_is_issued_anew_before_it_ends_and_by_a_clock_that_went_back() {
    let (_dir, authority) = authority();
    let names = ["a.example".to_owned()];
    let at = |days: i64| authority.server_identity(&names, NOW.plus_millis(days * DAY)).unwrap();
    let first = at(0);
    assert_eq!(at(336).chain_der, first.chain_der);
    let second = at(338);
    assert_ne!(second.chain_der, first.chain_der);
    assert!(second.not_after > first.not_after);
    assert_ne!(at(0).chain_der, second.chain_der);
}

#[test]
fn one_that_another_ca_signed_is_named_and_left() {
    let ((one_dir, one), (two_dir, two)) = (authority(), authority());
    get(&one, &["a.example"]);
    let foreign = one_dir.path().join("ca/server.pem");
    std::fs::copy(foreign, two_dir.path().join("ca/server.pem")).unwrap();
    let put = std::fs::read(two_dir.path().join("ca/server.pem")).unwrap();
    let error = two.server_identity(&["a.example".into()], NOW).unwrap_err().to_string();
    assert!(error.contains("server.pem") && error.contains("server-certificate"), "{error}");
    assert_eq!(std::fs::read(two_dir.path().join("ca/server.pem")).unwrap(), put);
}

#[test]
fn a_damaged_file_is_named_and_left() {
    let (dir, authority) = authority();
    let path = dir.path().join("ca/server.pem");
    std::fs::write(&path, "garbage").unwrap();
    let error = authority.server_identity(&["a".into()], NOW).unwrap_err().to_string();
    assert!(error.contains("server.pem") && error.contains("Move this file away"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"garbage");
}

#[test]
fn names_that_are_none_are_refused() {
    let (_dir, authority) = authority();
    for name in ["", "a b", "-a", "a-", "a..b", "a.", ".a", "1.2.3", "1.2.3.4.5", "*", "a.*.b", "é"]
    {
        let error = authority.server_identity(&[name.to_owned()], NOW).unwrap_err().to_string();
        assert!(error.contains("host name"), "{name}: {error}");
    }
    assert!(authority.server_identity(&["a".repeat(64)], NOW).is_err());
    assert!(authority.server_identity(&[], NOW).is_err());
    assert!(authority.server_identity(&vec!["a".to_owned(); 101], NOW).is_err());
    let long = vec!["a".repeat(60); 4].join(".");
    get(&authority, &[&long]);
}
