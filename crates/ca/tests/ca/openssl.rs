//! What OpenSSL says of our files, where its command is installed.

use std::path::Path;
use std::process::Command;

use fleetwright_ca::{Authority, AuthorityNames, KeyPool, OwnKeys, certificate_facts, pem};

use crate::support::{NOW, authority, csr};

/// The command's output; `None` when there is no such command.
fn openssl(dir: &Path, arguments: &str) -> Option<String> {
    let run = Command::new("openssl").args(arguments.split(' ')).current_dir(dir).output().ok()?;
    let all = [run.stdout, run.stderr].concat();
    let said = String::from_utf8_lossy(&all).into_owned();
    assert!(run.status.success(), "openssl {arguments}: {said}");
    Some(said)
}

#[test]
fn openssl_verifies_the_chain_strictly_and_reads_the_same_serial_number() {
    let (dir, authority) = authority();
    let dir = dir.path().join("ca");
    let device = authority.prepare_from_csr(&csr("device"), [0x0a; 20], NOW).unwrap();
    let device = authority.issue(device).unwrap().der;
    std::fs::write(dir.join("device.pem"), pem(&device)).unwrap();
    let server = authority.server_identity(&["a.example".into(), "10.0.0.1".into()], NOW).unwrap();
    std::fs::write(dir.join("leaf.pem"), pem(&server.chain_der[0])).unwrap();
    let verify = "verify -x509_strict -attime 1700000000 -CAfile root.pem -untrusted issuing.pem";
    for purpose in [
        "-purpose sslclient device.pem",
        "-purpose sslserver -verify_hostname a.example leaf.pem",
        "-purpose sslserver -verify_ip 10.0.0.1 leaf.pem",
        "issuing.pem",
        "root.pem",
    ] {
        openssl(&dir, &format!("{verify} {purpose}"));
    }
    if let Some(serial) = openssl(&dir, "x509 -in device.pem -noout -serial") {
        let ours = certificate_facts(&device).unwrap().facts.serial_number;
        assert_eq!(serial.trim(), format!("serial={ours}"));
    }
}

#[test]
fn openssl_verifies_the_servers_certificate_of_an_rsa_chain_that_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let open = || {
        let names = AuthorityNames::default();
        Authority::create_or_open_with(dir, &names, OwnKeys::Rsa2048, NOW).unwrap()
    };
    let first = open().server_identity(&["a.example".into()], NOW).unwrap();
    let again = open().server_identity(&["a.example".into()], NOW).unwrap();
    assert_eq!(first.chain_der, again.chain_der);
    std::fs::write(dir.join("leaf.pem"), pem(&again.chain_der[0])).unwrap();
    let verify = "verify -x509_strict -attime 1700000000 -CAfile root.pem -untrusted issuing.pem \
                  -purpose sslserver -verify_hostname a.example leaf.pem";
    openssl(dir, verify);
    for certificate in ["root.pem", "issuing.pem", "leaf.pem"] {
        if let Some(said) = openssl(dir, &format!("x509 -in {certificate} -noout -text")) {
            assert!(said.contains("Public-Key: (2048 bit)"), "{certificate}: {said}");
            assert!(said.contains("sha256WithRSAEncryption"), "{certificate}: {said}");
        }
    }
}

#[test]
fn openssl_checks_a_key_of_the_pool() {
    let dir = tempfile::tempdir().unwrap();
    let pool = KeyPool::open(&dir.path().join("pool"), 1).unwrap();
    assert!(pool.refill_one().unwrap());
    let key = pool.try_take().unwrap();
    std::fs::write(dir.path().join("key.pem"), key.private_key_pem.as_bytes()).unwrap();
    if let Some(said) = openssl(dir.path(), "rsa -in key.pem -check -noout") {
        assert!(said.contains("RSA key ok"), "{said}");
    }
    if let Some(public) = openssl(dir.path(), "rsa -in key.pem -pubout") {
        assert!(public.contains(&key.public_key_pem), "{public}");
    }
}
