//! A certificate that differs in one field, signed by the right key, is refused by that field.

use aws_lc_rs::signature::ParsedPublicKey;
use fleetwright_core::certificate::Instant;

use super::check;
use crate::der;
use crate::profile::{Profile, ServerName};
use crate::signer::{OwnKeys, Signer};
use crate::tbs::{self, Asked, By, key_id};

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

    fn by(&self) -> By<'_> {
        By { name: &self.name, key_id: &self.key_id, algorithm: self.signer.algorithm() }
    }

    fn sign(&self, tbs: &[u8]) -> Vec<u8> {
        tbs::signed(tbs, self.signer.algorithm(), &self.signer.sign(tbs).unwrap())
    }

    fn make(&self, asked: &Asked) -> Vec<u8> {
        self.sign(&tbs::build(asked, self.by()).unwrap())
    }

    fn check(&self, der: &[u8], asked: &Asked) -> Result<(), String> {
        check(der, asked, self.by(), &self.key)
    }
}

fn asked(key: &Signer, profile: Profile) -> Asked {
    Asked {
        validity: profile.validity(Instant(1_700_000_000_000)).unwrap(),
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
        let asked = asked(&key, profile);
        ca.check(&ca.make(&asked), &asked).unwrap();
    }
}

#[test]
fn a_difference_in_any_field_is_refused_by_its_name() {
    type Change = fn(&mut Asked);
    let changes: &[(&str, Change)] = &[
        ("serial number", |asked| asked.serial[19] ^= 1),
        ("serial number", |asked| asked.serial[0] = 0),
        ("notBefore", |asked| asked.validity.not_before += 1),
        ("notAfter", |asked| asked.validity.not_after -= 1),
        ("subject", |asked| asked.subject = der::common_name("Device")),
        ("public key", |asked| {
            asked.spki = Signer::generate(OwnKeys::P256).unwrap().0.spki().unwrap()
        }),
        ("SubjectKeyIdentifier", |asked| asked.key_id[0] ^= 1),
        ("BasicConstraints", |asked| asked.profile = Profile::Issuing),
        ("BasicConstraints", |asked| asked.profile = Profile::Root),
        ("ExtendedKeyUsage", |asked| asked.profile = server()),
    ];
    let ca = Ca::new();
    let (key, _) = Signer::generate(OwnKeys::P256).unwrap();
    for (field, change) in changes {
        let wanted = asked(&key, Profile::Device);
        let mut other = asked(&key, Profile::Device);
        change(&mut other);
        assert_eq!(ca.check(&ca.make(&other), &wanted).unwrap_err(), *field);
    }
    let wanted = asked(&key, server());
    let mut bare = asked(&key, Profile::Device);
    bare.validity = wanted.validity;
    let missing = ca.check(&ca.make(&bare), &wanted);
    assert_eq!(missing.unwrap_err(), "an extension is missing");
    let other = asked(&key, Profile::Server(vec![ServerName::Dns("b.example".into())]));
    assert_eq!(ca.check(&ca.make(&other), &wanted).unwrap_err(), "SubjectAlternativeName");
    assert_eq!(
        ca.check(&ca.make(&asked(&key, Profile::Root)), &asked(&key, Profile::Issuing)),
        Err("BasicConstraints".into())
    );
}

#[test]
fn another_issuer_is_refused() {
    let (ca, other) = (Ca::new(), Ca::new());
    let (key, _) = Signer::generate(OwnKeys::P256).unwrap();
    let asked = asked(&key, Profile::Device);
    let der = other.make(&asked);
    assert_eq!(ca.check(&der, &asked).unwrap_err(), "AuthorityKeyIdentifier");
    let by = By { name: &der::common_name("Other"), ..ca.by() };
    let der = ca.sign(&tbs::build(&asked, by).unwrap());
    assert_eq!(ca.check(&der, &asked).unwrap_err(), "issuer");
    let der = other.sign(&tbs::build(&asked, ca.by()).unwrap());
    assert_eq!(ca.check(&der, &asked).unwrap_err(), "signature");
}

/// Bytes of a certificate that asks for the device profile, changed before the signature.
fn patched(ca: &Ca, asked: &Asked, from: &[u8], to: &[u8]) -> Result<(), String> {
    let mut tbs = tbs::build(asked, ca.by()).unwrap();
    let at = tbs.windows(from.len()).position(|part| part == from).expect("bytes to change");
    tbs[at..at + to.len()].copy_from_slice(to);
    ca.check(&ca.sign(&tbs), asked)
}

#[test]
fn changed_bytes_are_refused_even_when_signed() {
    let ca = Ca::new();
    let (key, _) = Signer::generate(OwnKeys::P256).unwrap();
    let asked = asked(&key, Profile::Device);
    // Version 3 becomes version 2.
    let version = patched(&ca, &asked, &[0xa0, 3, 2, 1, 2], &[0xa0, 3, 2, 1, 1]);
    assert_eq!(version.unwrap_err(), "version");
    // digitalSignature becomes nonRepudiation.
    let usage = patched(&ca, &asked, &[3, 2, 7, 0x80], &[3, 2, 6, 0x40]);
    assert_eq!(usage.unwrap_err(), "KeyUsage");
    // KeyUsage becomes non-critical: BOOLEAN FALSE.
    let critical =
        patched(&ca, &asked, &[0x55, 0x1d, 0x0f, 1, 1, 0xff], &[0x55, 0x1d, 0x0f, 1, 1, 0]);
    assert_eq!(critical.unwrap_err(), "KeyUsage");
    // KeyUsage becomes another extension.
    let unknown = patched(&ca, &asked, &[0x55, 0x1d, 0x0f], &[0x55, 0x1d, 0x7f]);
    assert!(unknown.unwrap_err().contains("was not asked for"));
    // The inner algorithm becomes ecdsa-with-SHA384.
    let inner = patched(&ca, &asked, &[0xce, 0x3d, 4, 3, 2], &[0xce, 0x3d, 4, 3, 3]);
    assert_eq!(inner.unwrap_err(), "signature algorithm inside");
}

#[test]
fn one_flipped_bit_anywhere_is_refused() {
    let ca = Ca::new();
    let (key, _) = Signer::generate(OwnKeys::P256).unwrap();
    let asked = asked(&key, Profile::Device);
    let der = ca.make(&asked);
    for at in 0..der.len() {
        let mut changed = der.clone();
        changed[at] ^= 1;
        assert!(ca.check(&changed, &asked).is_err(), "byte {at}");
    }
    let longer = [der.as_slice(), &[0]].concat();
    assert_eq!(ca.check(&longer, &asked).unwrap_err(), "bytes after the end");
}
