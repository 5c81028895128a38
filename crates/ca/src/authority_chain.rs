//! The chain of an authority: from the issuing CA over intermediate CAs to the root. What a TLS client
//! would find wrong with it is found here.

use fleetwright_core::time::Timestamp;

use crate::chain::{self, is_root, is_signed_by, named, read_one, subject};
use crate::issuer::read_ca;

/// CAs below the root, the issuing one included. (ours)
pub(crate) const CAS: usize = 5;
/// Certificates that one import may bring. (ours)
pub(crate) const GIVEN: usize = 20;

/// A chain whose signatures and constraints hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthorityChain {
    /// The issuing CA, then each one's issuer, without the root. DER.
    pub(crate) below_root: Vec<Vec<u8>>,
    /// What devices trust. DER.
    pub(crate) root: Vec<u8>,
    /// The first end of them.
    pub(crate) ends: Timestamp,
}

impl AuthorityChain {
    /// Checks a chain as it stands; the error says which certificate is at fault and why.
    pub(crate) fn check(below_root: Vec<Vec<u8>>, root: Vec<u8>) -> Result<Self, String> {
        let root_facts = read_ca(&root)?;
        let mut ends = root_facts.validity().not_after.timestamp();
        let mut above = Some(&root_facts);
        let mut read = Vec::with_capacity(below_root.len());
        for (place, der) in below_root.iter().enumerate() {
            let ca = read_ca(der).map_err(|reason| format!("CA {}: {reason}", place + 1))?;
            ends = ends.min(ca.validity().not_after.timestamp());
            read.push(ca);
        }
        // A CA that is its own root, as somebody may have it who has one certificate only.
        let is_alone = below_root.first() == Some(&root);
        for (place, ca) in read.iter().enumerate().rev() {
            let issuer = above.replace(ca).unwrap_or(&root_facts);
            if !is_alone && !is_signed_by(ca, issuer) {
                return Err(not_signed(ca, issuer));
            }
            path_length(ca, place)?;
        }
        if !is_alone {
            path_length(&root_facts, read.len())?;
        }
        drop(read);
        drop(root_facts);
        Ok(Self { below_root, root, ends: Timestamp::of_seconds(ends) })
    }

    /// The same from certificates in any order: the issuing CA is the one of this key
    /// (SubjectPublicKeyInfo), and each one's issuer is looked for among them.
    pub(crate) fn assemble(given: &[Vec<u8>], spki: &[u8]) -> Result<Self, String> {
        let mut read = Vec::with_capacity(given.len());
        for der in given {
            read.push((der, read_one(der)?));
        }
        let of_key = read.iter().find(|(_, certificate)| certificate.public_key().raw == spki);
        let Some(mut last) = of_key else {
            return Err(
                "none of the certificates is for the key: the issuing CA's certificate must be made \
                 of the request that `fleetwright ca init --csr` gave, or its key be named by --key"
                    .into(),
            );
        };
        let mut below_root = Vec::new();
        while !is_root(&last.1) {
            if below_root.len() == CAS {
                return Err(format!("there are more than {CAS} CAs between a device and its root"));
            }
            below_root.push(last.0.clone());
            let mut named = read.iter().filter(|(_, above)| last.1.issuer() == above.subject());
            let signed = named.clone().find(|(_, above)| is_signed_by(&last.1, above));
            last = match (signed, named.next()) {
                (Some(above), _) => above,
                (None, Some((_, above))) => return Err(not_signed(&last.1, above)),
                (None, None) => return Err(no_issuer(&last.1, &read)),
            };
        }
        if below_root.is_empty() {
            below_root.push(last.0.clone());
        }
        Self::check(below_root, last.0.clone())
    }

    /// Each of them is valid now.
    pub(crate) fn in_time(&self, now: Timestamp) -> Result<(), String> {
        for der in self.below_root.iter().chain([&self.root]) {
            chain::in_time(&read_one(der)?, now)?;
        }
        Ok(())
    }

    /// The issuing CA, DER.
    pub(crate) fn issuing(&self) -> &[u8] {
        self.below_root.first().unwrap_or(&self.root)
    }

    /// Which of them ended, if one did: its subject and its end.
    pub(crate) fn ended(&self, now: Timestamp) -> Option<String> {
        let all = self.below_root.iter().chain([&self.root]);
        let read = all.filter_map(|der| read_one(der).ok());
        let seconds = now.0.div_euclid(1000);
        let mut ended = read.filter(|it| it.validity().not_after.timestamp() < seconds);
        ended.next().map(|it| {
            let end = Timestamp::of_seconds(it.validity().not_after.timestamp());
            format!("the certificate of {} ended at {}", subject(&it), end.utc())
        })
    }
}

type Read<'a> = x509_parser::certificate::X509Certificate<'a>;

/// CAs that may stand between this one and a device (RFC 5280, section 4.2.1.9).
fn path_length(ca: &Read<'_>, below: usize) -> Result<(), String> {
    let constraints = ca.basic_constraints().ok().flatten();
    match constraints.and_then(|found| found.value.path_len_constraint) {
        Some(allowed) if usize::try_from(allowed).is_ok_and(|allowed| allowed < below) => {
            Err(format!(
                "the pathLenConstraint of {} allows {allowed} CAs below it, and there {} {below}",
                subject(ca),
                if below == 1 { "is" } else { "are" }
            ))
        }
        _ => Ok(()),
    }
}

fn not_signed(ca: &Read<'_>, issuer: &Read<'_>) -> String {
    if ca.issuer() == issuer.subject() {
        return format!(
            "{} is not signed by {}: the name is right, the key is not (or the signature is not of \
             RSA or ECDSA with SHA-2)",
            subject(ca),
            subject(issuer)
        );
    }
    format!(
        "{} is not signed by {}: it names {} as its issuer",
        subject(ca),
        subject(issuer),
        named(ca.issuer())
    )
}

fn no_issuer(ca: &Read<'_>, read: &[(&Vec<u8>, Read<'_>)]) -> String {
    let others: Vec<String> = read
        .iter()
        .map(|(_, other)| other)
        .filter(|other| other.subject() != ca.subject())
        .map(subject)
        .collect();
    let given = if others.is_empty() { "no other".to_owned() } else { others.join(", ") };
    format!(
        "{} names {} as its issuer, and {given} was given: give every CA up to the root",
        subject(ca),
        named(ca.issuer())
    )
}
