//! A certificate that differs in one field, signed by the right key, is refused by that field.

use aws_lc_rs::signature::ParsedPublicKey;
use fleetwright_core::time::Timestamp;

use super::check;
use crate::der;
use crate::profile::{Profile, ServerName};
use crate::signer::{OwnKeys, Signer};
use crate::tbs::{self, CertificateSpec, IssuerFacts, key_id};

struct Ca {
    signer: Signer,
    name: Vec<u8>,
    key_id: [u8; 20],
    key: ParsedPublicKey,
}

impl Ca {
    fn new() -> Self {
        let (signer, _) = Signer::generate(OwnKeys::P256).unwrap();
        let key = ParsedPublicKey::new(signer.verification(), signer.public_key()).unwrap();
        Self { name: der::common_name("CA"), key_id: key_id(signer.public_key()), key, signer }
    }

    fn issuer_facts(&self) -> IssuerFacts<'_> {
        IssuerFacts { name: &self.name, key_id: &self.key_id, algorithm: self.signer.algorithm() }
    }

    fn sign(&self, tbs: &[u8]) -> Vec<u8> {
        tbs::signed(tbs, self.signer.algorithm(), &self.signer.sign(tbs).unwrap())
    }

    fn make(&self, spec: &CertificateSpec) -> Vec<u8> {
        self.sign(&tbs::build(spec, self.issuer_facts()).unwrap())
    }

    fn check(&self, der: &[u8], spec: &CertificateSpec) -> Result<(), String> {
        check(der, spec, self.issuer_facts(), &self.key)
    }
}

fn spec(key: &Signer, profile: Profile) -> CertificateSpec {
    CertificateSpec {
        validity: profile.validity(Timestamp(1_700_000_000_000)).unwrap(),
        profile,
        serial: [0x11; 20],
        subject: der::common_name("device"),
        spki: key.spki().unwrap(),
        key_id: key_id(key.public_key()),
    }
}

fn server() -> Profile {
    Profile::Server(vec![
        ServerName::Dns("a.example".into()),
        ServerName::Ip("10.0.0.1".parse().unwrap()),
        ServerName::Ip("::1".parse().unwrap()),
    ])
}

#[test]
fn what_was_asked_passes_for_every_profile() {
    let ca = Ca::new();
    let (key, _) = Signer::generate(OwnKeys::P256).unwrap();
    for profile in [Profile::Root, Profile::Issuing, server(), Profile::Device] {
        let spec = spec(&key, profile);
        ca.check(&ca.make(&spec), &spec).unwrap();
    }
}

#[test]
fn a_difference_in_any_field_is_refused_by_its_name() {
    type Change = fn(&mut CertificateSpec);
    let changes: &[(&str, Change)] = &[
        ("serial number", |spec| spec.serial[19] ^= 1),
        ("serial number", |spec| spec.serial[0] = 0),
        ("notBefore", |spec| spec.validity.not_before += 1),
        ("notAfter", |spec| spec.validity.not_after -= 1),
        ("subject", |spec| spec.subject = der::common_name("Device")),
        ("public key", |spec| {
            spec.spki = Signer::generate(OwnKeys::P256).unwrap().0.spki().unwrap()
        }),
        ("SubjectKeyIdentifier", |spec| spec.key_id[0] ^= 1),
        ("BasicConstraints", |spec| spec.profile = Profile::Issuing),
        ("BasicConstraints", |spec| spec.profile = Profile::Root),
        ("ExtendedKeyUsage", |spec| spec.profile = server()),
    ];
    let ca = Ca::new();
    let (key, _) = Signer::generate(OwnKeys::P256).unwrap();
    for (field, change) in changes {
        let wanted = spec(&key, Profile::Device);
        let mut other = spec(&key, Profile::Device);
        change(&mut other);
        assert_eq!(ca.check(&ca.make(&other), &wanted).unwrap_err(), *field);
    }
    let wanted = spec(&key, server());
    let mut bare = spec(&key, Profile::Device);
    bare.validity = wanted.validity;
    let missing = ca.check(&ca.make(&bare), &wanted);
    assert_eq!(missing.unwrap_err(), "an extension is missing");
    let other = spec(&key, Profile::Server(vec![ServerName::Dns("b.example".into())]));
    assert_eq!(ca.check(&ca.make(&other), &wanted).unwrap_err(), "SubjectAlternativeName");
    assert_eq!(
        ca.check(&ca.make(&spec(&key, Profile::Root)), &spec(&key, Profile::Issuing)),
        Err("BasicConstraints".into())
    );
}

