//! Server certificates of the administrator's own.

use fleetwright_ca::ServerChain;
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};

use crate::company::{Ca, ca_params, key, params, server_params};
use crate::support::NOW;

#[test]
fn a_chain_in_order_is_for_its_names_until_its_first_end() {
    let root = Ca::root(ca_params("root", None));
    let mut shorter = ca_params("issuing", Some(0));
    shorter.not_after = date_time_ymd(2030, 1, 1);
    let issuing = root.ca(shorter);
    let own = server_params(&["mqtt.example.com", "*.fleet.example.com", "10.0.0.1"]);
    let leaf = issuing.certify(own, &key());
    for text in [
        format!("{leaf}{}", issuing.pem),
        format!("{leaf}{}{}", issuing.pem, root.pem),
        format!("text before\n{leaf}\ntext between\r\n{}", issuing.pem.replace('\n', "\r\n")),
    ] {
        let chain = ServerChain::read(&text, NOW).unwrap();
        assert_eq!(chain.dns_names, ["mqtt.example.com", "*.fleet.example.com"]);
        assert_eq!(chain.addresses, ["10.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
        assert_eq!(chain.not_after.utc().to_string(), "2030-01-01T00:00:00Z");
    }
}

#[test]
fn a_wildcard_stands_for_one_label() {
    let root = Ca::root(ca_params("root", None));
    let leaf = root.certify(server_params(&["MQTT.example.com", "*.fleet.example.com"]), &key());
    let chain = ServerChain::read(&leaf, NOW).unwrap();
    for (name, is_for) in [
        ("mqtt.example.com", true),
        ("Mqtt.Example.Com", true),
        ("a.fleet.example.com", true),
        ("a.b.fleet.example.com", false),
        ("fleet.example.com", false),
        ("example.com", false),
        ("localhost", false),
        ("", false),
    ] {
        assert_eq!(chain.is_for(name), is_for, "{name}");
    }
}

#[test]
fn each_kind_of_fault_is_named() {
    let root = Ca::root(ca_params("root", None));
    let other = Ca::root(ca_params("other", None));
    let issuing = root.ca(ca_params("issuing", Some(0)));
    // The same name with another key.
    let twin = root.ca(ca_params("issuing", Some(0)));
    let no_ca = root.ca(params("no ca"));
    let server = || server_params(&["a.example"]);
    let leaf = issuing.certify(server(), &key());
    let with = |change: fn(&mut rcgen::CertificateParams)| {
        let mut params = server();
        change(&mut params);
        issuing.certify(params, &key())
    };
    let rsa1024 = include_str!("cases/server/rsa1024.pem");
    for (text, part) in [
        (String::new(), "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\nAA".into(), "certificate 1 of it is damaged"),
        (leaf.replacen("MII", "MIJ", 1), "cannot be read"),
        (format!("{leaf}{}", root.pem), "it names 'CN=issuing' as its issuer"),
        (format!("{leaf}{}", other.pem), "is not signed by the next one ('CN=other')"),
        (format!("{leaf}{}{}", root.pem, issuing.pem), "its issuer is certificate 3"),
        (format!("{leaf}{}", twin.pem), "is not signed by the next one"),
        (format!("{}{leaf}", root.pem), "it is a root, and nothing may follow it"),
        (root.pem.clone(), "names no server"),
        (format!("{}{}", leaf, no_ca.certify(server(), &key())), "is not signed by the next one"),
        (format!("{}{}", no_ca.certify(server(), &key()), no_ca.pem), "is not a CA"),
        (with(|it| it.not_after = date_time_ymd(2021, 1, 1)), "ended at"),
        (with(|it| it.not_before = date_time_ymd(2039, 1, 1)), "is not valid before"),
        (with(|it| it.subject_alt_names.clear()), "names no server"),
        (
            with(|it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
            "has no serverAuth",
        ),
        (leaf.repeat(11), "more than 10 certificates"),
        (rsa1024.into(), "RSA of 1024 bits"),
    ] {
        let error = ServerChain::read(&text, NOW).unwrap_err();
        assert!(error.contains(part), "{part}: {error}");
    }
}
