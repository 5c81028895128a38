//! What policies read of a certificate.

use fleetwright_ca::certificate_facts;
use fleetwright_core::time::Timestamp;
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, KeyPair, SanType,
    SerialNumber,
};

use crate::support::{NOW, SERIAL, authority, csr};

fn certificate(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    change(&mut params);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn own(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn every_attribute_has_the_name_of_aws() {
    let names = [
        (3, "CommonName"),
        (4, "Surname"),
        (5, "SerialNumber"),
        (6, "Country"),
        (8, "State"),
        (10, "Organization"),
        (11, "OrganizationalUnit"),
        (12, "Title"),
        (42, "GivenName"),
        (43, "Initials"),
        (44, "GenerationQualifier"),
        (46, "DistinguishedNameQualifier"),
        (65, "Pseudonym"),
    ];
    let der = certificate(|params| {
        for (last, name) in names {
            let kind = DnType::CustomDnType(vec![2, 5, 4, last]);
            params.distinguished_name.push(kind, format!("value of {name}"));
        }
        params.distinguished_name.push(DnType::LocalityName, "not among them");
    });
    let facts = certificate_facts(&der).unwrap().facts;
    assert_eq!(facts.subject.len(), names.len());
    for (_, name) in names {
        assert_eq!(facts.subject[name], own(&[&format!("value of {name}")]));
    }
    assert_eq!(facts.issuer, facts.subject);
}

#[test]
fn texts_of_every_string_type_are_read() {
    let value = |value: DnValue| {
        let der = certificate(|params| {
            params.distinguished_name.push(DnType::CommonName, value);
        });
        certificate_facts(&der).unwrap().facts.subject["CommonName"].clone()
    };
    assert_eq!(value(DnValue::Utf8String("Zürich".into())), own(&["Zürich"]));
    assert_eq!(value(DnValue::PrintableString("plain".try_into().unwrap())), own(&["plain"]));
    assert_eq!(value(DnValue::BmpString("Zürich".try_into().unwrap())), own(&["Zürich"]));
    assert_eq!(value(DnValue::TeletexString("plain".try_into().unwrap())), own(&["plain"]));
}

#[test]
fn alternative_names_have_the_kinds_of_aws() {
    let issuer_names =
        CustomExtension::from_oid_content(&[2, 5, 29, 18], b"\x30\x0b\x82\x09ca.aexamp".to_vec());
    let der = certificate(|params| {
        params.subject_alt_names = vec![
            SanType::DnsName("a.example".try_into().unwrap()),
            SanType::DnsName("b.example".try_into().unwrap()),
            SanType::Rfc822Name("a@example".try_into().unwrap()),
            SanType::URI("urn:example:a".try_into().unwrap()),
            SanType::IpAddress("10.0.0.1".parse().unwrap()),
            SanType::IpAddress("::1".parse().unwrap()),
        ];
        params.custom_extensions = vec![issuer_names];
    });
    let facts = certificate_facts(&der).unwrap().facts;
    let found = facts.subject_alternative;
    assert_eq!(found["DNSName"], own(&["a.example", "b.example"]));
    assert_eq!(found["RFC822Name"], own(&["a@example"]));
    assert_eq!(found["UniformResourceIdentifier"], own(&["urn:example:a"]));
    assert_eq!(found["IPAddress"], own(&["10.0.0.1", "::1"]));
    assert_eq!(found.len(), 4);
    assert_eq!(facts.issuer_alternative["DNSName"], own(&["ca.aexamp"]));
}

#[test]
fn the_serial_number_is_as_openssl_prints_it() {
    let printed = |bytes: &[u8]| {
        let der =
            certificate(|params| params.serial_number = Some(SerialNumber::from_slice(bytes)));
        certificate_facts(&der).unwrap().facts.serial_number
    };
    assert_eq!(printed(&[0x0a, 0xbc]), "0ABC");
    assert_eq!(printed(&[0xff; 20]), "FF".repeat(20));
    assert_eq!(printed(&[1]), "01");
}

#[test]
fn our_own_certificate_reads_as_it_was_issued() {
    let (_dir, authority) = authority();
    let issued =
        authority.issue(authority.prepare_from_csr(&csr("dev"), SERIAL, NOW).unwrap()).unwrap();
    let read = certificate_facts(&issued.der).unwrap();
    assert_eq!(read.facts.subject["CommonName"], own(&["dev"]));
    assert_eq!(read.facts.issuer["CommonName"], own(&["Fleetwright Issuing CA"]));
    assert_eq!(read.facts.serial_number, "42".repeat(20));
    assert_eq!((read.not_before, read.not_after), (issued.not_before, issued.not_after));
    assert_eq!(read.not_after, Timestamp(2_524_607_999_000));
}

#[test]
fn what_is_not_one_certificate_is_refused() {
    let der = certificate(|_| ());
    for bytes in [&[][..], b"garbage", &der[..der.len() - 1], &[der.as_slice(), &[0]].concat()] {
        let error = certificate_facts(bytes).unwrap_err().to_string();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