#[test]
fn another_issuer_is_refused() {
    let (ca, other) = (Ca::new(), Ca::new());
    let (key, _) = Signer::generate(OwnKeys::P256).unwrap();
    let spec = spec(&key, Profile::Device);
    let der = other.make(&spec);
    assert_eq!(ca.check(&der, &spec).unwrap_err(), "AuthorityKeyIdentifier");
    let issuer_facts = IssuerFacts { name: &der::common_name("Other"), ..ca.issuer_facts() };
    let der = ca.sign(&tbs::build(&spec, issuer_facts).unwrap());
    assert_eq!(ca.check(&der, &spec).unwrap_err(), "issuer");
    let der = other.sign(&tbs::build(&spec, ca.issuer_facts()).unwrap());
    assert_eq!(ca.check(&der, &spec).unwrap_err(), "signature");
}

/// Bytes of a certificate that asks for the device profile, changed before the signature.
fn patched(ca: &Ca, spec: &CertificateSpec, from: &[u8], to: &[u8]) -> Result<(), String> {
    let mut tbs = tbs::build(spec, ca.issuer_facts()).unwrap();
    let at = tbs.windows(from.len()).position(|part| part == from).expect("bytes to change");
    tbs[at..at + to.len()].copy_from_slice(to);
    ca.check(&ca.sign(&tbs), spec)
}

#[test]
fn changed_bytes_are_refused_even_when_signed() {
    let ca = Ca::new();
    let (key, _) = Signer::generate(OwnKeys::P256).unwrap();
    let spec = spec(&key, Profile::Device);
    // Version 3 becomes version 2.
    let version = patched(&ca, &spec, &[0xa0, 3, 2, 1, 2], &[0xa0, 3, 2, 1, 1]);
    assert_eq!(version.unwrap_err(), "version");
    // digitalSignature becomes nonRepudiation.
    let usage = patched(&ca, &spec, &[3, 2, 7, 0x80], &[3, 2, 6, 0x40]);
    assert_eq!(usage.unwrap_err(), "KeyUsage");
    // KeyUsage becomes non-critical: BOOLEAN FALSE.
    let critical =
        patched(&ca, &spec, &[0x55, 0x1d, 0x0f, 1, 1, 0xff], &[0x55, 0x1d, 0x0f, 1, 1, 0]);
    assert_eq!(critical.unwrap_err(), "KeyUsage");
    // KeyUsage becomes another extension.
    let unknown = patched(&ca, &spec, &[0x55, 0x1d, 0x0f], &[0x55, 0x1d, 0x7f]);
    assert!(unknown.unwrap_err().contains("was not asked for"));
    // The inner algorithm becomes ecdsa-with-SHA384.
    let inner = patched(&ca, &spec, &[0xce, 0x3d, 4, 3, 2], &[0xce, 0x3d, 4, 3, 3]);
    assert_eq!(inner.unwrap_err(), "signature algorithm inside");
}

#[test]
fn one_flipped_bit_anywhere_is_refused() {
    let ca = Ca::new();
    let (key, _) = Signer::generate(OwnKeys::P256).unwrap();
    let spec = spec(&key, Profile::Device);
    let der = ca.make(&spec);
    for at in 0..der.len() {
        let mut changed = der.clone();
        changed[at] ^= 1;
        assert!(ca.check(&changed, &spec).is_err(), "byte {at}");
    }
    let longer = [der.as_slice(), &[0]].concat();
    assert_eq!(ca.check(&longer, &spec).unwrap_err(), "bytes after the end");
}
